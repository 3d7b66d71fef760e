/** Running samples under a progress bar. @module */
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { NetworkInput } from '../input/network.js'
import type { Parameters } from '../model/parameters.js'
import { architectureOf, denseMacs } from './architecture.js'
import type { Bar, Io } from './io.js'
import type { Chosen } from './kernels.js'
import { type Outcome, runner } from './run.js'
import { ticking } from './ticking.js'

/** A network that reports to a progress bar. */
export interface Watched {
  /** Runs one sample, of so many that together make one of the bar's groups. */
  readonly run: (sample: NetworkInput, ofSamples: number) => Outcome
  /** Ends the bar when the work ends, well or not. */
  readonly stop: <A>(work: TE.TaskEither<Faults, A>) => TE.TaskEither<Faults, A>
}

/** Ends a bar when the work ends, well or not. */
export const stopping =
  (bar: Bar) =>
  <A>(work: TE.TaskEither<Faults, A>): TE.TaskEither<Faults, A> =>
  async () => {
    try {
      return await work()
    } finally {
      bar.stop()
    }
  }

/** A network under a bar for so many groups of samples; operations advance it by what they would cost if dense. */
export const watched = (io: Io, { kernels }: Chosen, parameters: Parameters, groupCount: number): Watched => {
  const bar = io.bar(groupCount)
  const rows = architectureOf(parameters)
  const { stem, step } = denseMacs(parameters)
  let unit = 0
  const advance = (path: string): void => {
    const { operation, denseMacs: macs } = rows.get(path)!
    bar.advance(unit * (operation === 'stem' ? macs : macs / parameters.config.steps))
  }
  const run = runner(ticking(advance)(kernels), parameters)
  return {
    run: (sample, ofSamples) => {
      const frames = sample.tensor.shape[0]!
      const total = sample.kind === 'still' ? stem + step * parameters.config.steps : (stem + step) * frames
      unit = 1 / total / ofSamples
      return run(sample)
    },
    stop: stopping(bar),
  }
}
