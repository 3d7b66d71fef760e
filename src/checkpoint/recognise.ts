/** Which network a checkpoint holds, told from the checkpoint. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import { sameShape, sizeOf, type Tensor } from '../core/tensor.js'
import { wellFormedAll } from '../core/well-formed.js'
import { type Config, usualPreprocessing, variants } from '../model/config.js'
import { layout } from '../model/parameters.js'
import { parseConfigText } from './configuration.js'
import type { Safetensors } from './safetensors.js'

/** The name under which a safetensors file's metadata hold the network's configuration, in JSON. */
export const CONFIG = 'config'

type Tensors = ReadonlyMap<string, Tensor>

/**
 * The configuration for as many classes as the checkpoint's classifier has, and, where they are others, for the images that
 * so many classes tell of (see `usualPreprocessing`).
 *
 * @example
 * const checkpoint = syntheticCheckpoint({ ...variants.digits, classes: 3 }, 7)
 * withClassesOf(checkpoint)(variants.digits) // => { ...variants.digits, classes: 3 }
 */
export const withClassesOf =
  (tensors: Tensors) =>
  (config: Config): Config => {
    const [classes, ...rest] = tensors.get('classifier.weight')?.shape ?? []
    if (classes === undefined || classes < 1 || rest.length !== 1 || classes === config.classes) return config
    const other = { ...config, classes }
    return { ...other, preprocessing: usualPreprocessing(other) }
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
 * The configuration of a checkpoint that is not said to be of one: the one in its metadata, or the variant whose keys
 * and shapes it has, with any number of classes. Where it is neither, a fault says so.
 *
 * @example
 * recognise({ tensors: syntheticCheckpoint(variants.digits, 7), metadata: {} }) // => Either.right(variants.digits)
 */
export const recognise = ({ tensors, metadata }: Safetensors): Either.Either<Faults, Config> => {
  const own = metadata[CONFIG]
  if (own !== undefined) return parseConfigText(own)
  const formed = wellFormedAll(tensors)
  if (Either.isLeft(formed)) return formed
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
