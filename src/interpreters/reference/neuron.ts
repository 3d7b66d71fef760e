/** The reference's neurons, step by step. @module */
import { type Currents, type Precision, rounding, type Spikes, sizeOf, tensor, zeros } from '../../core/tensor.js'
import type { Neuron, Stateful } from '../../model/kernels.js'
import { type NeuronNumbers, neuronNumbers } from '../affine.js'

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

/**
 * The neuron: charge, `s = 1` where `h >= threshold`, reset; the state threads the membrane from chunk to chunk.
 *
 * Source: the paper's equations 1 to 3; the hard reset of the authors' code.
 */
export const fire = (precision: Precision) => (p: Neuron) => {
  const neuron = neuronNumbers(precision)
  const { threshold, soft, rest } = neuron(p)
  const charged = charge(precision, neuron(p))
  return ({ shape, data }: Currents): Stateful<Currents, Spikes> =>
    (membranes) => {
      const [T, ...layer] = shape as readonly [number, ...number[]]
      const neurons = sizeOf(layer)
      const kept = membranes.get(p.key)?.data
      const potentials = zeros(precision, neurons).fill(rest)
      if (kept !== undefined) potentials.set(kept)
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
