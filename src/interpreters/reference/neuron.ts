/** The reference's neurons, step by step. @module */
import { sigmoid } from '../../core/functions.js'
import { type Currents, type Precision, rounding, type Spikes, sizeOf, tensor, zeros } from '../../core/tensor.js'
import type { Charge, Neuron, Reset, Stateful } from '../../model/kernels.js'

/** The charge equation, every operation rounded: membrane v and input x to the potential h that meets the threshold. */
export const charging = (precision: Precision, charge: Charge, rest: number): ((v: number, x: number) => number) => {
  const round = rounding(precision)
  switch (charge.kind) {
    case 'IF':
      return (v, x) => round(v + x)
    case 'LIF': {
      const tau = round(charge.tau)
      return (v, x) => round(v + round(round(x - round(v - rest)) / tau))
    }
    case 'PLIF': {
      const leak = round(sigmoid(charge.w))
      return (v, x) => round(v + round(round(x - round(v - rest)) * leak))
    }
  }
}

/** Where a membrane starts, and what a spike at potential h leaves of it. */
interface Resetting {
  readonly rest: number
  readonly after: (h: number) => number
}

const resetting = (precision: Precision, reset: Reset, threshold: number): Resetting => {
  const round = rounding(precision)
  switch (reset.kind) {
    case 'hard': {
      const rest = round(reset.value)
      return { rest, after: () => rest }
    }
    case 'soft':
      return { rest: 0, after: (h) => round(h - threshold) }
  }
}

/**
 * The neuron: charge, `s = 1` where `h >= threshold`, reset; the state threads the membrane from chunk to chunk.
 *
 * Source: the paper's equations 1 to 3; the hard reset of the authors' code.
 */
export const fire = (precision: Precision) => (p: Neuron) => {
  const threshold = rounding(precision)(p.threshold)
  const { rest, after } = resetting(precision, p.reset, threshold)
  const charged = charging(precision, p.charge, rest)
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
          potentials[i] = spike ? after(h) : h
        }
      return [tensor(shape, spikes), new Map(membranes).set(p.key, tensor(layer, potentials))]
    }
}
