/** The safetensors format, read and written: a length, a JSON header, and the tensors' bytes. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, reasonOf } from '../core/fault.js'
import type { Numbers, Tensor } from '../core/tensor.js'
import { type Entry, headerLength, malformed, PREFIX, parseHeader } from './safetensors-header.js'
import { contain, readRange, type Source } from './source.js'

/** The contents of a safetensors file: its tensors by name, and free metadata. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

const tensorOf = (entry: Entry, bytes: Uint8Array): readonly [string, Tensor] => [
  entry.name,
  { shape: entry.shape, data: entry.dtype.read(bytes) },
]

/**
 * The tensors and metadata of a safetensors file in memory.
 *
 * F64 and F32 keep their type; F16 and BF16 widen exactly to float32; I64 and I32 become 64-bit integers; U8 and BOOL
 * bytes. The result shares no memory with `bytes`.
 *
 * Refuses, naming every fault: truncated files, headers that lie about lengths, duplicate keys, other types, and
 * ranges that overlap, leave holes or do not fit their shape.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float64Array.of(1, 2))]])
 * decode(encode(tensors, { made: 'by hand' })) // => Either.right({ tensors, metadata: { made: 'by hand' } })
 */
export const decode = (bytes: Uint8Array): Either.Either<Faults, Safetensors> =>
  pipe(
    headerLength(bytes.subarray(0, PREFIX), bytes.length),
    Either.chain((length) => {
      const data = bytes.subarray(PREFIX + length)
      return pipe(
        parseHeader(bytes.subarray(PREFIX, PREFIX + length), data.length),
        Either.chain(({ entries, metadata }) =>
          Either.tryCatch(
            () => ({
              tensors: new Map(entries.map((e) => tensorOf(e, new Uint8Array(data.subarray(e.begin, e.end))))),
              metadata,
            }),
            (error): Faults => [malformed(reasonOf(error), 'it may need more memory than there is')],
          ),
        ),
      )
    }),
  )

/**
 * The same as `decode` for a file at random access: reads the header, then each tensor by its range.
 * Never holds more than the tensors themselves and one tensor's bytes.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float64Array.of(1, 2))]])
 * await decodeSource(sourceOfBytes(encode(tensors, {})))() // => Either.right({ tensors, metadata: {} })
 */
export const decodeSource = (source: Source): TaskEither.TaskEither<Faults, Safetensors> =>
  pipe(
    readRange(source, 0, Math.min(PREFIX, source.size)),
    TaskEither.chainEitherK((prefix) => headerLength(prefix, source.size)),
    TaskEither.chain((length) =>
      pipe(
        readRange(source, PREFIX, length),
        TaskEither.chainEitherK((header) => parseHeader(header, source.size - PREFIX - length)),
        TaskEither.chain(({ entries, metadata }) =>
          pipe(
            entries,
            TaskEither.traverseSeqArray((entry) =>
              pipe(
                readRange(source, PREFIX + length + entry.begin, entry.end - entry.begin),
                TaskEither.map((bytes) => tensorOf(entry, bytes)),
              ),
            ),
            TaskEither.map((tensors) => ({ tensors: new Map(tensors), metadata })),
          ),
        ),
      ),
    ),
    contain,
  )

const typeOf = (data: Numbers): string =>
  data instanceof Float64Array
    ? 'F64'
    : data instanceof Float32Array
      ? 'F32'
      : data instanceof Uint8Array
        ? 'U8'
        : 'I64'

const ALIGNMENT = 8

/**
 * A safetensors file of the given tensors and metadata, types kept: F64, F32, I64 and U8.
 *
 * The header lists the tensors in their order and is padded with spaces, so that the data begin at a multiple of 8
 * bytes; the data follow without holes, wider elements first, so that every tensor is aligned to its own width.
 * The caller promises that no tensor is named `__metadata__`, a name the format keeps for itself.
 *
 * @example
 * const bytes = encode(new Map([['x', tensor([2], Float64Array.of(1, 2))]]), {})
 * new TextDecoder().decode(bytes.slice(8, -16)).trim()
 * // => '{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}'
 */
export const encode = (
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> => {
  const byWidth = [...tensors.entries()].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const begins = new Map<string, number>()
  let size = 0
  for (const [name, { data }] of byWidth) {
    begins.set(name, size)
    size += data.byteLength
  }
  const fields = [...tensors.entries()].map(([name, { shape, data }]) => {
    const begin = begins.get(name)!
    const entry = { dtype: typeOf(data), shape, data_offsets: [begin, begin + data.byteLength] }
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`
  })
  const described = Object.keys(metadata).length > 0 ? [`"__metadata__":${JSON.stringify(metadata)}`] : []
  const json = new TextEncoder().encode(`{${[...described, ...fields].join(',')}}`)
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT
  const file = new Uint8Array(PREFIX + length + size)
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true)
  file.fill(0x20, PREFIX + json.length, PREFIX + length)
  file.set(json, PREFIX)
  for (const [name, { data }] of byWidth) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), PREFIX + length + begins.get(name)!)
  }
  return file
}
