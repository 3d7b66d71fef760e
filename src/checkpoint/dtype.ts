/** The element types of checkpoint files, and how their little-endian bytes become numbers. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Numbers } from '../core/tensor.js'
import { widenBfloat16, widenHalf } from './half.js'

/**
 * An element type of a checkpoint file.
 *
 * `width` is the number of bytes of an element. `read` takes bytes that belong to the caller alone, a whole number
 * of elements, and may keep them as the numbers' storage; every value is exact, or the reason why one cannot be.
 */
export interface Dtype {
  readonly width: number
  readonly read: (bytes: Uint8Array) => Either.Either<string, Numbers>
}

/** A typed array can only begin at a multiple of its width: copies the bytes where they do not. */
const aligned = (bytes: Uint8Array, width: number): Uint8Array =>
  bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes)

const view =
  <A>(width: number, make: (buffer: ArrayBufferLike, offset: number, length: number) => A) =>
  (bytes: Uint8Array): A => {
    const { buffer, byteOffset, byteLength } = aligned(bytes, width)
    return make(buffer, byteOffset, byteLength / width)
  }

const int8 = view(1, (b, offset, length) => new Int8Array(b, offset, length))
const int16 = view(2, (b, offset, length) => new Int16Array(b, offset, length))
const uint16 = view(2, (b, offset, length) => new Uint16Array(b, offset, length))
const int32 = view(4, (b, offset, length) => new Int32Array(b, offset, length))
const uint32 = view(4, (b, offset, length) => new Uint32Array(b, offset, length))
const int64View = view(8, (b, offset, length) => new BigInt64Array(b, offset, length))

const exactly = (width: number, read: (bytes: Uint8Array) => Numbers): Dtype => ({
  width,
  read: (bytes) => Either.right(read(bytes)),
})

/** Integers of fewer bits, widened to 64. */
const widened = (width: number, read: (bytes: Uint8Array) => Iterable<number>): Dtype =>
  exactly(width, (bytes) => BigInt64Array.from(read(bytes), BigInt))

/** IEEE binary64. */
export const float64: Dtype = exactly(
  8,
  view(8, (b, offset, length) => new Float64Array(b, offset, length)),
)

/** IEEE binary32. */
export const float32: Dtype = exactly(
  4,
  view(4, (b, offset, length) => new Float32Array(b, offset, length)),
)

/** IEEE binary16, widened exactly to float32. */
export const float16: Dtype = exactly(2, (bytes) => widenHalf(uint16(bytes)))

/** bfloat16 (the upper half of a float32), widened exactly to float32. */
export const bfloat16: Dtype = exactly(2, (bytes) => widenBfloat16(uint16(bytes)))

/** Two's complement 64-bit integers. */
export const int64: Dtype = exactly(8, int64View)

/** Unsigned 64-bit integers: those below 2^63, which are the same bytes signed. */
export const uint64: Dtype = {
  width: 8,
  read: (bytes) => {
    const signed = int64View(bytes)
    const large = signed.findIndex((value) => value < 0n)
    return large < 0
      ? Either.right(signed)
      : Either.left(`its element ${large} is ${BigInt.asUintN(64, signed[large]!)}, more than a 64-bit integer holds`)
  },
}

/** The shorter integers, widened to 64 bits. */
export const widenedInt8: Dtype = widened(1, int8)
export const widenedInt16: Dtype = widened(2, int16)
export const widenedUint16: Dtype = widened(2, uint16)
export const widenedInt32: Dtype = widened(4, int32)
export const widenedUint32: Dtype = widened(4, uint32)

/** Bytes: unsigned 8-bit integers, and booleans stored as 0 or 1. */
export const uint8: Dtype = exactly(1, (bytes) => bytes)
