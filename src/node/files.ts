/** Checkpoint files on disk, in Node: read at random access, written whole or not at all. @module */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { encodePytorch } from '../checkpoint/pytorch.js'
import { decodeSafetensorsSource, encodeSafetensors, type Safetensors } from '../checkpoint/safetensors.js'
import { type Source, sourceOfBytes } from '../checkpoint/source.js'
import { type Faults, fileFaults, inFile } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { writeFileAtomically } from './write.js'

/** Node refuses to read more bytes at once. */
const LARGEST_READ = 2 ** 30

const sourceOfHandle = (handle: FileHandle, size: number): Source => ({
  size,
  read: async (offset, length) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
    let filled = 0
    while (filled < bytes.length) {
      const wanted = Math.min(LARGEST_READ, bytes.length - filled)
      const { bytesRead } = await handle.read(bytes, filled, wanted, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  },
})

/**
 * Opens a file, gives its bytes at random access to `use`, and closes it whatever happens.
 * Faults: the file cannot be opened (`File`); the faults of `use`, each said to be in the file.
 *
 * @example
 * const read = withFile(decodeSafetensorsSource)
 * await pipe(bundledCheckpoint, TaskEither.chain(read), TaskEither.map(({ tensors }) => tensors.size))()
 * // => Either.right(211)
 */
export const withFile =
  <A>(use: (source: Source) => TaskEither.TaskEither<Faults, A>) =>
  (path: string): TaskEither.TaskEither<Faults, A> => {
    const cannot = fileFaults(path, 'read')
    return pipe(
      TaskEither.tryCatch(() => stat(path), cannot),
      TaskEither.filterOrElse(
        (stats) => stats.isFile(),
        (stats) => cannot(new Error(stats.isDirectory() ? 'it is a folder' : 'it is not a regular file')),
      ),
      TaskEither.chain(({ size }) =>
        TaskEither.bracket(
          TaskEither.tryCatch(() => open(path, 'r'), cannot),
          (handle) => pipe(use(sourceOfHandle(handle, size)), TaskEither.mapLeft(inFile(path))),
          (handle) => TaskEither.tryCatch(() => handle.close(), cannot),
        ),
      ),
    )
  }

/** More than a pipe is read of. */
const MOST_PIPED = 2 ** 31

/** All that a pipe gives, up to so many bytes: one that never ends is no file. */
const piped = async (path: string, most: number): Promise<Uint8Array> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw new Error(`it is a pipe that gives more than ${most} bytes: read it from a file`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * As `withFile`, and of a pipe too (`/dev/stdin`, a shell's `<(command)`), which is read to its end first.
 * Faults: those of `withFile`; a pipe that gives more than `most` bytes (`File`).
 *
 * @example
 * const read = withFileOrPipe(decodeSafetensorsSource)
 * await pipe(bundledCheckpoint, TaskEither.chain(read), TaskEither.map(({ tensors }) => tensors.size))()
 * // => Either.right(211)
 */
export const withFileOrPipe =
  <A>(use: (source: Source) => TaskEither.TaskEither<Faults, A>, most = MOST_PIPED) =>
  (path: string): TaskEither.TaskEither<Faults, A> => {
    const cannot = fileFaults(path, 'read')
    return pipe(
      TaskEither.tryCatch(() => stat(path), cannot),
      TaskEither.chain((stats) =>
        stats.isFIFO()
          ? pipe(
              TaskEither.tryCatch(() => piped(path, most), cannot),
              TaskEither.chain((bytes) => pipe(use(sourceOfBytes(bytes)), TaskEither.mapLeft(inFile(path)))),
            )
          : withFile(use)(path),
      ),
    )
  }

/**
 * Reads a safetensors file: its tensors and metadata.
 *
 * @example
 * await pipe(bundledCheckpoint, TaskEither.chain(readSafetensors), TaskEither.map(({ tensors }) => tensors.size))()
 * // => Either.right(211)
 */
export const readSafetensors: (path: string) => TaskEither.TaskEither<Faults, Safetensors> =
  withFile(decodeSafetensorsSource)

/**
 * Writes tensors and metadata as a safetensors file, whole or not at all.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float32Array.of(1, 2))]])
 * await writeSafetensors('x.safetensors', tensors)() // => Either.right(undefined)
 * await readCheckpoint('x.safetensors')() // => Either.right(tensors)
 */
export const writeSafetensors = (
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): TaskEither.TaskEither<Faults, void> =>
  pipe(
    TaskEither.fromEither(encodeSafetensors(tensors, metadata)),
    TaskEither.mapLeft(inFile(path)),
    TaskEither.chain((bytes) => writeFileAtomically(path, bytes)),
  )

/**
 * Writes tensors as a PyTorch checkpoint (`{'model': ..}` for `torch.load`), whole or not at all.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float32Array.of(1, 2))]])
 * await writePytorch('x.pth', tensors)() // => Either.right(undefined)
 * await readCheckpoint('x.pth')() // => Either.right(tensors)
 */
export const writePytorch = (path: string, tensors: ReadonlyMap<string, Tensor>): TaskEither.TaskEither<Faults, void> =>
  pipe(
    encodePytorch(tensors),
    TaskEither.mapLeft(inFile(path)),
    TaskEither.chain((bytes) => writeFileAtomically(path, bytes)),
  )
