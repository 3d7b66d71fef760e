/** The network with the smooth spike whose slope the surrogate is: there, a gradient is one, and differences agree. @module */
import { type Currents, type Precision, rounding, sizeOf, tensor, zeros } from '../../core/tensor.js'
import type { Kernels, Neuron, Stateful } from '../../model/kernels.js'
import { tensors } from '../interpreter.js'
import { affine, type Shape5 } from '../reference/convolution.js'
import { charging } from '../reference/neuron.js'
import { reference } from '../reference.js'
import { connect, convolution, convolvedShape, productOf, productT } from './bilinear.js'
import { resetNumbers } from './neuron.js'
import type { Base } from './performed.js'
import type { Surrogate } from './surrogate.js'

const scaled = (precision: Precision, scale: readonly number[], shape: Shape5, data: Currents['data']): Currents => {
  const head = shape[3] * shape[4]
  const round = rounding(precision)
  return tensor(
    shape,
    data.map((x, i) => x * round(scale[Math.floor(i / head) % scale.length]!)),
  )
}

/** `s = smooth(h - threshold)`, and the reset by as much of a spike as there is: `v' = (1 - s) h + s reset`. */
const fire =
  (precision: Precision, { smooth }: Surrogate, { key, charge, threshold, reset }: Neuron) =>
  ({ shape, data }: Currents): Stateful<Currents, Currents> =>
  (membranes) => {
    const layer = shape.slice(1)
    const neurons = sizeOf(layer)
    const { rest, hardness, left } = resetNumbers(precision, { reset, threshold })
    const charged = charging(precision, charge, rest)
    const [spikes, v] = [zeros(precision, data.length), zeros(precision, neurons).fill(rest)]
    const kept = membranes.get(key)?.data
    if (kept !== undefined) v.set(kept)
    for (let at = 0; at < data.length; at++) {
      const i = at % neurons
      const h = charged(v[i]!, data[at]!)
      spikes[at] = smooth(h - threshold)
      v[i] = (1 - hardness * spikes[at]!) * h + left * spikes[at]!
    }
    return [tensor(shape, spikes), new Map(membranes).set(key, tensor(layer, v))]
  }

/**
 * The interpreter whose spikes are real numbers. It is no spiking network: it multiplies everywhere, and only serves to
 * hold gradients against differences.
 *
 * @example
 * const { kernels } = smooth('float64', atan)
 * forward(network(kernels)(parameters))(4)(image).shape // => [4, 1, 10]
 */
export const smooth = (precision: Precision, surrogate: Surrogate): Base<Currents, Currents, Currents> => {
  const connected = connect(precision)
  const kernels: Kernels<Currents, Currents> = {
    ...reference(precision),
    fire: (p) => fire(precision, surrogate, p),
    synapse: (p) => (x) => {
      const z = convolution(precision, connected, p.convolution, x.shape).forward(p.convolution.weight.data, x.data)
      return affine(precision, p.norm)(tensor(convolvedShape(p.convolution, x.shape), z))
    },
    dstT: (scale) => (y, x) => {
      const [T, B, heads, d, n] = y.shape as Shape5
      const positions = x.shape[3]! * x.shape[4]!
      const z = productT(connected, [T, B, heads, d, n], positions).forward(y.data, x.data)
      return scaled(precision, scale, [T, B, heads, n, positions], z)
    },
    dst: (scale) => (y, x) => {
      const [T, B, heads, d, n] = y.shape as Shape5
      const z = productOf(precision, connected, [T, B, heads, d, n], x.shape[4]!).forward(y.data, x.data)
      return scaled(precision, scale, [T, B, heads, d, x.shape[4]!], z)
    },
    scope: () => kernels,
  }
  return {
    ...tensors,
    kernels,
    fromSpikes: ({ shape, data }) =>
      tensor(
        shape,
        zeros(precision, data.length).map((_, i) => data[i]!),
      ),
    toSpikes: (s) => s,
  }
}
