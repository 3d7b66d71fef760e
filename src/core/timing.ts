/** When the results of a run come, and what stops it. @module */

/** When results come: at once, or as promises. */
export type Timing = 'value' | 'promise'

/** A result at once, or as a promise. */
export type Timed<R extends Timing, A> = R extends 'promise' ? Promise<A> : A

/** What an `AbortSignal` has. */
export interface Signal {
  readonly aborted: boolean
  /** Tells the listener when it aborts. */
  readonly addEventListener: (type: 'abort', listener: () => void) => void
  /** Tells the listener no more. */
  readonly removeEventListener: (type: 'abort', listener: () => void) => void
}
