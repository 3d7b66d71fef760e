/**
 * What touches files, in Node: checkpoints, images, and the data that come with the package.
 *
 * @example
 * ```ts
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TaskEither from 'fp-ts/lib/TaskEither.js'
 * import { digits, parse } from 'spikingresformer'
 * import { bundledCheckpoint, readCheckpoint } from 'spikingresformer/node'
 *
 * const parameters = await pipe(bundledCheckpoint, TaskEither.chain(readCheckpoint), TaskEither.chainEitherK(parse(digits)))()
 * parameters._tag // => 'Right'
 * ```
 * @module spikingresformer/node
 */

export * from '../node/bundled.js'
export * from '../node/decode.js'
export * from '../node/files.js'
export * from '../node/weights.js'
export * from '../node/write.js'
