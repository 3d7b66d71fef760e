/** Deciding whether numbers have mean 0 and variance 1: the sample size and the bounds. @module */

/** How many independent entries a decision looks at, at least. */
export const ENTRIES = 10_000

/**
 * What is accepted of them: `variance` is the mean of their squares, `mean` the magnitude of their mean.
 *
 * Where `f m >= 1`, a true claim is refused less than once in 10^10 decisions, and a scale 10 % too large or too small is
 * accepted less than once in 5,000: `errors` in `large-deviations.ts` computes both for any rate and number of terms.
 */
export const ACCEPTED = { variance: [0.885, 1.125], mean: 0.08 } as const

/** The mean and the mean square of some numbers. */
export interface Moments {
  readonly mean: number
  readonly variance: number
}

/** The moments of entries whose mean should be 0. */
export const moments = (entries: Float64Array): Moments => {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < entries.length; i++) {
    sum += entries[i]!
    squares += entries[i]! * entries[i]!
  }
  return { mean: sum / entries.length, variance: squares / entries.length }
}

/** The decision: are these the moments of entries of mean 0 and variance 1? */
export const accepted = ({ mean, variance }: Moments): boolean =>
  Math.abs(mean) <= ACCEPTED.mean && variance >= ACCEPTED.variance[0] && variance <= ACCEPTED.variance[1]

/** The fourth moment of a scaled product: `E Z^4 = 3 + (1/f - 3) / m`. */
export const fourthMoment = (rate: number, terms: number): number => 3 + (1 / rate - 3) / terms

/** The standard deviation of the mean of N squares: `sqrt((E Z^4 - 1) / N)`. */
export const deviation = (rate: number, terms: number, entries: number): number =>
  Math.sqrt((fourthMoment(rate, terms) - 1) / entries)
