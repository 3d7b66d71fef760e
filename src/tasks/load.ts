/** From a checkpoint and what is said of it to a network's parameters. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { parseAs } from '../checkpoint/mismatch.js'
import { recognise, withClassesOf } from '../checkpoint/recognise.js'
import type { Safetensors } from '../checkpoint/safetensors.js'
import type { Faults } from '../core/fault.js'
import type { Size } from '../core/tensor.js'
import { wellFormedAll } from '../core/well-formed.js'
import type { Preprocessing } from '../input/evaluation.js'
import { type Config, validate } from '../model/config.js'
import type { NetworkParameters } from '../model/parameters.js'

/** What replaces a configuration's own image size, steps and preprocessing. */
export interface Extent {
  readonly imageSize?: Size
  readonly steps?: number
  readonly preprocessing?: Preprocessing
}

/** Which network a checkpoint is said to hold: at most one of two; without either it is told from the checkpoint. */
export interface Said {
  /** A network, for as many classes as the checkpoint has. */
  readonly variant?: Config
  /** A network as it is. */
  readonly config?: Config
}

/**
 * The configuration of a checkpoint's network: as it is said, or else told from the checkpoint.
 *
 * @example
 * const checkpoint = { tensors: syntheticCheckpoint({ ...variants.digits, classes: 3 }, 7), metadata: {} }
 * configurationOf({ variant: variants.digits })(checkpoint) // => Either.right({ ...variants.digits, classes: 3 })
 * configurationOf({})(checkpoint) // => Either.right({ ...variants.digits, classes: 3 })
 */
export const configurationOf =
  ({ variant, config }: Said) =>
  (checkpoint: Safetensors): Either.Either<Faults, Config> =>
    config !== undefined
      ? Either.right(config)
      : pipe(
          variant === undefined ? recognise(checkpoint) : Either.right(variant),
          Either.map(withClassesOf(checkpoint.tensors)),
        )

/**
 * The configuration with another image size, other steps, other preprocessing; every inconsistency is a fault.
 *
 * @example
 * resized({ steps: 2 })(variants.digits) // => Either.right({ ...variants.digits, steps: 2 })
 */
export const resized =
  ({ imageSize, steps, preprocessing }: Extent) =>
  (config: Config): Either.Either<Faults, Config> =>
    validate({
      ...config,
      image: imageSize ?? config.image,
      steps: steps ?? config.steps,
      preprocessing: preprocessing ?? config.preprocessing,
    })

/**
 * What is to be said of a network of events that is run at another image size than its configuration's; null where nothing
 * is. Weights learnt at one size run at another, with other scales of attention: plausible logits, seldom right ones.
 *
 * @example
 * untrainedSize(variants.dvsg)({ ...variants.dvsg, image: { height: 128, width: 128 } })
 * // => 'it runs at 128 x 128, its configuration says 64 x 64: right only for weights that were trained at this size'
 * untrainedSize(variants.dvsg)(variants.dvsg) // => null
 */
export const untrainedSize =
  ({ image: own }: Config) =>
  ({ image, preprocessing: { kind } }: Config): string | null =>
    kind !== 'events' || (own.height === image.height && own.width === image.width)
      ? null
      : `it runs at ${image.height} x ${image.width}, its configuration says ${own.height} x ${own.width}: right only for weights that were trained at this size`

/**
 * The network in a checkpoint.
 *
 * @example
 * const checkpoint = { tensors: syntheticCheckpoint(variants.digits, 7), metadata: {} }
 * pipe(checkpoint, load({ steps: 2 }), Either.map(({ config }) => config.steps)) // => Either.right(2)
 */
export const load =
  (said: Said & Extent) =>
  (checkpoint: Safetensors): Either.Either<Faults, NetworkParameters> =>
    pipe(
      wellFormedAll(checkpoint.tensors),
      Either.chain(() => configurationOf(said)(checkpoint)),
      Either.chain(resized(said)),
      Either.chain((config) => parseAs(config)(checkpoint.tensors)),
    )
