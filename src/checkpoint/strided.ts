/** Tensors as PyTorch stores them: a shape, strides and an offset into a flat storage. @module */
import { type ElementType, elementType, type Numbers, type Shape, sizeOf } from '../core/tensor.js'

/** A view of a storage: element `[i, j, ..]` is number `offset + i * strides[0] + j * strides[1] + ..` of it. */
export interface Strided {
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]
}

/** The least length of a storage that holds every element of the view; not a safe integer where it overflows. */
export const reach = ({ offset, shape, strides }: Strided): number =>
  shape.includes(0) ? offset : shape.reduce((sum, extent, i) => sum + (extent - 1) * strides[i]!, offset) + 1

const isRowMajor = ({ shape, strides }: Strided): boolean => {
  let expected = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false
    expected *= shape[i]!
  }
  return true
}

const ARRAYS: { readonly [E in ElementType]: (length: number) => Numbers } = {
  float64: (length) => new Float64Array(length),
  float32: (length) => new Float32Array(length),
  uint8: (length) => new Uint8Array(length),
  int64: (length) => new BigInt64Array(length),
}

/**
 * The elements of a view in row-major order: the storage itself where the view is all of it in order, a copy of the
 * elements otherwise. The caller promises `reach(view) <= storage.length`.
 *
 * @example
 * rowMajor(Float64Array.of(1, 2, 3, 4), { offset: 0, shape: [2, 2], strides: [1, 2] })
 * // => Float64Array.of(1, 3, 2, 4)
 */
export const rowMajor = (storage: Numbers, view: Strided): Numbers => {
  const { offset, shape } = view
  const length = sizeOf(shape)
  if (isRowMajor(view)) {
    return length === storage.length ? storage : storage.slice(offset, offset + length)
  }
  const strides = view.strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride))
  const index = shape.map(() => 0)
  const data = ARRAYS[elementType(storage)!](length)
  // Both arrays have one type, which the compiler cannot see.
  const [from, to] = [storage, data] as [Float64Array, Float64Array]
  let place = offset
  for (let i = 0; i < length; i++) {
    to[i] = from[place]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++
      place += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      place -= shape[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return data
}
