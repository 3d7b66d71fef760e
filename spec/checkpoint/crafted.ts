/** Files made by hand for the tests: pickles instruction by instruction, zip archives that may lie. */
import { crc32 } from 'node:zlib'
import type { Source } from '../../src/checkpoint/source.js'

/** Bytes of text (one byte a character), numbers and byte arrays, one after the other. */
export const bytesOf = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : typeof part === 'number' ? [part] : [...part],
    ),
  )

const little = (value: number, width: number): Uint8Array =>
  Uint8Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256)

export const text = (value: string): Uint8Array => {
  const utf8 = new TextEncoder().encode(value)
  return bytesOf('X', little(utf8.length, 4), utf8)
}

export const int = (value: number): Uint8Array =>
  Math.abs(value) < 2 ** 31
    ? bytesOf('J', little(value < 0 ? value + 2 ** 32 : value, 4))
    : bytesOf(0x8a, 8, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer))

export const global = (module: string, name: string): Uint8Array => bytesOf('c', `${module}\n${name}\n`)

export const tuple = (...items: readonly Uint8Array[]): Uint8Array => bytesOf('(', ...items, 't')

export const dict = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  bytesOf('}', '(', ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), 'u')

export const orderedDict = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  bytesOf(
    global('collections', 'OrderedDict'),
    ')R(',
    ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]),
    'u',
  )

/** A whole pickle of protocol 2. */
export const pickle = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array =>
  bytesOf(0x80, 2, ...parts, '.')

export interface Described {
  readonly type?: string
  readonly storage?: string
  readonly length: number
  readonly offset?: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

export const tensor = ({ type = 'FloatStorage', storage = '0', length, offset = 0, shape, strides }: Described) =>
  bytesOf(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      bytesOf(tuple(text('storage'), global('torch', type), text(storage), text('cuda:0'), int(length)), 'Q'),
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      bytesOf(0x89),
      bytesOf(global('collections', 'OrderedDict'), ')R'),
    ),
    'R',
  )

export const parameter = (value: Uint8Array): Uint8Array =>
  bytesOf(global('torch._utils', '_rebuild_parameter'), tuple(value, bytesOf(0x88), orderedDict({})), 'R')

/** An archive entry; `bytes` are what the archive holds, the other fields what it claims. */
export interface ZipEntry {
  readonly name: string
  readonly bytes: Uint8Array
  readonly method?: number
  readonly size?: number
  readonly crc?: number
  readonly flags?: number
}

/** Pieces of an archive, so that huge ones need not be in memory. */
const zipPieces = (entries: readonly ZipEntry[]): readonly Uint8Array[] => {
  let offset = 0
  const described = entries.map((entry) => {
    const { name, bytes, method = 0, size = bytes.length, flags = 0, crc = crc32(bytes) } = entry
    const [sizes, names] = [bytesOf(little(crc, 4), little(bytes.length, 4), little(size, 4)), bytesOf(name)]
    const common = bytesOf(
      20,
      0,
      little(flags, 2),
      little(method, 2),
      0,
      0,
      0x21,
      0,
      sizes,
      little(names.length, 2),
      0,
      0,
    )
    const local = bytesOf('PK\x03\x04', common, names)
    const central = bytesOf('PK\x01\x02', 20, 0, common, little(0, 10), little(offset, 4), names)
    offset += local.length + bytes.length
    return { local, bytes, central }
  })
  const directory = bytesOf(...described.map(({ central }) => central))
  const count = little(entries.length, 2)
  const end = bytesOf('PK\x05\x06', little(0, 4), count, count, little(directory.length, 4), little(offset, 4), 0, 0)
  return [...described.flatMap(({ local, bytes }) => [local, bytes]), directory, end]
}

export const zip = (entries: readonly ZipEntry[]): Uint8Array => bytesOf(...zipPieces(entries))

/** A checkpoint whose root is the given pickled value, with the given storages. */
export const checkpoint = (root: Uint8Array, storages: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  zip([
    { name: 'net/data.pkl', bytes: pickle(root) },
    ...Object.entries(storages).map(([name, bytes]) => ({ name: `net/data/${name}`, bytes })),
  ])

/** An archive as a source that is never in memory as a whole and notes what was read of it. */
export const sparseZip = (
  entries: readonly ZipEntry[],
): { readonly source: Source; readonly reads: (readonly [number, number])[] } => {
  const pieces = zipPieces(entries)
  const starts = pieces.map((_, i) => pieces.slice(0, i).reduce((sum, piece) => sum + piece.length, 0))
  const size = starts.at(-1)! + pieces.at(-1)!.length
  const reads: (readonly [number, number])[] = []
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    reads.push([offset, length])
    const out = new Uint8Array(length)
    pieces.forEach((piece, i) => {
      const [from, to] = [Math.max(offset, starts[i]!), Math.min(offset + length, starts[i]! + piece.length)]
      if (from < to) out.set(piece.subarray(from - starts[i]!, to - starts[i]!), from - offset)
    })
    return out
  }
  return { source: { size, read }, reads }
}

/** The bytes of 32-bit floats. */
export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
