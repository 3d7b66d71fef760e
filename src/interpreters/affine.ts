/** Batch norm as one affine map a channel, and a neuron's numbers, in either precision. @module */
import { sigmoid } from '../core/functions.js'
import { type Precision, type Reals, rounding, zeros } from '../core/tensor.js'
import type { BatchNorm, Charge, Neuron } from '../model/kernels.js'

/** `y = x * gain + shift`, one pair a channel; the product is rounded, then the sum. */
export interface Affine {
  readonly gain: Reals
  readonly shift: Reals
}

/**
 * Batch norm as an affine map: `gain = weight / sqrt(variance + eps)`, `shift = bias - mean * gain`, computed in
 * float64 (the shift from the unrounded gain) and each rounded once to the precision.
 */
export const affineOf =
  (precision: Precision) =>
  ({ weight, bias, mean, variance, eps }: BatchNorm): Affine => {
    const channels = weight.data.length
    const [gain, shift] = [zeros(precision, channels), zeros(precision, channels)]
    for (let c = 0; c < channels; c++) {
      const g = weight.data[c]! / Math.sqrt(variance.data[c]! + eps)
      gain[c] = g
      shift[c] = bias.data[c]! - mean.data[c]! * g
    }
    return { gain, shift }
  }

/** A neuron's numbers, rounded once to the precision. `rest` is where the membrane starts. */
export interface NeuronNumbers {
  readonly kind: Charge['kind']
  /** LIF: tau, a divisor. PLIF: sigmoid(w), a factor. IF: unused. */
  readonly leak: number
  readonly threshold: number
  readonly soft: boolean
  readonly rest: number
}

/** A neuron's parameters as the numbers its loop uses. */
export const neuronNumbers =
  (precision: Precision) =>
  ({ charge, threshold, reset }: Neuron): NeuronNumbers => {
    const round = rounding(precision)
    return {
      kind: charge.kind,
      leak: round(charge.kind === 'LIF' ? charge.tau : charge.kind === 'PLIF' ? sigmoid(charge.w) : 1),
      threshold: round(threshold),
      soft: reset.kind === 'soft',
      rest: reset.kind === 'hard' ? round(reset.value) : 0,
    }
  }
