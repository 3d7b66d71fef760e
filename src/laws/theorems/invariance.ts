/** Theorem 2, scale invariance: the scaled products of attention have mean 0 and variance 1, whatever their size and rates. @module */
import fc, { type Arbitrary } from 'fast-check'
import { fnv1a, hash32 } from '../../core/random.js'
import { type Currents, type Shape, type Spikes, sizeOf, tensor } from '../../core/tensor.js'
import { whole } from '../given.js'
import type { Operations } from '../implementation.js'
import { type Law, law, type Verdict } from '../law.js'
import { all } from '../verdict.js'
import { ACCEPTED, accepted, ENTRIES, moments } from './decision.js'

/** Under what a product is judged. */
export interface Condition {
  readonly seed: number
  /** Firing rate of the spikes summed over, one a head. */
  readonly rates: readonly number[]
  /** How many terms are summed: the head width d for the scores, the tokens n for the mix. */
  readonly terms: number
  /** The other side of the currents: the tokens n for the scores, the head width d for the mix. */
  readonly width: number
  /** Positions HW of the feature map. */
  readonly positions: number
}

/** Independent entries of a product, at least {@link ENTRIES} a head, under a condition. */
export type Sampler = (condition: Condition) => readonly Float64Array[]

/** Words of 32 random bits: the i-th of a name and a seed. */
const words = (name: string, seed: number): ((i: number) => number) => {
  const start = fnv1a(name) ^ hash32(seed)
  return (i) => hash32(start ^ hash32(i))
}

/** Currents of mean 0 and variance 1: +1 or -1, a bit each. */
export const coins = (name: string, seed: number, shape: Shape): Currents => {
  const word = words(name, seed)
  const data = new Float64Array(sizeOf(shape))
  for (let i = 0, bits = 0; i < data.length; i++) {
    bits = i % 32 === 0 ? word(i / 32) : bits >>> 1
    data[i] = bits & 1 ? 1 : -1
  }
  return tensor(shape, data)
}

/**
 * Spikes `[1, B, C, ...]` that fire independently, a byte each. The heads divide C evenly and have a rate each, a whole
 * number of 256ths.
 */
export const bernoulli = (name: string, seed: number, shape: Shape, rates: readonly number[]): Spikes => {
  const word = words(name, seed)
  const below = rates.map((rate) => rate * 256)
  const run = sizeOf(shape.slice(2)) / rates.length
  const data = new Uint8Array(sizeOf(shape))
  for (let i = 0, bits = 0; i < data.length; i++) {
    bits = i % 4 === 0 ? word(i / 4) : bits >>> 8
    data[i] = (bits & 255) < below[Math.floor(i / run) % below.length]! ? 1 : 0
  }
  return tensor(shape, data)
}

/**
 * The entries `[i, i]` of every head and sample of `[1, B, heads, rows, columns]`. No two of them share a row of the
 * currents or a column of the spikes, so they are independent; other entries would not be.
 */
export const diagonals = ({ shape, data }: Currents): readonly Float64Array[] => {
  const [, samples, heads, rows, columns] = shape as readonly [number, number, number, number, number]
  const each = Math.min(rows, columns)
  return Array.from({ length: heads }, (_, head) =>
    Float64Array.from(
      { length: samples * each },
      (_, k) => data[((Math.floor(k / each) * heads + head) * rows + (k % each)) * columns + (k % each)]!,
    ),
  )
}

/** Samples enough for {@link ENTRIES} independent entries. */
const samples = ({ width, positions }: Condition): number => Math.ceil(ENTRIES / Math.min(width, positions))

/** The scores `y1^T x c1`: sums over the d channels of a head. */
export const scores =
  (K: Pick<Operations<Spikes, Currents>, 'c1' | 'dstT'>): Sampler =>
  (at) => {
    const { seed, rates, terms: d, width: n, positions } = at
    const [B, heads] = [samples(at), rates.length]
    const scale = K.c1({ firingRateX: rates, planes: heads * d })
    const y = coins('y', seed, [1, B, heads, d, n])
    return diagonals(K.dstT(scale)(y, bernoulli('x', seed, [1, B, heads * d, 1, positions], rates)))
  }

