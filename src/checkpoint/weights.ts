/** Which of a checkpoint's dictionaries are the network's weights, and under which names. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse, shortened } from '../core/fault.js'

/** A dictionary of a checkpoint: the name it is kept under (empty for the whole checkpoint), and its keys. */
export interface Dictionary {
  readonly name: string
  readonly keys: readonly string[]
}

/** The weights chosen: of which dictionary, the network's own key of each of its keys, and what a reader should know. */
export interface Weights {
  /** The name of the dictionary. */
  readonly dictionary: string
  /** From the network's own key to the key in the dictionary. */
  readonly keys: ReadonlyMap<string, string>
  readonly notes: readonly string[]
}

/** The key that every network has: what stands before it is the prefix of them all. */
const ANCHOR = 'prologue.0.weight'

/** What profilers leave on every module. */
const BOOKKEEPING = /(^|\.)total_(ops|params)$/

/** Weights averaged in training, as timm and its followers name them, first choice first. */
const AVERAGED: readonly RegExp[] = [/^state_dict_ema\b/, /^model_ema\b/, /(^|[._])(ema|averaged?|swa)([._]|$)/i]

/** The plain weights, first choice first; any other name comes after these. */
const PLAIN: readonly RegExp[] = [/^state_dict$/, /^model$/]

const rank = (name: string): number => {
  const place = [...AVERAGED, ...PLAIN].findIndex((pattern) => pattern.test(name))
  return place < 0 ? AVERAGED.length + PLAIN.length : place
}

const isAveraged = (name: string): boolean => AVERAGED.some((pattern) => pattern.test(name))

interface Candidate {
  /** The dictionary and, after it, the prefix where it has several. */
  readonly name: string
  readonly prefix: string
  readonly others: readonly string[]
  readonly dictionary: Dictionary
}

const prefixesOf = (keys: readonly string[]): readonly string[] =>
  keys.filter((key) => key === ANCHOR || key.endsWith(`.${ANCHOR}`)).map((key) => key.slice(0, -ANCHOR.length))

/** The networks of a dictionary: one a prefix of the anchor. */
const candidatesOf = (dictionary: Dictionary): readonly Candidate[] => {
  const prefixes = prefixesOf(dictionary.keys)
  return prefixes.map((prefix) => ({
    name:
      prefixes.length === 1
        ? dictionary.name
        : [dictionary.name, prefix.slice(0, -1)].filter((part) => part !== '').join('.'),
    prefix,
    others: prefixes.filter((other) => other !== prefix && other.startsWith(prefix)),
    dictionary,
  }))
}

const some = (keys: readonly string[]): string =>
  `${keys.slice(0, 2).map(shortened).join(', ')}${keys.length > 2 ? ', ...' : ''}`

const called = (name: string): string => (name === '' ? 'the checkpoint itself' : shortened(name))

const chosen = ({ name, prefix, others, dictionary }: Candidate, rest: readonly Candidate[]): Weights => {
  const own = dictionary.keys.filter((key) => key.startsWith(prefix) && !others.some((other) => key.startsWith(other)))
  const bookkeeping = own.filter((key) => BOOKKEEPING.test(key))
  const foreign = rest.length > 0 ? [] : dictionary.keys.filter((key) => !key.startsWith(prefix))
  const unlisted = foreign.filter((key) => !BOOKKEEPING.test(key))
  return {
    dictionary: dictionary.name,
    keys: new Map(own.filter((key) => !BOOKKEEPING.test(key)).map((key) => [key.slice(prefix.length), key])),
    notes: [
      ...(rest.length === 0
        ? []
        : [
            `took the ${isAveraged(name) ? 'averaged ' : ''}weights ${called(name)}, not ${rest.map((other) => called(other.name)).join(', ')}; --weights chooses`,
          ]),
      ...(bookkeeping.length === 0
        ? []
        : [`left out ${bookkeeping.length} numbers of a profiler's bookkeeping (${some(bookkeeping)})`]),
      ...(unlisted.length === 0
        ? []
        : [`left out ${unlisted.length} keys that are not under ${shortened(prefix)} (${some(unlisted)})`]),
    ],
  }
}

/** Without a network in it a checkpoint is what torch's users save: `model`, `state_dict`, itself, or what comes first. */
const plain = (dictionaries: readonly Dictionary[]): Weights | undefined => {
  const found =
    dictionaries.find(({ name }) => name === 'model') ??
    dictionaries.find(({ name }) => name === 'state_dict') ??
    dictionaries.find(({ name }) => name === '') ??
    dictionaries[0]
  return found && { dictionary: found.name, keys: new Map(found.keys.map((key) => [key, key])), notes: [] }
}

/**
 * The network's weights among a checkpoint's dictionaries: those whose keys, after one common prefix, are a network's.
 * Of several the averaged one (`state_dict_ema`, as timm takes it), unless `wanted` names another; a note says so.
 *
 * @example
 * const file = { name: 'model', keys: ['module.prologue.0.weight', 'module.total_ops'] }
 * pipe(weightsAmong(null)([file]), Either.map(({ keys }) => [...keys]))
 * // => Either.right([['prologue.0.weight', 'module.prologue.0.weight']])
 */
export const weightsAmong =
  (wanted: string | null) =>
  (dictionaries: readonly Dictionary[]): Either.Either<Faults, Weights> => {
    const candidates = dictionaries.flatMap(candidatesOf)
    const byRank = [...candidates].sort((a, b) => rank(a.name) - rank(b.name))
    if (wanted !== null) {
      const found = candidates.filter(({ name, prefix }) => name === wanted || prefix.slice(0, -1) === wanted)
      const [first] = found
      return first === undefined
        ? Either.left(
            refuse(
              `it has no weights named ${JSON.stringify(shortened(wanted))}`,
              candidates.length === 0
                ? 'leave --weights out'
                : `it has ${candidates.map(({ name }) => called(name)).join(', ')}`,
            ),
          )
        : Either.right(chosen(first, []))
    }
    const [best, ...rest] = byRank
    return best !== undefined
      ? Either.right(chosen(best, rest))
      : pipe(
          plain(dictionaries),
          Either.fromNullable(refuse('it holds no dictionary of tensors', 'save the state dict of the model')),
        )
  }
