/** Laws as values: what one is, what its judgement says, and the expectations a port may keep. @module */
import type { Arbitrary } from 'fast-check'
import type { Currents, Precision, Spikes } from '../core/tensor.js'
import type { Operation, Operations } from './implementation.js'
import type { Reread } from './translation.js'

/** The version of the law set: a law added or made stricter raises the second number, a law changed or removed the first. */
export const version = '2.2'

/**
 * What a law asks of an implementation.
 *
 * - `spikes`: what is true of every right implementation, in whatever order it adds; its cases are dyadic, so exact.
 * - `bits`: that it rounds as specified, on cases that use all bits of a precision.
 */
export type Level = 'spikes' | 'bits'

/** What a law may know of the implementation besides its operations. */
export interface About {
  /** The precision it says it rounds to. */
  readonly precision: Precision | undefined
  /** What an argument or a result is now; see {@link LawDefinition.over}. */
  readonly reread: Reread
}

/** `true`: the law holds of this case. Otherwise one sentence: what was found, and what should be. */
export type Verdict = true | string

/**
 * A law: a claim about some operations that must hold of every case.
 *
 * `X` is the type of a case. A list of laws is a list of `Law<unknown>`, made by {@link law}.
 */
export interface Law<X = unknown> {
  /** Stable, `group.name`: seeds, expectation files and the kill matrix refer to it. */
  readonly id: string
  /** The claim, one sentence. */
  readonly statement: string
  /** The claim as an equation, LaTeX. */
  readonly formula: string
  /** Where the claim comes from: an equation or section of the paper, or the authors' code. */
  readonly source: string
  readonly level: Level
  /** The operations it is about. */
  readonly needs: readonly Operation[]
  /** Laws this one builds on: where one of them does not pass, this one says nothing new and is `blocked`. */
  readonly after: readonly string[]
  /** The most cases worth trying, for laws whose one case is dear or whose cases are few. */
  readonly atMost: number
  /** What the operations are handed: copies of their arguments, or the values of the case themselves. */
  readonly over: 'copies' | 'values'
  /** The cases. */
  readonly given: Arbitrary<X>
  /** Whether the law holds of the operations in a case; it may throw, which is a failure like another. */
  readonly holds: (K: Operations<Spikes, Currents>, about: About) => (x: X) => Verdict
}

/** What {@link law} is told; `holds` sees only the operations the law says it needs. */
export interface LawDefinition<X, N extends Operation> {
  readonly id: string
  readonly statement: string
  readonly formula: string
  readonly source: string
  readonly needs: readonly N[]
  readonly after?: readonly string[]
  readonly atMost?: number
  /** `spikes` where left out. */
  readonly level?: Level
  /** `copies` where left out; `values` for a law about what becomes of them. */
  readonly over?: 'copies' | 'values'
  readonly given: Arbitrary<X>
  /** As in {@link Law}. */
  readonly holds: (K: Pick<Operations<Spikes, Currents>, N>, about: About) => (x: X) => Verdict
}

/**
 * A law whose type of case is its own business, so that laws of different cases make one list.
 *
 * @example
 * import fc from 'fast-check'
 * const order = law({
 *   id: 'add.order', statement: 'The order does not matter.', formula: 'a + b = b + a', source: 'algebra',
 *   needs: ['add'], given: fc.tuple(given.reals([3]), given.reals([3])),
 *   holds: ({ add }) => ([a, b]) => add(a, b).data.join() === add(b, a).data.join() || 'the order matters',
 * })
 * runLaws({ kernels: reference('float32') }, [order]).map(({ status }) => status) // => ['pass']
 */
export const law = <X, const N extends Operation>(definition: LawDefinition<X, N>): Law =>
  ({ after: [], atMost: Number.POSITIVE_INFINITY, level: 'spikes', over: 'copies', ...definition }) as LawDefinition<
    X,
    N
  > as unknown as Law

/** The smallest case a law fails on, and how to see it again. */
export interface Failure {
  /** What was found and what should be: `attn[1,0,3] = 0, should be 1`. */
  readonly sentence: string
  /** The shrunk case, as it was given. */
  readonly counterexample: unknown
  /** Replays the case: `runLaws(mine, [law], { seed, path })`. */
  readonly seed: number
  readonly path: string
}

/**
 * The judgement of one law.
 *
 * - `pass`: it held of every case. `fail`: it did not.
 * - `missing`: the implementation lacks an operation. `blocked`: a law it builds on did not pass.
 * - `beyond`: it did not hold, but it is of a level that was not asked for: `bits`, where `spikes` was.
 * - `xfail`: it failed as the expectations said; `xpass`: it held though they said it fails; `skip`: they said not to try.
 */
export type Row = {
  readonly id: string
  readonly statement: string
  /** How long it took, where that was measured. */
  readonly seconds?: number
} & (
  | { readonly status: 'pass'; readonly runs: number }
  | ({ readonly status: 'fail' } & Failure)
  | ({ readonly status: 'beyond' } & Failure)
  | { readonly status: 'missing'; readonly operations: readonly Operation[] }
  | { readonly status: 'blocked'; readonly by: readonly string[] }
  | ({ readonly status: 'xfail'; readonly why: string } & Failure)
  | { readonly status: 'xpass'; readonly why: string; readonly runs: number }
  | { readonly status: 'skip'; readonly why: string }
)

/** What a port knows about itself: a law it breaks on purpose, or one it does not want tried; and why. */
export interface Expectation {
  readonly expect: 'fail' | 'skip'
  readonly why: string
}

/** The expectations of a port, by law id. */
export type Expectations = { readonly [id: string]: Expectation }

/** How {@link runLaws} runs. */
export interface Options {
  /** Cases a law, at least 1 (100). */
  readonly runs?: number
  /** What is asked for (`spikes`): a law of a level beyond that does not hold is `beyond`, not `fail`. */
  readonly level?: Level
  /** Shifts every law's seed, which otherwise depends on its id alone (0). */
  readonly base?: number
  readonly expectations?: Expectations
  /** `false`: a failure is the first case found, not the smallest. */
  readonly shrink?: boolean
  /** Instead of the seeds derived from ids: a failure's own, to replay it. */
  readonly seed?: number
  readonly path?: string
}
