/** Dense tensors: a shape and its numbers in row-major order. @module */

/** The arrays a tensor may hold: reals of either precision, bytes (spikes, pixels) and checkpoint counters. */
export type Numbers = Float64Array | Float32Array | Uint8Array | BigInt64Array

/** Real numbers of either precision. */
export type Reals = Float64Array | Float32Array

/** The two precisions, each defined to the last bit. In `float32` every operation is rounded once. */
export type Precision = 'float64' | 'float32'

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
 * A tensor of the given shape and data. The caller promises `data.length === sizeOf(shape)`.
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
  precision === 'float32'
    ? data instanceof Float32Array
      ? data
      : Float32Array.from(data)
    : data instanceof Float64Array
      ? data
      : Float64Array.from(data)

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
 * The output size of a convolution or pool along one side: `floor((size + 2 padding - kernel) / stride) + 1`.
 *
 * @example
 * convolved(224, 7, 2, 3) // => 112
 */
export const convolved = (size: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1
