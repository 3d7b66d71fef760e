/** A safetensors file whose tensors are read one at a time, when they are asked for. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { Shape, Tensor } from '../core/tensor.js'
import { headerLength, malformed, PREFIX, parseHeader, quote } from './safetensors-header.js'
import { readRange, type Source } from './source.js'

/** The tensors of a file: their shapes, and the way to each. */
export interface Lazily {
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
        TaskEither.map(({ entries }) => {
          const byName = new Map(entries.map((entry) => [entry.name, entry]))
          return {
            shapes: new Map(entries.map(({ name, shape }) => [name, shape])),
            read: (name) => {
              const { dtype, shape, begin, end } = byName.get(name)!
              return pipe(
                readRange(source, PREFIX + length + begin, end - begin),
                TaskEither.chainEitherK((bytes) =>
                  pipe(
                    dtype.read(bytes),
                    Either.bimap(
                      (problem): Faults => [malformed(`tensor ${quote(name)}: ${problem}`, 'convert it to I64 or F64')],
                      (data) => ({ shape, data }),
                    ),
                  ),
                ),
              )
            },
          }
        }),
      ),
    ),
  )
