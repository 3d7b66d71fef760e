/**
 * Observing any interpreter: every operation leaves a note under its scope path, and nothing else changes.
 *
 * A value carries the notes of everything it was computed from. Notes join idempotently, keyed by path: where two
 * branches meet again (every residual), their common past is counted once.
 * @module
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Kernels } from '../model/kernels.js'
import {
  applyOf,
  type Call,
  callOf,
  kernelsOf,
  type Translation,
  translateInputs,
  translateOutputs,
} from '../model/operation.js'

/** Notes by path, such as `layers.0.0.activation_in`. */
export type Notes<N> = ReadonlyMap<string, N>

/** A value and the notes of its past in this chunk. */
export interface Observed<A, N> {
  readonly value: A
  readonly notes: Notes<N>
}

/**
 * Joining notes: associative, idempotent, and commutative as long as a path means one operation.
 *
 * @example
 * const [a, b] = [new Map([['stem', 1]]), new Map([['stem', 1], ['head', 2]])]
 * joining().concat(a, b) // => b
 */
export const joining = <N>(): Monoid<Notes<N>> => ({
  empty: new Map<string, N>(),
  concat: (a, b) => (a === b || b.size === 0 ? a : a.size === 0 ? b : new Map([...a, ...b])),
})

/**
 * A value that nothing was noted of yet: how an input enters an observed network.
 *
 * @example
 * unobserved(3) // => { value: 3, notes: new Map() }
 */
export const unobserved = <A>(value: A): Observed<A, never> => ({ value, notes: new Map<string, never>() })

/**
 * Wraps kernels so that every call is noted under its path; `undefined` leaves no note.
 *
 * The membranes an observed network keeps between chunks carry no notes: each chunk has its own.
 *
 * @example
 * const K = observe<Spikes, Currents, string>(({ operation }) => operation)(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * notes.get('layers.0.0.W') // => 'synapse'
 */
export const observe =
  <S, C, N>(note: (call: Call<S, C>) => N | undefined) =>
  (K: Kernels<S, C>): Kernels<Observed<S, N>, Observed<C, N>> => {
    const apply = applyOf(K)
    const { concat, empty } = joining<N>()
    const unwrapped = <A>({ value }: Observed<A, N>): A => value
    const values: Translation<Observed<S, N>, Observed<C, N>, S, C> = {
      spikes: unwrapped,
      currents: unwrapped,
      membrane: unwrapped,
    }
    return kernelsOf<Observed<S, N>, Observed<C, N>>((operation, parameters, path) => {
      const run = apply(operation, parameters, path)
      return (...observed) => {
        const inputs = translateInputs(operation, observed, values)
        const outputs = run(...inputs)
        const own = note(callOf(operation, path, parameters, inputs, outputs))
        const past = observed.reduce<Notes<N>>((before, input) => (input ? concat(before, input.notes) : before), empty)
        const notes = own === undefined ? past : new Map([...past, [path, own]])
        const noted = <A>(value: A): Observed<A, N> => ({ value, notes })
        return translateOutputs(operation, outputs, {
          spikes: noted<S>,
          currents: noted<C>,
          membrane: (value: C): Observed<C, N> => ({ value, notes: empty }),
        })
      }
    })
  }
