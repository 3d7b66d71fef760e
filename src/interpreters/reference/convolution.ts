/** The reference's convolutions: every non-zero input sends its row of weights to the neurons it reaches. @module */
import {
  type Currents,
  type Precision,
  type Reals,
  rounding,
  type Tensor,
  tensor,
  toPrecision,
  zeros,
} from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import { type BatchNorm, type Convolution, EIGHT, type Pool, type Stem, type Synapse } from '../../model/kernels.js'
import { affineOf } from '../affine.js'
import { convolution as contracted, type Reach } from '../contraction.js'

/** `[T, B, C, H, W]`, or attention's `[T, B, heads, d, n]`. */
export type Shape5 = readonly [number, number, number, number, number]

/** Visits every weight `[co, ci, ky, kx]` with its place among the rows that spikes send. */
const eachWeight = ({ weight, groups }: Convolution, visit: (weight: number, row: number) => void): void => {
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const outGroup = out / groups
  for (let co = 0; co < out; co++)
    for (let ci = 0; ci < inGroup; ci++)
      for (let k = 0; k < kh * kw; k++) {
        const channel = Math.floor(co / outGroup) * inGroup + ci
        visit((co * inGroup + ci) * kh * kw + k, (k * inGroup * groups + channel) * outGroup + (co % outGroup))
      }
}

/** The weights a spike of input channel `ci` sends through kernel tap `(ky, kx)`: row `(ky * kw + kx) * in + ci`. */
export const fanOutRows = (precision: Precision, p: Convolution, weights: Reals): Reals => {
  const rows = zeros(precision, weights.length)
  eachWeight(p, (weight, row) => (rows[row] = weights[weight]!))
  return rows
}

/** What {@link fanOutRows} undoes: the rows as a weight. */
export const fanInWeights = (precision: Precision, p: Convolution, rows: Reals): Reals => {
  const weights = zeros(precision, rows.length)
  eachWeight(p, (weight, row) => (weights[weight] = rows[row]!))
  return weights
}

/** What reaches sums does to them: `rows` are the rows of weights. */
type Send = (sums: Reals, rows: Reals) => Reach

/** Spikes only add: neighbours' rows two by two to each other, and then to the sums. As many additions as spikes. */
export const addRows = (precision: Precision): Send => {
  const round = rounding(precision)
  return (sums, rows) => (target, starts, length) => {
    for (let s = 0; s < starts.length; s += 2) {
      const [a, b] = [starts[s]!, starts[s + 1]]
      if (b === undefined) for (let i = 0; i < length; i++) sums[target + i]! += rows[a + i]!
      else for (let i = 0; i < length; i++) sums[target + i]! += round(rows[a + i]! + rows[b + i]!)
    }
  }
}

/** A pixel multiplies: `sums[target + i] += value * rows[start + i]`, product and sum each rounded. */
const addScaledRow =
  (precision: Precision): Send =>
  (sums, rows) => {
    const round = rounding(precision)
    return (target, [start], length, [value]) => {
      for (let i = 0; i < length; i++) sums[target + i]! += round(value! * rows[start! + i]!)
    }
  }

/** Batch norm: the product with the channel's gain is rounded, then the sum with its shift. */
export const affine = (precision: Precision, norm: BatchNorm): ((z: Currents) => Currents) => {
  const { gain, shift } = affineOf(precision)(norm)
  const round = rounding(precision)
  return ({ shape, data }) => {
    const [T, B, C, H, W] = shape as Shape5
    const output = zeros(precision, data.length)
    for (let plane = 0; plane < T * B * C; plane++)
      for (let at = plane * H * W; at < (plane + 1) * H * W; at++)
        output[at] = round(data[at]! * gain[plane % C]!) + shift[plane % C]!
    return tensor(shape, output)
  }
}

/** `BN(Conv(input))` frame by frame: non-zero inputs send their rows, `together` at once; then one affine map a channel. */
const convolve = (precision: Precision, { convolution, norm }: Synapse, together: number, send: Send) => {
  const { weight, stride, padding } = convolution
  const [out, , kh, kw] = weight.shape as readonly [number, number, number, number]
  const rows = fanOutRows(precision, convolution, weight.data)
  const normalised = affine(precision, norm)
  return ({ shape, data }: Tensor<Reals | Uint8Array>): Currents => {
    const [T, B, C, H, W] = shape as Shape5
    const { targets, visit } = contracted(convolution, { height: H, width: W }, together)
    const [oh, ow] = [convolved(H, kh, stride, padding), convolved(W, kw, stride, padding)]
    const output = zeros(precision, T * B * out * oh * ow)
    for (let frame = 0; frame < T * B; frame++) {
      const sums = zeros(precision, targets)
      visit(data.subarray(frame * C * H * W, (frame + 1) * C * H * W), send(sums, rows))
      for (let co = 0; co < out; co++)
        for (let at = 0; at < oh * ow; at++) output[(frame * out + co) * oh * ow + at] = sums[at * out + co]!
    }
    return normalised(tensor([T, B, out, oh, ow], output))
  }
}

/** The largest value of each window; the padding never wins. */
export const maxPool =
  (precision: Precision, { kernel, stride, padding }: Pool) =>
  ({ shape, data }: Currents): Currents => {
    const [T, B, C, H, W] = shape as Shape5
    const [oh, ow] = [convolved(H, kernel, stride, padding), convolved(W, kernel, stride, padding)]
    const output = zeros(precision, T * B * C * oh * ow)
    for (let plane = 0; plane < T * B * C; plane++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++) {
          let largest = Number.NEGATIVE_INFINITY
          for (let y = Math.max(0, oy * stride - padding); y < Math.min(H, oy * stride - padding + kernel); y++)
            for (let x = Math.max(0, ox * stride - padding); x < Math.min(W, ox * stride - padding + kernel); x++)
              largest = Math.max(largest, data[(plane * H + y) * W + x]!)
          output[(plane * oh + oy) * ow + ox] = largest
        }
    return tensor([T, B, C, oh, ow], output)
  }

/** `pool(BN(Conv(image)))`: the one convolution that multiplies. */
export const stem = (precision: Precision) => (p: Stem) => {
  const embed = convolve(precision, p, 1, addScaledRow(precision))
  const pool = p.pool === null ? (x: Currents) => x : maxPool(precision, p.pool)
  return ({ shape, data }: Currents): Currents => pool(embed(tensor(shape, toPrecision(precision, data))))
}

/** `BN(Conv(s))`: additions, then one affine map a channel. */
export const synapse = (precision: Precision) => (p: Synapse) => convolve(precision, p, EIGHT, addRows(precision))
