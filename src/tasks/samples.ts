/** From images, tensors, events and digits to samples for a network. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Numbers, type Size, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { wellFormedAll } from '../core/well-formed.js'
import { arrange, type Layout, type NetworkInput, networkInput } from '../input/batch.js'
import { type Digit, digitsInput, digitsValues, splitDigits } from '../input/digits.js'
import { evaluationInput, recipeOf } from '../input/evaluation.js'
import { integrateEvents, resizeFrames, rowsOfEvents, type Split } from '../input/events.js'
import { checkedImage, type Image } from '../input/image.js'
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
  /** Which axis of frames is time, where it is said. */
  readonly layout?: Layout | null
  /** The size of the event camera, where it is said; both DVS data sets were recorded at 128 x 128. */
  readonly sensor?: Size | null
  /** How events are split into frames: by number, where it is not said. */
  readonly split?: Split | null
}

/** The samples of a file, and what to say of how it was read. */
export interface Read {
  readonly samples: readonly Sample[]
  readonly notes: readonly string[]
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
 * takesDigits(variants.digits) // => true
 */
export const takesDigits = ({ channels, image }: Config): boolean =>
  channels === 1 && image.height === 16 && image.width === 16

/**
 * A handwritten digit as a sample.
 *
 * @example
 * const blank = { values: Array.from({ length: 64 }, () => 0), label: 0 }
 * pipe(digitSample(variants.digits)('a blank', blank), Either.map(({ input }) => input.tensor.shape))
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
 * testSamples(variants.digits)([]) // => Either.right([])
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
 * pipe(imageSample(variants.digits, { invert: true, steps: null })('a photo', photo), Either.map(({ digit }) => digit?.length))
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
    if (kind === 'digits' && takesDigits(config))
      return pipe(
        checkedImage(picture),
        Either.map(digitsValues({ invert })),
        Either.chain((values) => sample(values, digitsInput(values))),
      )
    if (invert) return Either.left(refuse('--invert is for the digits network', 'leave it out'))
    const recipe = recipeOf(config.preprocessing)
    if (kind === 'events')
      return Either.left(
        refuse(
          'this network takes the recordings of an event camera, not images',
          'give events or frames (see --help)',
        ),
      )
    return config.channels === 3 && recipe !== null
      ? sample(null, evaluationInput(config.image, recipe)(picture))
      : Either.left(
          refuse(
            config.channels === 3
              ? `this network's preprocessing is that of ${kind}, which no image of 3 channels has`
              : `an image has 3 channels, this network takes ${config.channels}`,
            'give its input as a tensor in a safetensors file',
          ),
        )
  }

type Columns = Readonly<Record<'t' | 'x' | 'y' | 'p', Numbers>>

/** The names of the columns of events, as the libraries have them. */
const COLUMNS = {
  t: ['t', 'timestamp', 'timestamps', 'ts'],
  x: ['x', 'xs'],
  y: ['y', 'ys'],
  p: ['p', 'polarity', 'polarities', 'pol', 'ps'],
} as const

/** The columns of events in a file, where it has them. */
const columnsOf = (tensors: ReadonlyMap<string, Tensor>): Columns | null => {
  const [t, x, y, p] = (['t', 'x', 'y', 'p'] as const).map((column) =>
    COLUMNS[column].map((name) => tensors.get(name)?.data).find((data) => data !== undefined),
  )
  return t && x && y && p ? { t, x, y, p } : null
}

/** The sensor of both DVS data sets. */
const SENSOR: Size = { height: 128, width: 128 }

interface Taken {
  readonly input: NetworkInput
  readonly notes: readonly string[]
}

/** Frames of two polarities at the sensor's size, as one sample. */
const recorded =
  ({ channels, image, steps }: Config, notes: readonly string[]) =>
  (frames: Tensor): Either.Either<Faults, Taken> =>
    pipe(
      resizeFrames(image)(frames),
      Either.map(({ shape, data }) => tensor([1, ...shape], data)),
      Either.chain(networkInput({ channels, ...image })),
      Either.map((input) => ({
        input,
        notes:
          frames.shape[0] === steps
            ? notes
            : [...notes, `it has ${frames.shape[0]} frames, but the network runs ${steps} steps`],
      })),
    )

/** The tensor `input` as it is, a recording's `frames`, or else its events integrated into the network's steps. */
const inputOf =
  (config: Config, { steps, layout = null, sensor = null, split = null }: InputOptions) =>
  (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, Taken> => {
    const { channels, image } = config
    const only = tensors.size === 1 ? tensors.get('') : undefined
    const given = tensors.get('input') ?? (only?.shape.at(-3) === 2 ? undefined : only)
    const frames = tensors.get('frames') ?? only
    const events = columnsOf(tensors)
    const taken = (): Either.Either<Faults, Taken> => {
      if (given !== undefined) {
        const [first, second] = given.shape
        const arranged = given.shape.length === 5 ? arrange([first!, second!], config.steps, layout) : null
        return pipe(
          networkInput({ channels, ...image, layout: arranged?.layout ?? 'BT' })(given),
          Either.map((input) => ({ input, notes: arranged?.note ? [arranged.note] : [] })),
        )
      }
      if (frames !== undefined) return recorded(config, [])(frames)
      const rows = [...tensors.values()].map(({ shape }) => rowsOfEvents(shape)).find((found) => found !== null)
      if (events === null)
        return Either.left(
          rows ??
            refuse(
              'there is no tensor named input',
              'name it input, or give frames [T, 2, H, W], or events as t, x, y and p',
            ),
        )
      return pipe(
        integrateEvents({ ...(sensor ?? SENSOR), steps: config.steps, split: split ?? 'number' })(events),
        Either.chain(
          recorded(
            config,
            sensor === null ? [`took ${SENSOR.height} x ${SENSOR.width} as the sensor's size; --sensor chooses`] : [],
          ),
        ),
      )
    }
    return pipe(
      taken(),
      Either.filterOrElse(
        ({
          input: {
            kind,
            tensor: { shape },
          },
        }) => kind === 'still' || steps === null || steps === shape[0],
        ({
          input: {
            tensor: { shape },
          },
        }) => refuse(`it has ${shape[0]} frames, one a step, but --steps asks for ${steps}`, 'leave --steps out'),
      ),
    )
  }

/**
 * The samples among a file's tensors, and what to say of how it was read: those of the batch `input`, taken as it is; a
 * recording as `frames` `[T, 2, H, W]` of its two polarities; or its events, the columns `t`, `x`, `y`, `p`. A recording
 * is integrated at the sensor's size, then resized, then its third channel is the sum of the polarities.
 *
 * @example
 * const tensors = new Map([['input', tensor([2, 1, 16, 16], new Float32Array(512))]])
 * const read = tensorSamples(variants.digits, { invert: false, steps: null })('two', tensors)
 * pipe(read, Either.map(({ samples }) => samples.map(({ name }) => name))) // => Either.right(['two[0]', 'two[1]'])
 */
export const tensorSamples =
  (config: Config, options: InputOptions) =>
  (name: string, tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, Read> =>
    pipe(
      wellFormedAll(tensors),
      Either.chain(inputOf(config, options)),
      Either.map(({ input, notes }) => {
        const samples = samplesOf(input)
        return {
          samples: samples.map((sample, b) => ({
            name: samples.length === 1 ? name : `${name}[${b}]`,
            input: sample,
            digit: null,
            truth: null,
          })),
          notes,
        }
      }),
    )
