/** Attention whose scale is something else: what the law of scale invariance refuses. @module */
import { type Currents, type Spikes, tensor } from '../../src/core/tensor.js'
import type { Operations } from '../../src/laws/implementation.js'
import { ENTRIES } from '../../src/laws/theorems/decision.js'
import { bernoulli, type Condition, diagonals, mix, type Sampler, scores } from '../../src/laws/theorems/invariance.js'
import type { Kernels } from '../../src/model/kernels.js'
import { c1, c2 } from '../../src/model/scaling.js'

type Products = Pick<Kernels<Spikes, Currents>, 'dstT' | 'dst'>
type Scales = Pick<Operations<Spikes, Currents>, 'c1' | 'c2'>

/** Whatever the rates, the scale of every head is the same constant. */
export const constantScale = (scale: number): Scales => ({
  c1: ({ firingRateX }) => firingRateX.map(() => scale),
  c2: ({ firingRateAttn }) => firingRateAttn.map(() => scale),
})

/** n is that of another image size, at every size. */
export const frozenTokens = (tokens: number): Scales => ({ c1, c2: (p) => c2({ ...p, tokens }) })

/** The scale is off by a factor. */
export const offBy = (factor: number): Scales => ({
  c1: (p) => c1(p).map((c) => c * factor),
  c2: (p) => c2(p).map((c) => c * factor),
})

/** Tokens of every stage of the ImageNet networks at 224 x 224. */
export const TOKENS_224 = 196

/** Spikformer's scale s. Source: Zhou et al., Spikformer, ICLR 2023, equation 6; 0.125 in the authors' code. */
export const SPIKFORMER_SCALE = 0.125

/**
 * Spikformer's spiking self-attention `Q K^T V s`: query, key and value are all spikes, here of the same rate. The terms
 * are the n keys, the width is d; one entry a sample, since the entries of a sample share their keys.
 */
export const ssa =
  ({ dstT, dst }: Products): Sampler =>
  ({ seed, rates, terms: n, width: d }) => {
    const heads = rates.length
    const spikes = (name: string, channels: number, positions: number): Spikes =>
      bernoulli(name, seed, [1, ENTRIES, heads * channels, 1, positions], rates)
    // A key is a row of currents 0 and 1 to the query, and a row of weights to the value.
    const keys = tensor([1, ENTRIES, heads, d, n], Float64Array.from(spikes('key', d, n).data))
    const attention = dstT(rates.map(() => 1))(keys, spikes('query', d, 1))
    const values = tensor([1, ENTRIES, heads, n, 1], spikes('value', n, 1).data)
    const scale = rates.map(() => SPIKFORMER_SCALE)
    return diagonals(dst(scale)(tensor([1, ENTRIES, heads, 1, n], attention.data), values))
  }

/** The mean and the variance about 0 of an entry of SSA, exactly: `E Z = s n d f^3` and `E Z^2`. */
export const ssaMoments = (
  rate: number,
  n: number,
  d: number,
): { readonly mean: number; readonly variance: number } => {
  // q spikes of the query: the n products (key . query) value are independent given q, of mean f^2 q.
  const [q, q2] = [d * rate, d * rate * (1 - rate) + (d * rate) ** 2]
  const one = rate * (q * rate * (1 - rate) + rate ** 2 * q2)
  const two = rate ** 4 * q2
  return {
    mean: SPIKFORMER_SCALE * n * rate ** 2 * q,
    variance: SPIKFORMER_SCALE ** 2 * (n * one + n * (n - 1) * two),
  }
}

/** A model of attention: what the law is asked of, and the second moment the model has where theory gives it. */
export interface Model {
  readonly id: string
  readonly sampler: (K: Products) => Sampler
  readonly expected: (rate: number, condition: Condition) => number
}

/** DSSA, and the counter-models. */
export const models: readonly Model[] = [
  { id: 'DSSA scores', sampler: (K) => scores({ ...K, c1 }), expected: () => 1 },
  { id: 'DSSA mix', sampler: (K) => mix({ ...K, c2 }), expected: () => 1 },
  {
    id: 'DSSA scores, c = 1',
    sampler: (K) => scores({ ...K, ...constantScale(1) }),
    expected: (rate, { terms }) => rate * terms,
  },
  {
    id: 'DSSA mix, c = 1',
    sampler: (K) => mix({ ...K, ...constantScale(1) }),
    expected: (rate, { terms }) => rate * terms,
  },
  {
    id: 'DSSA mix, n of 224 x 224',
    sampler: (K) => mix({ ...K, ...frozenTokens(TOKENS_224) }),
    expected: (_, { terms }) => terms / TOKENS_224,
  },
  {
    id: 'SSA',
    sampler: ssa,
    expected: (rate, { terms, width }) => ssaMoments(rate, terms, width).variance,
  },
]
