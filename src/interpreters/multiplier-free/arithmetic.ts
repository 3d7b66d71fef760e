/** Arithmetic without a product: what the spike path of a multiplier-free network runs on. @module */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { type Precision, rounding } from '../../core/tensor.js'

/**
 * Numbers that can be added, subtracted, halved and compared, and nothing else: `concat` adds, `empty` is 0. A program
 * over an abstract `N` that is handed only this cannot multiply.
 */
export interface Arithmetic<N> extends Monoid<N> {
  /** `a - b`. */
  readonly subtract: (a: N, b: N) => N
  /** `a / 2`. */
  readonly halve: (a: N) => N
  /** `a >= b`. */
  readonly atLeast: (a: N, b: N) => boolean
}

/** An arithmetic and what its numbers mean. */
export interface Representation<N> extends Arithmetic<N> {
  /** A constant of a layer, rounded to the representation. */
  readonly of: (x: number) => N
  /** A number as the real it stands for. */
  readonly to: (n: N) => number
}

/**
 * Floating point of the given precision, every operation rounded once.
 *
 * @example
 * floating('float32').concat(0.1, 0.2) // => Math.fround(Math.fround(0.1) + Math.fround(0.2))
 */
export const floating = (precision: Precision): Representation<number> => {
  const round = rounding(precision)
  return {
    empty: 0,
    concat: (a, b) => round(a + b),
    subtract: (a, b) => round(a - b),
    halve: (a) => round(a / 2),
    atLeast: (a, b) => a >= b,
    of: round,
    to: (n) => n,
  }
}

/**
 * 32-bit integers that count steps of `2^-fractionBits`: integer adders, comparators and an arithmetic shift, which
 * rounds a half step down. Sums wrap at 2^31.
 *
 * @example
 * const { of, halve, to } = fixedPoint(8)
 * halve(of(1.5)) // => 192
 * to(192) // => 0.75
 */
export const fixedPoint = (fractionBits: number): Representation<number> => ({
  empty: 0,
  concat: (a, b) => (a + b) | 0,
  subtract: (a, b) => (a - b) | 0,
  halve: (a) => a >> 1,
  atLeast: (a, b) => a >= b,
  of: (x) => Math.round(x * 2 ** fractionBits) | 0,
  to: (n) => n / 2 ** fractionBits,
})
