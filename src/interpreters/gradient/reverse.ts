/**
 * Reverse mode: an interpreter whose values remember the call that made them.
 *
 * There is no tape but the values: a value holds its call, a call the values it took, so a result holds all that it came
 * from. Read back, last call first, with each call's linear map transposed, that is the gradient.
 * @module
 */
import type { Reals } from '../../core/tensor.js'
import { kernelsOf, type OperationName, translateInputs, translateOutputs } from '../../model/operation.js'
import { learnt } from './linear.js'
import { plus, type Value, type Vector } from './map.js'
import { type Base, type Differentiation, linearOf, type Performed, performing } from './performed.js'

/** A value, and the call that made it; none where it was given. */
export interface Traced<S, C, V> {
  readonly value: V
  readonly by: Step<S, C> | null
  /** Which of the call's outputs it is. */
  readonly output: number
}

/** Spikes or currents, traced. */
export type AnyTraced<S, C> = Traced<S, C, S> | Traced<S, C, C>

/** A call that was performed, and where its inputs came from. */
export interface Step<S, C> {
  readonly call: Performed<S, C, OperationName>
  readonly inputs: readonly (AnyTraced<S, C> | null)[]
}

/** What a gradient is: cotangents of the given values, and of what is learnt. */
export interface Gradient<S, C> {
  /** The cotangent of a value that was given or made; null is zero. */
  readonly of: (value: AnyTraced<S, C>) => Vector
  /** By checkpoint key. */
  readonly learnt: ReadonlyMap<string, Reals>
}

/** An interpreter that can be differentiated. */
export interface Reverse<S, C, V extends Value> extends Base<Traced<S, C, S>, Traced<S, C, C>, V> {
  /** The cotangents of results, taken back to everything they came from. */
  readonly pullback: (results: readonly (readonly [AnyTraced<S, C>, Vector])[]) => Gradient<S, C>
  /** The new statistics that results came with, by checkpoint key; the last of a key counts. */
  readonly statistics: (results: readonly AnyTraced<S, C>[]) => ReadonlyMap<string, Reals>
}

/** A value that came from nowhere: given, or cut off from what it came from. */
const given = <S, C, V>(value: V): Traced<S, C, V> => ({ value, by: null, output: 0 })

/**
 * A value cut off from what it came from: nothing flows back through it. Membranes cut off at the border of a chunk make
 * truncated backpropagation.
 *
 * @example
 * detached({ value: 1, by: null, output: 2 }) // => { value: 1, by: null, output: 0 }
 */
export const detached = <S, C, V>({ value }: Traced<S, C, V>): Traced<S, C, V> => given(value)

/** All calls that results came from, each after those of its inputs. */
const stepsOf = <S, C>(results: readonly AnyTraced<S, C>[]): readonly Step<S, C>[] => {
  const steps = new Set<Step<S, C>>()
  const seen = new Set<Step<S, C>>()
  const visit = (value: AnyTraced<S, C> | null): void => {
    if (value === null || value.by === null || seen.has(value.by)) return
    seen.add(value.by)
    value.by.inputs.forEach(visit)
    steps.add(value.by)
  }
  results.forEach(visit)
  return [...steps]
}

/**
 * Reverse mode over any interpreter: the same values, each with its past.
 *
 * `pullback([[y, dy]])` is `J^T dy`, J the derivative of y by every given value and every learnt tensor, the spike's
 * derivative being the surrogate's. In training mode `statistics` are what the batch makes of the recorded ones.
 *
 * @example
 * const R = reverse(tensorInterpreter(reference('float64')), asTheAuthors('float64'))
 * const logits = forward(network(R.kernels)(parameters))(4)(R.fromCurrents(image))
 * const { learnt } = R.pullback([[logits, R.toCurrents(logits).data.map(() => 1)]])
 * learnt.get('classifier.weight')?.length // => 640
 */
export const reverse = <S, C, V extends Value>(base: Base<S, C, V>, options: Differentiation): Reverse<S, C, V> => {
  const perform = performing(base, options)
  const linearise = linearOf(base, options)
  const add = plus(options.precision)
  const kernels = kernelsOf<Traced<S, C, S>, Traced<S, C, C>>((operation, parameters, path) => {
    const run = perform(operation, parameters, path)
    const value = <A>(traced: { readonly value: A }): A => traced.value
    return (...inputs) => {
      const call = run(...translateInputs(operation, inputs, { spikes: value, currents: value, membrane: value }))
      const step: Step<S, C> = { call: call, inputs }
      let output = 0
      const traced = <A>(made: A): Traced<S, C, A> => ({ value: made, by: step, output: output++ })
      return translateOutputs(operation, call.outputs, { spikes: traced, currents: traced, membrane: traced })
    }
  })
  return {
    kernels,
    fromSpikes: (spikes) => given(base.fromSpikes(spikes)),
    fromCurrents: (currents) => given(base.fromCurrents(currents)),
    toSpikes: ({ value }) => base.toSpikes(value),
    toCurrents: ({ value }) => base.toCurrents(value),
    shapeOf: ({ value }) => base.shapeOf(value),
    compute: base.compute === null ? null : (values) => base.compute!(values.map(({ value }) => value)),
    statistics: (results) => new Map(stepsOf(results).flatMap(({ call }) => call.statistics)),
    pullback: (results) => {
      const cotangents = new Map<unknown, Vector[]>()
      const weights = new Map<string, Vector>()
      /** A made value is an output of its step; a given one stands for itself. */
      const receive = (value: AnyTraced<S, C>, vector: Vector): void => {
        const key = value.by ?? value
        const received = cotangents.get(key) ?? []
        received[value.output] = add(received[value.output] ?? null, vector)
        cotangents.set(key, received)
      }
      for (const [value, vector] of results) receive(value, vector)
      for (const step of [...stepsOf(results.map(([value]) => value))].reverse()) {
        const { operation, parameters, path } = step.call
        const received = cotangents.get(step)
        if (received === undefined) continue
        const vectors = linearise(step.call).pull(received)
        step.inputs.forEach((input, i) => {
          if (input !== null) receive(input, vectors[i] ?? null)
        })
        learnt(operation, parameters, path).forEach((key, i) => {
          weights.set(key, add(weights.get(key) ?? null, vectors[step.inputs.length + i] ?? null))
        })
      }
      return {
        of: (value) => cotangents.get(value.by ?? value)?.[value.output] ?? null,
        learnt: new Map([...weights].flatMap(([key, vector]) => (vector === null ? [] : [[key, vector]]))),
      }
    },
  }
}
