/** The interpreter the options ask for. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import { type Chosen, choose, type KernelOptions, type Purpose } from '../tasks/choice.js'
import type { Io } from './io.js'

/** The choice, and a note where it is not what was asked for. */
export const chooseKernels = (
  purpose: Purpose,
  options: KernelOptions,
  io: Io,
): TaskEither.TaskEither<Faults, Chosen> =>
  pipe(
    choose(purpose, options),
    TaskEither.map((chosen) => {
      if (chosen.notice !== null) io.err(`note: ${chosen.notice}\n`)
      return chosen
    }),
  )
