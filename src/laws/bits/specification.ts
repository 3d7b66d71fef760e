/**
 * The specification to the last bit: every operation in its order of summation, each step rounded once to a precision. It
 * gathers, output by output, where the interpreters scatter, and shares no line with them.
 * @module
 */
import { sigmoid } from '../../core/functions.js'
import {
  type Currents,
  type Precision,
  type Reals,
  rounding,
  type Spikes,
  sizeOf,
  type Tensor,
  tensor,
  zeros,
} from '../../core/tensor.js'
import { convolved as positions } from '../../core/window.js'
import type { BatchNorm, Neuron, Stem, Synapse } from '../../model/kernels.js'
import type { Dssa, Gwsffn, Layer, NetworkParameters } from '../../model/parameters.js'

type Five = [number, number, number, number, number]

/** Active terms two by two among eight neighbours: what is added to a sum of neighbours `0 .. count - 1`. */
const inPairs = (
  round: (x: number) => number,
  start: number,
  count: number,
  active: (i: number) => boolean,
  term: (i: number) => number,
): number => {
  let sum = start
  for (let eight = 0; eight < count; eight += 8) {
    let held: number | undefined
    for (let i = eight; i < Math.min(count, eight + 8); i++) {
      if (!active(i)) continue
      if (held === undefined) held = term(i)
      else {
        sum = round(sum + round(held + term(i)))
        held = undefined
      }
    }
    if (held !== undefined) sum = round(sum + held)
  }
  return sum
}

