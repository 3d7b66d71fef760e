/** Choosing an interpreter: the one place that knows the defaults. @module */
import type { Currents, Precision, Shape, Spikes } from '../core/tensor.js'
import { fast, type WireInterpreter } from '../interpreters/fast/kernels.js'
import { reference } from '../interpreters/reference.js'
import { hasSimd } from '../interpreters/wasm/instance.js'
import { wasm } from '../interpreters/wasm/kernels.js'
import type { Kernels } from '../model/kernels.js'
import type { Io } from './io.js'
import type { KernelOptions, KernelsName } from './options.js'

/** An interpreter, and the way between its values and tensors. */
export interface Interpreter<S, C> {
  readonly kernels: Kernels<S, C>
  readonly fromCurrents: (currents: Currents) => C
  readonly spikes: (spikes: S) => Spikes
  readonly currents: (currents: C) => Currents
  /** The shape of currents, whether they are computed or not. */
  readonly shape: (currents: C) => Shape
  /** Computes values together that so far are only written down; null where each is computed as it is made. */
  readonly force: ((values: readonly (S | C)[]) => void) | null
}

/** An interpreter of some carriers, that only who works for all carriers can use. */
export type Some = <R>(use: <S, C>(interpreter: Interpreter<S, C>) => R) => R

const some =
  <S, C>(interpreter: Interpreter<S, C>): Some =>
  (use) =>
    use(interpreter)

const eager = (kernels: Kernels<Spikes, Currents>): Interpreter<Spikes, Currents> => ({
  kernels,
  fromCurrents: (currents) => currents,
  spikes: (spikes) => spikes,
  currents: (currents) => currents,
  shape: ({ shape }) => shape,
  force: null,
})

const ofWires = (interpreter: WireInterpreter): Some => some({ ...interpreter, shape: ({ shape }) => shape })

/** An interpreter, chosen. */
export interface Chosen {
  readonly precision: Precision
  readonly name: KernelsName
  readonly interpreter: Some
}

/** What a command is for decides what it runs with unless told: exact numbers, or results soon. */
export type Purpose = 'exact' | 'quick'

const precisionFor = (purpose: Purpose, { precision, kernels }: KernelOptions): Precision =>
  precision ??
  (kernels === 'fast' || kernels === 'wasm' || (purpose === 'quick' && kernels === undefined) ? 'float32' : 'float64')

/**
 * The interpreter asked for. Left to choose, exact numbers are float64 by the reference, quick ones float32 by `wasm`;
 * where the engine has no SIMD, `fast` takes the place of `wasm`, bit for bit the same, with a notice.
 */
export const chooseKernels = (purpose: Purpose, options: KernelOptions, io: Io): Chosen => {
  const precision = precisionFor(purpose, options)
  const wanted = options.kernels ?? (precision === 'float32' ? 'wasm' : 'reference')
  if (wanted === 'wasm' && hasSimd()) return { precision, name: 'wasm', interpreter: ofWires(wasm()) }
  if (wanted === 'wasm') io.err('note: this engine has no WebAssembly SIMD, so the fast kernels run instead of wasm\n')
  return wanted === 'reference'
    ? { precision, name: 'reference', interpreter: some(eager(reference(precision))) }
    : { precision, name: 'fast', interpreter: ofWires(fast()) }
}
