/** The data that `train` is given: the bundled digits, a folder of IDX files, or one of images by class. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import type { Shape } from '../core/tensor.js'
import { type Digit, digitsInput, splitDigits } from '../input/digits.js'
import type { Config } from '../model/config.js'
import { bundledDigits } from '../node/bundled.js'
import type { Dataset } from '../tasks/training/given.js'
import { imagesByClass, type Listed, list, readLabelled, splitOf } from './class-folders.js'
import { hasIdx, idxPair } from './idx-data.js'

/** Data to train on, and to test on where there are some; images not yet as the network takes them. */
export interface Found {
  /** The shape of a sample, where the data say it; images by class are made as large as the network takes them. */
  readonly shape: Shape | null
  readonly classes: number
  /** What the classes are called, where the data say it. */
  readonly names: readonly string[] | null
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
  TaskEither.map((data) => ({ shape: [1, 16, 16], classes: 10, names: null, load: () => TaskEither.right(data) })),
)

const idxData = (folder: string, names: readonly string[]): TaskEither.TaskEither<Faults, Found> =>
  pipe(
    idxPair(folder, names, 'train'),
    TaskEither.bindTo('training'),
    TaskEither.bind('test', () => (hasIdx(names, 't10k') ? idxPair(folder, names, 't10k') : TaskEither.right(null))),
    TaskEither.map(({ training, test }) => ({
      shape: training.shape,
      classes: 1 + training.labels.reduce((most, label) => Math.max(most, label), 0),
      names: null,
      load: () => TaskEither.right({ training, test }),
    })),
  )

/** The images of a folder of classes as the network takes them. */
const loaded =
  (config: Config, classes: readonly string[]) =>
  (folder: string): TaskEither.TaskEither<Faults, Dataset> =>
    pipe(
      folder,
      imagesByClass(classes, 'the training data'),
      TaskEither.chain(
        TaskEither.traverseSeqArray((image) =>
          pipe(
            image,
            readLabelled(config),
            TaskEither.map(({ input }) => ({
              data: Float32Array.from(input.tensor.data, Number),
              label: image.label,
            })),
          ),
        ),
      ),
      TaskEither.map((samples) => joined([config.channels, config.image.height, config.image.width], samples)),
    )

const classesData = (folder: string, listed: Listed): TaskEither.TaskEither<Faults, Found> => {
  const { training, test } = splitOf(folder, listed.folders)
  return pipe(
    training === null ? TaskEither.right(listed) : list(training),
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
      names: classes,
      load: (config) =>
        pipe(
          training ?? folder,
          loaded(config, classes),
          TaskEither.bindTo('training'),
          TaskEither.bind('test', () => (test === null ? TaskEither.right(null) : loaded(config, classes)(test))),
        ),
    })),
  )
}

/** The data in a folder, told by what is in it. */
export const folderData = (folder: string): TaskEither.TaskEither<Faults, Found> =>
  pipe(
    list(folder),
    TaskEither.chain((listed) =>
      hasIdx(listed.files, 'train') ? idxData(folder, listed.files) : classesData(folder, listed),
    ),
  )
