/**
 * Every operation's linear map at a call: the derivative of the dictionary, as data in and data out.
 *
 * A call has vectors: a tangent or cotangent for each of its inputs, then one for each tensor it learns. `push` is the map,
 * `pull` its transpose; forward mode and reverse mode are these two, threaded along the calls.
 * @module
 */
import { type Currents, type Precision, type Reals, rounding, type Tensor, tensor, zeros } from '../../core/tensor.js'
import type { Neuron, Pool, Stem, Synapse } from '../../model/kernels.js'
import type { OperationName, ParametersOf } from '../../model/operation.js'
import { affine, type Shape5 } from '../reference/convolution.js'
import { type Bilinear, type Connect, convolution, convolvedShape, productOf, productT } from './bilinear.js'
import { along, type Linear, plain, plus, unlessZero, type Value } from './map.js'
import { fireLinear, type Slopes } from './neuron.js'
import { type Centre, normLinear } from './norm.js'

/** A call as it is differentiated. */
export interface Differentiable<N extends OperationName> {
  readonly parameters: ParametersOf<N>
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  /** What a convolution gave its batch norm, where it was kept. */
  readonly raw: Currents | null
  readonly centre: Centre
}

/** The checkpoint keys of what an operation learns, in the order of its vectors. */
export const learnt = <N extends OperationName>(
  operation: N,
  parameters: ParametersOf<N>,
  path: string,
): readonly string[] => {
  switch (operation) {
    case 'stem':
    case 'synapse': {
      const { convolution, norm } = parameters as Synapse
      return [`${convolution.key}.weight`, `${norm.key}.weight`, `${norm.key}.bias`]
    }
    case 'fire': {
      const { key, charge } = parameters as Neuron
      return charge.kind === 'PLIF' ? [`${key}.w`] : []
    }
    case 'classify':
      return [`${path}.weight`]
    case 'hold':
    case 'splitHeads':
    case 'dstT':
    case 'dst':
    case 'mergeHeads':
    case 'add':
    case 'meanPool':
      return []
  }
}

/** Of a bilinear map at `(inputs, table)`. */
const bilinearLinear = (precision: Precision, map: Bilinear, inputs: Reals | Uint8Array, table: Reals): Linear => ({
  push: ([dx, dtable]) => [
    plus(precision)(
      unlessZero((x) => map.forward(table, x), dx),
      unlessZero((w) => map.forward(w, inputs), dtable),
    ),
  ],
  pull: ([dz]) => [unlessZero((z) => map.toInputs(table, z), dz), unlessZero((z) => map.toTable(inputs, z), dz)],
})

/** The places that win each window of a max-pool, the first of equals; `-1` never happens, as a window meets the map. */
const winners = ({ kernel, stride, padding }: Pool, { shape, data }: Currents, outputs: Value): Int32Array => {
  const [T, B, C, H, W] = shape as Shape5
  const [oh, ow] = outputs.shape.slice(3) as [number, number]
  const places = new Int32Array(T * B * C * oh * ow)
  for (let o = 0; o < places.length; o++) {
    const [plane, oy, ox] = [Math.floor(o / (oh * ow)), Math.floor(o / ow) % oh, o % ow]
    let best = -1
    for (let y = Math.max(0, oy * stride - padding); y < Math.min(H, oy * stride - padding + kernel); y++)
      for (let x = Math.max(0, ox * stride - padding); x < Math.min(W, ox * stride - padding + kernel); x++) {
        const at = (plane * H + y) * W + x
        if (best < 0 || data[at]! > data[best]!) best = at
      }
    places[o] = best
  }
  return places
}

const poolLinear = (precision: Precision, pool: Pool, normalised: Currents, pooled: Value): Linear => {
  const places = winners(pool, normalised, pooled)
  return plain(
    (x) => zeros(precision, places.length).map((_, o) => x[places[o]!]!),
    (y) => {
      const x = zeros(precision, normalised.data.length)
      for (let o = 0; o < places.length; o++) x[places[o]!]! += y[o]!
      return x
    },
  )
}

/** `pool(BN(Conv(x)))`: `[dx, dweight, dnorm.weight, dnorm.bias]`. */
const synapseLinear = (
  precision: Precision,
  connected: Connect,
  p: Synapse & Partial<Stem>,
  { inputs: [x], outputs: [y], raw, centre }: Differentiable<'stem' | 'synapse'>,
): Linear => {
  const { weight } = p.convolution
  const map = convolution(precision, connected, p.convolution, x!.shape)
  const shape = convolvedShape(p.convolution, x!.shape)
  const z = raw?.data ?? map.forward(weight.data, x!.data)
  const normed = along(
    bilinearLinear(precision, map, x!.data, weight.data),
    2,
    normLinear(precision, p.norm, centre, shape, z),
  )
  if (p.pool == null) return normed
  return along(normed, 4, poolLinear(precision, p.pool, affine(precision, p.norm)(tensor(shape, z)), y!))
}

