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

/** Of fewer elements than this the share says nothing. */
const FEWEST = 4

/** Two runs of one mistake on other networks change shares of a tensor that are within this factor. */
const FACTOR = 8

/** What is known of a difference: where it is, its kinds, likeliest first, and its share, null where that is not known. */
interface About {
  readonly name: string
  readonly kinds: readonly Kind[]
  readonly share: number | null
  readonly few: boolean
}

/** Null where it is of no mistake of computing. */
const aboutOf = (found: Difference): About | null => {
  switch (found._tag) {
    case 'Values':
      return { name: found.name, kinds: [found.kind], share: found.count / found.size, few: found.count < FEWEST }
    case 'Hash':
      return { name: found.name, kinds: found.kinds, share: null, few: false }
    case 'Shape':
      return { name: found.name, kinds: ['values', 'spikes'], share: 1, few: false }
    case 'Missing':
    case 'Surplus':
    case 'Run':
    case 'Type':
    case 'Beside':
    case 'Number':
    case 'Unseen':
      return null
  }
}

/** What a first difference may be caused by. */
export interface Causes {
  /** How many mistakes of the catalogue first differ at the place and in the kind of the difference. */
  readonly candidates: number
  /** Those that fit what is known of it, the closest first, at most six. */
  readonly likely: readonly Cause[]
  /** Why no candidate is likely: too few elements differ, none changes about so many, or how many differ is not known. */
  readonly why: 'few' | 'share' | 'unknown' | null
}

/**
 * The mistakes of the catalogue that a first difference may be caused by.
 *
 * *Candidates* first differ at the same place (`W` in whatever block; the stem's may be the synapses' too) and in the same
 * kind, or at a place that is missing just before it. *Likely* are those among them that the evidence is enough for:
 * where values were compared, four elements differ or more, and the mistake changes a share of the tensor's elements that
 * is within a factor of eight of the share that differs, of a tensor that is missing all; of hashes no share is known, so
 * all candidates are likely where they are at most six, else none.
 */
export const causesOf =
  (all: readonly Cause[]) =>
  ({ first, before }: Pick<Comparison, 'first' | 'before'>): Causes => {
    const about = first === null ? null : aboutOf(first)
    if (about === null) return { candidates: 0, likely: [], why: null }
    const place = placeOf(about.name)
    const places = [place, ...(KIN[place] === undefined ? [] : [KIN[place]])]
    const missing = new Set(before.map(placeOf))
    const here = ({ name, kind }: Cause): boolean => places.includes(placeOf(name)) && about.kinds.includes(kind)
    const candidates = all.filter((cause) => here(cause) || missing.has(placeOf(cause.name)))
    const share = (cause: Cause): number | null => (here(cause) ? about.share : 1)
    const factor = (cause: Cause): number => {
      const seen = share(cause) ?? cause.share
      return Math.max(cause.share / seen, seen / cause.share)
    }
    const unlike = (cause: Cause): number =>
      about.kinds.indexOf(cause.kind) * 100 + places.indexOf(placeOf(cause.name)) * 10 + factor(cause)
    const enough = (cause: Cause): boolean =>
      share(cause) === null ? candidates.length <= MOST : !(here(cause) && about.few) && factor(cause) <= FACTOR
    const fitting = candidates.filter(enough)
    const why = about.few ? 'few' : about.share === null ? 'unknown' : 'share'
    return {
      candidates: candidates.length,
      likely: fitting.toSorted((a, b) => unlike(a) - unlike(b)).slice(0, MOST),
      why: candidates.length > 0 && fitting.length === 0 ? why : null,
    }
  }
