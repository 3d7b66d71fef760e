/** All mutants, and which laws kill which. @module */
import { touchedBy } from '../../src/laws/implementation.js'
import { judgeOne } from '../../src/laws/judge.js'
import type { Law } from '../../src/laws/law.js'
import { attentionMutants } from './attention.js'
import { blockMutants } from './blocks.js'
import { borderMutants } from './borders.js'
import type { Mutant } from './mutant.js'
import { neuronMutants } from './neurons.js'
import { scribblers } from './scribblers.js'
import { headMutants, stemMutants, synapseMutants } from './synapses.js'
import { theoremMutants } from './theorems.js'

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
  ...scribblers,
]

/** Whether a law kills a mutant, in so many cases. */
export const kills = (law: Law, { implementation }: Mutant, runs = 100): boolean =>
  judgeOne(implementation, law, { runs, shrink: false }).status === 'fail'

/** The ids of the laws that kill a mutant; laws of operations it does rightly are not tried. */
export const killers = (laws: readonly Law[], mutant: Mutant, runs = 100): readonly string[] => {
  const touched = touchedBy(mutant.operations)
  return laws
    .filter(({ needs }) => needs.some((operation) => touched.has(operation)))
    .filter((law) => kills(law, mutant, runs))
    .map(({ id }) => id)
}

/** Which laws kill which mutants, as `docs/data/kill-matrix.json` has it. */
export interface Matrix {
  readonly version: string
  /** Cases a law was tried on. */
  readonly runs: number
  readonly laws: readonly string[]
  readonly mutants: readonly (Pick<Mutant, 'id' | 'mistake' | 'dies'> & { readonly killers: readonly string[] })[]
}
