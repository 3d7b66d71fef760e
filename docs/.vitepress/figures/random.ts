/** Attention on random spikes: DSSA's scale, and scales that are something else. @module */
import { headScale, reference, syntheticInput, tensor } from 'spikingresformer'

/** What is drawn: spikes of a rate, a head of a width, so many tokens. */
export interface Drawn {
  readonly rate: number
  readonly width: number
  readonly tokens: number
  readonly seed: number
}

/** A model, and the mean square of its drive: measured, and in theory. */
export interface Measured {
  readonly name: string
  readonly found: number
  readonly theory: number
}

/** Draws of each model. */
export const DRAWS = 500
/** Tokens at 224 x 224, in every stage. */
const TOKENS_224 = 196
/** Spikformer's constant scale. */
const SPIKFORMER = 0.125

const { dst } = reference('float64')

/** What is drawn, each from seeds of its own. */
const NAMES = ['scores currents', 'scores spikes', 'mix currents', 'mix spikes', 'key', 'query', 'value'] as const
type Name = (typeof NAMES)[number]

const draws = (name: Name, seed: number, length: number): ArrayLike<number> =>
  syntheticInput([length], seed * NAMES.length + NAMES.indexOf(name)).data.map((r) => r / 2)
const bernoulli = (name: Name, seed: number, length: number, rate: number): Uint8Array =>
  Uint8Array.from(draws(name, seed, length), (u) => (u < 2 * rate - 1 ? 1 : 0))
const coins = (name: Name, seed: number, length: number): Float64Array =>
  Float64Array.from(draws(name, seed, length), (u) => (u < 0 ? -1 : 1))

const meanSquare = (data: ArrayLike<number>): number =>
  Array.from(data).reduce((sum, z) => sum + z * z, 0) / data.length

/** The mean squares of the drives of the models, on the same spikes. */
export const measure = ({ rate, width, tokens, seed }: Drawn): readonly Measured[] => {
  const products = (terms: number, name: 'scores' | 'mix'): number =>
    meanSquare(
      dst([1])(
        tensor([1, DRAWS, 1, 1, terms], coins(`${name} currents`, seed, DRAWS * terms)),
        tensor([1, DRAWS, 1, terms, 1], bernoulli(`${name} spikes`, seed, DRAWS * terms, rate)),
      ).data,
    )
  const [scores, mix] = [products(width, 'scores'), products(tokens, 'mix')]
  const keys = Float64Array.from(bernoulli('key', seed, DRAWS * width * tokens, rate))
  const attention = dst([1])(
    // Of each draw: n keys as rows of currents 0 and 1, and one query.
    tensor([1, DRAWS, 1, tokens, width], keys),
    tensor([1, DRAWS, 1, width, 1], bernoulli('query', seed, DRAWS * width, rate)),
  )
  const values = bernoulli('value', seed, DRAWS * tokens, rate)
  const ssa = dst([SPIKFORMER])(
    tensor([1, DRAWS, 1, 1, tokens], attention.data),
    tensor([1, DRAWS, 1, tokens, 1], values),
  )
  // q spikes of the query: the products (key . query) value are independent given q, of mean f^2 q.
  const [q, q2] = [width * rate, width * rate * (1 - rate) + (width * rate) ** 2]
  const ssaTheory =
    SPIKFORMER ** 2 *
    (tokens * rate * (q * rate * (1 - rate) + rate ** 2 * q2) + tokens * (tokens - 1) * rate ** 4 * q2)
  return [
    { name: 'DSSA, scores', found: scores * headScale(rate, width) ** 2, theory: 1 },
    { name: 'DSSA, mix', found: mix * headScale(rate, tokens) ** 2, theory: 1 },
    { name: 'mix with c = 1', found: mix, theory: rate * tokens },
    {
      name: 'mix with n frozen at 224 × 224',
      found: mix * headScale(rate, TOKENS_224) ** 2,
      theory: tokens / TOKENS_224,
    },
    { name: 'SSA (Spikformer)', found: meanSquare(ssa.data), theory: ssaTheory },
  ]
}
