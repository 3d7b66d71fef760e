/** The exactness budget: dyadic numbers, and how many bits the worst sums of them need. @module */

import { exponentOf } from '../core/functions.js'

/** A set of exact numbers: multiples of `2^exponent`, none larger in magnitude than `largest`. */
export interface Dyadic {
  readonly exponent: number
  readonly largest: number
}

/** What laws draw by default: multiples of 2^-4 up to 2. */
export const small: Dyadic = { exponent: -4, largest: 2 }

/** Where the sum of one number of each set lies. */
export const plus = (...terms: readonly Dyadic[]): Dyadic => ({
  exponent: Math.min(...terms.map(({ exponent }) => exponent)),
  largest: terms.reduce((sum, { largest }) => sum + largest, 0),
})

/** Where the sum of `n` numbers of a set lies, and every partial sum. */
export const summed = (n: number, { exponent, largest }: Dyadic): Dyadic => ({ exponent, largest: n * largest })

/** Where the product of two numbers lies. */
export const times = (a: Dyadic, b: Dyadic): Dyadic => ({
  exponent: a.exponent + b.exponent,
  largest: a.largest * b.largest,
})

/** The bits of significand that hold every number of a set: `log2(largest / 2^exponent)`, rounded up. */
export const bits = ({ exponent, largest }: Dyadic): number => exponentOf(largest) - exponent

/** The largest sets that cases come to, by what they are: a test holds each to the 24 bits of float32. */
export type Budgets = { readonly [what: string]: Dyadic }

/** Where a neuron's potential lies after `steps` steps: a leak of 1 / tau takes log2(tau) bits a step. */
export const potential = (drive: Dyadic, { steps, tau }: { readonly steps: number; readonly tau: number }): Dyadic => ({
  exponent: drive.exponent - steps * exponentOf(tau),
  largest: summed(steps + 1, drive).largest,
})

/** Where the current of a synapse lies: `terms` weights summed, times the gain, plus the shift. */
export const current = (
  weight: Dyadic,
  terms: number,
  { gain, shift }: { readonly gain: Dyadic; readonly shift: Dyadic },
): Dyadic => plus(times(summed(terms, weight), gain), shift)
