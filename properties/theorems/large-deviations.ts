/** How often the decision of scale invariance errs, bounded by Chernoff's inequality on the exact distribution. @module */
import { exp, log } from '../../src/core/functions.js'
import { ACCEPTED, ENTRIES } from '../../src/laws/theorems/decision.js'

/**
 * The distribution of a sum of m terms, each 0, or +1 or -1 at half the rate: the probability of `k - m` at index k.
 */
export const distribution = (rate: number, terms: number): Float64Array => {
  let p = new Float64Array(2 * terms + 1)
  p[terms] = 1
  for (let j = 0; j < terms; j++) p = p.map((x, k) => x * (1 - rate) + (((p[k - 1] ?? 0) + (p[k + 1] ?? 0)) * rate) / 2)
  return p
}

/**
 * Cramér's rate function `I(x) = sup_l (l x - log E exp(l V))` of a discrete variable. Chernoff's bound: the mean of N
 * independent copies lies beyond x, on the side away from its expectation, with probability at most `exp(-N I(x))`.
 */
export const cramer = (values: Float64Array, probabilities: Float64Array, x: number): number => {
  // exp(l (V - x)) keeps the numbers of a wide range small; log of its mean is convex in l.
  const exponent = (l: number): number => {
    const largest = values.reduce(
      (most, v, i) => (probabilities[i]! > 0 ? Math.max(most, l * (v - x)) : most),
      -Infinity,
    )
    return -largest - log(values.reduce((sum, v, i) => sum + probabilities[i]! * exp(l * (v - x) - largest), 0))
  }
  let [low, high] = [-5, 5]
  for (let i = 0; i < 100; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3]
    if (exponent(a) < exponent(b)) low = a
    else high = b
  }
  // Any l gives a bound; l = 0 gives the trivial one.
  return Math.max(0, exponent((low + high) / 2))
}

/** Upper bounds on how often the decision errs. */
export interface Errors {
  /** A true claim refused, by its variance or its mean. */
  readonly refused: number
  /** A scale 10 % too large accepted: variance 1.21. */
  readonly large: number
  /** A scale 10 % too small accepted: variance 0.81. */
  readonly small: number
}

/** Chernoff's bounds on the errors of one decision, for spikes of the given rate and a product of so many terms. */
export const errors = (rate: number, terms: number): Errors => {
  const probabilities = distribution(rate, terms)
  const z = probabilities.map((_, k) => (k - terms) / Math.sqrt(rate * terms))
  const squares = z.map((x) => x * x)
  const [low, high] = ACCEPTED.variance
  const bound = (values: Float64Array, x: number): number => exp(-ENTRIES * cramer(values, probabilities, x))
  return {
    refused: bound(squares, low) + bound(squares, high) + 2 * bound(z, ACCEPTED.mean),
    large: bound(squares, high / 1.21),
    small: bound(squares, low / 0.81),
  }
}
