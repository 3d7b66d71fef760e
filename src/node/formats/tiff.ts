/** TIFF files: which of them PIL reads, and how, told from the fields of their first page. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../../core/fault.js'
import { malformed, plain, type Reading, type Samples } from './format.js'

/** The numbers of the fields that are looked at. */
const FIELD = {
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  orientation: 274,
  samples: 277,
  planes: 284,
  colours: 320,
  extra: 338,
  format: 339,
} as const

/** The bytes of each type of field that holds whole numbers; a field of another type has none here. */
const WIDTHS: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
  [16, 8],
])

/** No field that is looked at has more numbers: a palette of 256 colours. */
const MOST_NUMBERS = 768

type Fields = ReadonlyMap<number, readonly number[]>

/** The fields of a page that hold whole numbers, and where the first number of each is. */
interface Directory {
  readonly fields: Fields
  readonly places: ReadonlyMap<number, number>
  readonly big: boolean
}

/** The first page's; null where the file ends before they do. */
const directoryOf = (bytes: Uint8Array): Directory | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = bytes[0] === 0x49
  const wide = bytes[little ? 2 : 3] === 43
  const number = (at: number, width: 1 | 2 | 4 | 8): number =>
    width === 1
      ? view.getUint8(at)
      : width === 2
        ? view.getUint16(at, little)
        : width === 4
          ? view.getUint32(at, little)
          : Number(view.getBigUint64(at, little))
  const word = wide ? 8 : 4
  const entry = wide ? 20 : 12
  return Either.toUnion(
    Either.tryCatch(
      () => {
        const start = number(wide ? 8 : 4, word)
        const first = start + (wide ? 8 : 2)
        const fields = new Map<number, readonly number[]>()
        const places = new Map<number, number>()
        for (let at = first; at < first + entry * number(start, wide ? 8 : 2); at += entry) {
          const width = WIDTHS.get(number(at + 2, 2))
          const count = number(at + 4, word)
          if (width === undefined || count > MOST_NUMBERS) continue
          const inline = at + 4 + word
          const offset = count * width <= word ? inline : number(inline, word)
          places.set(number(at, 2), offset)
          fields.set(
            number(at, 2),
            Array.from({ length: count }, (_, i) => number(offset + i * width, width)),
          )
        }
        return { fields, places, big: !little }
      },
      () => null,
    ),
  )
}

/** The file with its alpha declared as one that colours are not multiplied by, so that the decoder leaves them alone. */
const withOwnAlpha = (bytes: Uint8Array, { places, big }: Directory): Uint8Array => {
  const declared = bytes.slice()
  declared[places.get(FIELD.extra)! + (big ? 1 : 0)] = 2
  return declared
}

const NONE = 1
const JPEG = 7

const COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [1, 'none'],
  [2, 'CCITT'],
  [3, 'CCITT group 3'],
  [4, 'CCITT group 4'],
  [5, 'LZW'],
  [7, 'JPEG'],
  [8, 'deflate'],
  [32773, 'PackBits'],
  [32946, 'deflate'],
  [34925, 'LZMA'],
  [50001, 'WebP'],
])

const UNREADABLE: ReadonlyMap<number, string> = new Map([
  [6, 'JPEG of the old kind'],
  [34712, 'JPEG 2000'],
  [34887, 'LERC'],
  [50000, 'Zstandard'],
  [50002, 'JPEG XL'],
])

const PHOTOMETRIC: ReadonlyMap<number, string> = new Map([
  [0, 'greys, white being zero'],
  [1, 'greys'],
  [2, 'RGB colours'],
  [3, 'colours of a palette'],
  [4, 'a mask'],
  [5, 'CMYK inks'],
  [6, 'YCbCr colours'],
  [8, 'CIELAB colours'],
  [9, 'CIELAB colours'],
  [10, 'CIELAB colours'],
  [32803, 'a colour filter array'],
  [34892, 'linear raw colours'],
])

const FORMATS = ['', 'unsigned', 'signed', 'float']

/** What of the first page decides how its pixels are read. */
interface Page {
  readonly photometric: number
  /** The kind of numbers: 1 unsigned, 2 signed, 3 float. */
  readonly format: number
  readonly bits: number
  /** What the samples beyond the colours are: 0 unsaid, 1 alpha that the colours are multiplied by, 2 alpha. */
  readonly extra: readonly number[]
  readonly big: boolean
  /** Whether each sample has a plane of its own. */
  readonly separate: boolean
  /** Whether the bits of a byte come in reverse. */
  readonly reversed: boolean
  readonly compression: number
}

/**
 * What the decoder gives for the pixels that PIL reads; null for those that PIL refuses, or reads in a way of its own that
 * the decoder's samples do not tell.
 */
