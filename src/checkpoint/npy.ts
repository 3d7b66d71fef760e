/** NumPy's files: an array (`.npy`), and a zip archive of arrays (`.npz`), as event-camera libraries write them. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, shortened } from '../core/fault.js'
import { type Shape, sizeOf, type Tensor } from '../core/tensor.js'
import {
  type Dtype,
  float16,
  float32,
  float64,
  int64,
  uint8,
  uint64,
  widenedInt8,
  widenedInt16,
  widenedInt32,
  widenedUint16,
  widenedUint32,
} from './dtype.js'
import { readRange, type Source } from './source.js'
import { rowMajor } from './strided.js'
import { openZip, readEntry } from './zip.js'

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ['b1', uint8],
  ['i1', widenedInt8],
  ['u1', uint8],
  ['i2', widenedInt16],
  ['u2', widenedUint16],
  ['i4', widenedInt32],
  ['u4', widenedUint32],
  ['i8', int64],
  ['u8', uint64],
  ['f2', float16],
  ['f4', float32],
  ['f8', float64],
])

/** The longest array read, in bytes: a recording's frames have a few megabytes. */
const LONGEST = 2 ** 29

/** Deflate makes at most a thousandth. */
const EXPANSION = 1032

const fault = (problem: string, advice = 'save it again with numpy.save'): Fault => ({
  _tag: 'Format',
  format: 'NumPy array',
  problem,
  advice,
})

/** A field of each element: where its bytes begin, and what they are. */
interface Field {
  readonly name: string
  readonly dtype: Dtype
  readonly swapped: boolean
  readonly begin: number
}

/** A Python literal of texts, whole numbers, booleans, lists, tuples and dictionaries, as JSON. */
const literal = (text: string): unknown => {
  const json = text
    .replace(/'([^'"\\]*)'/g, '"$1"')
    .replace(/\(/g, '[')
    .replace(/\)/g, ']')
    .replace(/\bTrue\b/g, 'true')
    .replace(/\bFalse\b/g, 'false')
    .replace(/(\d)L\b/g, '$1')
    .replace(/,\s*([\]}])/g, '$1')
  return Either.getOrElse((): unknown => null)(
    Either.tryCatch(
      () => JSON.parse(json) as unknown,
      () => null,
    ),
  )
}

const fieldOf = (name: string, descr: unknown, begin: number): Either.Either<Fault, Field> => {
  const [, order, kind] = typeof descr === 'string' ? (/^([<>|=])(\w\d+)$/.exec(descr) ?? []) : []
  const dtype = kind === undefined ? undefined : DTYPES.get(kind)
  return dtype === undefined
    ? Either.left(
        fault(
          `its elements are ${descr === '|O' ? 'Python objects' : `of type ${shortened(JSON.stringify(descr ?? null))}`}`,
          'save integers, booleans or floats',
        ),
      )
    : Either.right({ name, dtype, swapped: order === '>', begin })
}

const fieldsOf = (descr: unknown): Either.Either<Fault, readonly Field[]> => {
  if (!Array.isArray(descr))
    return pipe(
      fieldOf('', descr, 0),
      Either.map((field) => [field]),
    )
  const fields: Field[] = []
  let begin = 0
  for (const part of descr as readonly unknown[]) {
    const [name, type, ...more] = Array.isArray(part) ? (part as readonly unknown[]) : []
    const field = fieldOf(String(name), more.length > 0 ? part : type, begin)
    if (Either.isLeft(field)) return field
    fields.push(field.right)
    begin += field.right.dtype.width
  }
  return Either.right(fields)
}

interface Header {
  readonly fields: readonly Field[]
  readonly shape: Shape
  readonly fortran: boolean
  /** Where the elements begin. */
  readonly begin: number
}

const headerOf = (bytes: Uint8Array): Either.Either<Fault, Header> => {
  const major = bytes[6]!
  const wide = major >= 2
  const prefix = wide ? 12 : 10
  if (bytes.length < prefix || major < 1 || major > 3) return Either.left(fault('its header is cut short or too new'))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true)
  if (length > bytes.length - prefix) return Either.left(fault('its header is cut short'))
  const header = literal(new TextDecoder('latin1').decode(bytes.slice(prefix, prefix + length)).trim())
  const { descr, fortran_order: fortran, shape } = (header ?? {}) as Readonly<Record<string, unknown>>
  if (typeof fortran !== 'boolean' || !Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    return Either.left(fault('its header does not say its type, order and shape'))
  return pipe(
    fieldsOf(descr),
    Either.map((fields) => ({ fields, shape: shape as Shape, fortran, begin: prefix + length })),
  )
}

