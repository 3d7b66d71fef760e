/** The element types of checkpoint files, and how their little-endian bytes become numbers. @module */
import type { Numbers } from '../core/tensor.js'
import { widenBfloat16, widenHalf } from './half.js'

/**
 * An element type of a checkpoint file.
 *
 * `width` is the number of bytes of an element. `read` takes bytes that belong to the caller alone, a whole number
 * of elements, and may keep them as the numbers' storage; every value is exact.
 */
export interface Dtype {
  readonly width: number
  readonly read: (bytes: Uint8Array) => Numbers
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

const uint16 = view(2, (buffer, offset, length) => new Uint16Array(buffer, offset, length))
const int32 = view(4, (buffer, offset, length) => new Int32Array(buffer, offset, length))

/** IEEE binary64. */
export const float64: Dtype = { width: 8, read: view(8, (b, offset, length) => new Float64Array(b, offset, length)) }

/** IEEE binary32. */
export const float32: Dtype = { width: 4, read: view(4, (b, offset, length) => new Float32Array(b, offset, length)) }

/** IEEE binary16, widened exactly to float32. */
export const float16: Dtype = { width: 2, read: (bytes) => widenHalf(uint16(bytes)) }

/** bfloat16 (the upper half of a float32), widened exactly to float32. */
export const bfloat16: Dtype = { width: 2, read: (bytes) => widenBfloat16(uint16(bytes)) }

/** Two's complement 64-bit integers. */
export const int64: Dtype = { width: 8, read: view(8, (b, offset, length) => new BigInt64Array(b, offset, length)) }

/** Two's complement 32-bit integers, widened to 64 bits. */
export const widenedInt32: Dtype = {
  width: 4,
  read: (bytes) => BigInt64Array.from(int32(bytes), BigInt),
}

/** Bytes: unsigned 8-bit integers, and booleans stored as 0 or 1. */
export const uint8: Dtype = { width: 1, read: (bytes) => bytes }
