/** Linear maps and their transposes: what derivatives are, and how they are put together. @module */
import { type Precision, type Reals, type Tensor, zeros } from '../../core/tensor.js'

/** A tangent or a cotangent, as long as the value it belongs to; `null` is the zero vector. */
export type Vector = Reals | null

/** Vectors of several values; what is left out is zero. */
export type Vectors = readonly (Vector | undefined)[]

/** A linear map and its transpose. */
export interface Linear {
  /** Tangents of the inputs and of what is learnt, to tangents of the outputs. */
  readonly push: (tangents: Vectors) => Vectors
  /** Cotangents of the outputs, to cotangents of the inputs and of what is learnt. */
  readonly pull: (cotangents: Vectors) => Vectors
}

/** Any value, read: spikes as bytes, or as reals where they are smooth. */
export type Value = Tensor<Reals | Uint8Array>

/** `a + b`, rounded once. */
export const plus =
  (precision: Precision) =>
  (a: Vector, b: Vector): Vector => {
    if (a === null || b === null) return a ?? b
    const sum = zeros(precision, a.length)
    for (let i = 0; i < sum.length; i++) sum[i] = a[i]! + b[i]!
    return sum
  }

/** A map that sends zero to zero without being asked. */
export const unlessZero = (map: (x: Reals) => Reals, x: Vector | undefined): Vector => (x == null ? null : map(x))

/** One vector at a time, each way. */
export const plain = (push: (x: Reals) => Reals, pull: (y: Reals) => Reals): Linear => ({
  push: ([x]) => [unlessZero(push, x)],
  pull: ([y]) => [unlessZero(pull, y)],
})

/** `first`, then `second` of its output; `rest` of the tangents are the second's own. */
export const along = (first: Linear, taken: number, second: Linear): Linear => ({
  push: (tangents) => second.push([...first.push(tangents.slice(0, taken)), ...tangents.slice(taken)]),
  pull: (cotangents) => {
    const [into, ...own] = second.pull(cotangents)
    return [...first.pull([into]), ...own]
  },
})
