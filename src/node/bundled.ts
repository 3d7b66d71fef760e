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

/** The text of the package.json two floors up from this file, of `src/node` as of `dist/node`; of a bundle, whatever is there. */
const aboutHere = async (): Promise<unknown> =>
  JSON.parse(await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'))

const isOurs = (about: unknown): boolean =>
  typeof about === 'object' && about !== null && 'name' in about && about.name === 'spikingresformer'

/** The path of a file in the package's `data` folder, looked for at the call: a bundler leaves that folder behind. */
const bundledFile = (name: string): TaskEither.TaskEither<Faults, string> =>
  pipe(
    TaskEither.tryCatch(aboutHere, () => null),
    TaskEither.filterOrElseW(isOurs, () => null),
    TaskEither.mapLeft(
      (): Faults => [
        {
          _tag: 'Unavailable',
          what: `data/${name} of the package spikingresformer was left behind when this program was bundled`,
          advice: 'keep spikingresformer/node out of the bundle (external), or read a copy of the file',
        },
      ],
    ),
    TaskEither.chain(() =>
      tryFile(fileURLToPath(new URL(`../../data/${name}`, import.meta.url)), (path) =>
        access(path, constants.R_OK).then(() => path),
      ),
    ),
  )

/**
 * The path of the trained network's checkpoint, in safetensors with the authors' keys. Its configuration is `digits`.
 *
 * @example
 * await pipe(bundledCheckpoint, TaskEither.map((path) => path.endsWith('digits.safetensors')))()
 * // => Either.right(true)
 */
export const bundledCheckpoint: TaskEither.TaskEither<Faults, string> = bundledFile('digits.safetensors')

const bundledText = (name: string): TaskEither.TaskEither<Faults, { readonly path: string; readonly text: string }> =>
  pipe(
    bundledFile(name),
    TaskEither.bindTo('path'),
    TaskEither.bind('text', ({ path }) => tryFile(path, (file) => readFile(file, 'utf8'))),
  )

/** The catalogue of mistakes and of what a network with each first differs in, as JSON. @internal */
export const bundledCauses: TaskEither.TaskEither<Faults, string> = pipe(
  bundledText('causes.json'),
  TaskEither.map(({ text }) => text),
)

/**
 * The 1797 handwritten digits, in the order of the data set.
 *
 * @example
 * await pipe(bundledDigits, TaskEither.map((all) => all.length))() // => Either.right(1797)
 */
export const bundledDigits: TaskEither.TaskEither<Faults, readonly Digit[]> = pipe(
  bundledText('digits.csv'),
  TaskEither.chain(({ path, text }) =>
    pipe(TaskEither.fromEither(parseDigits(text)), TaskEither.mapLeft(inFile(path))),
  ),
)
