/** Currents whose scale is still to come. @module */
import { type Currents, type Shape, tensor } from '../../core/tensor.js'
import type { Representation } from './arithmetic.js'

/**
 * The scale that is still to be applied, one a head: an element counts in units of `scale[head]`, and `run` elements in a
 * row belong to the same head. Scales are positive.
 */
export interface Unit {
  readonly scale: readonly number[]
  readonly run: number
}

/** Currents, or membranes, in pending units: the current meant is `data[i] * scale[headOf(unit)(i)]`. */
export interface Pending<N> {
  readonly shape: Shape
  readonly data: readonly N[]
  readonly unit: Unit
}

/** No scale pending. */
export const NONE: Unit = { scale: [1], run: 1 }

/** Which head the element at an index belongs to. */
export const headOf =
  ({ scale, run }: Unit) =>
  (index: number): number =>
    Math.floor(index / run) % scale.length

/** Plain currents as numbers of the representation. */
export const pending =
  <N>({ of }: Representation<N>) =>
  ({ shape, data }: Currents): Pending<N> => ({ shape, data: Array.from(data, of), unit: NONE })

/** The currents that are meant, in float64: every number read, times its unit. */
export const settled =
  <N>({ to }: Representation<N>) =>
  ({ shape, data, unit }: Pending<N>): Currents => {
    const head = headOf(unit)
    return tensor(
      shape,
      Float64Array.from(data, (n, i) => to(n) * unit.scale[head(i)]!),
    )
  }

/** The same currents with no unit pending; they are settled, which multiplies, only where they have one. */
export const withoutUnit =
  <N>(N: Representation<N>) =>
  (current: Pending<N>): Pending<N> =>
    current.unit.scale.every((u) => u === 1) ? current : pending(N)(settled(N)(current))
