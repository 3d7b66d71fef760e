/** PNG files, read as PIL reads them. @module */
import { crc32 } from 'node:zlib'
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../../core/fault.js'
import { malformed, plain, type Reading } from './format.js'

const GREY = 0
const PALETTE = 3

/** The header's end, and the first chunk after it. */
const AFTER_HEADER = 33

interface Chunk {
  readonly type: string
  /** Of the chunk, of which the data begin 8 bytes later. */
  readonly start: number
  readonly length: number
}

/** The chunks between the header and the pixels, as far as the file goes. */
const chunksOf = (view: DataView): readonly Chunk[] => {
  const chunks: Chunk[] = []
  for (let start = AFTER_HEADER; start + 12 <= view.byteLength; ) {
    const length = view.getUint32(start)
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(start + i)))
    if (type === 'IDAT' || start + 12 + length > view.byteLength) break
    chunks.push({ type, start, length })
    start += 12 + length
  }
  return chunks
}

const chunk = (type: string, data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(Buffer.from(type, 'latin1'), 4)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

/** The file with as many colours as its samples can name: one that its palette lacks is a grey of its own number. */
const withWholePalette = (bytes: Uint8Array, view: DataView, colours: number): Uint8Array => {
  const found = chunksOf(view).find(({ type }) => type === 'PLTE')
  if (found === undefined || found.length % 3 !== 0 || found.length >= 3 * colours) return bytes
  const end = found.start + 12 + found.length
  if (crc32(bytes.subarray(found.start + 4, end - 4)) !== view.getUint32(end - 4)) return bytes
  const palette = Uint8Array.from({ length: 3 * colours }, (_, i) => Math.floor(i / 3))
  palette.set(bytes.subarray(found.start + 8, end - 4))
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, found.start), chunk('PLTE', palette), bytes.subarray(end)]))
}

/**
 * How a PNG is read: greys of 16 bits are clipped, a palette is made as long as its samples' numbers.
 * Faults: it says to have no columns or no rows.
 *
 * @example
 * readingOfPng(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))._tag // => 'Right'
 */
export const readingOfPng = (bytes: Uint8Array): Either.Either<Faults, Reading> => {
  if (bytes.length < AFTER_HEADER) return Either.right(plain(bytes))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(16) === 0 || view.getUint32(20) === 0)
    return Either.left(malformed('PNG', 'it says to have no pixels', 'give an image of at least one pixel'))
  const depth = view.getUint8(24)
  const colour = view.getUint8(25)
  return Either.right({
    ...plain(colour === PALETTE && depth <= 8 ? withWholePalette(bytes, view, 2 ** depth) : bytes),
    samples: colour === GREY && depth === 16 ? 'greys' : 'bytes',
  })
}
