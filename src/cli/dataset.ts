/** The data that `train` is given: the bundled digits, a folder of IDX files, or one of images by class. @module */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile, refuse } from '../core/fault.js'
import type { Shape, Tensor } from '../core/tensor.js'
import { type Digit, digitsInput, splitDigits } from '../input/digits.js'
import type { Config } from '../model/config.js'
import { bundledDigits } from '../node/bundled.js'
import { readImage } from '../node/decode.js'
import { readIdx } from '../node/idx.js'
import { imageSample } from '../tasks/samples.js'
import type { Dataset } from '../tasks/training/given.js'

/** Data to train on, and to test on where there are some; images not yet as the network takes them. */
export interface Found {
  /** The shape of a sample, where the data say it; images by class are made as large as the network takes them. */
  readonly shape: Shape | null
  readonly classes: number
  readonly load: (
    config: Config,
  ) => TaskEither.TaskEither<Faults, { readonly training: Dataset; readonly test: Dataset | null }>
}

const joined = (
  shape: Shape,
  samples: readonly { readonly data: ArrayLike<number>; readonly label: number }[],
): Dataset => {
  const size = shape.reduce((a, b) => a * b, 1)
  const data = new Float32Array(samples.length * size)
  for (const [i, sample] of samples.entries()) data.set(sample.data, i * size)
  return { shape, data, labels: samples.map(({ label }) => label) }
}

const digitsOf = (rows: readonly Digit[]): Either.Either<Faults, Dataset> =>
  pipe(
    rows,
    Either.traverseArray(({ values, label }) =>
      pipe(
        digitsInput(values),
        Either.map(({ data }) => ({ data, label })),
      ),
    ),
    Either.map((samples) => joined([1, 16, 16], samples)),
  )

/** The bundled digits. */
export const digitsData: TaskEither.TaskEither<Faults, Found> = pipe(
  bundledDigits,
  TaskEither.map(splitDigits),
  TaskEither.chainEitherK(({ training, test }) =>
    pipe(
      digitsOf(training),
      Either.bindTo('training'),
      Either.bind('test', () => digitsOf(test)),
    ),
  ),
  TaskEither.map((data) => ({ shape: [1, 16, 16], classes: 10, load: () => TaskEither.right(data) })),
)

/** Images and labels as a data set: bytes to -1 .. 1. */
const labelled =
  (name: string) =>
  ([images, labels]: readonly [Tensor<Uint8Array>, Tensor<Uint8Array>]): Either.Either<Faults, Dataset> => {
    const [count, height, width] = images.shape
    if (images.shape.length !== 3 || labels.shape.length !== 1 || count !== labels.shape[0] || count === 0)
      return Either.left(
        refuse(
          `the ${name} images have shape [${images.shape.join(', ')}], their labels [${labels.shape.join(', ')}]`,
          'give images [count, height, width] and as many labels, at least one',
        ),
      )
    return Either.right({
      shape: [1, height!, width!],
      data: new Float32Array(images.data).map((byte) => byte / 127.5 - 1),
      labels: Array.from(labels.data),
    })
  }

/** The names of IDX files, as MNIST and its kin have them. */
const idxNames = (which: 'train' | 't10k'): readonly [string, string] => [
  `${which}-images-idx3-ubyte`,
  `${which}-labels-idx1-ubyte`,
]

const idxPair = (
  folder: string,
  names: readonly string[],
  which: 'train' | 't10k',
): TaskEither.TaskEither<Faults, Dataset> =>
  pipe(
    idxNames(which),
    TaskEither.traverseSeqArray((name) => readIdx(join(folder, names.includes(name) ? name : `${name}.gz`))),
    TaskEither.chainEitherK(([images, labels]) =>
      labelled(which === 'train' ? 'training' : 'test')([images!, labels!]),
    ),
    TaskEither.mapLeft(inFile(folder)),
  )

const has = (names: readonly string[], name: string): boolean => names.includes(name) || names.includes(`${name}.gz`)

