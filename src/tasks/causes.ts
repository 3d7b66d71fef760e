/** What a first difference is likely caused by: the mistakes of the catalogue that first differ like it. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse } from '../core/fault.js'
import type { Comparison, Difference } from './compare.js'
import type { Kind } from './difference.js'
import { placeOf } from './order.js'

/** A mutant of the catalogue, and how a network with its mistake first differs from the right one. */
export interface Cause {
  readonly id: string
  readonly mistake: string
  /** The law that is named for it. */
  readonly law: string
  /** Where it first differs: a tensor's name. */
  readonly name: string
  readonly kind: Kind
  /** Which part of that tensor's elements differ. */
  readonly share: number
}

/** The stem is a convolution and its batch norm, as the first synapse is: what is wrong with that, may be so with both. */
const KIN: { readonly [place: string]: string } = { prologue: 'W' }

/** The most causes worth reading. */
const MOST = 6

const isCause = (value: unknown): value is Cause => {
  const { id, mistake, law, name, kind, share } = (value ?? {}) as Readonly<Record<string, unknown>>
  return [id, mistake, law, name, kind].every((text) => typeof text === 'string') && typeof share === 'number'
}

/** The catalogue in the text of its file. */
export const parseCauses = (text: string): Either.Either<Faults, readonly Cause[]> => {
  const damaged = refuse('the catalogue of causes is damaged', 'install the package again')
  return Either.tryCatch(
    () => {
      const all: unknown = JSON.parse(text)
      if (!Array.isArray(all) || !all.every(isCause)) throw new Error('no causes')
      return all
    },
    () => damaged,
  )
}

/** The kinds of a difference, likeliest first, and where it is; null where it is of no mistake of computing. */
const aboutOf = (
  found: Difference,
): { readonly name: string; readonly kinds: readonly Kind[]; share: number } | null => {
  switch (found._tag) {
    case 'Values':
      return { name: found.name, kinds: [found.kind], share: found.count / found.size }
    case 'Hash':
      return { name: found.name, kinds: found.kinds, share: 1 }
    case 'Shape':
      return { name: found.name, kinds: ['values', 'spikes'], share: 1 }
    case 'Missing':
    case 'Surplus':
    case 'Run':
    case 'Type':
    case 'Number':
    case 'Unseen':
      return null
  }
}

/**
 * The mistakes of the catalogue whose first difference is at the same place (`W` in whatever block; the stem's may be the
 * synapses' too) and of the same kind, or at a place that is missing just before it; those that change as many elements
 * first, at most six.
 */
export const causesOf =
  (all: readonly Cause[]) =>
  ({ first, before }: Pick<Comparison, 'first' | 'before'>): readonly Cause[] => {
    const about = first === null ? null : aboutOf(first)
    if (about === null) return []
    const place = placeOf(about.name)
    const places = [place, ...(KIN[place] === undefined ? [] : [KIN[place]])]
    const missing = new Set(before.map(placeOf))
    const unlike = ({ name, kind, share }: Cause): number =>
      places.includes(placeOf(name))
        ? about.kinds.indexOf(kind) * 4 + places.indexOf(placeOf(name)) / 5 + Math.abs(share - about.share)
        : 1 - share
    return all
      .filter(
        ({ name, kind }) =>
          (places.includes(placeOf(name)) && about.kinds.includes(kind)) || missing.has(placeOf(name)),
      )
      .toSorted((a, b) => unlike(a) - unlike(b))
      .slice(0, MOST)
  }
