/** Running samples under a progress bar. @module */
import type * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { NetworkInput } from '../input/batch.js'
import type { Parameters } from '../model/parameters.js'
import { architectureOf, denseMacs } from './architecture.js'
import type { Bar, Io } from './io.js'
import type { Chosen } from './kernels.js'
import { type Outcome, runner } from './run.js'

/** A network that reports to a progress bar. */
export interface Watched {
  /** Runs one sample, of so many that together make one of the bar's groups. */
  readonly run: (sample: NetworkInput, ofSamples: number) => Promise<Outcome>
  /** Ends the bar when the work ends, well or not. */
  readonly stop: <A>(work: TaskEither.TaskEither<Faults, A>) => TaskEither.TaskEither<Faults, A>
}

/** Ends a bar when the work ends, well or not. */
export const stopping =
  (bar: Bar) =>
  <A>(work: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> =>
  async () => {
    try {
      return await work()
    } finally {
      bar.stop()
    }
  }

/**
 * How much of a run an operation of a chunk of steps is, by what it would cost if it were dense; all of them together
 * are the run's total.
 */
const worth = (parameters: Parameters) => {
  const rows = architectureOf(parameters)
  const { stem, step } = denseMacs(parameters)
  return {
    of: (path: string, steps: number, kind: NetworkInput['kind']): number => {
      const { operation, denseMacs: macs } = rows.get(path)!
      return operation !== 'stem' ? (macs / parameters.config.steps) * steps : kind === 'still' ? macs : macs * steps
    },
    all: ({ kind, tensor }: NetworkInput): number =>
      kind === 'still' ? stem + step * parameters.config.steps : (stem + step) * tensor.shape[0]!,
  }
}

/** A network under a bar for so many groups of samples. */
export const watched = (io: Io, { interpreter }: Chosen, parameters: Parameters, groupCount: number): Watched => {
  const bar = io.bar(groupCount)
  const { of, all } = worth(parameters)
  let unit = 0
  let kind: NetworkInput['kind'] = 'still'
  const run = runner(interpreter, parameters, (path, steps) => bar.advance(unit * of(path, steps, kind)))
  return {
    run: (sample, ofSamples) => {
      unit = 1 / all(sample) / ofSamples
      kind = sample.kind
      return run(sample)
    },
    stop: stopping(bar),
  }
}
