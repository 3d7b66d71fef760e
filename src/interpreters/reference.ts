/**
 * The reference interpreter: the network as event-driven loops, in float64 or float32.
 *
 * A spike adds its row of weights to every neuron it reaches, so the additions made are the synaptic operations (SOPs).
 * Spikes are visited in the order (row, column, channel); every neuron therefore receives its terms in the canonical
 * order of `Kernels` (kernel row, kernel column, input channel). Sums live in typed arrays of the precision, so storing
 * rounds each addition once.
 * @module
 */

import {
  type Currents,
  convolved,
  type Precision,
  type Reals,
  rounding,
  type Spikes,
  sizeOf,
  type Tensor,
  tensor,
  toPrecision,
  zeros,
} from '../core/tensor.js'
import type { Convolution, Kernels, Neuron, Pool, Stateful, Stem, Synapse } from '../model/kernels.js'
import { affineOf, type NeuronNumbers, neuronNumbers } from './affine.js'

type Shape5 = readonly [number, number, number, number, number]

/** `[rows, columns] -> [columns, rows]`. */
const transposed = (precision: Precision, data: Reals, rows: number, columns: number): Reals => {
  const out = zeros(precision, rows * columns)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!
  return out
}

/** The weights a spike of input channel `ci` sends through kernel tap `(ky, kx)`: row `(ky * kw + kx) * in + ci`. */
const fanOutRows = ({ weight, groups }: Convolution, precision: Precision): Reals => {
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const outGroup = out / groups
  const rows = zeros(precision, weight.data.length)
  for (let co = 0; co < out; co++)
    for (let ci = 0; ci < inGroup; ci++)
      for (let k = 0; k < kh * kw; k++) {
        const channel = Math.floor(co / outGroup) * inGroup + ci
        rows[(k * inGroup * groups + channel) * outGroup + (co % outGroup)] =
          weight.data[(co * inGroup + ci) * kh * kw + k]!
      }
  return rows
}

/** What one non-zero input does: adds its row of weights to the sums of the neurons it reaches. */
type Send = (sums: Reals, at: number, rows: Reals, start: number, length: number, value: number) => void

/** A spike only adds: `sums[at + i] += rows[start + i]`. */
const addRow: Send = (sums, at, rows, start, length) => {
  for (let i = 0; i < length; i++) sums[at + i]! += rows[start + i]!
}

/** A pixel multiplies: `sums[at + i] += value * rows[start + i]`, product and sum each rounded. */
const addScaledRow =
  (round: (x: number) => number): Send =>
  (sums, at, rows, start, length, value) => {
    for (let i = 0; i < length; i++) sums[at + i]! += round(value * rows[start + i]!)
  }

/** `BN(Conv(input))` frame by frame: every non-zero input sends its rows, then one affine map a channel. */
const convolve = (precision: Precision, { convolution, norm }: Synapse, send: Send) => {
  const { weight, stride, padding, groups } = convolution
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const outGroup = out / groups
  const rows = fanOutRows(convolution, precision)
  const { gain, shift } = affineOf(precision)(norm)
  const round = rounding(precision)
  return ({ shape, data }: Tensor<Reals | Uint8Array>): Currents => {
    const [T, B, C, H, W] = shape as Shape5
    const oh = convolved(H, kh, stride, padding)
    const ow = convolved(W, kw, stride, padding)
    const output = zeros(precision, T * B * out * oh * ow)
    for (let frame = 0; frame < T * B; frame++) {
      const sums = zeros(precision, oh * ow * out)
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++)
          for (let c = 0; c < C; c++) {
            const value = data[((frame * C + c) * H + y) * W + x]!
            if (value === 0) continue
            for (let ky = 0; ky < kh; ky++) {
              const oy = (y + padding - ky) / stride
              if (!Number.isInteger(oy) || oy < 0 || oy >= oh) continue
              for (let kx = 0; kx < kw; kx++) {
                const ox = (x + padding - kx) / stride
                if (!Number.isInteger(ox) || ox < 0 || ox >= ow) continue
                const reached = (oy * ow + ox) * out + Math.floor(c / inGroup) * outGroup
                send(sums, reached, rows, ((ky * kw + kx) * C + c) * outGroup, outGroup, value)
              }
            }
          }
      for (let co = 0; co < out; co++)
        for (let at = 0; at < oh * ow; at++)
          output[(frame * out + co) * oh * ow + at] = round(sums[at * out + co]! * gain[co]!) + shift[co]!
    }
    return tensor([T, B, out, oh, ow], output)
  }
}

