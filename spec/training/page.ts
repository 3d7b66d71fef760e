/** What the test of training in a browser runs, in a worker of the page and in Node alike. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { describe, type Faults } from '../../src/core/fault.js'
import { type Digit, digitsInput, parseDigits, splitDigits } from '../../src/input/digits.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { digits } from '../../src/model/config.js'
import { trainingEngine } from '../../src/tasks/training/choice.js'
import { type Engine, epoch, type Trained, untrained } from '../../src/tasks/training/epoch.js'
import type { Dataset, Plan } from '../../src/tasks/training/given.js'
import { recipes } from '../../src/tasks/training/recipe.js'
import { networkFile, resumed, stateFile } from '../../src/tasks/training/state.js'
import { tracing } from '../../src/tasks/training/step.js'
import { freshWeights } from '../../src/tasks/training/weights.js'
import { right } from '../right.js'

/** By the readable reference, or compiled on so many threads; left after its first epoch and resumed, or not. */
export interface Way {
  readonly by: 'reference' | 1 | 2
  readonly resumed?: true
}

/** What a training came to. */
export interface Ended {
  /** SHA-256 of the network's file. */
  readonly hash: string
  readonly losses: readonly number[]
  /** Why it was on one thread, where more were asked for. */
  readonly notice?: string
}

const VERSION = 'test'

/** The first two stages of the digits network, a block each. */
const config = { ...digits, name: 'small', stages: digits.stages.slice(0, 2).map((s) => ({ ...s, depth: 1 })) }

const dataset = (chosen: readonly Digit[]): Dataset => ({
  shape: [1, 16, 16],
  data: Float32Array.from(chosen.flatMap(({ values }) => [...right(digitsInput(values)).data])),
  labels: chosen.map(({ label }) => label),
})

/** Two epochs of 48 digits, at the rate the recipe has after its warm-up. */
const planOf = (csv: string): Plan => {
  const { training, test } = splitDigits(right(parseDigits(csv)))
  return {
    config,
    recipe: { ...recipes.digits, epochs: 2, batch: 24, warmup: { epochs: 0, from: 0 } },
    seed: 7,
    training: dataset(training.slice(0, 48)),
    test: dataset(test.slice(0, 16)),
  }
}

const onward =
  <S, C>(engine: Engine<S, C>, plan: Plan) =>
  (trained: Trained): Trained => {
    const running = epoch(engine, plan, trained)
    for (;;) {
      const { done, value } = running.next()
      if (done) return right(value)
    }
  }

/** A state as a file has it, read again. */
const reread = (plan: Plan, trained: Trained): Trained => {
  const { tensors, metadata } = stateFile(plan, VERSION, trained)
  return right(resumed(plan, VERSION)(right(decodeSafetensors(right(encodeSafetensors(tensors, metadata))))))
}

const ended = async <S, C>(engine: Engine<S, C>, way: Way, plan: Plan): Promise<Ended> => {
  const next = onward(engine, plan)
  const first = next(untrained(freshWeights(plan.config, plan.seed)))
  const last = next(way.resumed ? reread(plan, first) : first)
  const { tensors, metadata } = networkFile(plan, VERSION, last)
  const bytes = Uint8Array.from(right(encodeSafetensors(tensors, metadata)))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return {
    hash: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    losses: last.history.map(({ loss }) => loss),
  }
}

/** Trains on the digits of a file; where that cannot be, the sentence that says why. */
export const trained = async (csv: string, way: Way): Promise<Ended | string> => {
  const plan = planOf(csv)
  if (way.by === 'reference') {
    const base = tensorInterpreter(reference('float32'))
    return ended({ trace: tracing(base, asTheAuthors('float32')), interpreter: base }, way, plan)
  }
  const engine = await trainingEngine(way.by)()
  if (Either.isLeft(engine)) return (engine.left satisfies Faults).map(describe).join('\n')
  try {
    const { notice } = engine.right
    const came = await ended(engine.right, way, plan)
    return notice === null ? came : { ...came, notice }
  } finally {
    engine.right.close()
  }
}
