/** From a checkpoint file and a few options to a network's parameters. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Safetensors } from '../checkpoint/safetensors.js'
import { readRange } from '../checkpoint/source.js'
import { type Faults, inFile } from '../core/fault.js'
import { sameShape, sizeOf, type Tensor } from '../core/tensor.js'
import { type Config, digits, validate, variants } from '../model/config.js'
import { layout, type Parameters, parse } from '../model/parameters.js'
import { bundledCheckpoint } from '../node/bundled.js'
import { readCheckpoint, readSafetensors, withFile } from '../node/files.js'
import { parseConfigText } from './config-file.js'
import type { NetworkOptions } from './options.js'

/** The name under which a safetensors file's metadata hold the network's configuration, in JSON. */
export const CONFIG = 'config'

type Tensors = ReadonlyMap<string, Tensor>

/** A text file. */
export const readText: (path: string) => TaskEither.TaskEither<Faults, string> = withFile((source) =>
  pipe(
    readRange(source, 0, source.size),
    TaskEither.map((bytes) => new TextDecoder().decode(bytes)),
  ),
)

/** A configuration file. */
export const readConfig = (path: string): TaskEither.TaskEither<Faults, Config> =>
  pipe(
    readText(path),
    TaskEither.chain((text) => pipe(TaskEither.fromEither(parseConfigText(text)), TaskEither.mapLeft(inFile(path)))),
  )

/** A checkpoint with its metadata: only a safetensors file has any. */
export const readWithMetadata = (path: string): TaskEither.TaskEither<Faults, Safetensors> =>
  /\.safetensors$/i.test(path)
    ? readSafetensors(path)
    : pipe(
        readCheckpoint(path),
        TaskEither.map((tensors) => ({ tensors, metadata: {} })),
      )

/** The configuration for as many classes as the checkpoint's classifier has. */
const withClassesOf =
  (tensors: Tensors) =>
  (config: Config): Config => {
    const [classes, ...rest] = tensors.get('classifier.weight')?.shape ?? []
    return classes !== undefined && classes > 0 && rest.length === 1 ? { ...config, classes } : config
  }

const fits =
  (tensors: Tensors) =>
  (config: Config): boolean =>
    layout(config)
      .filter(({ role }) => role !== 'counter')
      .every(({ key, shape }) => {
        const found = tensors.get(key)?.shape
        return found !== undefined && (sameShape(found, shape) || (shape.length === 0 && sizeOf(found) === 1))
      })

/**
 * The configuration of a checkpoint that does not come with one: the one in its metadata, or the variant whose keys and
 * shapes it has, with any number of classes.
 */
export const recognise = ({ tensors, metadata }: Safetensors): Either.Either<Faults, Config> => {
  const own = metadata[CONFIG]
  if (own !== undefined) return parseConfigText(own)
  const found = Object.values(variants).map(withClassesOf(tensors)).find(fits(tensors))
  return found === undefined
    ? Either.left([
        {
          _tag: 'Input',
          problem: `its keys and shapes are of none of the variants ${Object.keys(variants).join(', ')}`,
          advice: 'say which network it is with --variant, or with --config for one of your own',
        },
      ])
    : Either.right(found)
}

/** The configuration with the image size and steps of the options. */
export const resized =
  ({ imageSize, steps }: NetworkOptions) =>
  (config: Config): Either.Either<Faults, Config> =>
    validate({ ...config, image: imageSize ?? config.image, steps: steps ?? config.steps })

/** The configuration the options name, whatever its weights; null where they name none. */
const named = ({ variant, config }: NetworkOptions): TaskEither.TaskEither<Faults, Config> | null =>
  variant !== undefined ? TaskEither.right(variants[variant]!) : config !== undefined ? readConfig(config) : null

/**
 * The network in a checkpoint file. The configuration is the one of `--config`, as it is; or of `--variant`; or else
 * told from the checkpoint: the last two for as many classes as the checkpoint has.
 */
export const loadNetwork =
  (options: NetworkOptions) =>
  (path: string): TaskEither.TaskEither<Faults, Parameters> =>
    pipe(
      readWithMetadata(path),
      TaskEither.chain((checkpoint) =>
        pipe(
          named(options) ?? pipe(TaskEither.fromEither(recognise(checkpoint)), TaskEither.mapLeft(inFile(path))),
          TaskEither.map(options.config === undefined ? withClassesOf(checkpoint.tensors) : (config) => config),
          TaskEither.chainEitherK(resized(options)),
          TaskEither.chain((config) =>
            pipe(TaskEither.fromEither(parse(config)(checkpoint.tensors)), TaskEither.mapLeft(inFile(path))),
          ),
        ),
      ),
    )

/** The network that comes with the package: handwritten digits. */
export const bundledNetwork = (options: NetworkOptions): TaskEither.TaskEither<Faults, Parameters> =>
  pipe(bundledCheckpoint, TaskEither.chain(loadNetwork({ ...options, variant: digits.name })))
