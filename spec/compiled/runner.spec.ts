/** The runner's programs and constants: kept by their last use, within bounds; weights are rebound where they lie. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { onThisThread } from '../../src/compiled/backend.js'
import { runWhole } from '../../src/compiled/execute/instructions.js'
import { readView, writeView } from '../../src/compiled/machine/layout.js'
import { LIMITS, type Runner, runnerOn, type Task } from '../../src/compiled/runner.js'
import { typescriptBackend } from '../../src/compiled/typescript/backend.js'
import { typescriptMemory } from '../../src/compiled/typescript/memory.js'
import { type Currents, type Spikes, sizeOf, tensor } from '../../src/core/tensor.js'
import { type CurrentValue, drawing, givenSpikes, type Value } from '../../src/interpreters/graph.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Synapse } from '../../src/model/kernels.js'
import { right } from '../golden.js'
import { sameBits } from './same.js'

const synapse = (seed: number): Synapse => {
  const shape = [8, 4, 1, 1]
  const ones = tensor([8], new Float64Array(8).fill(1))
  const zeros = tensor([8], new Float64Array(8))
  return {
    convolution: {
      key: 'convolution',
      weight: tensor(
        shape,
        Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed) % 16) / 16),
      ),
      stride: 1,
      padding: 0,
      groups: 1,
    },
    norm: { key: 'norm', weight: ones, bias: zeros, mean: zeros, variance: ones, eps: 1e-5 },
  }
}

const spikes = (steps: number): Spikes =>
  tensor(
    [steps, 1, 4, 3, 3],
    Uint8Array.from({ length: steps * 36 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
  )

interface Graph {
  readonly input: Value
  readonly output: CurrentValue
}

/** The task of a synapse on spikes of so many steps. */
const task = (p: Synapse, steps: number, key: string | null): Task<Graph, Currents> => ({
  key,
  draw: () => {
    const input = givenSpikes(spikes(steps))
    return { input, output: drawing.scope('W').synapse(p)(input) }
  },
  outputs: ({ output }) => [output],
  write: (P, { graph, inputs }) => {
    const { view, base } = inputs.get(graph.input)!
    writeView(P.bytes(), view, base, spikes(steps).data)
    return Either.right(null)
  },
  read: (P, { graph, outputs }) => {
    const { view, base, shape } = outputs.get(graph.output)!
    return Either.right({ shape, data: readView(P.bytes(), view, base) as Float32Array })
  },
})

const expected = (p: Synapse, steps: number): Currents => reference('float32').synapse(p)(spikes(steps))

describe('programs', () => {
  it('are as many as the bounds allow, whatever is asked, and the last used stay', () => {
    const evicted: unknown[] = []
    const backend = { ...typescriptBackend(), evict: (code: unknown) => void evicted.push(code) }
    const runner: Runner = runnerOn(backend, (path) => path, { ...LIMITS, programs: 5 })
    const p = synapse(1)
    let drawn = 0
    const run = (steps: number): Currents => {
      const asked = task(p, steps, `${steps}`)
      const draw = () => {
        drawn++
        return asked.draw()
      }
      return right(backend.perform(runner.job({ ...asked, draw }), {}))
    }
    for (let i = 0; i < 300; i++) {
      const steps = 1 + ((i * i) % 37)
      expect(sameBits(run(steps), expected(p, steps))).toBe(true)
      expect(runner.kept().programs).toBeLessThanOrEqual(5)
    }
    expect(evicted.length).toBe(drawn - runner.kept().programs)
    for (const steps of [1, 2, 3, 4, 5]) run(steps)
    const before = drawn
    for (const steps of [1, 2, 3, 4, 5, 1]) run(steps)
    expect(drawn).toBe(before)
    run(6)
    run(1)
    expect(drawn).toBe(before + 1)
    run(2)
    expect(drawn).toBe(before + 2)
  })

  it('are bounded by the numbers in them too, but for the one in use', () => {
    const backend = typescriptBackend()
    const runner = runnerOn(backend, (path) => path, { ...LIMITS, numbers: 1 })
    for (const steps of [1, 2, 3]) {
      right(backend.perform(runner.job(task(synapse(1), steps, `${steps}`)), {}))
      expect(runner.kept().programs).toBe(1)
    }
  })

  it('of no key are not kept, and a back end forgets them, also where they did not come to their end', () => {
    const evicted: unknown[] = []
    const backend = onThisThread(typescriptMemory(), runWhole)
    const runner = runnerOn({ ...backend, evict: (code) => void evicted.push(code) }, (_, p) => p)
    right(backend.perform(runner.job(task(synapse(1), 2, null)), {}))
    const signal = { aborted: true, addEventListener: () => undefined, removeEventListener: () => undefined }
    expect(Either.isLeft(backend.perform(runner.job(task(synapse(1), 2, null)), { signal }))).toBe(true)
    expect([runner.kept().programs, evicted.length]).toEqual([0, 2])
  })
})

describe('constants', () => {
  it('of other parameters under the same key take the place of those that were, after rebinding', () => {
    const backend = typescriptBackend()
    const runner = runnerOn(backend, (path) => path)
    const run = (seed: number): Currents => right(backend.perform(runner.job(task(synapse(seed), 2, 'one')), {}))
    run(0)
    const { constants } = runner.kept()
    for (let seed = 1; seed < 20; seed++) {
      runner.rebind()
      expect(sameBits(run(seed), expected(synapse(seed), 2))).toBe(true)
    }
    expect(runner.kept().constants).toBe(constants)
  })

  it('are forgotten, all of them, when they take too much', () => {
    const backend = typescriptBackend()
    const runner = runnerOn(backend, (_, p) => p, { ...LIMITS, constants: 2 ** 15 })
    for (let seed = 0; seed < 100; seed++) {
      const p = synapse(seed)
      expect(sameBits(right(backend.perform(runner.job(task(p, 2, null)), {})), expected(p, 2))).toBe(true)
      expect(runner.kept().constants).toBeLessThan(2 ** 16)
    }
  })
})
