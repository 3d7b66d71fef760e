/** The linear map of batch norm, with its statistics given or taken from the batch. @module */
import { type Precision, type Reals, type Shape, zeros } from '../../core/tensor.js'
import type { BatchNorm } from '../../model/kernels.js'
import type { Shape5 } from '../reference/convolution.js'
import type { Linear, Vector } from './map.js'

/** What of a batch norm depends on the batch: `frozen` statistics do not. */
export type Centre = 'frozen' | 'batch'

/** The sum of `f(at)` over the elements of a channel, in row-major order, in float64. */
const total = ([T, B, C, H, W]: Shape5, channel: number, f: (at: number) => number): number => {
  const plane = H * W
  let sum = 0
  for (let start = channel * plane; start < T * B * C * plane; start += C * plane)
    for (let at = start; at < start + plane; at++) sum += f(at)
  return sum
}

/** Of every channel: the mean, and the variance around it (both over all its elements; float64 sums in row-major order). */
export const moments = (
  shape: Shape,
  data: Reals,
): { readonly mean: Float64Array; readonly variance: Float64Array } => {
  const shape5 = shape as Shape5
  const count = data.length / shape5[2]
  const mean = new Float64Array(shape5[2]).map((_, channel) => total(shape5, channel, (at) => data[at]!) / count)
  const variance = mean.map(
    (centre, channel) => total(shape5, channel, (at) => (data[at]! - centre) * (data[at]! - centre)) / count,
  )
  return { mean, variance }
}

/**
 * The linear map of batch norm at z: `[dz, dweight, dbias]` to `[dy]`.
 *
 * With `xhat = (z - mean) / sqrt(variance + eps)` and `y = weight xhat + bias` it is `dy = gain P(dz) + xhat dweight +
 * dbias`, gain = weight / sqrt(variance + eps). P is the identity where the statistics are frozen; where they are the
 * batch's, `P(u) = u - mean(u) - xhat mean(xhat u)`, which is symmetric: both directions use it. Sums in float64, every
 * element rounded once.
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
  const plane = shape5[3] * shape5[4]
  const inverse = (c: number): number => 1 / Math.sqrt(variance.data[c]! + eps)
  /** `mean(u)` and `mean(xhat u)` of a channel, times its number of elements. */
  const sums = (u: Reals, c: number): readonly [plain: number, along: number] => {
    const [mu, scale] = [mean.data[c]!, inverse(c)]
    return [total(shape5, c, (at) => u[at]!), total(shape5, c, (at) => u[at]! * ((z[at]! - mu) * scale))]
  }
  /** `y = gain P(u) + xhat along + shift`, channel by channel. */
  const mapped = (given: Vector, along: (c: number) => number, shift: (c: number) => number): Reals => {
    const u = given ?? zeros(precision, z.length)
    const y = zeros(precision, z.length)
    for (let c = 0; c < channels; c++) {
      const [mu, scale] = [mean.data[c]!, inverse(c)]
      const gain = weight.data[c]! * scale
      const [plain, aligned] = centre === 'frozen' ? [0, 0] : sums(u, c)
      const [a, b] = [along(c), shift(c)]
      for (let start = c * plane; start < z.length; start += channels * plane)
        for (let at = start; at < start + plane; at++) {
          const xhat = (z[at]! - mu) * scale
          y[at] = gain * (u[at]! - plain / count - (xhat * aligned) / count) + xhat * a + b
        }
    }
    return y
  }
  return {
    push: ([dz, dweight, dbias]) => [
      mapped(
        dz ?? null,
        (c) => dweight?.[c] ?? 0,
        (c) => dbias?.[c] ?? 0,
      ),
    ],
    pull: ([dy]) => {
      if (dy == null) return [null, null, null]
      const [dweight, dbias] = [zeros(precision, channels), zeros(precision, channels)]
      for (let c = 0; c < channels; c++) [dbias[c], dweight[c]] = sums(dy, c)
      return [
        mapped(
          dy,
          () => 0,
          () => 0,
        ),
        dweight,
        dbias,
      ]
    },
  }
}
