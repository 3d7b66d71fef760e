/** A safetensors file whose tensors are read one at a time, when they are asked for. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { Shape, Tensor } from '../core/tensor.js'
import { type Entry, headerLength, malformed, PREFIX, parseHeader, quote } from './safetensors-header.js'
import { readRange, type Source } from './source.js'

/** The tensor of an entry, from its bytes. */
export const tensorOf =
  ({ name, dtype, shape }: Entry) =>
  (bytes: Uint8Array): Either.Either<Faults, Tensor> =>
    pipe(
      dtype.read(bytes),
      Either.bimap(
        (problem): Faults => [malformed(`tensor ${quote(name)}: ${problem}`, 'convert it to I64 or F64')],
        (data) => ({ shape, data }),
      ),
    )

/** The tensors of a file: their shapes, and the way to each; and free metadata. */
export interface Lazily {
  readonly metadata: Readonly<Record<string, string>>
  readonly shapes: ReadonlyMap<string, Shape>
  /** A tensor that is there. */
  readonly read: (name: string) => TaskEither.TaskEither<Faults, Tensor>
}

/**
 * The header of a safetensors file at random access, checked as `decodeSafetensorsSource` does; a tensor's bytes are read when it is
 * asked for, so that files larger than memory can be gone through.
 *
 * @example
 * const file = encodeSafetensors(new Map([['x', tensor([2], Float64Array.of(1, 2))]]), {})
 * const read = pipe(TaskEither.fromEither(file), TaskEither.map(sourceOfBytes), TaskEither.chain(lazily))
 * await pipe(read, TaskEither.chain(({ read }) => read('x')))() // => Either.right(tensor([2], Float64Array.of(1, 2)))
 */
export const lazily = (source: Source): TaskEither.TaskEither<Faults, Lazily> =>
  pipe(
    readRange(source, 0, Math.min(PREFIX, source.size)),
    TaskEither.chainEitherK((prefix) => headerLength(prefix, source.size)),
    TaskEither.chain((length) =>
      pipe(
        readRange(source, PREFIX, length),
        TaskEither.chainEitherK((header) => parseHeader(header, source.size - PREFIX - length)),
        TaskEither.map(({ entries, metadata }) => {
          const byName = new Map(entries.map((entry) => [entry.name, entry]))
          return {
            metadata,
            shapes: new Map(entries.map(({ name, shape }) => [name, shape])),
            read: (name) => {
              const entry = byName.get(name)!
              return pipe(
                readRange(source, PREFIX + length + entry.begin, entry.end - entry.begin),
                TaskEither.chainEitherK(tensorOf(entry)),
              )
            },
          }
        }),
      ),
    ),
  )
