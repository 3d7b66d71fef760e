/** Choosing an interpreter: the one place that knows the defaults. @module */
import type { Currents, Precision, Spikes } from '../core/tensor.js'
import { reference } from '../interpreters/reference.js'
import type { Kernels } from '../model/kernels.js'
import type { KernelOptions, KernelsName } from './options.js'

/** An interpreter, chosen. */
export interface Chosen {
  readonly precision: Precision
  readonly name: KernelsName
  readonly kernels: Kernels<Spikes, Currents>
}

/** What a command is for decides what it runs with unless told: exact numbers, or results soon. */
export type Purpose = 'exact' | 'quick'

const defaultPrecision: { readonly [purpose in Purpose]: Precision } = { exact: 'float64', quick: 'float64' }

/** The interpreter asked for, or the default of the purpose and precision. */
export const chooseKernels = (purpose: Purpose, { precision, kernels }: KernelOptions): Chosen => {
  const chosen = precision ?? defaultPrecision[purpose]
  return { precision: chosen, name: kernels ?? 'reference', kernels: reference(chosen) }
}
