/**
 * Training mode: what a call takes from its batch before it runs.
 *
 * Batch norm takes the batch's mean and variance in place of the recorded ones; attention's products take their scale from
 * the average of the recorded firing rates and the batch's, which is taken first (the authors' order). The call that runs
 * is then an ordinary call of the dictionary, with these parameters. The new statistics are given beside it.
 *
 * Source: PyTorch's `BatchNorm`, the authors' `DSSA.forward`.
 * @module
 */
import { type Currents, type Precision, type Reals, tensor, toPrecision } from '../../core/tensor.js'
import type { BatchNorm, Kernels } from '../../model/kernels.js'
import { headScale, movingRate } from '../../model/scaling.js'
import type { Shape5 } from '../reference/convolution.js'
import type { Value } from './map.js'
import { moments } from './norm.js'

/**
 * What the products of attention are multiplied by: `1 / sqrt(rate terms)` by the firing rates, as the paper's, or one factor
 * whatever they are (Spikformer's is 0.125; 1 is none). A network that was trained with a factor is
 * tested with it too (`accuracyOf`); a checkpoint does not keep it, and nothing else runs it so.
 */
export type Scaling = { readonly kind: 'rates' } | { readonly kind: 'constant'; readonly factor: number }

/**
 * The scale of each head where the firing rates do not decide it; null where they do.
 *
 * @example
 * fixedScale({ kind: 'constant', factor: 0.125 }, 2) // => [0.125, 0.125]
 * fixedScale({ kind: 'rates' }, 2) // => null
 */
export const fixedScale = (scaling: Scaling, heads: number): readonly number[] | null => {
  switch (scaling.kind) {
    case 'rates':
      return null
    case 'constant':
      return Array.from({ length: heads }, () => scaling.factor)
  }
}

/** Kernels whose products take this scale in place of the one that they are told. */
export const scaledBy =
  (scaling: Scaling) =>
  <S, C>(K: Kernels<S, C>): Kernels<S, C> => ({
    ...K,
    scope: (label) => scaledBy(scaling)(K.scope(label)),
    dstT: (scale) => K.dstT(fixedScale(scaling, scale.length) ?? scale),
    dst: (scale) => K.dst(fixedScale(scaling, scale.length) ?? scale),
  })

/** What training mode needs to know beyond the parameters. */
export interface Training {
  readonly scaling: Scaling
  /** The recorded firing rates, one a head, by checkpoint key; those of a key that is not in it are not measured yet. */
  readonly rates: ReadonlyMap<string, readonly number[]>
  /** How much of a batch's mean and variance goes into the recorded ones: 0.1. */
  readonly momentum: number
  /** How much of the recorded firing rates stays: 0.999. */
  readonly rateMomentum: number
  /** How many times each frame counts in the stem's variance: a still image is repeated over T steps before its stem. */
  readonly repeats: number
}

/** The authors' scale, PyTorch's and the authors' momenta, nothing recorded. */
export const freshTraining: Training = {
  scaling: { kind: 'rates' },
  rates: new Map(),
  momentum: 0.1,
  rateMomentum: 0.999,
  repeats: 1,
}

/** A batch norm that changes nothing: what a convolution gave passes through, to the bit. */
export const identityNorm = ({ key, weight, bias }: BatchNorm): BatchNorm => {
  const [one, zero] = [
    tensor(
      weight.shape,
      weight.data.map(() => 1),
    ),
    tensor(
      bias.shape,
      bias.data.map(() => 0),
    ),
  ]
  return { key, weight: one, bias: zero, mean: zero, variance: one, eps: 0 }
}

/** New statistics by checkpoint key. */
export type Statistics = readonly (readonly [key: string, values: Reals])[]

/** A batch's mean and variance (the biased one), one number a channel. */
export interface Moments {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/**
 * The recorded statistics moved towards those of a batch of so many elements a channel: `(1 - momentum) r + momentum batch`,
 * the variance by its unbiased estimate (over n - 1).
 */
export const movedMoments = (
  precision: Precision,
  { momentum }: Training,
  norm: BatchNorm,
  { mean, variance }: Moments,
  count: number,
): Statistics => {
  const moved = (recorded: Reals, batch: Float64Array): Reals =>
    toPrecision(
      precision,
      batch.map((value, c) => (1 - momentum) * recorded[c]! + momentum * value),
    )
  const unbiased = variance.map((value) => (value * count) / (count - 1))
  return [
    [`${norm.key}.running_mean`, moved(norm.mean.data, mean)],
    [`${norm.key}.running_var`, moved(norm.variance.data, unbiased)],
  ]
}

/** The batch's own norm, by its biased variance, and the recorded statistics moved towards it. */
export const batchNorm = (
  precision: Precision,
  training: Training,
  norm: BatchNorm,
  { shape, data }: Currents,
  repeats: number,
): { readonly norm: BatchNorm; readonly statistics: Statistics } => {
  const batch = moments(shape, data)
  const count = (data.length / batch.mean.length) * repeats
  return {
    norm: { ...norm, mean: tensor(norm.mean.shape, batch.mean), variance: tensor(norm.variance.shape, batch.variance) },
    statistics: movedMoments(precision, training, norm, batch, count),
  }
}

/** The share of ones among each head's spikes, over steps, samples, channels and positions. */
const firingRates = (heads: number, { data }: Value, perHead: number): readonly number[] => {
  const counts = new Float64Array(heads)
  for (let at = 0; at < data.length; at++) counts[Math.floor(at / perHead) % heads]! += data[at]!
  return Array.from(counts, (count) => (count * heads) / data.length)
}

/** Where a product's firing rates are kept: beside the block's other parts. */
export const rateKey = (product: 'dstT' | 'dst', path: string): string =>
  [...path.split('.').slice(0, -1), product === 'dstT' ? 'firing_rate_x' : 'firing_rate_attn'].join('.')

/**
 * The scale of a product from the batch's firing rates, averaged with the recorded ones first, or the fixed one. The terms
 * of its sums are the d channels of a head (`dstT`), or the n tokens (`dst`).
 */
export const batchScale = (
  precision: Precision,
  { scaling, rates, rateMomentum }: Training,
  product: 'dstT' | 'dst',
  path: string,
  [y, x]: readonly [Value, Value],
): { readonly scale: readonly number[]; readonly statistics: Statistics } => {
  const [T, B, heads, d, n] = y.shape as Shape5
  const key = rateKey(product, path)
  const recorded = rates.get(key) ?? Array.from({ length: heads }, () => 0)
  const measured = firingRates(heads, x, x.data.length / (T * B * heads))
  const rate = toPrecision(precision, Float64Array.from(movingRate(recorded, measured, rateMomentum)))
  const byRates = Array.from(rate, (f) => headScale(f, product === 'dstT' ? d : n))
  return { scale: fixedScale(scaling, heads) ?? byRates, statistics: [[key, rate]] }
}