const samplesOf = ({
  photometric,
  format,
  bits,
  extra,
  big,
  separate,
  reversed,
  compression,
}: Page): Samples | null => {
  const [alpha, ...more] = extra
  const unsigned = format === 1
  const none = alpha === undefined
  if (more.some((other) => other !== 0) || more.length > 2) return null
  if (separate && (bits !== 8 || more.length > 0 || alpha === 1 || (none ? reversed : photometric !== 2))) return null
  if (
    reversed &&
    compression === NONE &&
    !(photometric === 1 || (photometric === 0 && bits === 1) || photometric === 2)
  )
    return null
  if (bits === 32 && big && compression !== NONE) return null
  if (reversed && (!none || photometric > 3 || bits > 16 || (bits === 16 && (big || photometric !== 1)))) return null
  const small = unsigned && [1, 2, 4, 8].includes(bits)
  switch (photometric) {
    case 0:
      if (!none || separate) return null
      if (bits === 32) return format === 3 ? 'bytes' : null
      if (bits === 16) return unsigned && !big ? 'negativeGreys' : null
      return small ? 'bytes' : null
    case 1:
      if (!none) return unsigned && bits === 8 && alpha === 2 && more.length === 0 ? 'bytes' : null
      if (bits === 32) return format === 2 || format === 3 || (unsigned && !big) ? 'bytes' : null
      if (bits === 16) return unsigned || (format === 2 && !reversed) ? 'greys' : null
      return small ? 'bytes' : null
    case 2:
      if (!unsigned || (!none && alpha > 2)) return null
      if (bits !== 8 && (bits !== 16 || more.length > 0)) return null
      return alpha === 1 ? 'multiplied' : 'bytes'
    case 3:
      if (!none) return unsigned && bits === 8 && alpha === 2 && more.length === 0 ? 'bytes' : null
      return small ? 'bytes' : null
    case 5:
      if (!unsigned || separate || (!none && alpha !== 0)) return null
      if (bits === 16) return !big && none ? 'deepInks' : null
      return bits === 8 ? 'inks' : null
    case 6:
      return unsigned && bits === 8 && compression === JPEG && !separate && none ? 'bytes' : null
    default:
      return null
  }
}

const COLOURS: ReadonlyMap<number, number> = new Map([
  [2, 3],
  [5, 4],
  [6, 3],
])

/**
 * How a TIFF's first page is read: as PIL reads it, turned as its orientation says.
 * Faults name what of it PIL does not read, or not as the decoder does: its compression, its colours and the numbers they
 * are kept in.
 *
 * @example
 * readingOfTiff(Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0))._tag // => 'Left'
 */
export const readingOfTiff = (bytes: Uint8Array): Either.Either<Faults, Reading> => {
  if (bytes[0] === 0x4d && bytes[3] === 43)
    return Either.left(malformed('TIFF', 'it is a big-endian BigTIFF, which PIL does not read', 'convert it to PNG'))
  const found = directoryOf(bytes)
  if (found === null)
    return Either.left(malformed('TIFF', 'it ends before its first page is described', 'is the file complete?'))
  const { fields, big } = found
  const one = (field: number, otherwise: number): number => fields.get(field)?.[0] ?? otherwise
  const photometric = one(FIELD.photometric, 0)
  const samples = one(FIELD.samples, 1)
  const given = fields.get(FIELD.bits) ?? [1]
  const bits = given.length === 1 ? Array.from({ length: Math.min(samples, 8) }, () => given[0]!) : given
  const formats = new Set(fields.get(FIELD.format) ?? [1])
  const compression = one(FIELD.compression, 1)
  const orientation = one(FIELD.orientation, 1)
  const extra = fields.get(FIELD.extra) ?? []
  const refused = (problem: string): Either.Either<Faults, Reading> =>
    Either.left(malformed('TIFF', problem, 'convert it to PNG'))
  if (!COMPRESSIONS.has(compression))
    return refused(`its compression is ${UNREADABLE.get(compression) ?? `number ${compression}`}`)
  if (orientation < 1 || orientation > 8) return refused(`its orientation is ${orientation}, which is none`)
  const palette = fields.get(FIELD.colours)
  if (photometric === 3 && (palette === undefined || palette.length !== 3 * 2 ** bits[0]!))
    return refused(`its palette has ${palette?.length ?? 0} numbers where ${3 * 2 ** bits[0]!} are due`)
  if (photometric === 3 && palette!.every((number) => number < 256) && palette!.some((number) => number > 0))
    return refused('its palette has numbers of 8 bits where 16 are due')
  const separate = one(FIELD.planes, 1) === 2
  const reversed = one(FIELD.fillOrder, 1) === 2
  const colours = COLOURS.get(photometric) ?? 1
  // Four samples of RGB without a word of the fourth are read as if it were alpha.
  const alphas = photometric === 2 && samples === 4 && extra.length === 0 ? [2] : extra
  const kept =
    samples === colours + alphas.length && bits.length >= samples && new Set(bits).size === 1 && formats.size === 1
      ? samplesOf({
          photometric,
          format: [...formats][0]!,
          bits: bits[0]!,
          extra: alphas,
          big,
          separate,
          reversed,
          compression,
        })
      : null
  if (kept === null) {
    const numbers = [...formats].map((format) => FORMATS[format] ?? 'other').join(' and ')
    const planes = separate ? ' in planes' : ''
    const order = reversed ? ', their bits in reverse' : ''
    const extras = extra.length > 0 ? `, extra samples of kind ${extra.join(', ')}` : ''
    return refused(
      `its pixels are ${PHOTOMETRIC.get(photometric) ?? `colours of kind ${photometric}`} as ${samples} ${numbers} numbers of ${[...new Set(bits)].join(', ')} bits${planes}${order}${extras}, ${big ? 'big' : 'little'}-endian, a kind that cannot be read as PIL does`,
    )
  }
  return Either.right({
    ...plain(kept === 'multiplied' ? withOwnAlpha(bytes, found) : bytes),
    samples: kept,
    turned: orientation > 1,
  })
}
