/**
 * Exponential, logarithm, sigmoid and cosine, specified to the bit: float64 additions, subtractions, multiplications and
 * divisions in the order written here, each rounded once, and whole numbers. An engine may choose the last bits of its own
 * `Math.exp`.
 *
 * All four are within one unit in the last place of the true value; `spec/functions.spec.ts` holds them to it.
 * @module
 */

/** A number as an unrounded sum: `high` is the sum rounded, `low` what rounding left out. */
interface Sum {
  readonly high: number
  readonly low: number
}

/** `a + b` without error, for `|a| >= |b|` or `a = 0`. */
const sum = (a: number, b: number): Sum => {
  const high = a + b
  return { high, low: b - (high - a) }
}

/** The upper 26 bits of a number, by Veltkamp's splitting; what is left has 26 bits too. */
const upper = (a: number): number => {
  const scaled = a * 134217729 // 2^27 + 1
  return scaled - (scaled - a)
}

/** `a - q d` without error but the last rounding, for q near a / d: Dekker's product, then one subtraction. */
const remainder = (a: number, q: number, d: number): number => {
  const product = q * d
  const [q1, d1] = [upper(q), upper(d)]
  const [q2, d2] = [q - q1, d - d1]
  return a - product - (q1 * d1 - product + q1 * d2 + q2 * d1 + q2 * d2)
}

/** ln 2 as a sum: the first part has 32 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10

/** `c[0] + x (c[1] + x (c[2] + ...))`, from the inside out. */
const horner = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((value, c) => c + x * value, 0)

/** 1/2!, 1/3!, ... 1/13!, each rounded. */
const INVERSE_FACTORIALS = [2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800, 479001600, 6227020800].map(
  (factorial) => 1 / factorial,
)

/** 2^n, |n| <= 1022. */
const powerOfTwo = (n: number): number => {
  if (n < 0) return 1 / powerOfTwo(-n)
  if (n === 0) return 1
  const half = powerOfTwo(Math.floor(n / 2))
  return n % 2 === 0 ? half * half : 2 * half * half
}

/** `x 2^k`, rounded once. */
const scaled = (x: number, k: number): number => {
  const first = Math.trunc(k / 2)
  return x * powerOfTwo(first) * powerOfTwo(k - first)
}

/**
 * `e^x = 2^k e^r` as k and an unrounded `e^r`, for |x| below 750.
 *
 * k is the whole number nearest to x / ln 2. `r = x - k ln 2`, |r| < 0.35, in two parts: `x - k LN2_HIGH` is exact.
 * `e^r = 1 + r + r^2 (1/2! + r/3! + ... + r^11/13!)`; the terms left out are below 2^-57.
 */
const expSum = (x: number): Sum & { readonly k: number } => {
  const k = Math.round(x * Math.LOG2E)
  const [head, tail] = [x - k * LN2_HIGH, k * LN2_LOW]
  const r = head - tail
  const slope = sum(head, r * r * horner(INVERSE_FACTORIALS, r) - tail)
  const { high, low } = sum(1, slope.high)
  return { high, low: low + slope.low, k }
}

/**
 * `e^x`, to the bit: within one unit in the last place.
 *
 * @example
 * exp(1) // => 2.718281828459045
 * exp(-1000) // => 0
 * exp(710) // => Number.POSITIVE_INFINITY
 */
export const exp = (x: number): number => {
  if (x > 710) return Number.POSITIVE_INFINITY
  if (x < -746) return 0
  if (Number.isNaN(x)) return x
  const { high, low, k } = expSum(x)
  return scaled(high + low, k)
}

/**
 * `1 / (1 + e^-x)`, to the bit: within one unit in the last place.
 *
 * With `e = e^-|x|` it is `1 / (1 + e)` or `e / (1 + e)`; numerator and denominator are unrounded sums, and the quotient
 * of their rounded parts is corrected once by its remainder. Below -40 it is `e^x`, to less than half a unit.
 *
 * @example
 * sigmoid(0) // => 0.5
 * sigmoid(-1) // => 0.2689414213699951
 */
