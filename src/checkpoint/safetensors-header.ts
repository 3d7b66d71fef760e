/** The header of a safetensors file: an untrusted list of names, types, shapes and byte ranges, checked. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { separate } from 'fp-ts/lib/ReadonlyArray.js'
import { type Fault, type Faults, nameOf, reasonOf } from '../core/fault.js'
import { type Shape, showShape, sizeOf } from '../core/tensor.js'
import { utf8 } from './bytes.js'
import {
  bfloat16,
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

/** Where a tensor is: `[begin, end)` in bytes from the end of the header. */
export interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/** What a safetensors file holds: its tensors (names that are whole numbers first, else as listed), and its metadata. */
export interface Header {
  readonly entries: readonly Entry[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The number of bytes before the header: its length as an unsigned 64-bit little-endian integer. */
export const PREFIX = 8

/** The longest header read, in bytes: room for 50000 tensors, and little enough to parse in seconds. */
export const LONGEST_HEADER = 1 << 23

const DEEPEST_HEADER = 16

/** The name that is not a tensor's. */
export const METADATA = '__metadata__'

/** The most axes of a tensor: enough for numpy and PyTorch. */
export const MOST_AXES = 64

/** A few faults of tensors are named one by one; of more the first, and how many there are. */
const FEW = 3

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ['F64', float64],
  ['F32', float32],
  ['F16', float16],
  ['BF16', bfloat16],
  ['I64', int64],
  ['I32', widenedInt32],
  ['I16', widenedInt16],
  ['I8', widenedInt8],
  ['U64', uint64],
  ['U32', widenedUint32],
  ['U16', widenedUint16],
  ['U8', uint8],
  ['BOOL', uint8],
])

const DAMAGED = 'the file is damaged or incomplete: fetch or save it again'

/** A fault of a safetensors file. */
export const malformed = (problem: string, advice: string = DAMAGED): Fault => ({
  _tag: 'Format',
  format: 'safetensors file',
  problem,
  advice,
})

/** Untrusted text, quoted, escaped and cut to a readable length. */
export const quote = (text: unknown): string => {
  const short = typeof text === 'string' && text.length > 80 ? text.slice(0, 81) : text
  const quoted = (JSON.stringify(short) as string | undefined) ?? String(short)
  return quoted.length > 80 ? `${quoted.slice(0, 80)}...` : quoted
}

/**
 * The length of the header in bytes, from the first bytes of a file of `size` bytes.
 * Refuses a file too short for its prefix or for the header it claims, and a header longer than `LONGEST_HEADER`.
 */
export const headerLength = (prefix: Uint8Array, size: number): Either.Either<Faults, number> => {
  if (prefix.length < PREFIX)
    return Either.left([malformed(`it has ${size} bytes, fewer than the ${PREFIX} of its prefix`)])
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX).getBigUint64(0, true)
  if (length > BigInt(size - PREFIX)) {
    return Either.left([malformed(`its header claims ${length} bytes, but only ${size - PREFIX} follow`)])
  }
  return length > LONGEST_HEADER
    ? Either.left([malformed(`its header has ${length} bytes, more than the ${LONGEST_HEADER} allowed`)])
    : Either.right(Number(length))
}

const [QUOTE, BACKSLASH, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d,
]

/** The index of the quote that closes the string opened at `start`. */
const closingQuote = (json: string, start: number): number => {
  let i = start + 1
  while (i < json.length && json.charCodeAt(i) !== QUOTE) i += json.charCodeAt(i) === BACKSLASH ? 2 : 1
  return i
}

/**
 * What `JSON.parse` would not say about a text: that it gives a key twice in one object (the last would silently win),
 * or nests deeper than a header can.
 */
const structureProblem = (json: string): string | undefined => {
  const scopes: (Set<string> | undefined)[] = []
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i)
    if (char === OPEN_OBJECT || char === OPEN_LIST) {
      if (scopes.push(char === OPEN_OBJECT ? new Set() : undefined) > DEEPEST_HEADER) return 'nests too deeply'
    } else if (char === CLOSE_OBJECT || char === CLOSE_LIST) scopes.pop()
    else if (char === QUOTE) {
      const start = i
      i = closingQuote(json, start)
      const token = json.slice(start, i + 1)
      while (json.charCodeAt(i + 1) <= 0x20) i++
      if (json.charCodeAt(i + 1) !== COLON) continue
      const key = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
      if (scopes.at(-1)?.has(key)) return `gives the key ${quote(key)} twice`
      scopes.at(-1)?.add(key)
    }
  }
  return undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isExtents = (value: unknown): value is readonly number[] =>
  Array.isArray(value) &&
  value.length <= MOST_AXES &&
  value.every((extent) => Number.isSafeInteger(extent) && extent >= 0)

