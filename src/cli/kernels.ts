/** What was chosen to run with, said where it is not what was asked for. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { Chosen } from '../tasks/choice.js'
import type { Io } from './io.js'

/** The choice, and a note where it is not what was asked for. */
export const noted =
  (io: Io) =>
  <A extends Chosen>(choice: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> =>
    pipe(
      choice,
      TaskEither.map((chosen) => {
        if (chosen.notice !== null) io.err(`note: ${chosen.notice}\n`)
        return chosen
      }),
    )
