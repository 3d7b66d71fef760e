/** Running a network on one sample: its logits, and what it cost. @module */
import type { NetworkInput } from '../input/batch.js'
import { type Cost, costs } from '../interpreters/cost.js'
import type { Parameters } from '../model/parameters.js'
import type { Notes } from '../observers/observe.js'
import type { Some } from './choice.js'
import { observed, type Wanted } from './observed.js'

/** What a run gave. */
export interface Run {
  /** The mean over the steps, a number a class. */
  readonly logits: readonly number[]
  /** The cost of every operation over all steps, by path. */
  readonly notes: Notes<Cost>
  readonly steps: number
}

/** Ledgers of consecutive chunks, added up path by path. */
const added = (a: Notes<Cost>, b: Notes<Cost>): Notes<Cost> =>
  [...b].reduce((sum, [path, cost]) => sum.set(path, costs.concat(sum.get(path) ?? costs.empty, cost)), new Map(a))

/** Steps computed together by an interpreter that gains by it. */
const CHUNK = 8

/**
 * Runs samples of one image or one sequence of frames from rest.
 *
 * Applying the interpreter and the parameters compiles; the result is then applied to each sample.
 */
export const runner = (
  interpreter: Some,
  parameters: Parameters,
  tick: Wanted['tick'],
): ((sample: NetworkInput) => Promise<Run>) =>
  interpreter((I) => {
    const run = observed(I, parameters, { chunk: I.compute === null ? 1 : CHUNK, keep: () => false, tick })
    const { classes } = parameters.config
    return async (sample) => {
      const chunks = await run(sample)
      const steps = chunks.reduce((sum, { logits }) => sum + logits.shape[0]!, 0)
      const sums = new Float64Array(classes)
      for (const { logits } of chunks)
        for (let i = 0; i < logits.data.length; i++) sums[i % classes]! += logits.data[i]!
      return {
        logits: Array.from(sums, (sum) => sum / steps),
        notes: chunks.map(({ costs: notes }) => notes).reduce(added, new Map<string, Cost>()),
        steps,
      }
    }
  })
