/** Running a network on one sample: its logits, and what it cost. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, refuse } from '../core/fault.js'
import type { Currents } from '../core/tensor.js'
import type { NetworkInput } from '../input/batch.js'
import { type Cost, together } from '../interpreters/cost.js'
import type { NetworkParameters } from '../model/parameters.js'
import type { Notes } from '../observers/observe.js'
import type { Some, Way } from './choice.js'
import { type ObservedOptions, observed } from './observed.js'

/** What a run gave. */
export interface Run {
  /** The mean over the steps, a number a class. */
  readonly logits: readonly number[]
  /** The cost of every operation over all steps, by path. */
  readonly notes: Notes<Cost>
  readonly steps: number
}

/** Steps computed together by an interpreter that gains by it. */
const CHUNK = 8

/** The mean of logits over the steps, class by class. */
const meanOf = (classes: number, all: readonly Currents[]): Pick<Run, 'logits' | 'steps'> => {
  const steps = all.reduce((sum, { shape }) => sum + shape[0]!, 0)
  const sums = new Float64Array(classes)
  for (const { data } of all) for (let i = 0; i < data.length; i++) sums[i % classes]! += data[i]!
  return { logits: Array.from(sums, (sum) => sum / steps), steps }
}

/** Runs a sample from rest. */
export type Runner = (sample: NetworkInput) => TaskEither.TaskEither<Faults, Run>

/** A runner on an interpreter, every operation of which is observed. */
const interpreted = (interpreter: Some, parameters: NetworkParameters, tick: ObservedOptions['tick']): Runner =>
  interpreter((I) => {
    const run = observed(I, parameters, { chunk: I.compute === null ? 1 : CHUNK, keep: () => false, tick })
    return (sample) =>
      TaskEither.fromTask(async () => {
        const all: Currents[] = []
        let notes: Notes<Cost> = new Map<string, Cost>()
        for await (const { logits, costs } of run(sample)) {
          all.push(logits)
          notes = together(notes, costs)
        }
        return { ...meanOf(parameters.config.classes, all), notes }
      })
  })

/**
 * Runs samples of one image or one sequence of frames from rest. `tick` hears the path of each operation that is done, and
 * of how many steps.
 *
 * Applying the way and the parameters compiles; the result is then applied to each sample.
 */
export const runner = (way: Way, parameters: NetworkParameters, tick: ObservedOptions['tick']): Runner => {
  switch (way.kind) {
    case 'interpreted':
      return interpreted(way.interpreter, parameters, tick)
    case 'compiled': {
      const { steps, classes } = parameters.config
      const { still, frames } = way.network.measured
      return ({ kind, tensor }) =>
        pipe(
          async () =>
            kind === 'still' ? still(steps)(tensor, { progress: tick }) : frames(tensor, { progress: tick }),
          TaskEither.map(([logits, notes]) => ({ ...meanOf(classes, [logits]), notes })),
        )
    }
  }
}

/**
 * A run's outcome where every logit is finite; otherwise a fault that names the sample and the first class that is not.
 *
 * @example
 * const outcome = { logits: [1, Number.NaN], notes: new Map(), steps: 4 }
 * pipe(finiteOutcome('a.png')(outcome), Either.mapLeft(([fault]) => describe(fault)))
 * // => Either.left('a.png: the logit of class 1 is NaN; the weights or the input are too large: check them, or take --precision float64')
 */
export const finiteOutcome =
  (name: string) =>
  (outcome: Run): Either.Either<Faults, Run> => {
    const odd = outcome.logits.findIndex((logit) => !Number.isFinite(logit))
    return odd < 0
      ? Either.right(outcome)
      : Either.left(
          refuse(
            `${name}: the logit of class ${odd} is ${outcome.logits[odd]}`,
            'the weights or the input are too large: check them, or take --precision float64',
          ),
        )
  }