/** One field's bytes of every element, little-endian. */
const gathered = (bytes: Uint8Array, count: number, stride: number, { begin, dtype: { width }, swapped }: Field) => {
  const out = new Uint8Array(count * width)
  for (let i = 0; i < count; i++)
    for (let b = 0; b < width; b++) out[i * width + b] = bytes[i * stride + begin + (swapped ? width - 1 - b : b)]!
  return out
}

/** Column-major elements in row-major order. */
const inRows = (shape: Shape, data: Tensor['data']): Tensor['data'] =>
  rowMajor(data, { offset: 0, shape, strides: shape.map((_, axis) => sizeOf(shape.slice(0, axis))) })

/**
 * The array of an `.npy` file; of a structured one a tensor a field, under its name, else one under the empty name.
 * Any integers, booleans and floats of either byte order and either axis order; integers widen to 64 bits.
 *
 * @example
 * pipe(decodeNpy(new Uint8Array(8)), Either.mapLeft(([fault]) => describe(fault)))
 * // => Either.left('not a readable NumPy array: it does not begin as one; save it again with numpy.save')
 */
export const decodeNpy = (bytes: Uint8Array): Either.Either<Faults, ReadonlyMap<string, Tensor>> => {
  if (![0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => bytes[i] === byte))
    return Either.left([fault('it does not begin as one')])
  return pipe(
    headerOf(bytes),
    Either.chain(({ fields, shape, fortran, begin }): Either.Either<Fault, ReadonlyMap<string, Tensor>> => {
      const stride = fields.reduce((sum, { dtype }) => sum + dtype.width, 0)
      const count = sizeOf(shape)
      const data = bytes.subarray(begin)
      if (data.length !== count * stride)
        return Either.left(fault(`its elements need ${count * stride} bytes, but ${data.length} follow its header`))
      return pipe(
        fields,
        Either.traverseArray((field) =>
          pipe(
            field.dtype.read(gathered(data, count, stride, field)),
            Either.bimap(fault, (numbers): readonly [string, Tensor] => [
              field.name,
              { shape, data: fortran ? inRows(shape, numbers) : numbers },
            ]),
          ),
        ),
        Either.map((all) => new Map(all)),
      )
    }),
    Either.mapLeft((one): Faults => [one]),
  )
}

/** The arrays of an `.npz` archive, or the one of an `.npy` file, by their names. */
export const decodeNumpy = (source: Source): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor>> => {
  const renamed = TaskEither.mapLeft(
    ([first, ...rest]: Faults): Faults =>
      [first, ...rest].map(
        (one): Fault => (one._tag === 'Format' ? { ...one, format: 'NumPy array' } : one),
      ) as unknown as Faults,
  )
  return pipe(
    readRange(source, 0, Math.min(2, source.size)),
    TaskEither.chain(([p, k]) => {
      if (source.size > LONGEST)
        return TaskEither.left<Faults>([fault(`it has ${source.size} bytes`, `give at most ${LONGEST}`)])
      if (p !== 0x50 || k !== 0x4b) return pipe(readRange(source, 0, source.size), TaskEither.chainEitherK(decodeNpy))
      return pipe(
        openZip(source),
        TaskEither.chain((archive) =>
          pipe(
            [...archive].filter(([name]) => name.endsWith('.npy')),
            TaskEither.traverseSeqArray(([name, { uncompressedSize }]) =>
              uncompressedSize > LONGEST
                ? TaskEither.left<Faults>([
                    fault(`${shortened(name)} has ${uncompressedSize} bytes`, `give at most ${LONGEST}`),
                  ])
                : pipe(
                    readEntry(source, archive, EXPANSION)(name, uncompressedSize),
                    TaskEither.chainEitherK(decodeNpy),
                    TaskEither.map((arrays) =>
                      [...arrays].map(([field, value]) => [field === '' ? name.slice(0, -4) : field, value] as const),
                    ),
                  ),
            ),
            TaskEither.map((all) => new Map(all.flat())),
          ),
        ),
      )
    }),
    renamed,
  )
}