/** The largest value of each window; the padding never wins. */
const maxPool =
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

const stem = (precision: Precision) => (p: Stem) => {
  const embed = convolve(precision, p, addScaledRow(rounding(precision)))
  const pool = p.pool === null ? (x: Currents) => x : maxPool(precision, p.pool)
  return ({ shape, data }: Currents): Currents => pool(embed(tensor(shape, toPrecision(precision, data))))
}

const synapse = (precision: Precision) => (p: Synapse) => convolve(precision, p, addRow)

/** The charge equation, every operation rounded: membrane v and input x to the potential h that meets the threshold. */
const charge = (precision: Precision, { kind, leak, rest }: NeuronNumbers): ((v: number, x: number) => number) => {
  const round = rounding(precision)
  switch (kind) {
    case 'IF':
      return (v, x) => round(v + x)
    case 'LIF':
      return (v, x) => round(v + round(round(x - round(v - rest)) / leak))
    case 'PLIF':
      return (v, x) => round(v + round(round(x - round(v - rest)) * leak))
  }
}

const fire = (precision: Precision) => (p: Neuron) => {
  const neuron = neuronNumbers(precision)
  const { threshold, soft, rest } = neuron(p)
  const charged = charge(precision, neuron(p))
  return ({ shape, data }: Currents): Stateful<Currents, Spikes> =>
    (membranes) => {
      const [T, ...layer] = shape as readonly [number, ...number[]]
      const neurons = sizeOf(layer)
      const potentials = membranes.get(p.key)?.data.slice() ?? zeros(precision, neurons).fill(rest)
      const spikes = new Uint8Array(T * neurons)
      for (let t = 0; t < T; t++)
        for (let i = 0; i < neurons; i++) {
          const h = charged(potentials[i]!, data[t * neurons + i]!)
          const spike = h >= threshold
          spikes[t * neurons + i] = spike ? 1 : 0
          potentials[i] = spike ? (soft ? h - threshold : rest) : h
        }
      return [tensor(shape, spikes), new Map(membranes).set(p.key, tensor(layer, potentials))]
    }
}

/** `[T, B, 2C, h, w]` to the first and the last d rows of each head, `[T, B, heads, d, n]` both. */
const splitHeads =
  (precision: Precision) =>
  (heads: number) =>
  ({ shape, data }: Currents): readonly [Currents, Currents] => {
    const [T, B, C2, h, w] = shape as Shape5
    const [d, n] = [C2 / heads / 2, h * w]
    const half = (which: 0 | 1): Currents => {
      const output = zeros(precision, data.length / 2)
      for (let head = 0; head < T * B * heads; head++) {
        const start = (2 * head + which) * d * n
        output.set(data.subarray(start, start + d * n), head * d * n)
      }
      return tensor([T, B, heads, d, n], output)
    }
    return [half(0), half(1)]
  }

/**
 * Every spike `(term, at)` of one head adds row `term` of `rows` to the sums at `at`; then the head's scale.
 * `spikes` is `[terms, positions]` from `offset`, `rows` `[terms, width]`; the result `[width, positions]`.
 */
const contract = (
  precision: Precision,
  spikes: Uint8Array,
  offset: number,
  [terms, positions, width]: readonly [number, number, number],
  rows: Reals,
  scale: number,
): Reals => {
  const sums = zeros(precision, positions * width)
  for (let term = 0; term < terms; term++)
    for (let at = 0; at < positions; at++)
      if (spikes[offset + term * positions + at] !== 0) addRow(sums, at * width, rows, term * width, width, 1)
  return transposed(
    precision,
    sums.map((sum) => sum * scale),
    positions,
    width,
  )
}

