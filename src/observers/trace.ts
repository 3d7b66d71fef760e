/** The trace: every intermediate value of a run. A line of it is a golden vector. @module */

import type { Tensor } from '../core/tensor.js'
import type { Kernels } from '../model/kernels.js'
import type { Readers } from './ledger.js'
import { type Event, type Observed, observe } from './observe.js'

/** What an operation gave: one tensor, or the two halves of `splitHeads`. */
export interface Line {
  readonly operation: Event<never, never>['operation']
  readonly output: readonly Tensor[]
}

/**
 * What one operation gave.
 *
 * @example
 * const [a, output] = [tensor([1], Float32Array.of(1)), tensor([1], Float32Array.of(2))]
 * lineOf(plain)({ operation: 'add', a, b: a, output }) // => { operation: 'add', output: [output] }
 */
export const lineOf =
  <S, C>(read: Readers<S, C>) =>
  (event: Event<S, C>): Line => {
    switch (event.operation) {
      case 'fire':
        return { operation: event.operation, output: [read.spikes(event.output)] }
      case 'splitHeads':
        return { operation: event.operation, output: event.output.map(read.currents) }
      default:
        return { operation: event.operation, output: [read.currents(event.output)] }
    }
  }

/**
 * Wraps kernels so that every value carries the outputs of the operations in its past, by path, in the order they ran.
 *
 * @param keep - which operations to keep, all of them by default; spikes alone take a fraction of the memory
 *
 * @example
 * const K = trace(plain, (operation) => operation === 'fire')(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * notes.get('layers.0.0.activation_in')?.output[0].shape // => [4, 1, 16, 16, 16]
 */
export const trace =
  <S, C>(read: Readers<S, C>, keep: (operation: Line['operation']) => boolean = () => true) =>
  (K: Kernels<S, C>): Kernels<Observed<S, Line>, Observed<C, Line>> =>
    observe<S, C, Line>((_, event) => (keep(event.operation) ? lineOf(read)(event) : undefined))(K)
