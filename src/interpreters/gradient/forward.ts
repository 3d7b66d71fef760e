/** Forward mode: an interpreter whose values are dual numbers, `x + dx`. @module */
import type { Reals } from '../../core/tensor.js'
import { kernelsOf, type Translation, translateInputs, translateOutputs } from '../../model/operation.js'
import { learnt } from './linear.js'
import type { Value, Vector } from './map.js'
import { type Base, type Differentiation, linearOf, performing } from './performed.js'

/** A value and its tangent; null is zero. */
export interface Dual<V> {
  readonly value: V
  readonly tangent: Vector
}

/**
 * Forward mode over any interpreter: every value carries the tangent that those of the given values and of the learnt
 * tensors (by checkpoint key; those not named are constants) give it.
 *
 * @example
 * const classifier = new Map([['classifier.weight', parameters.classifier.data]])
 * const F = dual(tensorInterpreter(reference('float64')), asTheAuthors('float64'), classifier)
 * const { value, tangent } = forward(network(F.kernels)(parameters))(4)(F.fromCurrents(image))
 * tangent // => value.data
 */
export const dual = <S, C, V extends Value>(
  base: Base<S, C, V>,
  options: Differentiation,
  tangents: ReadonlyMap<string, Reals>,
): Base<Dual<S>, Dual<C>, V> => {
  const perform = performing(base, options)
  const linearise = linearOf(base, options)
  const given = <A>(value: A): Dual<A> => ({ value, tangent: null })
  return {
    kernels: kernelsOf<Dual<S>, Dual<C>>((operation, parameters, path) => {
      const run = perform(operation, parameters, path)
      const value = <A>(x: Dual<A>): A => x.value
      const own = learnt(operation, parameters, path).map((key) => tangents.get(key) ?? null)
      return (...inputs) => {
        const call = run(...translateInputs(operation, inputs, { spikes: value, currents: value, membrane: value }))
        const pushed = linearise(call).push([...inputs.map((x) => x?.tangent ?? null), ...own])
        let output = 0
        const withTangent = <A>(made: A): Dual<A> => ({ value: made, tangent: pushed[output++] ?? null })
        const by: Translation<S, C, Dual<S>, Dual<C>> = {
          spikes: withTangent,
          currents: withTangent,
          membrane: withTangent,
        }
        return translateOutputs(operation, call.outputs, by)
      }
    }),
    fromSpikes: (spikes) => given(base.fromSpikes(spikes)),
    fromCurrents: (currents) => given(base.fromCurrents(currents)),
    toSpikes: ({ value }) => base.toSpikes(value),
    toCurrents: ({ value }) => base.toCurrents(value),
    shapeOf: ({ value }) => base.shapeOf(value),
    compute: base.compute === null ? null : (values) => base.compute!(values.map(({ value }) => value)),
  }
}