export const sigmoid = (x: number): number => {
  if (x < -40) return exp(x)
  if (x > 40) return 1
  if (Number.isNaN(x)) return x
  const { high, low, k } = expSum(-Math.abs(x))
  const power = powerOfTwo(k)
  const e: Sum = { high: high * power, low: low * power }
  const one = sum(1, e.high)
  const [top, bottom]: readonly [Sum, Sum] = [x < 0 ? e : { high: 1, low: 0 }, { high: one.high, low: one.low + e.low }]
  const quotient = top.high / bottom.high
  const left = remainder(top.high, quotient, bottom.high) + top.low - quotient * bottom.low
  return quotient + left / bottom.high
}

/** 2/3, 2/5, ... 2/23, each rounded. */
const ARTANH = [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23].map((n) => 2 / n)

/**
 * The natural logarithm, to the bit: within one unit in the last place.
 *
 * `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2). With `s = f / (2 + f)`, `ln(1 + f) = 2 artanh(s) =
 * 2s + s R`, `R = s^2 (2/3 + 2/5 s^2 + ... + 2/23 s^20)`; the terms left out are below 2^-59 of it. As `2s = f - f s`
 * and `f s = h - s h` with `h = f^2 / 2`, that is `f - (h - s (h + R))`, whose first term is exact. Then `k ln 2` is
 * added, in two parts.
 *
 * @example
 * log(2) // => 0.6931471805599453
 * log(0) // => Number.NEGATIVE_INFINITY
 */
export const log = (x: number): number => {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  const [k, m] = decomposed(x)
  const f = m - 1
  const s = f / (2 + f)
  const h = 0.5 * f * f
  const R = s * s * horner(ARTANH, s * s)
  return k * LN2_HIGH - (h - (s * (h + R) + k * LN2_LOW) - f)
}

const JUMPS = [1022, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1]

/** x as `2^k m`, m from 1/2 up to 1 and 1 itself not: halved and doubled, which is exact. Jumps go from large to small. */
const halves = (x: number): readonly [k: number, m: number] => {
  const [up, above] = JUMPS.reduce(
    ([k, m], jump) => (m >= powerOfTwo(jump - 1) ? [k + jump, m / powerOfTwo(jump)] : [k, m]),
    [0, x],
  )
  return JUMPS.reduce(
    ([k, m], jump) => (m < powerOfTwo(-jump) ? [k - jump, m * powerOfTwo(jump)] : [k, m]),
    [up, above],
  )
}

/**
 * The smallest whole k with `x <= 2^k`, for a positive x: the logarithm of a power of two, exactly.
 *
 * @example
 * exponentOf(8) // => 3
 * exponentOf(9) // => 4
 */
export const exponentOf = (x: number): number => {
  const [k, m] = halves(x)
  return m === 0.5 ? k - 1 : k
}

/** x as `2^k m`, m between sqrt(1/2) and sqrt(2). */
const decomposed = (x: number): readonly [k: number, m: number] => {
  const [k, m] = halves(x)
  return m < Math.SQRT1_2 ? [k - 1, m * 2] : [k, m]
}

/** `term / odd - (term / square) / (odd + 2) + ...`, in whole numbers, until the terms are 0. */
const arctangent = (term: bigint, square: bigint, odd = 1n): bigint =>
  term === 0n ? 0n : term / odd - arctangent(term / square, square, odd + 2n)

/** `2^bits pi`, to a few units: `pi = 16 arctan(1/5) - 4 arctan(1/239)` (Machin). */
const pi = (bits: bigint): bigint =>
  (16n * arctangent((1n << (bits + 16n)) / 5n, 25n) - 4n * arctangent((1n << (bits + 16n)) / 239n, 239n * 239n)) >> 16n

/** A whole number over `2^bits`, as an unrounded sum. */
const overPower = (whole: bigint, bits: number): Sum => {
  const high = Number(whole)
  const low = Number(whole - BigInt(high))
  return { high: scaled(high, -bits), low: scaled(low, -bits) }
}