const parseJson = (bytes: Uint8Array): Either.Either<Faults, Readonly<Record<string, unknown>>> =>
  pipe(
    utf8(bytes),
    Either.mapLeft(() => 'is not text in UTF-8'),
    Either.chain((text) =>
      Either.tryCatch(
        () => {
          const problem = structureProblem(text)
          return problem === undefined ? Either.right<string, unknown>(JSON.parse(text)) : Either.left(problem)
        },
        (error) => (nameOf(error) === 'SyntaxError' ? 'is not JSON' : `could not be read (${reasonOf(error)})`),
      ),
    ),
    Either.flatten,
    Either.filterOrElse(
      (header): header is Readonly<Record<string, unknown>> => isRecord(header) && bytes[0] === 0x7b,
      () => 'is not a JSON object',
    ),
    Either.mapLeft((problem): Faults => [malformed(`its header ${problem}`)]),
  )

const missing = (entry: Readonly<Record<string, unknown>>): readonly string[] =>
  ['dtype', 'shape', 'data_offsets'].filter((field) => !Object.hasOwn(entry, field))

const parseEntry = (name: string, value: unknown): Either.Either<Fault, Entry> => {
  const wrong = (problem: string, advice?: string) => Either.left(malformed(`tensor ${quote(name)} ${problem}`, advice))
  if (!isRecord(value)) return wrong('is not described by an object')
  const [absent] = missing(value)
  if (absent !== undefined) return wrong(`has no ${absent}`)
  const { dtype: type, shape, data_offsets: offsets } = value
  const dtype = typeof type === 'string' ? DTYPES.get(type) : undefined
  if (dtype === undefined) {
    return wrong(`has dtype ${quote(type)}`, `convert it to one of ${[...DTYPES.keys()].join(', ')}`)
  }
  if (!isExtents(shape))
    return wrong(`has shape ${quote(shape)}, which is not a list of at most ${MOST_AXES} whole numbers`)
  if (!isExtents(offsets) || offsets.length !== 2) {
    return wrong(`has data_offsets ${quote(offsets)}, which are not two whole numbers`)
  }
  const [begin, end] = offsets as readonly [number, number]
  if (begin > end) return wrong(`lies at bytes ${begin} to ${end}, which is not a range`)
  const bytes = sizeOf(shape) * dtype.width
  if (!Number.isSafeInteger(bytes)) return wrong(`has shape ${quote(shape)}, whose size overflows`)
  return bytes === end - begin
    ? Either.right({ name, dtype, shape, begin, end })
    : wrong(`of dtype ${type} and shape ${showShape(shape)} needs ${bytes} bytes but is given ${end - begin}`)
}

/** What is wrong with the layout: the tensors must cover the data exactly, without overlap or hole. */
const layoutFaults = (entries: readonly Entry[], dataSize: number): readonly Fault[] => {
  const needed = entries.reduce((most, { end }) => Math.max(most, end), 0)
  if (needed > dataSize)
    return [malformed(`its tensors need ${needed} bytes of data, but only ${dataSize} follow its header`)]
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)
  const faults = sorted.flatMap(({ name, begin }, i) => {
    const previous = sorted[i - 1]?.end ?? 0
    const gap = begin < previous ? 'overlaps the tensor before it' : 'leaves a hole before it'
    return begin === previous ? [] : [malformed(`tensor ${quote(name)} ${gap} (byte ${previous}, its own is ${begin})`)]
  })
  const last = sorted.at(-1)?.end ?? 0
  const rest = last === dataSize ? [] : [malformed(`the tensors end at byte ${last} of ${dataSize} bytes of data`)]
  return [...faults, ...rest]
}

const parseMetadata = (value: unknown): Either.Either<Fault, Readonly<Record<string, string>>> =>
  isRecord(value) && Object.values(value).every((item) => typeof item === 'string')
    ? Either.right(value as Readonly<Record<string, string>>)
    : Either.left(malformed('its __metadata__ is not an object of strings'))

/** Faults of tensors as they are where they are few; else the first, and how many more there are. */
const summed = (faults: readonly Fault[]): readonly Fault[] => {
  const [first] = faults
  return first?._tag === 'Format' && faults.length > FEW
    ? [{ ...first, problem: `${first.problem}, and ${faults.length - 1} more are wrong` }]
    : faults
}

/**
 * Checks a header against the number of bytes of data that follow it; up to three faults are named, of more the first and
 * how many there are.
 *
 * Refused: text that is not a JSON object in UTF-8, duplicate keys, unknown dtypes, shapes and offsets that are not
 * whole numbers, sizes that overflow or disagree with dtype and shape, ranges outside the data, overlaps, holes, and
 * metadata other than strings.
 */
export const parseHeader = (bytes: Uint8Array, dataSize: number): Either.Either<Faults, Header> => {
  const json = parseJson(bytes)
  if (Either.isLeft(json)) return json
  const { [METADATA]: described = {} } = json.right
  const metadata = parseMetadata(described)
  const { left: wrong, right: entries } = separate(
    Object.keys(json.right).flatMap((name) => (name === METADATA ? [] : [parseEntry(name, json.right[name])])),
  )
  const faults = [...(Either.isLeft(metadata) ? [metadata.left] : []), ...wrong]
  const [first, ...rest] = summed(faults.length > 0 ? faults : layoutFaults(entries, dataSize))
  return first !== undefined
    ? Either.left([first, ...rest])
    : pipe(
        metadata,
        Either.bimap(
          (fault): Faults => [fault],
          (own) => ({ entries, metadata: own }),
        ),
      )
}
