/** Telling an onlooker of each operation as it ends; nothing else changes. @module */
import type { Kernels } from '../model/kernels.js'

/**
 * Wraps kernels so that `tick` hears the path of every operation that has multiply-accumulates in a dense network, once it has run.
 *
 * @example
 * const seen: string[] = []
 * forward(network(ticking((path) => seen.push(path))(reference('float64')))(parameters))(4)(image)
 * seen[0] // => 'prologue'
 */
export const ticking =
  (tick: (path: string) => void) =>
  <S, C>(K: Kernels<S, C>): Kernels<S, C> => {
    const wrap = (inner: Kernels<S, C>, path: string): Kernels<S, C> => {
      const told =
        <P, A extends readonly unknown[], B>(compile: (parameters: P) => (...values: A) => B) =>
        (parameters: P) => {
          const run = compile(parameters)
          return (...values: A): B => {
            const result = run(...values)
            tick(path)
            return result
          }
        }
      return {
        ...inner,
        stem: told(inner.stem),
        synapse: told(inner.synapse),
        dstT: told(inner.dstT),
        dst: told(inner.dst),
        classify: told(inner.classify),
        scope: (label) => wrap(inner.scope(label), path === '' ? label : `${path}.${label}`),
      }
    }
    return wrap(K, '')
  }
