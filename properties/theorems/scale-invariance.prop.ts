import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fnv1a, hash32 } from '../../src/core/random.js'
import { reference } from '../../src/interpreters/reference.js'
import { runLaws, seedOf } from '../../src/laws/judge.js'
import { accepted, deviation, ENTRIES, fourthMoment, moments } from '../../src/laws/theorems/decision.js'
import {
  type Condition,
  condition,
  invariant,
  mix,
  RATES,
  scaleInvarianceLaws,
  scores,
  TERMS,
} from '../../src/laws/theorems/invariance.js'
import { c1, c2 } from '../../src/model/scaling.js'
import { referenceSubject } from '../subjects.js'
import { type Model, models, offBy, ssa, ssaMoments } from './counter-models.js'
import { distribution, errors } from './large-deviations.js'

const K = reference('float64')

/** Every rate and number of terms the laws draw. */
const drawn = TERMS.flatMap((terms) => RATES.filter((rate) => rate * terms >= 1).map((rate) => [rate, terms] as const))

const ones = Array.from({ length: 256 }, (_, byte) => [...byte.toString(2)].filter((bit) => bit === '1').length)

/**
 * Entries of a scaled product of 8 terms at rate 1/4, from a word of random bits each: a term is 0 unless its bits in the
 * first and the second byte are set, and then has the sign in the third.
 */
const entriesOf = (seed: number, count: number, factor: number): Float64Array => {
  const start = fnv1a('entries') ^ hash32(seed)
  const scale = factor / Math.sqrt(0.25 * 8)
  const entries = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const bits = hash32(start ^ hash32(i))
    const fires = bits & (bits >>> 8) & 0xff
    entries[i] = scale * (2 * ones[fires & (bits >>> 16)]! - ones[fires]!)
  }
  return entries
}

const statistics = (repetitions: number, count: number, factor = 1) =>
  Array.from({ length: repetitions }, (_, seed) => moments(entriesOf(seed, count, factor)))

describe('theorem 2: the decision rule', () => {
  it('the moments of a product are those of its exact distribution', () => {
    for (const [rate, terms] of drawn) {
      const p = distribution(rate, terms)
      const moment = (power: number): number =>
        p.reduce((sum, x, k) => sum + x * ((k - terms) / Math.sqrt(rate * terms)) ** power, 0)
      expect(p.reduce((sum, x) => sum + x)).toBeCloseTo(1, 12)
      expect(moment(1)).toBeCloseTo(0, 12)
      expect(moment(2)).toBeCloseTo(1, 12)
      expect(moment(4)).toBeCloseTo(fourthMoment(rate, terms), 10)
    }
  })

  it('of a true claim fewer than one decision in 10^10 errs, so of three heads fewer than one case in 10^9', () => {
    for (const [rate, terms] of drawn) expect(errors(rate, terms).refused).toBeLessThan(1e-10)
  })

  it('of a scale 10 % off more than 0.999 are caught', () => {
    for (const [rate, terms] of drawn) {
      expect(errors(rate, terms).large).toBeLessThan(2e-4)
      expect(errors(rate, terms).small).toBeLessThan(2e-6)
    }
  })

  it('simulated, the statistic has the derived standard deviation', () => {
    const [repetitions, count] = [2000, 1000]
    const found = statistics(repetitions, count).map(({ variance }) => variance)
    const mean = found.reduce((a, b) => a + b) / repetitions
    const spread = Math.sqrt(found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (repetitions - 1))
    const derived = deviation(0.25, 8, count)
    // Five standard errors each.
    expect(Math.abs(mean - 1)).toBeLessThan((5 * derived) / Math.sqrt(repetitions))
    expect(Math.abs(spread / derived - 1)).toBeLessThan(5 / Math.sqrt(2 * repetitions))
  })

  it('simulated in full, a true scale is never refused, and one 10 % off never accepted', () => {
    // No miss in 7000: the miss rate is below 0.001 with confidence 1 - 0.999^7000 > 0.999.
    const repetitions = 7000
    expect(1 - 0.999 ** repetitions).toBeGreaterThan(0.999)
    const passing = (factor: number): number => statistics(repetitions, ENTRIES, factor).filter(accepted).length
    expect([passing(1), passing(1.1), passing(0.9)]).toEqual([repetitions, 0, 0])
  })
})

