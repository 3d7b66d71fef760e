/** What training puts in place of the spike's derivative, which is zero wherever it exists. @module */

/** The slope of a spike at `u = h - threshold`, and the function that has this slope. */
export interface Surrogate {
  readonly slope: (u: number) => number
}

/**
 * The arctangent of the authors' code, alpha 2: `ds/dh = 1 / (1 + (pi u)^2)`, the slope of `atan(pi u) / pi + 1/2`.
 *
 * Source: SpikingJelly's `surrogate.ATan`.
 *
 * @example
 * atan.slope(0) // => 1
 */
export const atan: Surrogate = { slope: (u) => 1 / (1 + Math.PI * u * (Math.PI * u)) }
