/** The safetensors format, read and written: a length, a JSON header, and the tensors' bytes. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, reasonOf, refuse, unlessFaulty } from '../core/fault.js'
import { type ElementType, elementType, type Tensor, tagOf } from '../core/tensor.js'
import { mapFaults, wellFormed } from '../core/well-formed.js'
import { bytesIn } from './bytes.js'
import { lazily, tensorOf } from './lazy.js'
import { headerLength, LONGEST_HEADER, METADATA, MOST_AXES, PREFIX, parseHeader, quote } from './safetensors-header.js'
import { contain, type Source } from './source.js'

/** The contents of a safetensors file: its tensors by name, and free metadata. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The tensors and metadata of a safetensors file in memory, shared memory included.
 *
 * F64 and F32 keep their type; F16 and BF16 widen exactly to float32; integers of other widths become 64-bit integers;
 * U8 and BOOL bytes. The result shares no memory with `bytes`.
 *
 * Refuses, naming up to three faults and counting more: what is not a `Uint8Array`, truncated files, headers that lie about lengths, duplicate
 * keys, other types, and ranges that overlap, leave holes or do not fit their shape.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float64Array.of(1, 2))]])
 * pipe(encodeSafetensors(tensors, { made: 'by hand' }), Either.chain(decodeSafetensors))
 * // => Either.right({ tensors, metadata: { made: 'by hand' } })
 */
export const decodeSafetensors = (bytes: Uint8Array): Either.Either<Faults, Safetensors> =>
  pipe(
    bytesIn("the file's bytes", bytes),
    Either.chain(() => headerLength(bytes.subarray(0, PREFIX), bytes.length)),
    Either.chain((length) => {
      const data = bytes.subarray(PREFIX + length)
      return pipe(
        parseHeader(bytes.subarray(PREFIX, PREFIX + length), data.length),
        Either.chain(({ entries, metadata }) =>
          pipe(
            Either.tryCatch(
              () =>
                pipe(
                  entries,
                  Either.traverseArray((entry) =>
                    pipe(
                      new Uint8Array(data.subarray(entry.begin, entry.end)),
                      tensorOf(entry),
                      Either.map((tensor) => [entry.name, tensor] as const),
                    ),
                  ),
                ),
              (error): Faults => [
                {
                  _tag: 'Input',
                  problem: `its tensors could not be made: ${reasonOf(error)}`,
                  advice: 'it may need more memory than there is',
                },
              ],
            ),
            Either.flatten,
            Either.map((tensors) => ({ tensors: new Map(tensors), metadata })),
          ),
        ),
      )
    }),
  )

/**
 * The same as `decodeSafetensors` for a file at random access: reads the header, then each tensor by its range.
 * Never holds more than the tensors themselves and one tensor's bytes.
 *
 * @example
 * const tensors = new Map([['x', tensor([2], Float64Array.of(1, 2))]])
 * const file = encodeSafetensors(tensors, {})
 * await pipe(TaskEither.fromEither(file), TaskEither.map(sourceOfBytes), TaskEither.chain(decodeSafetensorsSource))()
 * // => Either.right({ tensors, metadata: {} })
 */
export const decodeSafetensorsSource = (source: Source): TaskEither.TaskEither<Faults, Safetensors> =>
  pipe(
    lazily(source),
    TaskEither.chain(({ shapes, metadata, read }) =>
      pipe(
        [...shapes.keys()],
        TaskEither.traverseSeqArray((name) =>
          pipe(
            read(name),
            TaskEither.map((tensor) => [name, tensor] as const),
          ),
        ),
        TaskEither.map((tensors) => ({ tensors: new Map(tensors), metadata })),
      ),
    ),
    contain,
  )

const TYPES: { readonly [E in ElementType]: string } = { float64: 'F64', float32: 'F32', uint8: 'U8', int64: 'I64' }

const ALIGNMENT = 8

/** What keeps a tensor out of a file that `decodeSafetensors` reads. */
const tensorFaults = ([name, value]: readonly [string, Tensor]): readonly Fault[] => {
  if (typeof name !== 'string') return refuse(`a tensor is named by ${tagOf(name)}`, 'name it by a text')
  if (name === METADATA)
    return refuse(`a tensor is named ${METADATA}, a name the safetensors format keeps for itself`, 'rename the tensor')
  const checked = wellFormed(`tensor ${quote(name)}`)(value)
  return Either.isLeft(checked)
    ? checked.left
    : value.shape.length > MOST_AXES
      ? refuse(`tensor ${quote(name)} has ${value.shape.length} axes`, `give it at most ${MOST_AXES}`)
      : []
}

const metadataFaults = (metadata: Readonly<Record<string, string>>): readonly Fault[] =>
  Object.entries<unknown>(metadata)
    .filter(([, value]) => typeof value !== 'string')
    .map(
      ([name, value]): Fault => ({
        _tag: 'WrongType',
        key: `metadata ${quote(name)}`,
        type: tagOf(value),
        expected: 'a text',
      }),
    )

/**
 * A safetensors file of the given tensors and metadata, types kept: F64, F32, I64 and U8. `decodeSafetensors` reads what it gives.
 *
 * The header lists the tensors in their order and is padded with spaces, so that the data begin at a multiple of 8
 * bytes; the data follow without holes, wider elements first, so that every tensor is aligned to its own width.
 *
 * Refuses, naming every fault: data that do not fit their shape or are of another type (see `wellFormed`), a tensor
 * named `__metadata__`, metadata other than texts, more than 64 axes, and a header of more than 8 MiB.
 *
 * @example
 * const bytes = encodeSafetensors(new Map([['x', tensor([2], Float64Array.of(1, 2))]]), {})
 * pipe(bytes, Either.map((file) => new TextDecoder().decode(file.slice(8, -16)).trim()))
 * // => Either.right('{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}')
 */
export const encodeSafetensors = (
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Either.Either<Faults, Uint8Array> => {
  const notMap = mapFaults(tensors)
  if (isNonEmpty(notMap)) return Either.left(notMap)
  return pipe(
    unlessFaulty([...[...tensors].flatMap(tensorFaults), ...metadataFaults(metadata)], () =>
      Either.tryCatch(
        () => written(tensors, metadata),
        (error) => refuse(`the file could not be made: ${reasonOf(error)}`, 'it may need more memory than there is'),
      ),
    ),
    Either.flatten,
    Either.flatten,
  )
}

const written = (
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Either.Either<Faults, Uint8Array> => {
  const byWidth = [...tensors.entries()].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const begins = new Map<string, number>()
  let size = 0
  for (const [name, { data }] of byWidth) {
    begins.set(name, size)
    size += data.byteLength
  }
  const fields = [...tensors.entries()].map(([name, { shape, data }]) => {
    const begin = begins.get(name)!
    const entry = { dtype: TYPES[elementType(data)!], shape, data_offsets: [begin, begin + data.byteLength] }
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`
  })
  const described = Object.keys(metadata).length > 0 ? [`"${METADATA}":${JSON.stringify(metadata)}`] : []
  const json = new TextEncoder().encode(`{${[...described, ...fields].join(',')}}`)
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT
  if (length > LONGEST_HEADER)
    return Either.left(refuse(`its header would have ${length} bytes`, `give at most ${LONGEST_HEADER}: shorter names`))
  const file = new Uint8Array(PREFIX + length + size)
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true)
  file.fill(0x20, PREFIX + json.length, PREFIX + length)
  file.set(json, PREFIX)
  for (const [name, { data }] of byWidth) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), PREFIX + length + begins.get(name)!)
  }
  return Either.right(file)
}
