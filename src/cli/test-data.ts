/** The data that `evaluate` is given, as `train` takes them: of each kind the samples to test on. @module */

import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import { tensor } from '../core/tensor.js'
import { networkInput } from '../input/batch.js'
import type { Config } from '../model/config.js'
import { type Sample, samplesOf } from '../tasks/samples.js'
import { checkedDataset, type Dataset } from '../tasks/training/given.js'
import type { Named } from './checkpoint.js'
import { imagesByClass, type Listed, list, readLabelled, splitOf } from './class-folders.js'
import { hasIdx, idxPair } from './idx-data.js'
import { testDigits } from './inputs.js'

/** Samples to test on, each read when it is its turn, and what their classes are called, where it is said. */
export interface TestData {
  readonly samples: readonly TaskEither.TaskEither<Faults, Sample>[]
  readonly labels: readonly string[] | null
}

const digitsTest = ({ parameters: { config }, labels }: Named): TaskEither.TaskEither<Faults, TestData> =>
  config.classes === 10
    ? pipe(
        testDigits(config),
        TaskEither.map((samples) => ({ samples: samples.map((sample) => TaskEither.right(sample)), labels })),
      )
    : TaskEither.left(
        refuse(`the network has ${config.classes} classes, but the digits have 10`, 'give a network for digits'),
      )

/** Images of one shape as samples. */
const samplesIn =
  ({ channels, image }: Config) =>
  ({ shape, data, labels }: Dataset): Either.Either<Faults, readonly Sample[]> =>
    pipe(
      networkInput({ channels, ...image })(tensor([labels.length, ...shape], data)),
      Either.map((batch) =>
        samplesOf(batch).map((input, i) => ({ name: `test image ${i}`, input, digit: null, truth: labels[i]! })),
      ),
    )

const idxTest = (
  folder: string,
  names: readonly string[],
  { parameters: { config }, labels }: Named,
): TaskEither.TaskEither<Faults, TestData> =>
  hasIdx(names, 't10k')
    ? pipe(
        idxPair(folder, names, 't10k'),
        TaskEither.chainEitherK((data) =>
          pipe(data, checkedDataset(config, 'test'), Either.chain(samplesIn(config)), Either.mapLeft(inFile(folder))),
        ),
        TaskEither.map((samples) => ({ samples: samples.map((sample) => TaskEither.right(sample)), labels })),
      )
    : TaskEither.left(
        inFile(folder)(refuse('it has no images to test on', 'give t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte')),
      )

/** The classes are numbered by the network's names for them; if it has none, by those of the folders it was trained on. */
const classesTest = (
  folder: string,
  listed: Listed,
  { parameters: { config }, labels }: Named,
): TaskEither.TaskEither<Faults, TestData> => {
  if (listed.folders.length === 0)
    return TaskEither.left(
      inFile(folder)(
        refuse(
          'it has neither IDX files nor folders of images',
          'give t10k-images-idx3-ubyte and its labels, or a folder for each class',
        ),
      ),
    )
  const { training, test } = splitOf(folder, listed.folders)
  if (training !== null && test === null)
    return TaskEither.left(
      inFile(folder)(refuse('it has train/ and no images to test on', `give ${join(folder, 'train')} to test on them`)),
    )
  const named: TaskEither.TaskEither<Faults, readonly string[]> =
    labels !== null
      ? TaskEither.right(labels)
      : pipe(
          list(training ?? test ?? folder),
          TaskEither.map(({ folders }) => folders),
        )
  return pipe(
    named,
    TaskEither.filterOrElse(
      ({ length }) => length === config.classes,
      ({ length }): Faults =>
        inFile(folder)(
          refuse(
            `it has the folders of ${length} classes, but the network has ${config.classes} and no names for them`,
            'give a folder for each class, or a network that train made of such folders',
          ),
        ),
    ),
    TaskEither.chain((classes) =>
      pipe(
        test ?? folder,
        imagesByClass(classes, 'the network'),
        TaskEither.map((images) => ({ samples: images.map(readLabelled(config)), labels: classes })),
      ),
    ),
  )
}

/** What to test a network on. */
export const testData =
  (data: string) =>
  (named: Named): TaskEither.TaskEither<Faults, TestData> =>
    data === 'digits'
      ? digitsTest(named)
      : pipe(
          list(data),
          TaskEither.chain((listed) =>
            hasIdx(listed.files, 't10k') || hasIdx(listed.files, 'train')
              ? idxTest(data, listed.files, named)
              : classesTest(data, listed, named),
          ),
        )
