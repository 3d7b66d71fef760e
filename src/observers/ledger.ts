/** The ledger: what each layer of a run costs, in operations and in energy. @module */
import type { Shape } from '../core/tensor.js'
import { type Cost, costOf, costs, type Tally, tallyOf } from '../interpreters/cost.js'
import type { Interpreter } from '../interpreters/interpreter.js'
import type { Kernels } from '../model/kernels.js'
import { type Call, translateCall } from '../model/operation.js'
import { type Notes, type Observed, observe } from './observe.js'

/**
 * The cost of one call, whose spikes must be computed and whose currents need not.
 *
 * @example
 * const spikes = tensor([1, 1, 1, 1, 3], Uint8Array.of(1, 0, 1))
 * const call = { operation: 'fire', path: 'a', parameters: neurons(parameters)[0] } as const
 * costOfCall(tensors)({ ...call, inputs: [image, null], outputs: [spikes, image] }).spikes // => 2
 */
export const costOfCall =
  <S, C>({ toSpikes, shapeOf }: Pick<Interpreter<S, C>, 'toSpikes' | 'toCurrents' | 'shapeOf'>) =>
  (call: Call<S, C>): Cost =>
    costOf(
      translateCall<S, C, Tally, Shape>(call, {
        spikes: (spikes) => tallyOf(toSpikes(spikes)),
        currents: shapeOf,
        membrane: shapeOf,
      }),
    )

/**
 * Wraps kernels so that every value carries the cost of each operation in its past, by path. A chunk has its own
 * ledger; the ledgers of consecutive chunks add up with {@link costs}.
 *
 * Source: the paper's section 5.1 (SOPs); the stem and the classifier are not synaptic operations.
 *
 * @example
 * const K = ledger(tensors)(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * total(notes).sops // => 4156960
 */
export const ledger =
  <S, C>(reading: Pick<Interpreter<S, C>, 'toSpikes' | 'toCurrents' | 'shapeOf'>) =>
  (K: Kernels<S, C>): Kernels<Observed<S, Cost>, Observed<C, Cost>> =>
    observe<S, C, Cost>(costOfCall(reading))(K)

/**
 * The sum of a ledger.
 *
 * @example
 * total(new Map([['a', { ...costs.empty, sops: 2 }], ['b', { ...costs.empty, sops: 3 }]])).sops // => 5
 */
export const total = (notes: Notes<Cost>): Cost => [...notes.values()].reduce(costs.concat, costs.empty)

/** Energy of one synaptic operation (an addition) in joules. Source: the paper's section 5.1, 45 nm. */
export const JOULES_PER_SOP = 0.9e-12

/** Energy of one multiply-accumulate in joules. Source: the paper's section 5.1, 45 nm. */
export const JOULES_PER_MAC = 4.6e-12

/**
 * Energy in joules: of the synaptic operations alone (the paper's figure), and with stem and classifier.
 *
 * @example
 * energy({ ...costs.empty, sops: 1e6, macs: 1e6 }) // => { synaptic: 0.9e-6, withStem: 5.5e-6 }
 */
export const energy = ({ sops, macs }: Cost): { readonly synaptic: number; readonly withStem: number } => ({
  synaptic: sops * JOULES_PER_SOP,
  withStem: sops * JOULES_PER_SOP + macs * JOULES_PER_MAC,
})
