import { describe, expect, it } from 'vitest'
import { cos, exp, exponentOf, log, sigmoid } from '../src/core/functions.js'
import { sym } from '../src/core/random.js'

/** Fixed point with so many bits behind the point: what the functions are measured against. */
const BITS = 1300n
const ONE = 1n << BITS

/** A double, exactly: every double is a multiple of 2^-1074. */
const exact = (x: number): bigint => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & ((1n << 52n) - 1n)
  const [mantissa, e] = exponent === 0n ? [fraction, -1074n] : [fraction | (1n << 52n), exponent - 1075n]
  const value = mantissa << (BITS + e)
  return bits >> 63n === 1n ? -value : value
}

const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS
const over = (a: bigint, b: bigint): bigint => (a << BITS) / b

/** `2 (s + s^3/3 + s^5/5 + ...)`. */
const logOf = (m: bigint): bigint => {
  const s = over(m - ONE, m + ONE)
  const square = times(s, s)
  let [sum, power] = [0n, s]
  for (let n = 1n; power / n !== 0n && power / n !== -1n; n += 2n) {
    sum += power / n
    power = times(power, square)
  }
  return 2n * sum
}

const LN2 = logOf(2n * ONE)

const bigLog = (x: bigint): bigint => {
  let [k, m] = [0n, x]
  for (; m > 2n * ONE; k++) m >>= 1n
  for (; m < ONE / 2n; k--) m <<= 1n
  return k * LN2 + logOf(m)
}

/** `e^x` by its series, at an eighth of the argument below ln 2. */
const bigExp = (x: bigint): bigint => {
  const k = x / LN2
  const r = x - k * LN2
  let [sum, term] = [ONE, ONE]
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = times(term, r) / n
    sum += term
  }
  return k >= 0n ? sum << k : sum >> -k
}

/** `2^PI_BITS pi`, by Gauss's formula, for arguments as large as 2^1024. */
const PI_BITS = 2400n
const PI = ((): bigint => {
  const arctan = (n: bigint): bigint => {
    let [sum, power] = [0n, (1n << (PI_BITS + 32n)) / n]
    for (let k = 0n; power !== 0n; k++) {
      sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n)
      power /= n * n
    }
    return sum
  }
  return (4n * (12n * arctan(18n) + 8n * arctan(57n) - 5n * arctan(239n))) >> 32n
})()

/** The cosine by its series, of the argument without its whole turns. */
const bigCos = (x: bigint): bigint => {
  const turned = ((x < 0n ? -x : x) << (PI_BITS - BITS)) % (2n * PI)
  const r = (turned > PI ? turned - 2n * PI : turned) >> (PI_BITS - BITS)
  let [sum, term] = [ONE, ONE]
  for (let n = 2n; term !== 0n && term !== -1n; n += 2n) {
    term = -times(times(term, r), r) / (n * (n - 1n))
    sum += term
  }
  return sum
}

/** The distance to the next larger double: one unit in the last place. */
const ulp = (x: number): bigint => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(x))
  view.setBigUint64(0, view.getBigUint64(0) + 1n)
  const next = view.getFloat64(0)
  return Number.isFinite(next) ? exact(next) - exact(Math.abs(x)) : 1n << (BITS + 971n)
}

/** By how many thousandths of a unit in the last place a function is off. */
const off = (found: number, truth: bigint): number => {
  const error = exact(found) - truth
  return Number(((error < 0n ? -error : error) * 1000n) / ulp(found))
}

const between = (name: string, low: number, high: number, count: number): readonly number[] =>
  Array.from(sym(name, 1, count), (r) => low + ((r + 1) / 2) * (high - low))

/** A function is within one unit in the last place of its true value. */
const holds = (f: (x: number) => number, truth: (x: bigint) => bigint, points: readonly number[]): void => {
  const worst = points.reduce((most, x) => Math.max(most, off(f(x), truth(exact(x)))), 0)
  expect(worst).toBeGreaterThan(300) // or the measure would not see a unit
  expect(worst).toBeLessThan(1000)
}

const EDGES = [0, -0, 1, -1, 0.5, -0.5, 2 ** -1074, -(2 ** -1074), 2 ** -53, -(2 ** -53), 2 ** -27, 0.34657359027997264]

