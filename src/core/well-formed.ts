/** Whether what comes in as a tensor is one: the rule for every border that takes numbers. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, refuse, shortened, unlessFaulty } from './fault.js'
import { type ElementType, elementType, type Numbers, type Reals, sizeOf, type Tensor, tagOf } from './tensor.js'

/** The arrays of each element type, as a caller knows them. */
const ARRAYS: { readonly [E in ElementType]: string } = {
  float64: 'Float64Array',
  float32: 'Float32Array',
  uint8: 'Uint8Array',
  int64: 'BigInt64Array',
}

const ALL = Object.keys(ARRAYS) as readonly ElementType[]

const isExtent = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0

/** A buffer that was transferred to a thread, or to nobody, lets no view be made of it. */
const isDetached = ({ buffer }: Numbers): boolean =>
  Either.isLeft(Either.tryCatch(() => new Uint8Array(buffer, 0, 0), Boolean))

const unfit = (name: string, problem: string, advice: string): Faults =>
  refuse(`${shortened(name)}: ${problem}`, advice)

const firstNotFinite = (data: Reals): number => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i
  return -1
}

/** What of a value is not a tensor of one of the element types; nothing where it is one. */
const problems = (name: string, types: readonly ElementType[], value: unknown): readonly Fault[] => {
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('data' in value))
    return unfit(name, `it is not a tensor but ${tagOf(value)}`, 'give a shape and its data')
  const { shape, data } = value as { readonly shape: unknown; readonly data: unknown }
  const type = elementType(data)
  if (type === null || !types.includes(type))
    return [
      { _tag: 'WrongType', key: name, type: tagOf(data), expected: types.map((known) => ARRAYS[known]).join(' or ') },
    ]
  if (!Array.isArray(shape) || !shape.every(isExtent))
    return unfit(
      name,
      `its shape ${Array.isArray(shape) ? `[${shortened(shape.map(String).join(', '))}]` : tagOf(shape)} is not a list of counts`,
      'give whole numbers of at least 0',
    )
  const numbers = data as Numbers
  if (isDetached(numbers))
    return unfit(name, 'its buffer was transferred away, and its numbers with it', 'give a copy of the numbers')
  const size = sizeOf(shape as readonly number[])
  if (size !== numbers.length)
    return unfit(
      name,
      `${numbers.length} numbers are not a tensor of shape [${shortened(shape.join(', '))}]`,
      Number.isSafeInteger(size) ? `give ${size} numbers` : 'give a shape whose numbers can be counted',
    )
  return []
}

/**
 * A tensor that came from outside, where it is one of the given element types (any, if none are given): its shape is a list of counts, its data are of a known element type
 * (told by tag, so that every realm's arrays count), as many as the shape says, and still there.
 *
 * Faults, under the given name: `Input` where it is no tensor, the shape no list of counts, the length not the shape's
 * or the buffer transferred away; `WrongType` names any other element type. The value itself comes back, not a copy.
 *
 * @example
 * wellFormed('weight')(tensor([2], Float64Array.of(1, 2))) // => Either.right(tensor([2], Float64Array.of(1, 2)))
 * pipe(wellFormed('weight')(tensor([3], Float64Array.of(1, 2))), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('weight: 2 numbers are not a tensor of shape [3]; give 3 numbers')
 */
export const wellFormed =
  (name: string, types: readonly ElementType[] = ALL) =>
  (value: unknown): Either.Either<Faults, Tensor> =>
    unlessFaulty(problems(name, types, value), () => value as Tensor)

/**
 * The same for real numbers of either precision, all of them finite (`NotFinite` names the first that is not).
 *
 * @example
 * finiteReals('image')(tensor([1], Uint8Array.of(1)))._tag // => 'Left'
 * pipe(finiteReals('image')(tensor([2], Float64Array.of(1, Number.NaN))), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('image: element 1 is NaN; every number must be finite')
 */
export const finiteReals =
  (name: string) =>
  (value: unknown): Either.Either<Faults, Tensor<Reals>> => {
    const found = problems(name, ['float64', 'float32'], value)
    const data = found.length === 0 ? (value as Tensor<Reals>).data : new Float64Array(0)
    const index = firstNotFinite(data)
    return unlessFaulty(
      index < 0 ? found : [{ _tag: 'NotFinite', key: name, index, value: data[index]! }],
      () => value as Tensor<Reals>,
    )
  }

/**
 * Named tensors that came from outside, where there is a Map of them and each is one.
 *
 * @example
 * const tensors = new Map([['x', tensor([3], Float64Array.of(1, 2))]])
 * pipe(wellFormedAll(tensors), Either.mapLeft((all) => all.map(describe)))
 * // => Either.left(['x: 2 numbers are not a tensor of shape [3]; give 3 numbers'])
 */
export const wellFormedAll = (tensors: unknown): Either.Either<Faults, ReadonlyMap<string, Tensor>> => {
  const wrong = mapFaults(tensors)
  return unlessFaulty(
    wrong.length > 0
      ? wrong
      : [...(tensors as ReadonlyMap<unknown, Tensor>)].flatMap(([name, value]) => problems(String(name), ALL, value)),
    () => tensors as ReadonlyMap<string, Tensor>,
  )
}

/**
 * What is wrong with named tensors as a whole: each is for `wellFormed` to judge.
 *
 * @example
 * mapFaults(new Map()) // => []
 * mapFaults({}).map(describe) // => ['the tensors are not a Map but Object; give a Map from names to tensors']
 */
export const mapFaults = (tensors: unknown): readonly Fault[] =>
  tagOf(tensors) === 'Map'
    ? []
    : refuse(`the tensors are not a Map but ${tagOf(tensors)}`, 'give a Map from names to tensors')
