/** From a checkpoint file and a few options to a network's parameters. @module */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readCheckpoint, readSafetensors, withFile } from '../checkpoint/files.js'
import type { Safetensors } from '../checkpoint/safetensors.js'
import { readRange } from '../checkpoint/source.js'
import { type Faults, inFile } from '../core/fault.js'
import { sameShape, sizeOf, type Tensor } from '../core/tensor.js'
import { bundledCheckpoint } from '../input/bundled.js'
import { type Config, digits, validate, variants } from '../model/config.js'
import { layout, type Parameters, parse } from '../model/parameters.js'
import { parseConfigText } from './config-file.js'
import type { NetworkOptions } from './options.js'

/** The name under which a safetensors file's metadata hold the network's configuration, in JSON. */
export const CONFIG = 'config'

type Tensors = ReadonlyMap<string, Tensor>

/** A text file. */
export const readText: (path: string) => TE.TaskEither<Faults, string> = withFile((source) =>
  pipe(
    readRange(source, 0, source.size),
    TE.map((bytes) => new TextDecoder().decode(bytes)),
  ),
)

/** A configuration file. */
export const readConfig = (path: string): TE.TaskEither<Faults, Config> =>
  pipe(
    readText(path),
    TE.chain((text) => pipe(TE.fromEither(parseConfigText(text)), TE.mapLeft(inFile(path)))),
  )

/** A checkpoint with its metadata: only a safetensors file has any. */
export const readWithMetadata = (path: string): TE.TaskEither<Faults, Safetensors> =>
  /\.safetensors$/i.test(path)
    ? readSafetensors(path)
    : pipe(
        readCheckpoint(path),
        TE.map((tensors) => ({ tensors, metadata: {} })),
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
export const recognise = ({ tensors, metadata }: Safetensors): E.Either<Faults, Config> => {
  const own = metadata[CONFIG]
  if (own !== undefined) return parseConfigText(own)
  const found = Object.values(variants).map(withClassesOf(tensors)).find(fits(tensors))
  return found === undefined
    ? E.left([
        {
          _tag: 'Input',
          problem: `its keys and shapes are of none of the variants ${Object.keys(variants).join(', ')}`,
          advice: 'say which network it is with --variant, or with --config for one of your own',
        },
      ])
    : E.right(found)
}

/** The configuration with the image size and steps of the options. */
export const resized =
  ({ imageSize, steps }: NetworkOptions) =>
  (config: Config): E.Either<Faults, Config> =>
    validate({ ...config, image: imageSize ?? config.image, steps: steps ?? config.steps })

/** The configuration the options name, whatever its weights; null where they name none. */
const named = ({ variant, config }: NetworkOptions): TE.TaskEither<Faults, Config> | null =>
  variant !== undefined ? TE.right(variants[variant]!) : config !== undefined ? readConfig(config) : null

/**
 * The network in a checkpoint file. The configuration is the one of `--config`, as it is; or of `--variant`; or else
 * told from the checkpoint: the last two for as many classes as the checkpoint has.
 */
export const loadNetwork =
  (options: NetworkOptions) =>
  (path: string): TE.TaskEither<Faults, Parameters> =>
    pipe(
      readWithMetadata(path),
      TE.chain((checkpoint) =>
        pipe(
          named(options) ?? pipe(TE.fromEither(recognise(checkpoint)), TE.mapLeft(inFile(path))),
          TE.map(options.config === undefined ? withClassesOf(checkpoint.tensors) : (config) => config),
          TE.chainEitherK(resized(options)),
          TE.chain((config) => pipe(TE.fromEither(parse(config)(checkpoint.tensors)), TE.mapLeft(inFile(path)))),
        ),
      ),
    )

/** The network that comes with the package: handwritten digits. */
export const bundledNetwork = (options: NetworkOptions): TE.TaskEither<Faults, Parameters> =>
  pipe(bundledCheckpoint, TE.chain(loadNetwork({ ...options, variant: digits.name })))
