/** How far a run has come. @module */
import type { NetworkInput } from '../input/batch.js'
import type { NetworkParameters } from '../model/parameters.js'
import { architectureOf, denseMacs } from './architecture.js'

/**
 * How much of a run an operation of a chunk of steps is, by what it would cost if it were dense; all of them together
 * are the run's total.
 */
export const worth = (parameters: NetworkParameters) => {
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