describe('the functions that are specified to the bit', () => {
  it('e^x is within one unit in the last place', () => {
    const halfway = Array.from({ length: 80 }, (_, k) => (k - 40.5) * Math.LN2) // the ends of the reduced range
    holds(exp, bigExp, [
      ...EDGES,
      ...halfway,
      709.78,
      709.782712893384,
      -708,
      -708.4,
      ...between('exp', -1, 1, 600),
      ...between('exp wide', -708, 709, 400),
    ])
  })

  it('e^x goes gradually to zero, and to infinity, at the ends of the range', () => {
    for (const x of [...between('tiny', -745.1, -708.5, 100), -745.13321910194122]) {
      const error = exact(exp(x)) - bigExp(exact(x))
      expect(error < 0n ? -error : error).toBeLessThanOrEqual(1n << (BITS - 1074n))
    }
    expect([exp(-746), exp(-1e308), exp(Number.NEGATIVE_INFINITY)]).toEqual([0, 0, 0])
    expect([exp(709.8), exp(1e308), exp(Number.POSITIVE_INFINITY)]).toEqual(Array(3).fill(Number.POSITIVE_INFINITY))
    expect([exp(0), exp(-0), exp(Number.NaN)]).toEqual([1, 1, Number.NaN])
  })

  it('the sigmoid is within one unit in the last place', () => {
    const truth = (x: bigint): bigint => over(ONE, ONE + bigExp(-x))
    holds(sigmoid, truth, [
      ...EDGES,
      ...[36.7, 37, 39.99, 40, 41, -39.99, -40, -40.01, -700],
      ...between('sigmoid', -4, 4, 600),
      ...between('sigmoid wide', -60, 60, 300),
    ])
    expect([sigmoid(Number.NEGATIVE_INFINITY), sigmoid(Number.POSITIVE_INFINITY)]).toEqual([0, 1])
    expect(sigmoid(Number.NaN)).toBeNaN()
  })

  it('the logarithm is within one unit in the last place', () => {
    holds(log, bigLog, [
      ...[2 ** -1074, 2 ** -1022, Number.MAX_VALUE, Math.SQRT2, Math.SQRT1_2, 1 - 2 ** -53, 1 + 2 ** -52, 2, 0.5, 10],
      ...between('log', 0.5, 2, 600),
      ...between('log near 1', 0.99, 1.01, 200),
      ...between('log wide', -700, 700, 300).map(exp),
    ])
    expect([log(1), log(0), log(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ])
    expect([log(-1), log(Number.NaN)]).toEqual([Number.NaN, Number.NaN])
  })

  it('the cosine is within one unit in the last place, of any double', () => {
    const quarters = [1, 2, 3, 5, 1e3, 2 ** 20 + 1, 2 ** 40 + 1].flatMap((k) => [(k * Math.PI) / 2, (k * Math.PI) / 4])
    holds(cos, bigCos, [
      ...EDGES,
      ...quarters,
      ...quarters.map((x) => -x),
      // The double nearest to a multiple of pi / 2, Kahan's and Muller's; and the largest.
      ...[6381956970095103 * 2 ** 797, Number.MAX_VALUE, 2 ** 1023, 2 ** 100, 1e22],
      ...between('cos', -4, 4, 600),
      ...between('cos small', -0.8, 0.8, 300),
      ...between('cos wide', -1e6, 1e6, 300),
    ])
    expect([cos(0), cos(-0), cos(2 ** -1074)]).toEqual([1, 1, 1])
    expect([cos(Number.NaN), cos(Number.POSITIVE_INFINITY)]).toEqual([Number.NaN, Number.NaN])
    for (const x of between('even', 0, 100, 50)) expect(cos(-x)).toBe(cos(x))
  })

  it('the exponent of a number is that of the smallest power of two that is not below it', () => {
    for (let k = -1074; k < 1024; k++) {
      const power = exact(2 ** k) // the test's own powers: they are exact, or this is not 1
      expect(power).toBe(1n << (BITS + BigInt(k)))
      expect(exponentOf(2 ** k)).toBe(k)
      if (k > -1021)
        expect([exponentOf(2 ** k * (1 - 2 ** -53)), exponentOf(2 ** k * (1 + 2 ** -52))]).toEqual([k, k + 1])
    }
    expect(exponentOf(Number.MAX_VALUE)).toBe(1024)
  })

  it('say the same bits as ever', () => {
    // sha-like sum over many points: a change of any operation or its order changes it.
    const bits = between('bits', -30, 30, 2000).reduce((sum, x) => {
      const view = new DataView(new ArrayBuffer(24))
      view.setFloat64(0, exp(x))
      view.setFloat64(8, sigmoid(x))
      view.setFloat64(16, log(exp(x)))
      return [0, 4, 8, 12, 16, 20].reduce((hash, at) => (Math.imul(hash, 31) + view.getUint32(at)) >>> 0, sum)
    }, 0)
    expect(bits).toBe(2373677873)
    const cosines = between('cosines', -30, 30, 2000).reduce((sum, x) => {
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat64(0, cos(x))
      return [0, 4].reduce((hash, at) => (Math.imul(hash, 31) + view.getUint32(at)) >>> 0, sum)
    }, 0)
    expect(cosines).toBe(2519779734)
  })
})
