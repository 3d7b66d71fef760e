/** Images in a folder for each class. @module */

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile, refuse } from '../core/fault.js'
import type { Config } from '../model/config.js'
import { readImage } from '../node/decode.js'
import { imageSample, type Sample } from '../tasks/samples.js'

/** What is in a folder, in order; names that begin with a dot are left out. */
export interface Listed {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** What is in a folder. */
export const list = (folder: string): TaskEither.TaskEither<Faults, Listed> =>
  pipe(
    TaskEither.tryCatch(
      async () => {
        if (!(await stat(folder)).isDirectory()) throw new Error('it is no folder')
        return readdir(folder, { withFileTypes: true })
      },
      fileFaults(folder, 'read'),
    ),
    TaskEither.map((entries) => {
      const named = (folders: boolean): readonly string[] =>
        entries
          .flatMap((entry) => (entry.isDirectory() === folders && !entry.name.startsWith('.') ? [entry.name] : []))
          .sort()
      return { folders: named(true), files: named(false) }
    }),
  )

/** What a folder of images to test on is called. */
const TESTS: readonly string[] = ['test', 'val']

/** Where a folder has its images to train and to test on; null where it has none of its own for that. */
export const splitOf = (
  folder: string,
  folders: readonly string[],
): { readonly training: string | null; readonly test: string | null } => {
  const training = folders.includes('train') ? join(folder, 'train') : null
  const test = TESTS.find((name) => folders.includes(name))
  const split = training !== null || folders.every((name) => TESTS.includes(name))
  return { training, test: test === undefined || !split ? null : join(folder, test) }
}

const IMAGE = /\.(?:png|jpe?g)$/i

/** An image's file and its class. */
export interface Labelled {
  readonly path: string
  readonly label: number
}

/** The images of a folder with a folder for each class, numbered by the classes' order; of whose classes they are is said. */
export const imagesByClass =
  (classes: readonly string[], whose: string) =>
  (folder: string): TaskEither.TaskEither<Faults, readonly Labelled[]> =>
    pipe(
      list(folder),
      TaskEither.filterOrElse(
        ({ folders }) => folders.every((name) => classes.includes(name)),
        ({ folders }): Faults =>
          inFile(folder)(
            refuse(`${folders.find((name) => !classes.includes(name))!} is no class of ${whose}`, 'take it away'),
          ),
      ),
      TaskEither.chain(({ folders }) =>
        pipe(
          folders,
          TaskEither.traverseSeqArray((name) =>
            pipe(
              list(join(folder, name)),
              TaskEither.map(({ files }) =>
                files
                  .filter((file) => IMAGE.test(file))
                  .map((file) => ({ path: join(folder, name, file), label: classes.indexOf(name) })),
              ),
            ),
          ),
        ),
      ),
      TaskEither.map((byClass) => byClass.flat()),
      TaskEither.filterOrElse(
        (files) => files.length > 0,
        (): Faults =>
          inFile(folder)(
            refuse('there are no images in its folders', 'give PNG or JPEG files, a folder for each class'),
          ),
      ),
    )

/** An image with its class, as the network takes it. */
export const readLabelled =
  (config: Config) =>
  ({ path, label }: Labelled): TaskEither.TaskEither<Faults, Sample> =>
    pipe(
      readImage(path),
      TaskEither.chainEitherK((picture) =>
        pipe(imageSample(config, { invert: false, steps: null })(path, picture), Either.mapLeft(inFile(path))),
      ),
      TaskEither.map((sample) => ({ ...sample, truth: label })),
    )
