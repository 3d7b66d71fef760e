/** A folder of IDX files, as MNIST and its kin have them: which are there, and the data in a pair of them. @module */

import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { readIdx } from '../node/idx.js'
import type { Dataset } from '../tasks/training/given.js'

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

/** Whether a folder has images of its own as IDX, packed or not. */
export const hasIdx = (names: readonly string[], which: 'train' | 't10k'): boolean => {
  const [images] = idxNames(which)
  return names.includes(images) || names.includes(`${images}.gz`)
}

/** The images and labels of a folder, given the names of its files. */
export const idxPair = (
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