/** Bits behind the point of a reduced argument: no double is within 2^-63 of a multiple of pi / 2. */
const REDUCED = 180

/** pi / 2 in three parts: two of 33 bits, whose products with a small whole number are exact, and what they leave. */
const QUARTER_TURN = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const

/** Up to here the three parts are enough: no double below is within 2^-58 of a multiple of pi / 2, and k is at most 8. */
const NEAR = 13

/** `a + b` without error, whichever is larger. */
const twoSum = (a: number, b: number): Sum => {
  const high = a + b
  const second = high - a
  return { high, low: a - (high - second) + (b - second) }
}

/**
 * `|x| = k pi/2 + r` with |r| at most pi / 4 (or a unit more): k modulo 4, and r as an unrounded sum.
 *
 * Near 0, `x - k p1` is exact, `- k p2` an unrounded sum, and `- k p3` its last part. Far from it: x is a whole number of 53
 * bits times a power of two, so the remainder is one of whole numbers, exact but for what pi itself leaves out, which is
 * below 2^-{@link REDUCED} k.
 */
const reduced = (x: number): Sum & { readonly quarter: number } => {
  if (x < Math.PI / 4) return { high: x, low: 0, quarter: 0 }
  if (x < NEAR) {
    const k = Math.round(x / QUARTER_TURN[0])
    const { high, low } = twoSum(x - k * QUARTER_TURN[0], -k * QUARTER_TURN[1])
    return { ...sum(high, low - k * QUARTER_TURN[2]), quarter: k % 4 }
  }
  const [k, m] = halves(x)
  const above = Math.max(0, k)
  const bits = REDUCED + above
  const whole = BigInt(m * 2 ** 53) << BigInt(bits + k - 53)
  const quarterTurn = pi(BigInt(bits)) >> 1n
  const quarter = (whole + (quarterTurn >> 1n)) / quarterTurn
  return { ...overPower((whole - quarter * quarterTurn) >> BigInt(above), REDUCED), quarter: Number(quarter % 4n) }
}

/** -1/3!, 1/5!, .. -1/15! and 1/4!, -1/6!, .. 1/16!, each rounded. */
const SINE = [-6, 120, -5040, 362880, -39916800, 6227020800, -1307674368000].map((factorial) => 1 / factorial)
const COSINE = [24, -720, 40320, -3628800, 479001600, -87178291200, 20922789888000].map((factorial) => 1 / factorial)

/** `sin(high + low)`: `r + r^3 S(r^2)`, and `low cos(r)` as `low (1 - r^2 / 2)`; the terms left out are below 2^-54 of it. */
const sine = ({ high: r, low }: Sum): number => {
  const square = r * r
  return r + (square * r * horner(SINE, square) + low * (1 - 0.5 * square))
}

/** `cos(high + low)`: `1 - r^2 / 2` as an unrounded sum, then `r^4 C(r^2) - low r`; the terms left out are below 2^-58. */
const cosine = ({ high: r, low }: Sum): number => {
  const square = r * r
  const { high: first, low: rest } = sum(1, -0.5 * square)
  return first + (rest + (square * square * horner(COSINE, square) - r * low))
}

/**
 * The cosine, to the bit: within one unit in the last place, of any double.
 *
 * With `|x| = k pi/2 + r` it is `cos r`, `-sin r`, `-cos r` or `sin r`, by k modulo 4.
 *
 * @example
 * cos(0) // => 1
 * cos(Math.PI) // => -1
 * cos(Math.PI / 2) // => 6.123233995736766e-17
 */
export const cos = (x: number): number => {
  if (!Number.isFinite(x)) return Number.NaN
  const { quarter, ...r } = reduced(Math.abs(x))
  const value = quarter % 2 === 0 ? cosine(r) : sine(r)
  return quarter === 1 || quarter === 2 ? -value : value
}
