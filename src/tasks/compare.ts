/** Comparing two runs: what they first differ in, in the order of execution. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Lazily } from '../checkpoint/lazy.js'
import type { Faults } from '../core/fault.js'
import { type ElementType, elementType, type Shape, sameShape } from '../core/tensor.js'
import { difference, type Kind, type Unequal } from './difference.js'
import { inOrder } from './order.js'
import type { Hashed, TracedRun } from './traced.js'

/** What two runs first differ in. */
export type Difference =
  /** They are not of the same run: another number of steps or samples, another variant, image or seed. */
  | { readonly _tag: 'Run'; readonly field: string; readonly wanted: string; readonly mine: string }
  | { readonly _tag: 'Missing' | 'Surplus'; readonly name: string }
  | { readonly _tag: 'Shape'; readonly name: string; readonly wanted: Shape; readonly mine: Shape }
  | { readonly _tag: 'Type'; readonly name: string; readonly wanted: ElementType; readonly mine: ElementType }
  | ({ readonly _tag: 'Values'; readonly name: string } & Unequal)
  /**
   * Two hashes; what differs is of one of these kinds. Where already the first tensor differs and mine does not say its
   * precision, `precision` is that of the wanted run.
   */
  | {
      readonly _tag: 'Hash'
      readonly name: string
      readonly operation: string
      readonly kinds: readonly Kind[]
      readonly precision: string | null
    }
  /** Every operation is equal, but what a list beside them has of a name is not: it contradicts them. */
  | {
      readonly _tag: 'Beside'
      readonly field: 'layers' | 'membranes'
      readonly name: string
      readonly what: 'missing' | 'surplus' | 'shape' | 'hash'
    }
  /** Every hash that both have is equal, and a number is not; null where one has none at that place. */
  | { readonly _tag: 'Number'; readonly name: string; readonly wanted: number | null; readonly mine: number | null }
  /** Every hash that both have is equal, but one has no others. */
  | { readonly _tag: 'Unseen'; readonly field: string }

/** How two runs compare. */
export interface Comparison {
  readonly first: Difference | null
  /** Of how many tensors that both have it was told, and how many of these differ. */
  readonly compared: number
  readonly different: number
  /** Whether already the first tensor of all differs. */
  readonly atOnce: boolean
  /** What is missing between the last tensor that is equal and the first difference: the difference may begin there. */
  readonly before: readonly string[]
  /** What either has and the other has not. */
  readonly missing: readonly string[]
  readonly surplus: readonly string[]
}

/** What is there in both, in order of execution, and what is in one. */
const named = (wanted: readonly string[], mine: readonly string[]) => {
  const [inWanted, inMine] = [new Set(wanted), new Set(mine)]
  return {
    both: inOrder(wanted.filter((name) => inMine.has(name))),
    missing: inOrder(wanted.filter((name) => !inMine.has(name))),
    surplus: inOrder(mine.filter((name) => !inWanted.has(name))),
  }
}

/** The first of what is there in one only: nothing that both have differs. */
const absent = (missing: readonly string[], surplus: readonly string[]): Difference | null =>
  missing[0] !== undefined
    ? { _tag: 'Missing', name: missing[0] }
    : surplus[0] !== undefined
      ? { _tag: 'Surplus', name: surplus[0] }
      : null

/** The missing names that stand between a name and the last one before it that both have. */
const gap = (both: readonly string[], missing: readonly string[], name: string | undefined): readonly string[] => {
  if (name === undefined) return []
  const lacking = new Set(missing)
  const order = inOrder([...both, ...missing])
  const at = order.indexOf(name)
  return order.slice(order.findLastIndex((each, i) => i < at && !lacking.has(each)) + 1, at)
}

/** Whether two runs have other steps or samples, told by the shapes `[T, B, ...]` of their logits. */
const otherRun = (wanted: Shape | undefined, mine: Shape | undefined): Difference | null => {
  if (wanted?.length !== 3 || mine?.length !== 3) return null
  const axis = wanted.findIndex((extent, i) => extent !== mine[i])
  return axis < 0
    ? null
    : { _tag: 'Run', field: ['T', 'batch', 'classes'][axis]!, wanted: String(wanted[axis]), mine: String(mine[axis]) }
}

/**
 * Compares the values of two runs, tensor by tensor in the order of execution; only two tensors are in memory at a time.
 *
 * Bytes are compared: 0 and -0 differ, two that are no numbers do not.
 */
