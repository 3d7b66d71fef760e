/** From images, tensors, events and digits to samples for a network. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Numbers, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { type NetworkInput, networkInput } from '../input/batch.js'
import { type Digit, digitsInput, digitsValues, splitDigits } from '../input/digits.js'
import { evaluationInput, recipeOf } from '../input/evaluation.js'
import { integrateEvents } from '../input/events.js'
import type { Image } from '../input/image.js'
import type { Config } from '../model/config.js'

/** One sample and what is known of it. */
export interface Sample {
  readonly name: string
  /** With a batch axis of one. */
  readonly input: NetworkInput
  /** The 8 x 8 values of a handwritten digit, 0 to 16, where it is one. */
  readonly digit: readonly number[] | null
  /** Its class, where the data set says it. */
  readonly truth: number | null
}

/** How inputs are to be taken. */
export interface InputOptions {
  /** For the digits network: images are dark ink on bright paper. */
  readonly invert: boolean
  /** The steps asked for; null where the input or the network decides. */
  readonly steps: number | null
}

/** A tensor `[C, H, W]` as one sample of the network. */
const single =
  ({ channels, image }: Config) =>
  ({ shape, data }: Tensor): Either.Either<Faults, NetworkInput> =>
    networkInput({ channels, ...image })(tensor([1, ...shape], data))

/**
 * The samples of a batch, each with a batch axis of one.
 *
 * @example
 * const batch = networkInput({ channels: 1, height: 1, width: 1 })(tensor([2, 1, 1, 1], Float64Array.of(3, 4)))
 * pipe(batch, Either.map(samplesOf), Either.map(([, second]) => second?.tensor))
 * // => Either.right(tensor([1, 1, 1, 1, 1], Float64Array.of(4)))
 */
export const samplesOf = ({ kind, tensor: { shape, data } }: NetworkInput): readonly NetworkInput[] => {
  const [T, B, ...frame] = shape as readonly [number, number, ...number[]]
  const size = sizeOf(frame)
  return Array.from({ length: B }, (_, b) => {
    const sample = data.slice(0, T * size)
    for (let t = 0; t < T; t++) sample.set(data.subarray((t * B + b) * size, (t * B + b + 1) * size), t * size)
    return { kind, tensor: tensor([T, 1, ...frame], sample) }
  })
}

/**
 * Whether a network takes handwritten digits: one channel of 16 x 16.
 *
 * @example
 * takesDigits(digits) // => true
 */
export const takesDigits = ({ channels, image }: Config): boolean =>
  channels === 1 && image.height === 16 && image.width === 16

/**
 * A handwritten digit as a sample.
 *
 * @example
 * const blank = { values: Array.from({ length: 64 }, () => 0), label: 0 }
 * pipe(digitSample(digits)('a blank', blank), Either.map(({ input }) => input.tensor.shape))
 * // => Either.right([1, 1, 1, 16, 16])
 */
export const digitSample =
  (config: Config) =>
  (name: string, { values, label }: Digit): Either.Either<Faults, Sample> =>
    pipe(
      digitsInput(values),
      Either.chain(single(config)),
      Either.map((input) => ({ name, input, digit: values, truth: label })),
    )

/**
 * The digits of the data set that the bundled network was not trained on, by their number among these.
 *
 * @example
 * testSamples(digits)([]) // => Either.right([])
 */
export const testSamples =
  (config: Config) =>
  (digits: readonly Digit[]): Either.Either<Faults, readonly Sample[]> =>
    takesDigits(config)
      ? pipe(
          splitDigits(digits).test,
          Either.traverseArrayWithIndex((index, digit: Digit) => digitSample(config)(`test digit ${index}`, digit)),
        )
      : Either.left(
          refuse(
            `the bundled digits are 1 x 16 x 16, this network takes ${config.channels} x ${config.image.height} x ${config.image.width}`,
            'give images or safetensors files of its own',
          ),
        )

/**
 * An image as a sample: for the digits network averaged to 8 x 8 greys, for others resized, cropped and normalised as
 * the authors do for evaluation.
 *
 * @example
 * pipe(imageSample(digits, { invert: true, steps: null })('a photo', photo), Either.map(({ digit }) => digit?.length))
 * // => Either.right(64)
 */
export const imageSample =
  (config: Config, { invert }: InputOptions) =>
  (name: string, picture: Image): Either.Either<Faults, Sample> => {
    const sample = (
      digit: readonly number[] | null,
      input: Either.Either<Faults, Tensor>,
    ): Either.Either<Faults, Sample> =>
      pipe(
        input,
        Either.chain(single(config)),
        Either.map((numbers) => ({ name, input: numbers, digit, truth: null })),
      )
    const { kind } = config.preprocessing
    if (kind === 'digits') {
      const values = digitsValues({ invert })(picture)
      return sample(values, digitsInput(values))
    }
    if (invert) return Either.left(refuse('--invert is for the digits network', 'leave it out'))
    const recipe = recipeOf(config.preprocessing)
    if (recipe === null)
      return Either.left(
        refuse(
          'this network takes the recordings of an event camera, not images',
          'give events or frames (see --help)',
        ),
      )
    return config.channels === 3
      ? sample(null, evaluationInput(config.image, recipe)(picture))
      : Either.left(
          refuse(
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

/** The tensor `input` as it is, or else events integrated into the network's steps. */
const inputOf =
  (config: Config, { steps }: InputOptions) =>
  (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, NetworkInput> => {
    const { channels, image } = config
    const given = tensors.get('input')
    const events = columnsOf(tensors)
    if (given === undefined && events === null)
      return Either.left(refuse('there is no tensor named input', 'name it input, or give events as t, x, y and p'))
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
          refuse(`it has ${shape[0]} frames, one a step, but --steps asks for ${steps}`, 'leave --steps out'),
      ),
    )
  }

/**
 * The samples among a file's tensors: those of the batch `input`, taken as it is, or the recording whose events are the
 * columns `t`, `x`, `y`, `p`.
 *
 * @example
 * const tensors = new Map([['input', tensor([2, 1, 16, 16], new Float32Array(512))]])
 * const samples = tensorSamples(digits, { invert: false, steps: null })('two', tensors)
 * pipe(samples, Either.map((found) => found.map(({ name }) => name))) // => Either.right(['two[0]', 'two[1]'])
 */
export const tensorSamples =
  (config: Config, options: InputOptions) =>
  (name: string, tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, readonly Sample[]> =>
    pipe(
      inputOf(config, options)(tensors),
      Either.map((input) => {
        const samples = samplesOf(input)
        return samples.map((sample, b) => ({
          name: samples.length === 1 ? name : `${name}[${b}]`,
          input: sample,
          digit: null,
          truth: null,
        }))
      }),
    )
