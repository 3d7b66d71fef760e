/** A neuron's equations as the kernels of both modules are told. @module */
import { exponentOf, sigmoid } from '../../core/functions.js'
import type { Charge, Reset } from '../../model/kernels.js'
import { ADD, DIVIDE, HARD, MULTIPLY, SOFT } from './shared.js'

const { fround } = Math

/**
 * How a neuron charges, with `drive = x - (v - rest)`: IF `h = v + x`; LIF `h = v + drive / by`; PLIF, and a LIF whose
 * tau is a power of two, `h = v + drive * by`.
 */
export type Charging =
  | { readonly kind: 'add' }
  | { readonly kind: 'divide'; readonly by: number }
  | { readonly kind: 'multiply'; readonly by: number }

/** Whether dividing by a number and multiplying by its inverse are the same function: it is a power of two. */
const isPowerOfTwo = (x: number): boolean => 2 ** exponentOf(x) === x

/** How a charge is computed in float32. */
export const chargingOf = (charge: Charge): Charging => {
  switch (charge.kind) {
    case 'IF':
      return { kind: 'add' }
    case 'LIF': {
      const tau = fround(charge.tau)
      return isPowerOfTwo(tau) ? { kind: 'multiply', by: 1 / tau } : { kind: 'divide', by: tau }
    }
    case 'PLIF':
      return { kind: 'multiply', by: fround(sigmoid(charge.w)) }
  }
}

/** Which equation a neuron charges by, and its number. */
export const chargeNumbers = (charging: Charging): readonly [code: number, by: number] => {
  switch (charging.kind) {
    case 'add':
      return [ADD, 1]
    case 'divide':
      return [DIVIDE, charging.by]
    case 'multiply':
      return [MULTIPLY, charging.by]
  }
}

/** What a spike leaves: by which equation, and where the membrane starts. */
export const resetNumbers = (reset: Reset): readonly [code: number, rest: number] => {
  switch (reset.kind) {
    case 'hard':
      return [HARD, fround(reset.value)]
    case 'soft':
      return [SOFT, 0]
  }
}
