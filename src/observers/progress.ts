/** Telling an onlooker of each operation as it ends; nothing else changes. @module */
import type { Kernels } from '../model/kernels.js'
import { applyOf, kernelsOf, type OperationName } from '../model/operation.js'

/** Which operations have multiply-accumulates in a dense network: they are what a run's time goes to. */
const heavy: { readonly [N in OperationName]: boolean } = {
  stem: true,
  hold: false,
  fire: false,
  synapse: true,
  splitHeads: false,
  dstT: true,
  dst: true,
  mergeHeads: false,
  add: false,
  meanPool: false,
  classify: true,
}

/**
 * Wraps kernels so that `tick` hears the path of every operation that has multiply-accumulates in a dense network, once
 * it has run.
 *
 * @example
 * const seen: string[] = []
 * forward(network(progress((path) => seen.push(path))(reference('float64')))(parameters))(4)(image)
 * seen[0] // => 'prologue'
 */
export const progress =
  (tick: (path: string) => void) =>
  <S, C>(K: Kernels<S, C>): Kernels<S, C> => {
    const apply = applyOf(K)
    return kernelsOf<S, C>((operation, parameters, path) => {
      const run = apply(operation, parameters, path)
      if (!heavy[operation]) return run
      return (...inputs) => {
        const outputs = run(...inputs)
        tick(path)
        return outputs
      }
    })
  }
