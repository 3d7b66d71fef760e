/** What the laws know of a neuron: its published equations in exact arithmetic. @module */
import { sigmoid } from '../../core/functions.js'
import type { Currents, Spikes } from '../../core/tensor.js'
import type { Charge, Neuron } from '../../model/kernels.js'
import type { Operations } from '../implementation.js'

type Fire = Operations<Spikes, Currents>['fire']

/** A neuron from a known membrane (or from rest), its spikes and the membrane after. */
export const stepped = (fire: Fire, p: Neuron, x: Currents, membrane?: Currents): readonly [Spikes, Currents] => {
  const [spikes, after] = fire(p)(x)(new Map(membrane === undefined ? [] : [[p.key, membrane]]))
  const left = after.get(p.key)
  if (left === undefined) throw new Error(`fire leaves no membrane under its key, ${p.key}`)
  return [spikes, left]
}

/** Where the membrane starts, and where a hard reset puts it. */
export const rest = ({ reset }: Neuron): number => {
  switch (reset.kind) {
    case 'hard':
      return reset.value
    case 'soft':
      return 0
  }
}

/** The part of the distance to its drive that a neuron goes in a step: 1 / tau, sigmoid(w), or all of the drive. */
export const leak = (charge: Charge): number => {
  switch (charge.kind) {
    case 'IF':
      return 1
    case 'LIF':
      return 1 / charge.tau
    case 'PLIF':
      return sigmoid(charge.w)
  }
}

/** The published charge in exact arithmetic: the potential that meets the threshold. */
export const charged = (p: Neuron, v: number, x: number): number =>
  p.charge.kind === 'IF' ? v + x : v + (x - (v - rest(p))) * leak(p.charge)

/** The drive that lifts a resting neuron to the threshold exactly. */
export const tie = (p: Neuron): number => (p.threshold - rest(p)) / leak(p.charge)
