/** What an interpreter is: kernels, and the way between its carriers and tensors. @module */
import type { Currents, Shape, Spikes } from '../core/tensor.js'
import type { Kernels } from '../model/kernels.js'
import { applyOf, kernelsOf, type Translation, translateInputs, translateOutputs } from '../model/operation.js'

/** How an interpreter's own spikes and currents are made from tensors, and read back. */
export interface Carriers<S, C> {
  /** A tensor of spikes as the interpreter holds it. */
  readonly fromSpikes: (spikes: Spikes) => S
  /** And read back: bytes 0 and 1. */
  readonly toSpikes: (spikes: S) => Spikes
  /** A tensor of currents as the interpreter holds it. */
  readonly fromCurrents: (currents: Currents) => C
  /** And read back. */
  readonly toCurrents: (currents: C) => Currents
}

/** An interpreter of the dictionary, in carriers of its own. */
export interface Interpreter<S, C> extends Carriers<S, C> {
  readonly kernels: Kernels<S, C>
  /** The shape of a value, whether it is computed or not. */
  readonly shapeOf: (value: S | C) => Shape
  /**
   * Computes together values that so far are only written down, so that reading them is free; null where each value is
   * computed as it is made. Who computes on the same thread has done so when the call returns.
   */
  readonly compute: ((values: readonly (S | C)[]) => void | Promise<void>) | null
}

/** The carriers of an interpreter whose values are tensors, each computed as it is made. */
export const tensors: Omit<Interpreter<Spikes, Currents>, 'kernels'> = {
  fromSpikes: (spikes) => spikes,
  toSpikes: (spikes) => spikes,
  fromCurrents: (currents) => currents,
  toCurrents: (currents) => currents,
  shapeOf: ({ shape }) => shape,
  compute: null,
}

/**
 * The interpreter of kernels whose carriers are tensors, each computed as it is made.
 *
 * @example
 * const { kernels, toCurrents } = tensorInterpreter(reference('float64'))
 * toCurrents(forward(network(kernels)(parameters))(4)(image)).shape // => [4, 1, 10]
 */
export const tensorInterpreter = (kernels: Kernels<Spikes, Currents>): Interpreter<Spikes, Currents> => ({
  ...tensors,
  kernels,
})

/**
 * An interpreter's operations over plain tensors, computed one by one: for who wants to see every value. Nothing is fused,
 * so it is slower than reading the logits alone. For interpreters that compute on the calling thread.
 *
 * @example
 * const { add } = tensorKernels(tensorInterpreter(reference('float32')))
 * add(tensor([1, 1, 1], Float32Array.of(1)), tensor([1, 1, 1], Float32Array.of(2))).data // => Float32Array.of(3)
 */
export const tensorKernels = <S, C>(I: Interpreter<S, C>): Kernels<Spikes, Currents> => {
  const apply = applyOf(I.kernels)
  const into: Translation<Spikes, Currents, S, C> = {
    spikes: I.fromSpikes,
    currents: I.fromCurrents,
    membrane: I.fromCurrents,
  }
  const out: Translation<S, C, Spikes, Currents> = {
    spikes: I.toSpikes,
    currents: I.toCurrents,
    membrane: I.toCurrents,
  }
  return kernelsOf<Spikes, Currents>((operation, parameters, path) => {
    const run = apply(operation, parameters, path)
    return (...inputs) => {
      const outputs = run(...translateInputs(operation, inputs, into))
      void I.compute?.(outputs as readonly (S | C)[])
      return translateOutputs(operation, outputs, out)
    }
  })
}
