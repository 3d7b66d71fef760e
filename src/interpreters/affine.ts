/** Batch norm as one affine map a channel, in either precision. @module */
import { type Precision, type Reals, zeros } from '../core/tensor.js'
import type { BatchNorm } from '../model/kernels.js'

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
