/**
 * Observing any interpreter: every operation leaves a note under its scope path, and nothing else changes.
 *
 * A value carries the notes of everything it was computed from. Notes join idempotently, keyed by path: where two
 * branches meet again (every residual), their common past is counted once.
 * @module
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Reals, Size, Tensor } from '../core/tensor.js'
import type { Kernels, Membranes, Neuron, Stem, Synapse } from '../model/kernels.js'

/** Notes by path, such as `layers.0.0.activation_in`. */
export type Notes<N> = ReadonlyMap<string, N>

/** A value and the notes of its past in this chunk. */
export interface Observed<A, N> {
  readonly value: A
  readonly notes: Notes<N>
}

/** An operation that was run: its parameters, what it took and what it gave. */
export type Event<S, C> =
  | { readonly operation: 'stem'; readonly parameters: Stem; readonly input: C; readonly output: C }
  | { readonly operation: 'hold'; readonly steps: number; readonly input: C; readonly output: C }
  | { readonly operation: 'fire'; readonly parameters: Neuron; readonly input: C; readonly output: S }
  | { readonly operation: 'synapse'; readonly parameters: Synapse; readonly input: S; readonly output: C }
  | { readonly operation: 'splitHeads'; readonly heads: number; readonly input: C; readonly output: readonly [C, C] }
  | {
      readonly operation: 'dstT'
      readonly scale: readonly number[]
      readonly y: C
      readonly spikes: S
      readonly output: C
    }
  | {
      readonly operation: 'dst'
      readonly scale: readonly number[]
      readonly y: C
      readonly spikes: S
      readonly output: C
    }
  | { readonly operation: 'mergeHeads'; readonly size: Size; readonly input: C; readonly output: C }
  | { readonly operation: 'add'; readonly a: C; readonly b: C; readonly output: C }
  | { readonly operation: 'meanPool'; readonly input: C; readonly output: C }
  | { readonly operation: 'classify'; readonly weight: Tensor<Reals>; readonly input: C; readonly output: C }

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
 * Wraps kernels so that every operation is noted under its path; `undefined` leaves no note.
 *
 * The membranes an observed network keeps between chunks carry no notes: each chunk has its own.
 *
 * @example
 * const K = observe((_, event: Event<Spikes, Currents>) => event.operation)(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * notes.get('layers.0.0.W') // => 'synapse'
 */
export const observe =
  <S, C, N>(note: (path: string, event: Event<S, C>) => N | undefined) =>
  (K: Kernels<S, C>): Kernels<Observed<S, N>, Observed<C, N>> => {
    const { concat } = joining<N>()
    const wrap = (inner: Kernels<S, C>, path: string): Kernels<Observed<S, N>, Observed<C, N>> => {
      const after = (past: Notes<N>, event: Event<S, C>): Notes<N> => {
        const own = note(path, event)
        return own === undefined ? past : new Map(past).set(path, own)
      }
      const product = (operation: 'dstT' | 'dst') => (scale: readonly number[]) => {
        const run = inner[operation](scale)
        return (y: Observed<C, N>, spikes: Observed<S, N>): Observed<C, N> => {
          const output = run(y.value, spikes.value)
          const event = { operation, scale, y: y.value, spikes: spikes.value, output }
          return { value: output, notes: after(concat(y.notes, spikes.notes), event) }
        }
      }
      const unary =
        <A, B>(run: (value: A) => B, event: (input: A, output: B) => Event<S, C>) =>
        ({ value, notes }: Observed<A, N>): Observed<B, N> => {
          const output = run(value)
          return { value: output, notes: after(notes, event(value, output)) }
        }
      return {
        stem: (parameters) =>
          unary(inner.stem(parameters), (input, output) => ({ operation: 'stem', parameters, input, output })),
        hold: (steps) => unary(inner.hold(steps), (input, output) => ({ operation: 'hold', steps, input, output })),
        synapse: (parameters) =>
          unary(inner.synapse(parameters), (input, output) => ({ operation: 'synapse', parameters, input, output })),
        mergeHeads: (size) =>
          unary(inner.mergeHeads(size), (input, output) => ({ operation: 'mergeHeads', size, input, output })),
        meanPool: unary(inner.meanPool, (input, output) => ({ operation: 'meanPool', input, output })),
        classify: (weight) =>
          unary(inner.classify(weight), (input, output) => ({ operation: 'classify', weight, input, output })),
        splitHeads: (heads) => {
          const run = inner.splitHeads(heads)
          return ({ value: input, notes }) => {
            const output = run(input)
            const noted = after(notes, { operation: 'splitHeads', heads, input, output })
            return [
              { value: output[0], notes: noted },
              { value: output[1], notes: noted },
            ]
          }
        },
        dstT: product('dstT'),
        dst: product('dst'),
        add: (a, b) => {
          const output = inner.add(a.value, b.value)
          const event: Event<S, C> = { operation: 'add', a: a.value, b: b.value, output }
          return { value: output, notes: after(concat(a.notes, b.notes), event) }
        },
        fire: (parameters) => {
          const run = inner.fire(parameters)
          return ({ value: input, notes }) =>
            (membranes) => {
              const bare: Membranes<C> = new Map([...membranes].map(([key, { value }]) => [key, value]))
              const [output, next] = run(input)(bare)
              return [
                { value: output, notes: after(notes, { operation: 'fire', parameters, input, output }) },
                new Map([...next].map(([key, value]) => [key, { value, notes: joining<N>().empty }])),
              ]
            }
        },
        scope: (label) => wrap(inner.scope(label), path === '' ? label : `${path}.${label}`),
      }
    }
    return wrap(K, '')
  }
