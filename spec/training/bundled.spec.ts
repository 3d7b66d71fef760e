/** The bundled network is what `train digits` leaves: its metadata say how, and the first epoch comes out the same again. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { digitsData } from '../../src/cli/dataset.js'
import { digits } from '../../src/model/config.js'
import { trainingEngine } from '../../src/tasks/training/choice.js'
import { accuracyOf, epoch, type Metrics, untrained } from '../../src/tasks/training/epoch.js'
import { recipes } from '../../src/tasks/training/recipe.js'
import { freshWeights } from '../../src/tasks/training/weights.js'
import { right } from '../golden.js'

const at = (path: string) => new URL(`../../${path}`, import.meta.url)
const bundled = right(decodeSafetensors(new Uint8Array(readFileSync(at('data/digits.safetensors')))))
const lines = readFileSync(at('docs/data/training-digits.jsonl'), 'utf8').trim().split('\n')
const metrics = lines.map((line) => JSON.parse(line) as Metrics)
const recipe = recipes.digits
const data = right(await right(await digitsData()).load(digits)())
const engine = right(await trainingEngine(1)())

describe('the bundled network', () => {
  it('was trained by the recipe of the digits, from seed 1, whole', () => {
    expect(JSON.parse(bundled.metadata['training']!)).toEqual({
      ...{ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), seed: 1, epochs: recipe.epochs },
      recipe: JSON.parse(JSON.stringify(recipe)),
    })
    expect(metrics.map((line) => line.epoch)).toEqual(Array.from({ length: recipe.epochs }, (_, i) => i + 1))
  })

  it('takes as many test digits for what they are as its last epoch says, at least 347 of 360', () => {
    const accuracy = right(accuracyOf(engine.interpreter, digits)(bundled.tensors, data.test!))
    expect(accuracy).toBe(metrics.at(-1)!.testAccuracy)
    expect(Math.round(accuracy * 360)).toBeGreaterThanOrEqual(347)
  })

  it('begins with the epoch that its first line says, to the bit', () => {
    const running = epoch(engine, { config: digits, recipe, seed: 1, ...data }, untrained(freshWeights(digits, 1)))
    for (;;) {
      const { done, value } = running.next()
      if (!done) continue
      expect(right(value).history).toEqual(metrics.slice(0, 1))
      return
    }
  })
})
