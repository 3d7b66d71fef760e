/** Running samples under a progress bar. @module */
import type * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { NetworkInput } from '../input/batch.js'
import type { NetworkParameters } from '../model/parameters.js'
import type { Way } from '../tasks/choice.js'
import { type Run, runner } from '../tasks/run.js'
import { worth } from '../tasks/work.js'
import type { Bar, Io } from './io.js'

/** A network that reports to a progress bar. */
export interface Watched {
  /** Runs one sample, of so many that together make one of the bar's groups. */
  readonly run: (sample: NetworkInput, ofSamples: number) => TaskEither.TaskEither<Faults, Run>
  /** Ends the bar when the work ends, well or not. */
  readonly stop: <A>(work: TaskEither.TaskEither<Faults, A>) => TaskEither.TaskEither<Faults, A>
}

/** Ends a bar, or whatever else has an end, when the work ends, well or not. */
export const stopping =
  ({ stop }: Pick<Bar, 'stop'>) =>
  <A>(work: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> =>
  async () => {
    try {
      return await work()
    } finally {
      stop()
    }
  }

/** A network under a bar for so many groups of samples; whether they are long work by their nature. */
export const watched = (io: Io, way: Way, parameters: NetworkParameters, groupCount: number, long = false): Watched => {
  const bar = io.bar(groupCount, long)
  const { of, all } = worth(parameters)
  let unit = 0
  let kind: NetworkInput['kind'] = 'still'
  const run = runner(way, parameters, (path, steps) => bar.advance(unit * of(path, steps, kind)))
  return {
    run: (sample, ofSamples) => async () => {
      unit = 1 / all(sample) / ofSamples
      kind = sample.kind
      return run(sample)()
    },
    stop: stopping(bar),
  }
}
