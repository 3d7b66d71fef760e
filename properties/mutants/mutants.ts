/** All mutants, and which laws kill which. @module */
import { judgeOne } from '../../src/laws/judge.js'
import type { Law } from '../../src/laws/law.js'
import { attentionMutants } from './attention.js'
import { blockMutants } from './blocks.js'
import { borderMutants } from './borders.js'
import { gradientMutants } from './gradients.js'
import type { Mutant } from './mutant.js'
import { neuronMutants } from './neurons.js'
import { roundingMutants } from './rounding.js'
import { scribblers } from './scribblers.js'
import { sizeMutants } from './sizes.js'
import { headMutants, stemMutants, synapseMutants } from './synapses.js'
import { theoremMutants } from './theorems.js'
import { valueMutants } from './values.js'

/** Every mutant; ids are unique. */
export const mutants: readonly Mutant[] = [
  ...neuronMutants,
  ...synapseMutants,
  ...stemMutants,
  ...headMutants,
  ...attentionMutants,
  ...blockMutants,
  ...borderMutants,
  ...theoremMutants,
  ...gradientMutants,
  ...scribblers,
  ...sizeMutants,
  ...valueMutants,
  ...roundingMutants,
]

/** Whether a law kills a mutant, in so many cases. */
export const kills = (law: Law, { implementation }: Mutant, runs = 100): boolean =>
  judgeOne(implementation, law, { runs, shrink: false, level: 'bits' }).status === 'fail'

/** The laws that try a mutant: those of the operations it does otherwise, and those named for it. */
export const triedBy = (laws: readonly Law[], { operations, dies, implementation }: Mutant): readonly Law[] =>
  laws.filter(
    ({ id, needs, level, atMost }) =>
      dies.includes(id) ||
      (needs.some((operation) => operations.includes(operation)) &&
        // What is wrong in its last bits only, no dyadic law can see.
        (implementation.precision === undefined || level === 'bits') &&
        // The dearest law tries only who is named for it.
        atMost > 2),
  )

/** The ids of the laws that kill a mutant, of those that try it. */
export const killers = (laws: readonly Law[], mutant: Mutant, runs = 100): readonly string[] =>
  triedBy(laws, mutant)
    .filter((law) => kills(law, mutant, runs))
    .map(({ id }) => id)

/** Which laws kill which mutants, as `docs/data/kill-matrix.json` has it. */
export interface Matrix {
  readonly version: string
  /** Cases a law was tried on. */
  readonly runs: number
  readonly laws: readonly string[]
  readonly mutants: readonly (Pick<Mutant, 'id' | 'mistake' | 'dies'> & { readonly killers: readonly string[] })[]
}
