/** The few tensor functions laws are written with. @module */
import { type Currents, type Reals, type Shape, type Spikes, sizeOf, type Tensor, tensor } from '../core/tensor.js'

/** The index of element `i` of a row-major tensor: `indexOf([2, 3], 4)` is `[1, 1]`. */
export const indexOf = (shape: Shape, i: number): readonly number[] =>
  shape.reduceRight<{ readonly rest: number; readonly index: readonly number[] }>(
    ({ rest, index }, extent) => ({ rest: Math.floor(rest / extent), index: [rest % extent, ...index] }),
    { rest: i, index: [] },
  ).index

/** The element at an index; 0 outside, as zero padding has it. */
export const at = ({ shape, data }: Currents | Spikes, ...index: readonly number[]): number =>
  index.every((x, axis) => Number.isInteger(x) && x >= 0 && x < shape[axis]!)
    ? data[index.reduce((i, x, axis) => i * shape[axis]! + x, 0)]!
    : 0

/** The currents whose element at each index is `f(index)`. */
export const tabulate = (shape: Shape, f: (...index: readonly number[]) => number): Currents =>
  tensor(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => f(...indexOf(shape, i))),
  )

/** The spikes that stand where `f(index)` is true. */
export const spikesWhere = (shape: Shape, f: (...index: readonly number[]) => boolean): Spikes =>
  tensor(
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (f(...indexOf(shape, i)) ? 1 : 0)),
  )

/** Currents that are all the same number. */
export const constant = (shape: Shape, x: number): Currents => tabulate(shape, () => x)

/** No spike at all. */
export const silence = (shape: Shape): Spikes => tensor(shape, new Uint8Array(sizeOf(shape)))

/** The tensor with `f` of each number. */
export const mapped = <D extends Reals | Uint8Array>({ shape, data }: Tensor<D>, f: (x: number) => number): Tensor<D> =>
  tensor(shape, data.map(f) as D)

/** Two tensors added, element by element. */
export const sum = (a: Currents, b: Currents): Currents =>
  tensor(
    a.shape,
    Float64Array.from(a.data, (x, i) => x + b.data[i]!),
  )

/** `take(x, axis, [2, 0])`: slices 2 and 0 along an axis, in that order. A slice, a permutation, a repetition. */
export const take = <D extends Reals | Uint8Array>(
  { shape, data }: Tensor<D>,
  axis: number,
  indices: readonly number[],
): Tensor<D> => {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))]
  const out = data.slice(0, 0).constructor as new (length: number) => D
  const result = new out(outer * indices.length * inner)
  for (let o = 0; o < outer; o++)
    for (const [to, from] of indices.entries()) {
      const start = (o * shape[axis]! + from) * inner
      result.set(data.subarray(start, start + inner), (o * indices.length + to) * inner)
    }
  return tensor(shape.with(axis, indices.length), result)
}

/** `0, 1, ..., n - 1`. */
export const range = (n: number, from = 0): readonly number[] => Array.from({ length: n - from }, (_, i) => from + i)

/** The steps `from` to `to` of a sequence. */
export const steps = <D extends Reals | Uint8Array>(x: Tensor<D>, from: number, to: number): Tensor<D> =>
  take(x, 0, range(to, from))

/** Two tensors one after the other along the first axis. */
export const joined = <D extends Reals | Uint8Array>(a: Tensor<D>, b: Tensor<D>): Tensor<D> => {
  const result = new (a.data.constructor as new (length: number) => D)(a.data.length + b.data.length)
  result.set(a.data)
  result.set(b.data, a.data.length)
  return tensor(a.shape.with(0, a.shape[0]! + b.shape[0]!), result)
}

/** The same tensor with element `i` replaced. */
export const replaced = <D extends Reals | Uint8Array>({ shape, data }: Tensor<D>, i: number, x: number): Tensor<D> => {
  const copy = data.slice() as D
  copy[i] = x
  return tensor(shape, copy)
}
