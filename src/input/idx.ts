/** IDX, the format of MNIST and its kin: bytes with a shape. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import { type Tensor, tensor } from '../core/tensor.js'

const malformed = (problem: string): Either.Either<Faults, never> =>
  Either.left([{ _tag: 'Format', format: 'IDX', problem, advice: 'is the file complete, and unpacked?' }])

/**
 * The tensor of bytes in an IDX file: two zeros, the type 8 (bytes), the number of dimensions, each extent in four bytes,
 * the largest first, and the numbers.
 *
 * @example
 * decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)) // => Either.right(tensor([2], Uint8Array.of(7, 9)))
 * decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 9))._tag // => 'Left'
 */
export const decodeIdx = (bytes: Uint8Array): Either.Either<Faults, Tensor<Uint8Array>> => {
  const [zero, alsoZero, type, dimensions = 0] = bytes
  if (zero !== 0 || alsoZero !== 0 || type === undefined) return malformed('it does not begin with two zeros')
  if (type !== 8) return malformed(`its numbers are of type ${type}, not 8, bytes`)
  const start = 4 + 4 * dimensions
  if (bytes.length < start) return malformed(`it ends within the extents of its ${dimensions} dimensions`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis))
  const size = shape.reduce((product, extent) => product * extent, 1)
  return size === bytes.length - start
    ? Either.right(tensor(shape, bytes.slice(start)))
    : malformed(`its shape [${shape.join(', ')}] needs ${size} bytes, but ${bytes.length - start} follow`)
}
