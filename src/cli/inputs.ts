/** From the files named on the command line, or the bundled digits, to samples for a network. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { decodeNumpy } from '../checkpoint/npy.js'
import { decodeSafetensorsSource } from '../checkpoint/safetensors.js'
import { readRange, type Source } from '../checkpoint/source.js'
import { type Faults, inFile } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { kindBytes, kindOf, startsAsSafetensors } from '../input/kind.js'
import type { Config } from '../model/config.js'
import { bundledDigits } from '../node/bundled.js'
import { readImage } from '../node/decode.js'
import { readSafetensors, withFile } from '../node/files.js'
import { type InputOptions, imageSample, type Sample, tensorSamples, testSamples } from '../tasks/samples.js'
import { type Io, printable } from './io.js'

/** The bundled digits the network was not trained on. */
export const testDigits = (config: Config): TaskEither.TaskEither<Faults, readonly Sample[]> =>
  pipe(bundledDigits, TaskEither.chainEitherK(testSamples(config)))

/** The tensors of a file that has some, told by its bytes; null for an image. */
const tensorsIn = (source: Source): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor> | null> =>
  pipe(
    readRange(source, 0, Math.min(kindBytes, source.size)),
    TaskEither.chain((start): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor> | null> => {
      const kind = kindOf(start)
      if (kind === 'a zip archive' || kind === 'a NumPy array (.npy)') return decodeNumpy(source)
      return startsAsSafetensors(start)
        ? pipe(
            decodeSafetensorsSource(source),
            TaskEither.map(({ tensors }) => tensors),
          )
        : TaskEither.right(null)
    }),
  )

/**
 * The samples in a file, told by its bytes: an image is one; a safetensors or NumPy file has a batch or a recording. What
 * is to be said of how it was read is said on `io.err`.
 */
export const readSamples =
  (config: Config, options: InputOptions, io: Io) =>
  (path: string): TaskEither.TaskEither<Faults, readonly Sample[]> => {
    const ofFile = TaskEither.mapLeft(inFile(path))
    return pipe(
      path,
      withFile(tensorsIn),
      TaskEither.chain((tensors) =>
        tensors === null && !/\.safetensors$/i.test(path)
          ? pipe(
              readImage(path),
              TaskEither.chain((picture) => ofFile(TaskEither.fromEither(imageSample(config, options)(path, picture)))),
              TaskEither.map((sample) => ({ samples: [sample], notes: [] })),
            )
          : pipe(
              tensors === null
                ? pipe(
                    readSafetensors(path),
                    TaskEither.map((read) => read.tensors),
                  )
                : TaskEither.right(tensors),
              TaskEither.chain((found) => ofFile(TaskEither.fromEither(tensorSamples(config, options)(path, found)))),
            ),
      ),
      TaskEither.map(({ samples, notes }) => {
        for (const note of notes) io.err(`note: ${printable(`${path}: ${note}`)}\n`)
        return samples
      }),
    )
  }
