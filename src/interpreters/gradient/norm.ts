/** The linear map of batch norm, with its statistics given or taken from the batch. @module */
import { type Precision, type Reals, type Shape, zeros } from '../../core/tensor.js'
import type { BatchNorm } from '../../model/kernels.js'
import type { Shape5 } from '../reference/convolution.js'
import type { Linear } from './map.js'

/** What of a batch norm depends on the batch: `frozen` statistics do not. */
export type Centre = 'frozen' | 'batch'

/** The elements of a channel in one frame: from where to where. */
type Stretch = readonly [from: number, to: number]

/** The frames of a channel, in order. */
const framesOf = ([T, B, C, H, W]: Shape5, channel: number): readonly Stretch[] =>
  Array.from({ length: T * B }, (_, frame) => {
    const from = (frame * C + channel) * H * W
    return [from, from + H * W]
  })

/** The sum of `f(at)` over some elements, in order. */
const total = ([from, to]: Stretch, f: (at: number) => number): number => {
  let sum = 0
  for (let at = from; at < to; at++) sum += f(at)
  return sum
}

/** The sum of `f(at)` over a channel: of each frame in row-major order, then of the frames in order. */
const totalOf = (frames: readonly Stretch[], f: (at: number) => number): number =>
  frames.reduce((sum, frame) => sum + total(frame, f), 0)

/**
 * Of every channel: the mean, and the variance around it, over all its elements. In float64: those of each frame (sums in
 * row-major order), then of the frames in order, as Chan, Golub and LeVeque join them: with `k` frames of n elements before,
 * `mean += delta w` and `squares += squares of the frame + delta^2 (n k w)`, `w = 1 / (k + 1)` and delta the frame's mean
 * less the mean before.
 */
export const moments = (
  shape: Shape,
  data: Reals,
): { readonly mean: Float64Array; readonly variance: Float64Array } => {
  const shape5 = shape as Shape5
  const [channels, n] = [shape5[2], shape5[3] * shape5[4]]
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)]
  for (let channel = 0; channel < channels; channel++) {
    let [centre, squares] = [0, 0]
    for (const [k, frame] of framesOf(shape5, channel).entries()) {
      const own = total(frame, (at) => data[at]!) / n
      const around = total(frame, (at) => (data[at]! - own) * (data[at]! - own))
      const delta = own - centre
      const share = 1 / (k + 1)
      centre = k === 0 ? own : centre + delta * share
      squares = k === 0 ? around : squares + (around + delta * delta * (n * k * share))
    }
    mean[channel] = centre
    variance[channel] = squares / (data.length / channels)
  }
  return { mean, variance }
}

/**
 * The linear map of batch norm at z: `[dz, dweight, dbias]` to `[dy]`.
 *
 * With `xhat = (z - mean) / sqrt(variance + eps)` and `y = weight xhat + bias` it is `dy = gain P(dz) + xhat dweight +
 * dbias`, gain = weight / sqrt(variance + eps). P is the identity where the statistics are frozen; where they are the
 * batch's, `P(u) = u - mean(u) - xhat mean(xhat u)`, which is symmetric: both directions use it. In float64, sums of each
 * frame in row-major order and then of the frames in order; every element rounded once.
 */
export const normLinear = (
  precision: Precision,
  { weight, mean, variance, eps }: BatchNorm,
  centre: Centre,
  shape: Shape,
  z: Reals,
): Linear => {
  const shape5 = shape as Shape5
  const channels = shape5[2]
  const count = z.length / channels
  const inverse = (c: number): number => 1 / Math.sqrt(variance.data[c]! + eps)
  const frames = (c: number): readonly Stretch[] => framesOf(shape5, c)
  /** The sums of u and of `xhat u` over a channel. */
  const sums = (u: Reals, c: number): readonly [plain: number, along: number] => {
    const [mu, scale] = [mean.data[c]!, inverse(c)]
    return [totalOf(frames(c), (at) => u[at]!), totalOf(frames(c), (at) => u[at]! * ((z[at]! - mu) * scale))]
  }
  /** `y = gain P(u)`, and `add(channel, xhat)` where there is more. */
  const mapped = (u: Reals, add: ((c: number, xhat: number) => number) | null): Reals => {
    const y = zeros(precision, z.length)
    for (let c = 0; c < channels; c++) {
      const [mu, scale] = [mean.data[c]!, inverse(c)]
      const gain = weight.data[c]! * scale
      const [plain, along] = centre === 'frozen' ? [0, 0] : sums(u, c).map((sum) => sum / count)
      for (const [from, to] of frames(c))
        for (let at = from; at < to; at++) {
          const xhat = (z[at]! - mu) * scale
          const own = gain * (u[at]! - plain! - xhat * along!)
          y[at] = add === null ? own : own + add(c, xhat)
        }
    }
    return y
  }
  return {
    push: ([dz, dweight, dbias]) => [
      mapped(dz ?? zeros(precision, z.length), (c, xhat) => xhat * (dweight?.[c] ?? 0) + (dbias?.[c] ?? 0)),
    ],
    pull: ([dy]) => {
      if (dy == null) return [null, null, null]
      const [dweight, dbias] = [zeros(precision, channels), zeros(precision, channels)]
      for (let c = 0; c < channels; c++) [dbias[c], dweight[c]] = sums(dy, c)
      return [mapped(dy, null), dweight, dbias]
    },
  }
}
