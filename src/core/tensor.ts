/** Dense tensors: a shape and its numbers in row-major order. @module */

/** The arrays a tensor may hold: reals of either precision, bytes (spikes, pixels) and checkpoint counters. */
export type Numbers = Float64Array | Float32Array | Uint8Array | BigInt64Array

/** Real numbers of either precision. */
export type Reals = Float64Array | Float32Array

/** The two precisions, each defined to the last bit. In `float32` every operation is rounded once. */
export type Precision = 'float64' | 'float32'

/** Asks an array of numbers what it is: every realm's `%TypedArray%` has this getter, and each answers for all. */
const typedArrayTag = (value: unknown): string | undefined =>
  Reflect.get(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag, value) as string | undefined

/**
 * What a value is by its tag, which is the same in every realm (a frame, a worker, a test's own context), as
 * `instanceof` is not: `Float32Array`, `ArrayBuffer`, `Array`, `Null`.
 *
 * @example
 * tagOf(Int32Array.of(1)) // => 'Int32Array'
 */
export const tagOf = (value: unknown): string =>
  typedArrayTag(value) ?? Object.prototype.toString.call(value).slice(8, -1)

/** The element types a tensor may have. */
export type ElementType = 'float64' | 'float32' | 'uint8' | 'int64'

const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['Float64Array', 'float64'],
  ['Float32Array', 'float32'],
  ['Uint8Array', 'uint8'],
  ['BigInt64Array', 'int64'],
])

/**
 * The element type of an array of numbers, whatever realm made it; null for any other value. It asks for the array's
 * own kind, which nothing can feign.
 *
 * @example
 * elementType(Float32Array.of(1)) // => 'float32'
 * elementType(Int32Array.of(1)) // => null
 */
export const elementType = (data: unknown): ElementType | null => ELEMENT_TYPES.get(typedArrayTag(data) ?? '') ?? null

/** Extents of the dimensions, outermost first. */
export type Shape = readonly number[]

/**
 * A dense tensor, row-major: element `[i, j, k]` of shape `[I, J, K]` is `data[(i * J + j) * K + k]`.
 *
 * A tensor is a value: nothing in this package writes to the data of a tensor it was given.
 */
export interface Tensor<D extends Numbers = Numbers> {
  readonly shape: Shape
  readonly data: D
}

/** Spike trains: every element is 0 or 1. */
export type Spikes = Tensor<Uint8Array>

/** Currents and membrane potentials: real numbers. */
export type Currents = Tensor<Reals>

/** The height and width of an image or a feature map, in pixels or positions. */
export interface Size {
  readonly height: number
  readonly width: number
}

/**
 * The number of elements of a shape: the product of its extents, 1 for a scalar.
 *
 * @example
 * sizeOf([4, 2, 64]) // => 512
 */
export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1)

/**
 * A tensor of the given shape and data, unchecked: `wellFormed` checks what comes from outside.
 *
 * @example
 * tensor([2, 2], Float64Array.of(1, 2, 3, 4)) // => { shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) }
 */
export const tensor = <D extends Numbers>(shape: Shape, data: D): Tensor<D> => ({ shape, data })

/**
 * A fresh array of `length` zeros in the given precision.
 *
 * @example
 * zeros('float32', 2) // => Float32Array.of(0, 0)
 */
export const zeros = (precision: Precision, length: number): Reals =>
  precision === 'float32' ? new Float32Array(length) : new Float64Array(length)

/**
 * The same numbers in the given precision, each rounded once; the array itself where it already has it.
 *
 * @example
 * toPrecision('float32', Float64Array.of(0.1)) // => Float32Array.of(Math.fround(0.1))
 */
export const toPrecision = (precision: Precision, data: Reals): Reals =>
  elementType(data) === precision ? data : precision === 'float32' ? Float32Array.from(data) : Float64Array.from(data)

/**
 * Rounds a float64 to the given precision: `Math.fround` or the identity.
 *
 * @example
 * rounding('float32')(0.1) // => 0.10000000149011612
 */
export const rounding = (precision: Precision): ((x: number) => number) =>
  precision === 'float32' ? Math.fround : (x) => x

/**
 * A shape as people write it: `[4, 2, 64]`.
 *
 * @example
 * showShape([4, 2, 64]) // => '[4, 2, 64]'
 */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

/**
 * Whether two shapes are equal.
 *
 * @example
 * sameShape([4, 2], [4, 2, 1]) // => false
 */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((x, i) => x === b[i])

/**
 * `length` elements of the first axis, from one on: the same numbers, not a copy.
 *
 * @example
 * stretch(tensor([3, 2], Float64Array.of(1, 2, 3, 4, 5, 6)), 1, 2) // => tensor([2, 2], Float64Array.of(3, 4, 5, 6))
 */
export const stretch = <D extends Reals>({ shape: [, ...inner], data }: Tensor<D>, from: number, length: number) => {
  const size = sizeOf(inner)
  return tensor([length, ...inner], data.subarray(from * size, (from + length) * size) as D)
}
