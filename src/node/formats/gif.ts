/** The first frame of a GIF, as PIL reads it. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../../core/fault.js'
import { malformed, plain, type Reading } from './format.js'

const EXTENSION = 0x21
const CONTROL = 0xf9
const IMAGE = 0x2c
const TRAILER = 0x3b

/** Three bytes a colour of every number a sample can be: those a table lacks are greys. */
const greys = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3))

const isGreys = (table: Uint8Array): boolean => table.every((value, i) => value === greys[i])

/** The table as long as the flags say, where they say that there is one; PIL passes over one that only repeats the greys. */
const tableAt = (bytes: Uint8Array, at: number, flags: number): { table: Uint8Array | null; end: number } => {
  if ((flags & 0x80) === 0) return { table: null, end: at }
  const end = at + 3 * 2 ** ((flags & 7) + 1)
  const table = bytes.subarray(at, end)
  return { table: isGreys(table) ? null : table, end }
}

/** Where a chain of sub-blocks ends; null where the file ends before. */
const afterBlocks = (bytes: Uint8Array, start: number): number | null => {
  for (let at = start; at < bytes.length; at += 1 + bytes[at]!) if (bytes[at] === 0) return at + 1
  return null
}

/** Where the first image begins, and the number of the transparent colour that was said before it. */
const firstImage = (bytes: Uint8Array, start: number): { at: number; transparent: number | null } | null => {
  let transparent: number | null = null
  for (let at = start; at < bytes.length; ) {
    const block = bytes[at]!
    if (block === IMAGE) return at + 10 < bytes.length ? { at, transparent } : null
    if (block === TRAILER) return null
    if (block !== EXTENSION) {
      at += 1
      continue
    }
    if (bytes[at + 1] === CONTROL && bytes[at + 2]! >= 4 && (bytes[at + 3]! & 1) === 1) transparent = bytes[at + 6]!
    const end = afterBlocks(bytes, at + 2)
    if (end === null) return null
    at = end
  }
  return null
}

const word = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8)

/** A GIF of the frame alone, opaque, all of whose colours are in one table. */
const alone = (palette: Uint8Array, frame: Uint8Array, data: Uint8Array): Uint8Array =>
  Uint8Array.from(
    Buffer.concat([
      Buffer.from('GIF89a', 'latin1'),
      frame.subarray(5, 9),
      Uint8Array.of(0xf7, 0, 0),
      palette,
      Uint8Array.of(IMAGE, 0, 0, 0, 0),
      frame.subarray(5, 9),
      Uint8Array.of(frame[9]! & 0x40),
      data,
      Uint8Array.of(TRAILER),
    ]),
  )

/**
 * How a GIF is read: its first frame, whose transparent pixels keep their colour, on a canvas of the transparent colour, or
 * of colour 0, that grows where the frame is larger.
 * Faults: it ends before its first frame does, or has none.
 *
 * @example
 * readingOfGif(new TextEncoder().encode('GIF89a'))._tag // => 'Left'
 */
export const readingOfGif = (bytes: Uint8Array): Either.Either<Faults, Reading> => {
  const incomplete = Either.left(malformed('GIF', 'it ends before its first frame does', 'is the file complete?'))
  if (bytes.length < 13) return incomplete
  const { table: shared, end } = tableAt(bytes, 13, bytes[10]!)
  const found = firstImage(bytes, end)
  if (found === null) return incomplete
  const { at, transparent } = found
  const frame = bytes.subarray(at, at + 10)
  const { table: own, end: data } = tableAt(bytes, at + 10, frame[9]!)
  const last = afterBlocks(bytes, data + 1)
  if (last === null) return incomplete
  const [left, top, width, height] = [1, 3, 5, 7].map((i) => word(frame, i)) as [number, number, number, number]
  if (width === 0 || height === 0)
    return Either.left(malformed('GIF', 'its first frame has no pixels', 'give an image of at least one pixel'))
  const palette = greys.slice()
  palette.set(own ?? shared ?? new Uint8Array(0))
  const fill = 3 * (transparent ?? 0)
  return Either.right({
    ...plain(alone(palette, frame, bytes.subarray(data, last))),
    canvas: {
      width: Math.max(word(bytes, 6), left + width),
      height: Math.max(word(bytes, 8), top + height),
      picture: { top, left, width, height },
      colour: [palette[fill]!, palette[fill + 1]!, palette[fill + 2]!],
    },
  })
}
