/** How two tensors of one shape differ: where first, by how much, in how many elements. @module */
import type { Numbers, Shape, Tensor } from '../core/tensor.js'

/**
 * What kind of difference it is: of spikes; of currents whose largest difference is within 2^-16 of the largest current,
 * which mistakes of rounding make; of currents that differ by more; or of the membranes alone.
 */
export type Kind = 'spikes' | 'rounding' | 'values' | 'membranes'

/** Two tensors of one shape and type that are not equal. */
export interface Unequal {
  readonly kind: 'spikes' | 'rounding' | 'values'
  /** The first element that differs, outermost axis first. */
  readonly index: readonly number[]
  readonly wanted: number | bigint
  readonly mine: number | bigint
  /** How many numbers of their type apart they are; null where one is no number, or they are whole numbers. */
  readonly ulps: number | null
  /** The most of all elements; null where any is no number. */
  readonly most: number | null
  /** How many elements differ. */
  readonly count: number
  readonly size: number
}

/** Within this part of the largest number, two differ by rounding. */
const ROUNDING = 2 ** -16

const words32 = new DataView(new ArrayBuffer(4))
const words64 = new DataView(new ArrayBuffer(8))

/** A float's place among the floats of its type, in ascending order; 0 and -0 are the same. */
const place32 = (x: number): number => {
  words32.setFloat32(0, x)
  const bits = words32.getInt32(0)
  return bits < 0 ? -(bits & 0x7fffffff) : bits
}
const place64 = (x: number): bigint => {
  words64.setFloat64(0, x)
  const bits = words64.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
}

/**
 * How many units in the last place two numbers are apart: the floats of their type from one to the other. Null where one
 * is no number.
 *
 * @example
 * unitsApart(Float32Array.of(1), Float32Array.of(1 + 2 ** -23), 0) // => 1
 * unitsApart(Float64Array.of(-0), Float64Array.of(0), 0) // => 0
 * unitsApart(Float64Array.of(Number.NaN), Float64Array.of(0), 0) // => null
 */
export const unitsApart = (wanted: Numbers, mine: Numbers, i: number): number | null => {
  const [a, b] = [wanted[i]!, mine[i]!]
  if (typeof a === 'bigint' || typeof b === 'bigint' || Number.isNaN(a) || Number.isNaN(b)) return null
  if (wanted instanceof Float32Array) return Math.abs(place32(a) - place32(b))
  if (!(wanted instanceof Float64Array)) return null
  const units = place64(a) - place64(b)
  return Number(units < 0n ? -units : units)
}

const indexOf = (shape: Shape, i: number): readonly number[] => {
  const index: number[] = []
  let rest = i
  for (const extent of shape.toReversed()) {
    index.unshift(rest % extent)
    rest = Math.floor(rest / extent)
  }
  return index
}

/**
 * How two tensors of one shape and type differ; null where every element is the same. 0 and -0 differ, as their bytes
 * do; two that are no numbers do not.
 *
 * @example
 * const [wanted, mine] = [tensor([2], Float32Array.of(1, 2)), tensor([2], Float32Array.of(1, 3))]
 * const found = difference(wanted, mine)
 * found?.index // => [1]
 * found?.ulps // => 4194304
 */
export const difference = ({ shape, data: wanted }: Tensor, { data: mine }: Tensor): Unequal | null => {
  let [first, count, most, largest, furthest] = [-1, 0, 0 as number | null, 0, 0]
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [wanted[i]!, mine[i]!]
    if (!Object.is(a, b)) {
      if (first < 0) first = i
      count++
      const units = unitsApart(wanted, mine, i)
      most = most === null || units === null ? null : Math.max(most, units)
      furthest = Math.max(furthest, Math.abs(Number(a) - Number(b)))
    }
    largest = Math.max(largest, Math.abs(Number(a)))
  }
  if (first < 0) return null
  return {
    kind: wanted instanceof Uint8Array ? 'spikes' : furthest <= ROUNDING * largest ? 'rounding' : 'values',
    index: indexOf(shape, first),
    wanted: wanted[first]!,
    mine: mine[first]!,
    ulps: unitsApart(wanted, mine, first),
    most,
    count,
    size: wanted.length,
  }
}