/** `attn = (y^T x) * scale`, `[n, HW]` a head: a spike of channel c at a position adds the tokens' row c. */
const dstT = (precision: Precision) => (scale: readonly number[]) => {
  const scales = scale.map(rounding(precision))
  return (y: Currents, x: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Shape5
    const [height, width] = x.shape.slice(3) as [number, number]
    const positions = height * width
    const output = zeros(precision, T * B * heads * n * positions)
    for (let head = 0; head < T * B * heads; head++) {
      const rows = y.data.subarray(head * d * n, (head + 1) * d * n)
      const attn = contract(precision, x.data, head * d * positions, [d, positions, n], rows, scales[head % heads]!)
      output.set(attn, head * n * positions)
    }
    return tensor([T, B, heads, n, positions], output)
  }
}

/** `out = (y attn) * scale`, `[d, HW]` a head: an attention spike of token n at a position adds the token's column of y. */
const dst = (precision: Precision) => (scale: readonly number[]) => {
  const scales = scale.map(rounding(precision))
  return (y: Currents, attn: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Shape5
    const positions = attn.shape[4]!
    const output = zeros(precision, T * B * heads * d * positions)
    for (let head = 0; head < T * B * heads; head++) {
      const rows = transposed(precision, y.data.subarray(head * d * n, (head + 1) * d * n), d, n)
      const mixed = contract(precision, attn.data, head * n * positions, [n, positions, d], rows, scales[head % heads]!)
      output.set(mixed, head * d * positions)
    }
    return tensor([T, B, heads, d, positions], output)
  }
}

const add =
  (precision: Precision) =>
  (a: Currents, b: Currents): Currents => {
    const output = zeros(precision, a.data.length)
    for (let i = 0; i < output.length; i++) output[i] = a.data[i]! + b.data[i]!
    return tensor(a.shape, output)
  }

const hold =
  (precision: Precision) =>
  (steps: number) =>
  ({ shape: [, ...frame], data }: Currents): Currents => {
    const output = zeros(precision, steps * data.length)
    for (let t = 0; t < steps; t++) output.set(data, t * data.length)
    return tensor([steps, ...frame], output)
  }

const meanPool =
  (precision: Precision) =>
  ({ shape, data }: Currents): Currents => {
    const [T, B, C, H, W] = shape as Shape5
    const output = zeros(precision, T * B * C)
    for (let plane = 0; plane < output.length; plane++) {
      for (let at = 0; at < H * W; at++) output[plane]! += data[plane * H * W + at]!
      output[plane]! /= H * W
    }
    return tensor([T, B, C], output)
  }

const classify = (precision: Precision) => (weight: Tensor<Reals>) => {
  const round = rounding(precision)
  const [classes, channels] = weight.shape as readonly [number, number]
  const rows = toPrecision(precision, weight.data)
  return ({ shape, data }: Currents): Currents => {
    const [T, B] = shape as readonly [number, number]
    const output = zeros(precision, T * B * classes)
    for (let sample = 0; sample < T * B; sample++)
      for (let k = 0; k < classes; k++)
        for (let c = 0; c < channels; c++)
          output[sample * classes + k]! += round(rows[k * channels + c]! * data[sample * channels + c]!)
    return tensor([T, B, classes], output)
  }
}

/**
 * The reference in the given precision: tensors of spikes (bytes 0 and 1) and of currents.
 *
 * @example
 * const net = network(reference('float64'))(parameters)
 * const logits = forward(net)(4)(image) // [4, B, classes]
 */
export const reference = (precision: Precision): Kernels<Spikes, Currents> => {
  const kernels: Kernels<Spikes, Currents> = {
    stem: stem(precision),
    hold: hold(precision),
    fire: fire(precision),
    synapse: synapse(precision),
    splitHeads: splitHeads(precision),
    dstT: dstT(precision),
    dst: dst(precision),
    mergeHeads:
      ({ height, width }) =>
      ({ shape: [T, B, heads, d], data }) =>
        tensor([T!, B!, heads! * d!, height, width], data),
    add: add(precision),
    meanPool: meanPool(precision),
    classify: classify(precision),
    scope: () => kernels,
  }
  return kernels
}