/** Each head's numbers times its scale, rounded once; its own transpose. */
const scaledHeads = (precision: Precision, scale: readonly number[], headLength: number): Linear => {
  const scales = scale.map(rounding(precision))
  const map = (x: Reals): Reals => x.map((value, i) => value * scales[Math.floor(i / headLength) % scales.length]!)
  return plain(map, map)
}

/** `(y . x) scale`: `[dy, dx]`. */
const productLinear = (
  precision: Precision,
  scale: readonly number[],
  map: Bilinear,
  { inputs: [y, x], outputs: [out] }: Differentiable<'dst' | 'dstT'>,
): Linear => {
  const bilinear = bilinearLinear(precision, map, x!.data, y!.data as Reals)
  const swapped: Linear = {
    push: ([dy, dx]) => bilinear.push([dx, dy]),
    pull: (cotangents) => [...bilinear.pull(cotangents)].reverse(),
  }
  return along(swapped, 2, scaledHeads(precision, scale, out!.shape[3]! * out!.shape[4]!))
}

/** `[T, B, 2C, h, w]` and its two halves of every head, blocks of `d n` by turns. */
const splitLinear = (precision: Precision, [y1]: readonly Value[]): Linear => {
  const block = y1!.shape[3]! * y1!.shape[4]!
  const length = 2 * y1!.data.length
  return {
    push: ([y]) =>
      [0, 1].map((which) => unlessZero((whole) => whole.filter((_, i) => Math.floor(i / block) % 2 === which), y)),
    pull: (halves) => {
      const whole = zeros(precision, length)
      halves.forEach((half, which) => {
        for (let at = 0; half != null && at < half.length; at += block)
          whole.set(half.subarray(at, at + block), 2 * at + which * block)
      })
      return [whole]
    },
  }
}

const holdLinear = (precision: Precision, steps: number): Linear =>
  plain(
    (x) => {
      const held = zeros(precision, steps * x.length)
      for (let t = 0; t < steps; t++) held.set(x, t * x.length)
      return held
    },
    (y) => {
      const x = zeros(precision, y.length / steps)
      for (let at = 0; at < y.length; at++) x[at % x.length]! += y[at]!
      return x
    },
  )

const meanLinear = (precision: Precision, positions: number): Linear =>
  plain(
    (x) => {
      const mean = zeros(precision, x.length / positions)
      for (let at = 0; at < x.length; at++) mean[Math.floor(at / positions)]! += x[at]!
      return mean.map((sum) => sum / positions)
    },
    (y) => zeros(precision, y.length * positions).map((_, at) => y[Math.floor(at / positions)]! / positions),
  )

/** A linear layer is a convolution of one position. */
const classifyLinear = (
  precision: Precision,
  connected: Connect,
  weight: Tensor<Reals>,
  { inputs: [x] }: Differentiable<'classify'>,
): Linear => {
  const kernel = { key: '', weight: tensor([...weight.shape, 1, 1], weight.data), stride: 1, padding: 0, groups: 1 }
  const map = convolution(precision, connected, kernel, [...x!.shape, 1, 1])
  return bilinearLinear(precision, map, x!.data, weight.data)
}

/** The linear maps of all operations. */
export const linearisation =
  (precision: Precision, connected: Connect, slopes: Slopes) =>
  <N extends OperationName>(operation: N, call: Differentiable<N>): Linear => {
    const identity = plain(
      (x) => x,
      (y) => y,
    )
    const definitions: { readonly [M in OperationName]: (call: Differentiable<M>) => Linear } = {
      stem: (of) => synapseLinear(precision, connected, of.parameters, of),
      synapse: (of) => synapseLinear(precision, connected, of.parameters, of),
      hold: ({ parameters }) => holdLinear(precision, parameters),
      fire: ({ parameters, inputs: [current, membrane], outputs: [spikes] }) =>
        fireLinear(precision, parameters, slopes, [current!, membrane ?? null], spikes!),
      splitHeads: ({ outputs }) => splitLinear(precision, outputs),
      dstT: (of) => {
        const [y, x] = of.inputs
        const map = productT(connected, y!.shape as Shape5, x!.shape[3]! * x!.shape[4]!)
        return productLinear(precision, of.parameters, map, of)
      },
      dst: (of) => {
        const [y, attn] = of.inputs
        return productLinear(
          precision,
          of.parameters,
          productOf(precision, connected, y!.shape as Shape5, attn!.shape[4]!),
          of,
        )
      },
      mergeHeads: () => identity,
      add: () => ({ push: ([a, b]) => [plus(precision)(a ?? null, b ?? null)], pull: ([y]) => [y, y] }),
      meanPool: ({ inputs: [x] }) => meanLinear(precision, x!.shape[3]! * x!.shape[4]!),
      classify: (of) => classifyLinear(precision, connected, of.parameters, of),
    }
    return definitions[operation](call)
  }
