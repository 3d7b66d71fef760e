/**
 * The model by its equations: dense sums over plain arrays in float64, sharing nothing with the interpreters. On dyadic
 * data it is exact, so every implementation must equal it bit for bit.
 * @module
 */
import { type Currents, type Reals, type Spikes, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { BatchNorm, Neuron, Stem, Synapse } from '../../model/kernels.js'
import type { Dssa, Gwsffn, Layer, NetworkParameters } from '../../model/parameters.js'
import { charged, rest } from '../operations/neuron.js'
import { range, sum, tabulate } from '../tensors.js'

type Five = [number, number, number, number, number]

/** Neurons from rest: charge, compare, reset. */
export const fired = (p: Neuron, { shape, data }: Currents): Spikes => {
  const [T, n] = [shape[0]!, sizeOf(shape.slice(1))]
  const v = new Float64Array(n).fill(rest(p))
  const spikes = new Uint8Array(T * n)
  for (let t = 0; t < T; t++)
    for (let i = 0; i < n; i++) {
      const h = charged(p, v[i]!, data[t * n + i]!)
      const spike = h >= p.threshold
      spikes[t * n + i] = spike ? 1 : 0
      v[i] = !spike ? h : p.reset.kind === 'hard' ? p.reset.value : h - p.threshold
    }
  return tensor(shape, spikes)
}

const normed = ({ weight, bias, mean, variance, eps }: BatchNorm, c: number, x: number): number =>
  ((x - mean.data[c]!) / Math.sqrt(variance.data[c]! + eps)) * weight.data[c]! + bias.data[c]!

/** `BN(Conv(input))`: for every output, the sum over its window. */
export const transmitted = ({ convolution, norm }: Synapse, { shape, data }: Currents | Spikes): Currents => {
  const { weight, stride, padding, groups } = convolution
  const [T, B, C, H, W] = shape as Five
  const [out, inGroup, kh, kw] = weight.shape as [number, number, number, number]
  const [oh, ow] = [convolved(H, kh, stride, padding), convolved(W, kw, stride, padding)]
  return tabulate([T, B, out, oh, ow], (t, b, co, oy, ox) => {
    const first = Math.floor(co / (out / groups)) * inGroup
    let total = 0
    for (let ci = 0; ci < inGroup; ci++)
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          const [y, x] = [oy * stride - padding + ky, ox * stride - padding + kx]
          if (y >= 0 && y < H && x >= 0 && x < W)
            total +=
              weight.data[((co * inGroup + ci) * kh + ky) * kw + kx]! *
              data[(((t * B + b) * C + first + ci) * H + y) * W + x]!
        }
    return normed(norm, co, total)
  })
}

/** The largest of each window, `BN(Conv(image))` before it. */
export const embedded = (p: Stem, image: Currents): Currents => {
  const bare = transmitted(p, image)
  if (p.pool === null) return bare
  const { kernel, stride, padding } = p.pool
  const [T, B, C, H, W] = bare.shape as Five
  const side = (size: number): number => convolved(size, kernel, stride, padding)
  return tabulate([T, B, C, side(H), side(W)], (t, b, c, oy, ox) => {
    const inside = (o: number, size: number): readonly number[] =>
      range(kernel).flatMap((k) =>
        o * stride - padding + k >= 0 && o * stride - padding + k < size ? [o * stride - padding + k] : [],
      )
    const plane = ((t * B + b) * C + c) * H
    return Math.max(...inside(oy, H).flatMap((y) => inside(ox, W).map((x) => bare.data[(plane + y) * W + x]!)))
  })
}

/** `SN(BN Conv)` of one layer. */
export const layerOf = (p: Layer, x: Currents): Currents => transmitted(p.synapse, fired(p.neuron, x))

/** Dual spike self-attention: equations 7 to 13 of the paper, index by index. */
export const dssaOf = (p: Dssa, input: Currents): Currents => {
  const [T, B, C, H, W] = input.shape as Five
  const [d, n, P] = [C / p.heads, p.tokens, H * W]
  const x = fired(p.in, input)
  const y = transmitted(p.W, x)
  /** Row `row` of head h of y, token i; a head has 2d rows. */
  const token = (tb: number, h: number, row: number, i: number): number =>
    y.data[(tb * 2 * C + 2 * d * h + row) * n + i]!
  const attn = fired(
    p.attn,
    tabulate([T, B, p.heads, n, P], (t, b, h, i, at) => {
      const tb = t * B + b
      const product = range(d).reduce((s, c) => s + token(tb, h, c, i) * x.data[(tb * C + d * h + c) * P + at]!, 0)
      return product / Math.sqrt(p.firingRateX[h]! * d)
    }),
  )
  const out = fired(
    p.out,
    tabulate([T, B, C, H, W], (t, b, channel, row, column) => {
      const [tb, h] = [t * B + b, Math.floor(channel / d)]
      const spike = (i: number): number => attn.data[((tb * p.heads + h) * n + i) * P + row * W + column]!
      const product = range(n).reduce((s, i) => s + token(tb, h, d + (channel % d), i) * spike(i), 0)
      return product / Math.sqrt(p.firingRateAttn[h]! * n)
    }),
  )
  return sum(transmitted(p.project, out), input)
}

/** The group-wise spiking feed-forward network. */
export const gwsffnOf = (p: Gwsffn, x: Currents): Currents => {
  const u = layerOf(p.up, x)
  return sum(layerOf(p.down, sum(layerOf(p.conv, u), u)), x)
}

/** The logits `[T, B, classes]` of frames. */
export const networkOf = (p: NetworkParameters, frames: Currents): Currents => {
  const features = p.stages.reduce(
    (x, { downsample, blocks }) =>
      blocks.reduce(
        (y, { attention, feedForward }) => gwsffnOf(feedForward, dssaOf(attention, y)),
        downsample === null ? x : layerOf(downsample, x),
      ),
    embedded(p.stem, frames),
  )
  const [T, B, C, H, W] = features.shape as Five
  const mean = (tb: number, c: number): number =>
    range(H * W).reduce((s, i) => s + features.data[(tb * C + c) * H * W + i]!, 0) / (H * W)
  const weight: Tensor<Reals> = p.classifier
  return tabulate([T, B, weight.shape[0]!], (t, b, k) =>
    range(C).reduce((s, c) => s + weight.data[k * C + c]! * mean(t * B + b, c), 0),
  )
}
