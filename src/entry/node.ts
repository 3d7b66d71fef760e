/**
 * What touches files, in Node: checkpoints, images, and the data that come with the package.
 *
 * @example
 * ```ts
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TaskEither from 'fp-ts/lib/TaskEither.js'
 * import { parse, variants } from 'spikingresformer'
 * import { bundledCheckpoint, readCheckpoint } from 'spikingresformer/node'
 *
 * const parameters = await pipe(
 *   bundledCheckpoint,
 *   TaskEither.chain(readCheckpoint),
 *   TaskEither.chainEitherK(parse(variants.digits)),
 * )()
 * parameters._tag // => 'Right'
 * ```
 * @module spikingresformer/node
 */

// Bundled data
export { bundledCheckpoint, bundledDigits } from '../node/bundled.js'

// Images
export { decodeImage, maxPixels, maxSide, readImage } from '../node/decode.js'

// Files
export { readSafetensors, withFile, writePytorch, writeSafetensors } from '../node/files.js'
export { sha256 } from '../node/hash.js'
export type { Checkpoint } from '../node/weights.js'
export { readCheckpoint, readWeights } from '../node/weights.js'
export { writeFileAtomically } from '../node/write.js'

// Types that the declarations name, so that a program's own declarations can name them too
export type { Either } from 'fp-ts/lib/Either.js'
export type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
export type { Safetensors } from '../checkpoint/safetensors.js'
export type { Source } from '../checkpoint/source.js'
export type { Fault, Faults } from '../core/fault.js'
export type { Numbers, Reals, Shape, Tensor } from '../core/tensor.js'
export type { Digit } from '../input/digits.js'
export type { Image } from '../input/image.js'
