/**
 * The reference interpreter: the network as event-driven loops, in float64 or float32.
 *
 * A spike adds its row of weights to every neuron it reaches, so the additions made are the synaptic operations (SOPs).
 * Spikes are visited in the order (row, column, eight channels); every neuron therefore receives its terms in the
 * canonical order of `Kernels` (kernel row, kernel column, eight input channels). A sum of two is rounded before it is
 * added; sums live in typed arrays of the precision, so storing rounds once more.
 * @module
 */
import {
  type Currents,
  type Precision,
  type Reals,
  rounding,
  type Spikes,
  type Tensor,
  tensor,
  toPrecision,
  zeros,
} from '../core/tensor.js'
import type { Kernels } from '../model/kernels.js'
import { dst, dstT, splitHeads } from './reference/attention.js'
import { type Shape5, stem, synapse } from './reference/convolution.js'
import { fire } from './reference/neuron.js'

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
 * forward(net)(4)(image).shape // => [4, 1, 10]
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