/** The mix `y2 attn c2`: sums over the n tokens. */
export const mix =
  (K: Pick<Operations<Spikes, Currents>, 'c2' | 'dst'>): Sampler =>
  (at) => {
    const { seed, rates, terms: n, width: d, positions } = at
    const [B, heads] = [samples(at), rates.length]
    const scale = K.c2({ firingRateAttn: rates, tokens: n })
    const y = coins('y', seed, [1, B, heads, d, n])
    return diagonals(K.dst(scale)(y, bernoulli('attn', seed, [1, B, heads, n, positions], rates)))
  }

/** The claim itself: every head's entries have mean 0 and variance 1, as far as {@link accepted} can tell. */
export const invariant =
  (sampler: Sampler) =>
  (condition: Condition): Verdict =>
    all(
      ...sampler(condition).map((entries, head): Verdict => {
        const found = moments(entries)
        if (accepted(found)) return true
        const at = `head ${head} (rate ${condition.rates[head]}, ${condition.terms} terms)`
        return Math.abs(found.mean) > ACCEPTED.mean
          ? `mean of ${at} = ${found.mean.toFixed(3)}, should be 0 within ${ACCEPTED.mean}`
          : `variance of ${at} = ${found.variance.toFixed(3)}, should be 1, between ${ACCEPTED.variance.join(' and ')}`
      }),
    )

/** The firing rates and numbers of terms conditions are drawn from, where `f m >= 1`. */
export const RATES = [1, 1 / 2, 1 / 4, 3 / 16, 1 / 8, 3 / 32, 1 / 16, 3 / 64, 1 / 32, 5 / 256] as const
export const TERMS = [1, 2, 4, 6, 8, 16, 25, 32, 49, 64] as const

/** Conditions: 1 to 3 heads of different rates, at least one spike expected a sum. */
export const condition: Arbitrary<Condition> = fc.constantFrom(...TERMS).chain((terms) =>
  fc.record({
    seed: whole(0, 2 ** 30),
    rates: fc.array(fc.constantFrom(...RATES.filter((rate) => rate * terms >= 1)), { minLength: 1, maxLength: 3 }),
    terms: fc.constant(terms),
    width: whole(8, 16),
    positions: whole(8, 16),
  }),
)

const PAPER = "the paper's equations 11 to 13"

/** A case is a decision on 10,000 entries a head, and one suffices to find a scale 10 % off: a few cases are many. */
const CASES = 10

export const scaleInvarianceLaws: readonly Law[] = [
  law({
    id: 'scale.invariance.scores',
    statement:
      'For spikes of rate f and currents of mean 0 and variance 1, the scaled scores have mean 0 and variance 1.',
    formula: '\\operatorname{E} Z = 0,\\; \\operatorname{Var} Z = 1, \\quad Z = c_1 \\sum_{j=1}^{d} x_j\\, y_j',
    source: PAPER,
    needs: ['c1', 'dstT'],
    after: ['dstT.scale'],
    atMost: CASES,
    given: condition,
    holds: (K) => invariant(scores(K)),
  }),
  law({
    id: 'scale.invariance.mix',
    statement: 'For spikes of rate f and currents of mean 0 and variance 1, the scaled mix has mean 0 and variance 1.',
    formula: '\\operatorname{E} Z = 0,\\; \\operatorname{Var} Z = 1, \\quad Z = c_2 \\sum_{j=1}^{n} a_j\\, y_j',
    source: PAPER,
    needs: ['c2', 'dst'],
    after: ['dst.scale'],
    atMost: CASES,
    given: condition,
    holds: (K) => invariant(mix(K)),
  }),
]
