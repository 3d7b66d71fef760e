/** Currents whose scale is still to come. @module */
import { type Currents, type Shape, sizeOf, tensor } from '../../core/tensor.js'
import type { Representation } from './arithmetic.js'

/**
 * Currents in pending units: the current meant by an element is `data * unit[head]`. The heads divide the channel axis
 * evenly: the third of `[T, B, C, ...]`, the second of a membrane `[B, C, ...]`. Units are positive; `[1]` is none.
 */
export interface Pending<N> {
  readonly shape: Shape
  readonly data: readonly N[]
  readonly unit: readonly number[]
}

/** No pending unit. */
export const NONE: readonly number[] = [1]

/** Which of the heads an element of `[T, B, C, ...]` belongs to, by its index. */
export const headOf = (shape: Shape, heads: number): ((index: number) => number) => {
  const size = sizeOf(shape.slice(2)) / heads
  return heads === 1 ? () => 0 : (index) => Math.floor(index / size) % heads
}

/** Plain currents as numbers of the representation. */
export const pending =
  <N>({ of }: Representation<N>) =>
  ({ shape, data }: Currents): Pending<N> => ({ shape, data: Array.from(data, of), unit: NONE })

/** The currents that are meant, in float64: every number read, times its unit. */
export const settled =
  <N>({ to }: Representation<N>) =>
  ({ shape, data, unit }: Pending<N>): Currents => {
    const head = headOf(shape, unit.length)
    return tensor(
      shape,
      Float64Array.from(data, (n, i) => to(n) * unit[head(i)]!),
    )
  }

/** The same currents with no unit pending; they are settled, which multiplies, only where they have one. */
export const withoutUnit =
  <N>(N: Representation<N>) =>
  (current: Pending<N>): Pending<N> =>
    current.unit.every((u) => u === 1) ? current : pending(N)(settled(N)(current))
