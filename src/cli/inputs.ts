/** From the files named on the command line, or the bundled digits, to samples for a network. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile } from '../core/fault.js'
import type { Config } from '../model/config.js'
import { bundledDigits } from '../node/bundled.js'
import { readImage } from '../node/decode.js'
import { readSafetensors } from '../node/files.js'
import { type InputOptions, imageSample, type Sample, tensorSamples, testSamples } from '../tasks/samples.js'

/** The bundled digits the network was not trained on. */
export const testDigits = (config: Config): TaskEither.TaskEither<Faults, readonly Sample[]> =>
  pipe(bundledDigits, TaskEither.chainEitherK(testSamples(config)))

/** The samples in a file: an image is one, a safetensors file has a batch of them. */
export const readSamples =
  (config: Config, options: InputOptions) =>
  (path: string): TaskEither.TaskEither<Faults, readonly Sample[]> => {
    const ofFile = TaskEither.mapLeft(inFile(path))
    return /\.safetensors$/i.test(path)
      ? pipe(
          readSafetensors(path),
          TaskEither.chain(({ tensors }) =>
            ofFile(TaskEither.fromEither(tensorSamples(config, options)(path, tensors))),
          ),
        )
      : pipe(
          readImage(path),
          TaskEither.chain((picture) => ofFile(TaskEither.fromEither(imageSample(config, options)(path, picture)))),
          TaskEither.map((sample) => [sample]),
        )
  }