const idxData = (folder: string, names: readonly string[]): TaskEither.TaskEither<Faults, Found> =>
  pipe(
    idxPair(folder, names, 'train'),
    TaskEither.bindTo('training'),
    TaskEither.bind('test', () =>
      has(names, idxNames('t10k')[0]) ? idxPair(folder, names, 't10k') : TaskEither.right(null),
    ),
    TaskEither.map(({ training, test }) => ({
      shape: training.shape,
      classes: 1 + training.labels.reduce((most, label) => Math.max(most, label), 0),
      load: () => TaskEither.right({ training, test }),
    })),
  )

const list = (
  folder: string,
): TaskEither.TaskEither<Faults, { readonly folders: readonly string[]; readonly files: readonly string[] }> =>
  pipe(
    TaskEither.tryCatch(() => readdir(folder, { withFileTypes: true }), fileFaults(folder, 'read')),
    TaskEither.map((entries) => {
      const named = (folders: boolean): readonly string[] =>
        entries
          .flatMap((entry) => (entry.isDirectory() === folders && !entry.name.startsWith('.') ? [entry.name] : []))
          .sort()
      return { folders: named(true), files: named(false) }
    }),
  )

const IMAGE = /\.(?:png|jpe?g)$/i

/** The images of a folder with a folder for each class; the classes are numbered by their names in order. */
const imagesByClass =
  (config: Config, classes: readonly string[]) =>
  (folder: string): TaskEither.TaskEither<Faults, Dataset> =>
    pipe(
      list(folder),
      TaskEither.filterOrElse(
        ({ folders }) => folders.every((name) => classes.includes(name)),
        ({ folders }): Faults =>
          inFile(folder)(
            refuse(
              `${folders.find((name) => !classes.includes(name))!} is no class of the training data`,
              'take it away',
            ),
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
      TaskEither.chain(
        TaskEither.traverseSeqArray(({ path, label }) =>
          pipe(
            readImage(path),
            TaskEither.chainEitherK((picture) =>
              pipe(imageSample(config, { invert: false, steps: null })(path, picture), Either.mapLeft(inFile(path))),
            ),
            TaskEither.map(({ input }) => ({ data: Float32Array.from(input.tensor.data, Number), label })),
          ),
        ),
      ),
      TaskEither.map((samples) => joined([config.channels, config.image.height, config.image.width], samples)),
    )

const classesData = (
  folder: string,
  { folders }: { readonly folders: readonly string[] },
): TaskEither.TaskEither<Faults, Found> => {
  const split = folders.includes('train')
  const test = split ? (['test', 'val'].find((name) => folders.includes(name)) ?? null) : null
  const training = split ? join(folder, 'train') : folder
  return pipe(
    split ? list(training) : TaskEither.right({ folders, files: [] }),
    TaskEither.filterOrElse(
      ({ folders: classes }) => classes.length >= 2,
      (): Faults =>
        inFile(folder)(
          refuse(
            'it has neither IDX files nor two folders of images',
            'give train-images-idx3-ubyte and train-labels-idx1-ubyte, or a folder for each class, in train/ or in itself',
          ),
        ),
    ),
    TaskEither.map(({ folders: classes }) => ({
      shape: null,
      classes: classes.length,
      load: (config) =>
        pipe(
          imagesByClass(config, classes)(training),
          TaskEither.bindTo('training'),
          TaskEither.bind('test', () =>
            test === null ? TaskEither.right(null) : imagesByClass(config, classes)(join(folder, test)),
          ),
        ),
    })),
  )
}

/** The data in a folder, told by what is in it. */
export const folderData = (folder: string): TaskEither.TaskEither<Faults, Found> =>
  pipe(
    list(folder),
    TaskEither.chain(({ files, folders }) =>
      has(files, idxNames('train')[0]) ? idxData(folder, files) : classesData(folder, { folders }),
    ),
  )