export const compareValues = (wanted: Lazily, mine: Lazily): TaskEither.TaskEither<Faults, Comparison> => {
  const { both, missing, surplus } = named([...wanted.shapes.keys()], [...mine.shapes.keys()])
  const other = otherRun(wanted.shapes.get('classifier'), mine.shapes.get('classifier'))
  const seen = { compared: both.length, missing, surplus }
  if (other !== null)
    return TaskEither.right({ ...seen, first: other, compared: 0, different: 0, atOnce: false, before: [] })
  const compared = (name: string): TaskEither.TaskEither<Faults, Difference | null> => {
    const [a, b] = [wanted.shapes.get(name)!, mine.shapes.get(name)!]
    if (!sameShape(a, b)) return TaskEither.right({ _tag: 'Shape', name, wanted: a, mine: b })
    return pipe(
      wanted.read(name),
      TaskEither.chain((x) =>
        pipe(
          mine.read(name),
          TaskEither.map((y): Difference | null => {
            const [type, other] = [elementType(x.data)!, elementType(y.data)!]
            if (type !== other) return { _tag: 'Type', name, wanted: type, mine: other }
            const found = difference(x, y)
            return found === null ? null : { _tag: 'Values', name, ...found }
          }),
        ),
      ),
    )
  }
  return pipe(
    both,
    TaskEither.traverseSeqArray(compared),
    TaskEither.map((all) => {
      const found = all.filter((each) => each !== null)
      const at = all.findIndex((each) => each !== null)
      return {
        ...seen,
        first: found[0] ?? absent(missing, surplus),
        different: found.length,
        atOnce: at === 0,
        before: gap(both, missing, both[at]),
      }
    }),
  )
}

const byName = (hashes: readonly Hashed[]): ReadonlyMap<string, Hashed> =>
  new Map(hashes.map((hash) => [hash.name, hash]))

/** The first name of which two lists of hashes do not have the same. */
const beside = (
  field: 'layers' | 'membranes',
  wanted: readonly Hashed[],
  mine: readonly Hashed[],
): (Difference & { readonly _tag: 'Beside' }) | null => {
  const [a, b] = [byName(wanted), byName(mine)]
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(name), b.get(name)]
    if (y === undefined) return { _tag: 'Beside', field, name, what: 'missing' }
    if (x === undefined) return { _tag: 'Beside', field, name, what: 'surplus' }
    if (!sameShape(x.shape, y.shape)) return { _tag: 'Beside', field, name, what: 'shape' }
    if (x.sha256 !== y.sha256) return { _tag: 'Beside', field, name, what: 'hash' }
  }
  return null
}

/** The first number that two traces do not both have, among the fields that both have. */
const otherNumber = (wanted: TracedRun['numbers'], mine: TracedRun['numbers']): Difference | null => {
  for (const [field, values] of wanted) {
    const others = mine.get(field)
    if (others === undefined) continue
    for (const name of new Set([...values.keys(), ...others.keys()])) {
      const [x, y] = [values.get(name) ?? null, others.get(name) ?? null]
      if (!Object.is(x, y)) return { _tag: 'Number', name, wanted: x, mine: y }
    }
  }
  return null
}

/**
 * Compares the hashes of two traces in the order of execution: of `operations` where both have them, of `layers` else.
 * Where all are equal, what stands beside them: the membranes, the layers, and the numbers of every field that both have,
 * place by place. Where all spikes are the same, a current that differs most likely does so by rounding.
 */
export const compareTraces = (wanted: TracedRun, mine: TracedRun): Comparison => {
  const setting = [...wanted.settings].find(([field, value]) => (mine.settings.get(field) ?? value) !== value)
  if (setting !== undefined) {
    const [field, value] = setting
    const first: Difference = { _tag: 'Run', field, wanted: value, mine: mine.settings.get(field)! }
    return { first, compared: 0, different: 0, atOnce: false, before: [], missing: [], surplus: [] }
  }
  const whole = wanted.operations !== null && mine.operations !== null
  const [a, b] = [byName(whole ? wanted.operations : wanted.spikes), byName(whole ? mine.operations : mine.spikes)]
  const { both, missing, surplus } = named([...a.keys()], [...b.keys()])
  const spikesDiffer = both.some(
    (name) => a.get(name)!.operation === 'fire' && a.get(name)!.sha256 !== b.get(name)!.sha256,
  )
  const found = both.flatMap((name): readonly (Difference & { readonly name: string })[] => {
    const [x, y] = [a.get(name)!, b.get(name)!]
    if (!sameShape(x.shape, y.shape)) return [{ _tag: 'Shape', name, wanted: x.shape, mine: y.shape }]
    if (x.sha256 === y.sha256) return []
    const kinds: readonly Kind[] =
      x.operation === 'fire' ? ['spikes'] : spikesDiffer ? ['values', 'rounding'] : ['rounding', 'values']
    const precision = name === both[0] && !mine.settings.has('precision') ? wanted.settings.get('precision') : undefined
    return [{ _tag: 'Hash', name, operation: x.operation, kinds, precision: precision ?? null }]
  })
  const kept =
    wanted.membranes === null || mine.membranes === null ? null : beside('membranes', wanted.membranes, mine.membranes)
  const membrane: Difference | null =
    kept?.what === 'hash'
      ? { _tag: 'Hash', name: kept.name, operation: 'membrane', kinds: ['membranes'], precision: null }
      : kept
  const unseen = (['operations', 'membranes'] as const).find((field) => wanted[field] !== null && mine[field] === null)
  return {
    first:
      found[0] ??
      absent(missing, surplus) ??
      membrane ??
      (whole ? beside('layers', wanted.spikes, mine.spikes) : null) ??
      otherNumber(wanted.numbers, mine.numbers) ??
      (unseen === undefined ? null : { _tag: 'Unseen', field: unseen }),
    compared: both.length,
    different: found.length,
    atOnce: found.length > 0 && found[0]?.name === both[0],
    before: gap(both, missing, found[0]?.name),
    missing,
    surplus,
  }
}