const filled = (precision: Precision, shape: readonly number[], f: (i: number) => number): Currents => {
  const data = zeros(precision, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = f(i)
  return tensor(shape, data)
}

/** The specification in a precision. */
export const specified = (precision: Precision) => {
  const round = rounding(precision)

  /** `acc * gain`, rounded, `+ shift`, rounded; both made in float64 and rounded once. */
  const affine = ({ weight, bias, mean, variance, eps }: BatchNorm) => {
    const gains = Array.from(weight.data, (w, c) => w / Math.sqrt(variance.data[c]! + eps))
    const shifts = gains.map((g, c) => round(bias.data[c]! - mean.data[c]! * g))
    return (c: number, x: number): number => round(round(x * round(gains[c]!)) + shifts[c]!)
  }

  const convolved = (
    { convolution, norm }: Synapse,
    { shape, data }: Tensor<Reals | Uint8Array>,
    spikes: boolean,
  ): Currents => {
    const { weight, stride, padding, groups } = convolution
    const [T, B, C, H, W] = shape as Five
    const [out, inGroup, kh, kw] = weight.shape as [number, number, number, number]
    const [oh, ow] = [positions(H, kh, stride, padding), positions(W, kw, stride, padding)]
    const normed = affine(norm)
    return filled(precision, [T, B, out, oh, ow], (at) => {
      const [ox, oy] = [at % ow, Math.floor(at / ow) % oh]
      const co = Math.floor(at / (oh * ow)) % out
      const frame = Math.floor(at / (oh * ow * out))
      const first = Math.floor(co / (out / groups)) * inGroup
      let sum = 0
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          const [y, x] = [oy * stride - padding + ky, ox * stride - padding + kx]
          if (y < 0 || y >= H || x < 0 || x >= W) continue
          const value = (ci: number): number => data[((frame * C + first + ci) * H + y) * W + x]!
          const w = (ci: number): number => round(weight.data[((co * inGroup + ci) * kh + ky) * kw + kx]!)
          if (spikes) sum = inPairs(round, sum, inGroup, (ci) => value(ci) === 1, w)
          else for (let ci = 0; ci < inGroup; ci++) sum = round(sum + round(round(value(ci)) * w(ci)))
        }
      return normed(co, sum)
    })
  }

  const synapse = (p: Synapse, s: Spikes): Currents => convolved(p, s, true)

  const stem = (p: Stem, image: Currents): Currents => {
    const bare = convolved(p, image, false)
    if (p.pool === null) return bare
    const { pool } = p
    const [T, B, C, H, W] = bare.shape as Five
    const side = (size: number): number => positions(size, pool.kernel, pool.stride, pool.padding)
    const [oh, ow] = [side(H), side(W)]
    return filled(precision, [T, B, C, oh, ow], (at) => {
      const [ox, oy, plane] = [at % ow, Math.floor(at / ow) % oh, Math.floor(at / (oh * ow))]
      let largest = Number.NEGATIVE_INFINITY
      for (let y = oy * pool.stride - pool.padding; y < oy * pool.stride - pool.padding + pool.kernel; y++)
        for (let x = ox * pool.stride - pool.padding; x < ox * pool.stride - pool.padding + pool.kernel; x++)
          if (y >= 0 && y < H && x >= 0 && x < W) largest = Math.max(largest, bare.data[(plane * H + y) * W + x]!)
      return largest
    })
  }

  /** Spikes and the membrane after them, from a membrane or from rest. */
  const fire = (p: Neuron, { shape, data }: Currents, membrane?: Currents): readonly [Spikes, Currents] => {
    const layer = shape.slice(1)
    const n = sizeOf(layer)
    const rest = p.reset.kind === 'hard' ? round(p.reset.value) : 0
    const [threshold, { charge }] = [round(p.threshold), p]
    const towards = (d: number): number => {
      switch (charge.kind) {
        case 'IF':
          return d
        case 'LIF':
          return round(d / round(charge.tau))
        case 'PLIF':
          return round(d * round(sigmoid(charge.w)))
      }
    }
    const v = filled(precision, layer, (i) => membrane?.data[i] ?? rest)
    const spikes = new Uint8Array(data.length)
    for (let i = 0; i < data.length; i++) {
      const [before, x] = [v.data[i % n]!, round(data[i]!)]
      const h = charge.kind === 'IF' ? round(before + x) : round(before + towards(round(x - round(before - rest))))
      spikes[i] = h >= threshold ? 1 : 0
      v.data[i % n] = h < threshold ? h : p.reset.kind === 'hard' ? rest : h - threshold
    }
    return [tensor(shape, spikes), v]
  }

  const dstT = (scale: readonly number[], y: Currents, x: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Five
    const P = sizeOf(x.shape.slice(3))
    return filled(precision, [T, B, heads, n, P], (at) => {
      const [p, i, head] = [at % P, Math.floor(at / P) % n, Math.floor(at / (P * n))]
      const sum = inPairs(
        round,
        0,
        d,
        (c) => x.data[(head * d + c) * P + p] === 1,
        (c) => round(y.data[(head * d + c) * n + i]!),
      )
      return round(sum * round(scale[head % heads]!))
    })
  }

  const dst = (scale: readonly number[], y: Currents, a: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Five
    const P = a.shape[4]!
    return filled(precision, [T, B, heads, d, P], (at) => {
      const [p, c, head] = [at % P, Math.floor(at / P) % d, Math.floor(at / (P * d))]
      const sum = inPairs(
        round,
        0,
        n,
        (i) => a.data[(head * n + i) * P + p] === 1,
        (i) => round(y.data[(head * d + c) * n + i]!),
      )
      return round(sum * round(scale[head % heads]!))
    })
  }

  const add = (a: Currents, b: Currents): Currents => filled(precision, a.shape, (i) => round(a.data[i]! + b.data[i]!))

  const meanPool = ({ shape, data }: Currents): Currents => {
    const [T, B, C, H, W] = shape as Five
    return filled(precision, [T, B, C], (plane) => {
      let sum = 0
      for (let i = 0; i < H * W; i++) sum = round(sum + data[plane * H * W + i]!)
      return round(sum / (H * W))
    })
  }

  const classify = (weight: Tensor<Reals>, { shape, data }: Currents): Currents => {
    const [T, B] = shape as [number, number]
    const [classes, C] = weight.shape as [number, number]
    return filled(precision, [T, B, classes], (at) => {
      const [k, sample] = [at % classes, Math.floor(at / classes)]
      let sum = 0
      for (let c = 0; c < C; c++) sum = round(sum + round(round(weight.data[k * C + c]!) * data[sample * C + c]!))
      return sum
    })
  }

  const layer = (p: Layer, x: Currents): Currents => synapse(p.synapse, fire(p.neuron, x)[0])

  /** `1 / sqrt(f m)`, in float64. */
  const scales = (rates: readonly number[], terms: number): readonly number[] =>
    rates.map((f) => 1 / Math.sqrt(f * terms))

  /** The output, and the membranes of the two neurons that hear scaled products: the scales' last bits show there. */
  const dssa = (p: Dssa, input: Currents) => {
    const [T, B, C] = input.shape as Five
    const [d, n] = [C / p.heads, p.tokens]
    const [x] = fire(p.in, input)
    const y = synapse(p.W, x)
    const half = (which: 0 | 1): Currents =>
      filled(precision, [T, B, p.heads, d, n], (at) => {
        const [i, c, head] = [at % n, Math.floor(at / n) % d, Math.floor(at / (n * d))]
        return y.data[(head * 2 * d + which * d + c) * n + i]!
      })
    const [attn, attnMembrane] = fire(p.attn, dstT(scales(p.firingRateX, d), half(0), x))
    const mixed = dst(scales(p.firingRateAttn, n), half(1), attn)
    const [out, outMembrane] = fire(p.out, tensor(input.shape, mixed.data))
    return { output: add(synapse(p.project, out), input), attnMembrane, outMembrane }
  }

  const gwsffn = (p: Gwsffn, x: Currents): Currents => {
    const u = layer(p.up, x)
    return add(layer(p.down, add(layer(p.conv, u), u)), x)
  }

  /** The logits of frames. */
  const network = (p: NetworkParameters, frames: Currents): Currents => {
    const features = p.stages.reduce(
      (x, { downsample, blocks }) =>
        blocks.reduce(
          (y, { attention, feedForward }) => gwsffn(feedForward, dssa(attention, y).output),
          downsample === null ? x : layer(downsample, x),
        ),
      stem(p.stem, frames),
    )
    return classify(p.classifier, meanPool(features))
  }

  return { stem, fire, synapse, dstT, dst, add, meanPool, classify, layer, dssa, gwsffn, network, scales }
}
