/** IDX files on disk, packed with gzip or not. @module */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { decodeIdx } from '../input/idx.js'

/** No more is unpacked, whatever a file claims: twenty times MNIST. */
const LARGEST = 2 ** 30

const unpacked = (path: string, bytes: Uint8Array): TaskEither.TaskEither<Faults, Uint8Array> =>
  bytes[0] === 0x1f && bytes[1] === 0x8b
    ? TaskEither.tryCatch(
        () =>
          promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzip)(bytes, { maxOutputLength: LARGEST }),
        (): Faults => [
          { _tag: 'Format', format: 'gzip', problem: 'it cannot be unpacked', advice: `is ${path} complete?` },
        ],
      )
    : TaskEither.right(bytes)

/** The tensor of bytes in an IDX file. */
export const readIdx = (path: string): TaskEither.TaskEither<Faults, Tensor<Uint8Array>> =>
  pipe(
    TaskEither.tryCatch(() => readFile(path), fileFaults(path, 'read')),
    TaskEither.chain((bytes) =>
      pipe(unpacked(path, bytes), TaskEither.chainEitherK(decodeIdx), TaskEither.mapLeft(inFile(path))),
    ),
  )
