/**
 * PyTorch checkpoints, read without Python and without executing anything.
 *
 * @module spikingresformer/pytorch
 */
export type { Read } from '../checkpoint/pytorch.js'
export { decodePytorch, encodePytorch, readPytorch } from '../checkpoint/pytorch.js'

// Types that the declarations name, so that a program's own declarations can name them too
export type { Either } from 'fp-ts/lib/Either.js'
export type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
export type { Source } from '../checkpoint/source.js'
export type { Fault, Faults } from '../core/fault.js'
export type { Numbers, Reals, Shape, Tensor } from '../core/tensor.js'
