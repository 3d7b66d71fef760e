/** From the files named on the command line, or the bundled digits, to samples for a network. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, inFile } from '../core/fault.js'
import { type Numbers, type Tensor, tensor } from '../core/tensor.js'
import { type NetworkInput, networkInput } from '../input/batch.js'
import { type Digit, digitsInput, digitsValues, splitDigits } from '../input/digits.js'
import { evaluationInput } from '../input/evaluation.js'
import { integrateEvents } from '../input/events.js'
import type { Image } from '../input/image.js'
import type { Config } from '../model/config.js'
import { bundledDigits } from '../node/bundled.js'
import { readImage } from '../node/decode.js'
import { readSafetensors } from '../node/files.js'
import { samplesOf } from './run.js'

/** One sample and what is known of it. */
export interface Sample {
  readonly name: string
  readonly input: NetworkInput
  /** The 8 x 8 values of a handwritten digit, 0 to 16, where it is one. */
  readonly digit: readonly number[] | null
  /** Its class, where the data set says it. */
  readonly truth: number | null
}

/** What the command line says about inputs. */
export interface InputOptions {
  readonly invert: boolean
  /** The steps asked for; null where the input or the network decides. */
  readonly steps: number | null
}

const refused = (problem: string, advice: string): Faults => [{ _tag: 'Input', problem, advice }]

/** A tensor `[C, H, W]` as one sample of the network. */
const single =
  ({ channels, image }: Config) =>
  ({ shape, data }: Tensor): Either.Either<Faults, NetworkInput> =>
    networkInput({ channels, ...image })(tensor([1, ...shape], data))

/** Whether a network takes handwritten digits. */
export const takesDigits = ({ channels, image }: Config): boolean =>
  channels === 1 && image.height === 16 && image.width === 16

/** A handwritten digit as a sample. */
export const digitSample =
  (config: Config) =>
  (name: string, { values, label }: Digit): Either.Either<Faults, Sample> =>
    pipe(
      digitsInput(values),
      Either.chain(single(config)),
      Either.map((input) => ({ name, input, digit: values, truth: label })),
    )

/** The bundled digits the network was not trained on, by their number in the test set. */
export const testDigits = (config: Config): TaskEither.TaskEither<Faults, readonly Sample[]> =>
  takesDigits(config)
    ? pipe(
        bundledDigits,
        TaskEither.chainEitherK((digits) =>
          pipe(
            splitDigits(digits).test,
            Either.traverseArrayWithIndex((index, digit: Digit) => digitSample(config)(`test digit ${index}`, digit)),
          ),
        ),
      )
    : TaskEither.left(
        refused(
          `the bundled digits are 1 x 16 x 16, this network takes ${config.channels} x ${config.image.height} x ${config.image.width}`,
          'give images or safetensors files of its own',
        ),
      )

const imageSample =
  (config: Config, { invert }: InputOptions, name: string) =>
  (picture: Image): Either.Either<Faults, Sample> => {
    const sample = (
      digit: readonly number[] | null,
      input: Either.Either<Faults, Tensor>,
    ): Either.Either<Faults, Sample> =>
      pipe(
        input,
        Either.chain(single(config)),
        Either.map((numbers) => ({ name, input: numbers, digit, truth: null })),
      )
    if (takesDigits(config)) {
      const values = digitsValues({ invert })(picture)
      return sample(values, digitsInput(values))
    }
    if (invert) return Either.left(refused('--invert is for the digits network', 'leave it out'))
    return config.channels === 3
      ? sample(null, evaluationInput(config.image)(picture))
      : Either.left(
          refused(
            `an image has 3 channels, this network takes ${config.channels}`,
            'give its input as a tensor in a safetensors file',
          ),
        )
  }

type Columns = Readonly<Record<'t' | 'x' | 'y' | 'p', Numbers>>

/** The columns of events in a file, where it has them. */
const columnsOf = (tensors: ReadonlyMap<string, Tensor>): Columns | null => {
  const [t, x, y, p] = ['t', 'x', 'y', 'p'].map((name) => tensors.get(name)?.data)
  return t && x && y && p ? { t, x, y, p } : null
}

const noInput: Fault = {
  _tag: 'Input',
  problem: 'there is no tensor named input',
  advice: 'name it input, or give events as t, x, y and p',
}

/** The tensor `input` as it is, or else events integrated into the network's steps. */
const tensorInput =
  (config: Config, { steps }: InputOptions) =>
  (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, NetworkInput> => {
    const { channels, image } = config
    const given = tensors.get('input')
    const events = columnsOf(tensors)
    if (given === undefined && events === null) return Either.left([noInput])
    return pipe(
      given !== undefined
        ? Either.right<Faults, Tensor>(given)
        : pipe(
            integrateEvents({ ...image, steps: config.steps })(events!),
            Either.map(({ shape, data }) => tensor([1, ...shape], data)),
          ),
      Either.chain(networkInput({ channels, ...image })),
      Either.filterOrElse(
        ({ kind, tensor: { shape } }) => kind === 'still' || steps === null || steps === shape[0],
        ({ tensor: { shape } }) =>
          refused(`it has ${shape[0]} frames, one a step, but --steps asks for ${steps}`, 'leave --steps out'),
      ),
    )
  }

/**
 * The samples in a file: an image is one; a safetensors file has a tensor `input`, taken as it is and split into the
 * samples of its batch, or the columns `t`, `x`, `y`, `p` of a recording's events.
 */
export const readSamples =
  (config: Config, options: InputOptions) =>
  (path: string): TaskEither.TaskEither<Faults, readonly Sample[]> =>
    /\.safetensors$/i.test(path)
      ? pipe(
          readSafetensors(path),
          TaskEither.chain(({ tensors }) =>
            pipe(TaskEither.fromEither(tensorInput(config, options)(tensors)), TaskEither.mapLeft(inFile(path))),
          ),
          TaskEither.map((input) => {
            const samples = samplesOf(input)
            return samples.map((sample, b) => ({
              name: samples.length === 1 ? path : `${path}[${b}]`,
              input: sample,
              digit: null,
              truth: null,
            }))
          }),
        )
      : pipe(
          readImage(path),
          TaskEither.chain((picture) =>
            pipe(TaskEither.fromEither(imageSample(config, options, path)(picture)), TaskEither.mapLeft(inFile(path))),
          ),
          TaskEither.map((sample) => [sample]),
        )
