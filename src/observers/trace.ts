/** The trace: every intermediate value of a run. A line of it is a golden vector. @module */
import type { Tensor } from '../core/tensor.js'
import type { Interpreter } from '../interpreters/interpreter.js'
import type { Kernels } from '../model/kernels.js'
import { type Call, type OperationName, translateCall } from '../model/operation.js'
import { type Observed, observe } from './observe.js'

/** What an operation gave: one tensor, or the two halves of `splitHeads`; a neuron's spikes, not its membrane. */
export interface Line {
  readonly operation: OperationName
  readonly output: readonly Tensor[]
}

/**
 * What one operation gave.
 *
 * @example
 * const [a, sum] = [tensor([1], Float32Array.of(1)), tensor([1], Float32Array.of(2))]
 * lineOf(tensors)({ operation: 'add', path: 'residual', parameters: null, inputs: [a, a], outputs: [sum] })
 * // => { operation: 'add', output: [sum] }
 */
export const lineOf =
  <S, C>({ toSpikes, toCurrents }: Pick<Interpreter<S, C>, 'toSpikes' | 'toCurrents'>) =>
  (call: Call<S, C>): Line => {
    // Read when asked for, so that what a line does not hold need not be computed.
    const { operation, outputs } = translateCall(call, {
      spikes:
        (spikes): (() => readonly Tensor[]) =>
        () => [toSpikes(spikes)],
      currents:
        (currents): (() => readonly Tensor[]) =>
        () => [toCurrents(currents)],
      membrane: (): (() => readonly Tensor[]) => () => [],
    })
    return { operation, output: outputs.flatMap((read) => read()) }
  }

/**
 * Wraps kernels so that every value carries the outputs of the operations in its past, by path, in the order they ran.
 *
 * @param keep - which operations to keep, all of them by default; spikes alone take a fraction of the memory
 *
 * @example
 * const K = trace(tensors, (operation) => operation === 'fire')(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * notes.get('layers.0.0.activation_in')?.output[0].shape // => [4, 1, 16, 16, 16]
 */
export const trace =
  <S, C>(
    reading: Pick<Interpreter<S, C>, 'toSpikes' | 'toCurrents'>,
    keep: (operation: OperationName) => boolean = () => true,
  ) =>
  (K: Kernels<S, C>): Kernels<Observed<S, Line>, Observed<C, Line>> =>
    observe<S, C, Line>((call) => (keep(call.operation) ? lineOf(reading)(call) : undefined))(K)
