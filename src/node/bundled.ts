/** The data that come with the package: the handwritten digits and the network trained on them. Node only. @module */
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, reasonOf } from '../core/fault.js'
import { type Digit, parseDigits } from '../input/digits.js'

const tryFile = <A>(path: string, action: (path: string) => Promise<A>): TaskEither.TaskEither<Faults, A> =>
  TaskEither.tryCatch(
    () => action(path),
    (error): Faults => [{ _tag: 'File', path, action: 'read', reason: reasonOf(error) }],
  )

const readable = (relative: string): TaskEither.TaskEither<Faults, string> =>
  tryFile(fileURLToPath(new URL(relative, import.meta.url)), (path) => access(path, constants.R_OK).then(() => path))

/** The path of a file in the package's `data` folder: two floors up, from `src/node` as from `dist/node`. */
const bundledFile = (name: string): TaskEither.TaskEither<Faults, string> => readable(`../../data/${name}`)

/**
 * The path of the trained network's checkpoint, in safetensors with the authors' keys. Its configuration is `digits`.
 *
 * @example
 * await pipe(bundledCheckpoint, TaskEither.map((path) => path.endsWith('digits.safetensors')))()
 * // => Either.right(true)
 */
export const bundledCheckpoint: TaskEither.TaskEither<Faults, string> = bundledFile('digits.safetensors')

/**
 * The 1797 handwritten digits, in the order of the data set.
 *
 * @example
 * await pipe(bundledDigits, TaskEither.map((all) => all.length))() // => Either.right(1797)
 */
export const bundledDigits: TaskEither.TaskEither<Faults, readonly Digit[]> = pipe(
  bundledFile('digits.csv'),
  TaskEither.chain((path) =>
    pipe(
      tryFile(path, (file) => readFile(file, 'utf8')),
      TaskEither.chain((text) => pipe(TaskEither.fromEither(parseDigits(text)), TaskEither.mapLeft(inFile(path)))),
    ),
  ),
)
