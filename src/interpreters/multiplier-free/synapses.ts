/** Synapses and attention products that only add. @module */
import type { Spikes } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { Synapse } from '../../model/kernels.js'
import { affineOf } from '../affine.js'
import { contract, convolution, product, synapses } from '../contraction.js'
import type { Representation } from './arithmetic.js'
import { NONE, type Pending, withoutUnit } from './pending.js'

type Shape5 = readonly [number, number, number, number, number]

/** `[rows, columns] -> [columns, rows]`. */
const transposed = <N>(data: readonly N[], rows: number, columns: number): readonly N[] =>
  Array.from({ length: data.length }, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!)

/**
 * `BN(Conv(s))` with batch norm's gain folded into the weights and its shift as a bias current: the sum of the active
 * synapses, plus one addition an output.
 */
export const synapse =
  <N>(N: Representation<N>) =>
  ({ convolution: conv, norm }: Synapse): ((spikes: Spikes) => Pending<N>) => {
    const { gain, shift } = affineOf('float64')(norm)
    const table = synapses(conv, (weight, channel) => N.of(weight * gain[channel]!))
    const bias = Array.from(shift, N.of)
    const { weight, stride, padding } = conv
    const [out, , kh, kw] = weight.shape as readonly [number, number, number, number]
    return ({ shape, data }) => {
      const [T, B, C, height, width] = shape as Shape5
      const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
      const sum = contract(N)(convolution(conv, { height, width }))(table)
      const frames = Array.from({ length: T * B }, (_, frame) => {
        const sums = sum(data.subarray(frame * C * height * width, (frame + 1) * C * height * width))
        return transposed(
          sums.map((current, i) => N.concat(current, bias[i % out]!)),
          oh * ow,
          out,
        )
      })
      return { shape: [T, B, out, oh, ow], data: frames.flat(), unit: NONE }
    }
  }

/** A product a head, its scale left pending: `rows` are a head's terms `[terms, width]`. */
const heads = <N>(
  N: Representation<N>,
  scale: readonly number[],
  { shape, data }: Pending<N>,
  spikes: Spikes,
  [terms, width]: readonly [number, number],
  rows: (head: readonly N[]) => readonly N[],
): Pending<N> => {
  const [T, B, H] = shape as Shape5
  const positions = spikes.data.length / (T * B * H * terms)
  const sum = contract(N)(product(terms, positions, width))
  const sums = Array.from({ length: T * B * H }, (_, head) => {
    const table = rows(data.slice(head * terms * width, (head + 1) * terms * width))
    return transposed(
      sum(table)(spikes.data.subarray(head * terms * positions, (head + 1) * terms * positions)),
      positions,
      width,
    )
  })
  return { shape: [T, B, H, width, positions], data: sums.flat(), unit: { scale, run: width * positions } }
}

/** `y^T x`, in units of the scale. */
export const dstT =
  <N>(N: Representation<N>) =>
  (scale: readonly number[]) =>
  (y: Pending<N>, x: Spikes): Pending<N> => {
    const [, , , d, n] = y.shape as Shape5
    return heads(N, scale, withoutUnit(N)(y), x, [d, n], (head) => head)
  }

/** `y attn`, in units of the scale. */
export const dst =
  <N>(N: Representation<N>) =>
  (scale: readonly number[]) =>
  (y: Pending<N>, attn: Spikes): Pending<N> => {
    const [, , , d, n] = y.shape as Shape5
    return heads(N, scale, withoutUnit(N)(y), attn, [n, d], (head) => transposed(head, d, n))
  }