describe('theorem 2: scale invariance', () => {
  it('the laws hold of the reference in both precisions', () => {
    for (const precision of ['float64', 'float32'] as const)
      expect(runLaws(referenceSubject(precision), scaleInvarianceLaws, { runs: 25 })).toMatchObject([
        { status: 'pass', runs: 10 },
        { status: 'pass', runs: 10 },
      ])
  })

  it('a scale 10 % off is caught on every case, not only on one of many', () => {
    const cases = fc.sample(condition, { numRuns: 10, seed: seedOf('scale') })
    for (const factor of [1.1, 0.9]) {
      const wrong = { ...K, ...offBy(factor) }
      for (const at of cases) {
        expect(invariant(scores(wrong))(at)).toMatch(/^variance of head 0 .* should be 1/)
        expect(invariant(mix(wrong))(at)).toMatch(/^variance of head 0 .* should be 1/)
      }
    }
  })

  it('DSSA is invariant at sizes of the published networks too', () => {
    const at = { seed: 1, rates: [1 / 8, 1 / 16], width: 49, positions: 49 }
    expect(invariant(scores({ ...K, c1 }))({ ...at, terms: 64 })).toBe(true)
    expect(invariant(mix({ ...K, c2 }))({ ...at, terms: 196 })).toBe(true)
    expect(invariant(mix({ ...K, c2 }))({ ...at, terms: 64 })).toBe(true)
  })
})

describe('theorem 2: the counter-models', () => {
  const at: Condition = { seed: 1, rates: [0.25], terms: 64, width: 16, positions: 16 }
  const [dssaScores, dssaMix, ...wrong] = models as readonly [Model, Model, ...Model[]]

  it('the right models hold, and every wrong one fails the same claim', () => {
    expect([dssaScores, dssaMix].map(({ sampler }) => invariant(sampler(K))(at))).toEqual([true, true])
    expect(wrong.map(({ id }) => id)).toEqual([
      'DSSA scores, c = 1',
      'DSSA mix, c = 1',
      'DSSA mix, n of 224 x 224',
      'SSA',
    ])
    for (const { sampler } of wrong) expect(invariant(sampler(K))(at)).toMatch(/should be/)
  })

  it('and their variances are the ones theory gives them, within five standard errors', () => {
    for (const { sampler, expected } of models) {
      const [entries] = sampler(K)(at) as readonly [Float64Array]
      const { variance } = moments(entries)
      const squares = moments(entries.map((z) => z * z))
      const error = Math.sqrt((squares.variance - squares.mean ** 2) / entries.length)
      expect(Math.abs(variance - expected(0.25, at))).toBeLessThan(5 * error)
    }
  })

  it("SSA's mean and variance grow with n, d and the rate: no constant scale mends all of them", () => {
    const moved: readonly Partial<Condition>[] = [{}, { terms: 16 }, { width: 4 }, { rates: [1 / 8] }]
    const found = moved.map((change) => {
      const here = { ...at, ...change }
      const [entries] = ssa(K)(here) as readonly [Float64Array]
      const theory = ssaMoments(here.rates[0]!, here.terms, here.width)
      const { mean, variance } = moments(entries)
      expect(Math.abs(mean - theory.mean)).toBeLessThan(5 * Math.sqrt((theory.variance - theory.mean ** 2) / ENTRIES))
      return variance
    })
    const [base, fewerTokens, narrower, quieter] = found as [number, number, number, number]
    for (const other of [fewerTokens, narrower, quieter]) expect(base / other).toBeGreaterThan(1.21 / 0.81)
  })
})
