/** The options several commands share, and how their values are read; bad values are refused by name. @module */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Size } from '../core/tensor.js'
import { type Preprocessing, preprocessings } from '../input/evaluation.js'
import { variants } from '../model/config.js'
import { KERNELS, type KernelOptions, PRECISIONS, type Purpose } from '../tasks/choice.js'

/** Larger numbers of steps, samples or classes, and larger images, are slips of the keyboard. */
const LARGEST = 65_536

/** Reads a whole number in a range, or refuses it by what it is. */
export const whole =
  (least: number, most: number = LARGEST) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return value
  }

/**
 * Reads an image size: one number is the side of a square, two are height and width.
 *
 * @example
 * imageSize('224') // => { height: 224, width: 224 }
 * imageSize('64x96') // => { height: 64, width: 96 }
 */
export const imageSize = (text: string): Size => {
  const [, rows, columns] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? []
  const [height, width] = [Number(rows), Number(columns ?? rows)]
  if (rows === undefined || [height, width].some((side) => side < 1 || side > LARGEST))
    throw new InvalidArgumentError(`It must be a side such as 224 or height x width such as 64x96, up to ${LARGEST}.`)
  return { height, width }
}

/** Which network: a variant or a configuration file, and what replaces its own image size and steps. */
export interface NetworkOptions {
  readonly variant?: string
  readonly config?: string
  readonly imageSize?: Size
  readonly steps?: number
  readonly weights?: string
  readonly preprocessing?: Preprocessing
}

/** The image size and the number of steps. */
export const sizeOptions = (command: Command): Command =>
  command
    .addOption(new Option('--image-size <N|HxW>', "input size in pixels (default: the network's)").argParser(imageSize))
    .addOption(new Option('--steps <T>', "time steps T (default: the network's)").argParser(whole(1)))

/** A preprocessing by its name; values of one's own are for a configuration. */
const preprocessingNamed = (text: string): Preprocessing => {
  const kind = preprocessings.find((name) => name === text)
  if (kind === undefined) throw new InvalidArgumentError(`It must be one of ${preprocessings.join(', ')}.`)
  return { kind }
}

/** What `--weights` is for. */
export const WEIGHTS = 'which weights of a checkpoint with several, by name (default: the averaged ones)'

/** The options that say which network a checkpoint holds. */
export const networkOptions = (command: Command): Command =>
  sizeOptions(
    command
      .addOption(
        new Option('--variant <name>', 'the network by name (default: told from the checkpoint)')
          .choices(Object.keys(variants))
          .conflicts('config'),
      )
      .option('--config <file>', 'the network by a configuration in JSON')
      .option('--weights <name>', WEIGHTS)
      .addOption(
        new Option(
          '--preprocessing <name>',
          `how images are prepared: ${preprocessings.join(', ')} (default: the network's)`,
        ).argParser(preprocessingNamed),
      ),
  )

/** What a command runs with that is not told: see `choice`, which decides. */
const DEFAULTS: { readonly [purpose in Purpose]: { readonly precision: string; readonly kernels: string } } = {
  exact: {
    precision: 'default: float64, or float32 where fast, wasm or threads are asked for',
    kernels: 'default: reference in float64, wasm in float32',
  },
  quick: {
    precision: 'default: float32, or float64 where reference is asked for',
    kernels: 'default: wasm in float32, reference in float64',
  },
}

/** The options that say how a network is run, for what the command is for. */
export const kernelOptions = (purpose: Purpose, command: Command): Command =>
  command
    .addOption(new Option('--precision <p>', `the numbers (${DEFAULTS[purpose].precision})`).choices(PRECISIONS))
    .addOption(
      new Option(
        '--kernels <k>',
        `the interpreter: wasm is the fastest, then fast, both float32; reference the slowest (${DEFAULTS[purpose].kernels})`,
      ).choices(KERNELS),
    )
    .addOption(new Option('--threads <n>', 'threads of wasm (default: 1)').argParser(whole(1, 64)))
    .hook('preAction', (asked) => {
      const { precision, kernels, threads } = asked.opts<KernelOptions>()
      if (threads !== undefined && kernels !== undefined && kernels !== 'wasm')
        asked.error(`error: option '--threads <n>' is for wasm, not for --kernels ${kernels}`)
      const float32 =
        threads !== undefined
          ? '--threads <n>'
          : kernels === 'reference'
            ? undefined
            : kernels && `--kernels ${kernels}`
      if (precision === 'float64' && float32 !== undefined)
        asked.error(`error: option '${float32}' computes in float32, so --precision cannot be float64`)
    })
