/** What training puts in place of the spike's derivative, which is zero wherever it exists. @module */

/** The slope of a spike at `u = h - threshold`, and the smooth spike that has this slope. */
export interface Surrogate {
  /** The slope at u, which stands for the spike's derivative; every operation rounded by `round`. */
  readonly slope: (u: number, round: (x: number) => number) => number
  /** The smooth spike at u, whose derivative the slope is. */
  readonly smooth: (u: number) => number
}

/** -1/3, 1/5, .. 1/21. */
const ARCTANGENT = [-3, 5, -7, 9, -11, 13, -15, 17, -19, 21].map((n) => 1 / n)

/** The angle's half: `tan(a / 2) = x / (1 + sqrt(1 + x^2))`. */
const halved = (x: number): number => x / (1 + Math.sqrt(1 + x * x))

/** The arctangent to a few units in the last place: 8 times that of an eighth of the angle, by its series. */
const arctangent = (x: number): number => {
  const y = halved(halved(halved(x)))
  return 8 * (y + y * ARCTANGENT.reduceRight((sum, c) => (sum + c) * y * y, 0))
}

/**
 * The arctangent of the authors' code, alpha 2: `ds/dh = 1 / (1 + (pi u)^2)`, the slope of `atan(pi u) / pi + 1/2`.
 *
 * Source: SpikingJelly's `surrogate.ATan`.
 *
 * @example
 * atan.slope(0, (x) => x) // => 1
 * atan.smooth(0) // => 0.5
 */
export const atan: Surrogate = {
  slope: (u, round) => {
    const angle = round(round(Math.PI) * u)
    return round(1 / round(1 + round(angle * angle)))
  },
  smooth: (u) => arctangent(Math.PI * u) / Math.PI + 0.5,
}
