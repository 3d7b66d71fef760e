/** The world a command sees: two streams, what the terminal can show, and a progress bar. @module */
import type * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { describe, type Faults } from '../core/fault.js'

/** A progress bar: how much more is done, and the end. */
export interface Bar {
  readonly advance: (amount: number) => void
  readonly stop: () => void
}

/** A bar that shows nothing. */
export const silent: Bar = { advance: () => {}, stop: () => {} }

/** What a command may do to the world: results to `out`, everything else to `err`. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether results may be coloured: a terminal, and nobody asked for none. */
  readonly colour: boolean
  /**
   * A progress bar for work of the given total amount, shown once it has taken a second. Where there is no terminal, of
   * work that is `long` by its nature a line is written for each tenth, once it has taken ten seconds; of other work
   * nothing.
   */
  readonly bar: (total: number, long?: boolean) => Bar
}

/** Runs a command's work: prints its result, or a sentence for each fault and notes that the work failed. */
export type Perform = (work: TaskEither.TaskEither<Faults, string>) => Promise<void>

/** The most faults printed; a checkpoint of another variant has hundreds. */
const MOST = 20

/** Untrusted text made safe for a terminal: a control character would move the cursor or change colours. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '\u{fffd}')

/**
 * A sentence for each fault, the first twenty, and how many more there are.
 *
 * @example
 * complaint([{ _tag: 'File', path: 'a.pth', action: 'read', reason: 'there is no such file or folder' }])
 * // => 'error: a.pth: cannot read: there is no such file or folder\n'
 */
export const complaint = (faults: Faults): string => {
  const lines = faults.slice(0, MOST).map((fault) => `error: ${printable(describe(fault))}`)
  const more = faults.length > MOST ? [`error: and ${faults.length - MOST} more`] : []
  return `${[...lines, ...more].join('\n')}\n`
}
