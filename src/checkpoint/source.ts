/** Random access to the bytes of a file, wherever they are. @module */
import * as Either from 'fp-ts/lib/Either.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, reasonOf } from '../core/fault.js'

/**
 * Bytes at random access.
 *
 * `read(offset, length)` resolves to a fresh array of exactly `length` bytes; it rejects where the range is not
 * inside `[0, size)` or the bytes cannot be had.
 */
export interface Source {
  /** Bytes in all. */
  readonly size: number
  /** The bytes of a range. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>
}

/**
 * A source of bytes in memory; every read is a copy.
 *
 * @example
 * await sourceOfBytes(Uint8Array.of(1, 2, 3, 4)).read(1, 2) // => Uint8Array.of(2, 3)
 */
export const sourceOfBytes = (bytes: Uint8Array): Source => ({
  size: bytes.length,
  read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
})

/** What is read of a `Blob`, so that no declaration needs a page's types. */
export interface BlobLike {
  readonly size: number
  /** The bytes from `start` up to `end`, which are read when they are asked for. */
  readonly slice: (start: number, end: number) => BlobRange
}

/** A part of a `Blob`. */
export interface BlobRange {
  /** Its bytes. */
  readonly arrayBuffer: () => Promise<ArrayBuffer>
}

/**
 * A source of a `Blob`, for example of a file chosen in a browser; only the ranges asked for are read.
 *
 * @example
 * await sourceOfBlob(new Blob(['spikes'])).read(1, 2) // => new TextEncoder().encode('pi')
 */
export const sourceOfBlob = (blob: BlobLike): Source => ({
  size: blob.size,
  read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
})

/**
 * Lets no exception out: an allocation that fails on the way becomes a fault.
 *
 * @example
 * const result = await contain(() => Promise.reject(new Error('no memory')))()
 * pipe(result, Either.mapLeft(([fault]) => describe(fault)))
 * // => Either.left('the work failed: no memory; it may need more memory than there is')
 */
export const contain =
  <A>(task: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> =>
  () =>
    Promise.resolve()
      .then(task)
      .catch((error: unknown) =>
        Either.left([
          {
            _tag: 'Input',
            problem: `the work failed: ${reasonOf(error)}`,
            advice: 'it may need more memory than there is',
          },
        ]),
      )

/**
 * `length` bytes from `offset`, or a fault where they cannot be read.
 *
 * @example
 * await readRange(sourceOfBytes(Uint8Array.of(1, 2, 3, 4)), 1, 2)() // => Either.right(Uint8Array.of(2, 3))
 */
export const readRange = (source: Source, offset: number, length: number): TaskEither.TaskEither<Faults, Uint8Array> =>
  TaskEither.tryCatch(
    async () => {
      const bytes = await source.read(offset, length)
      return bytes.length === length ? bytes : Promise.reject(new Error('they end too early'))
    },
    (error) => [
      {
        _tag: 'Input',
        problem: `${length} bytes from byte ${offset} could not be read: ${reasonOf(error)}`,
        advice: 'check that the file is complete and still there, and try again',
      },
    ],
  )
