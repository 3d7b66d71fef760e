/** Which rows of which input an output position sums over: the taps of a convolution, and pieces of its rows. @module */
import { EIGHT } from '../../model/kernels.js'
import { BLOCK, type Channels, channelAt } from './layout.js'
import { EVENT, EVENTS } from './shared.js'

/** A window over a feature map. */
export interface Window {
  readonly height: number
  readonly width: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly stride: number
  readonly padding: number
  readonly outHeight: number
  readonly outWidth: number
}

/**
 * For each output position and tap, row-major both, the byte offset of the input row it meets; -1 in the padding.
 * `rowStride` is the distance of two input rows.
 */
export const gatherTable = (w: Window, rowStride: number): Int32Array => {
  const taps = w.kernelHeight * w.kernelWidth
  const table = new Int32Array(w.outHeight * w.outWidth * taps)
  let i = 0
  for (let oy = 0; oy < w.outHeight; oy++)
    for (let ox = 0; ox < w.outWidth; ox++)
      for (let ky = 0; ky < w.kernelHeight; ky++)
        for (let kx = 0; kx < w.kernelWidth; kx++) {
          const [y, x] = [oy * w.stride - w.padding + ky, ox * w.stride - w.padding + kx]
          const inside = y >= 0 && y < w.height && x >= 0 && x < w.width
          table[i++] = inside ? (y * w.width + x) * rowStride : -1
        }
  return table
}

/** Rows of a table of pairs for eight rows of weights: each alone, and every two of them. */
const PAIRS = EIGHT + (EIGHT * (EIGHT - 1)) / 2

/** Most rows of weights in a slab: its table of pairs, 288 bytes a row, stays in the second-level cache. */
export const SLAB_ROWS = 640

/** Rounds up to whole eights. */
export const inEights = (inputs: number): number => Math.ceil(inputs / EIGHT) * EIGHT

/** Bytes of the table of a slab's pairs. */
export const tableBytes = (rows: number): number => (rows / EIGHT) * PAIRS * BLOCK * 4

/** The row of a table of pairs that is the sum of rows i < j of weights; row i is row i alone. */
const pairOf = (i: number, j: number): number => EIGHT + (j * (j - 1)) / 2 + i

/** A stretch of the channels of one tap: bits `[bit, bit + bits)` of the tap's row drive rows k, k + 1, .. of a slab. */
export interface Piece {
  readonly tap: number
  readonly bit: number
  readonly bits: number
  readonly k: number
}

/**
 * Part of a sum, in canonical order: `rows` rows of weights from row `first` of the whole, and what drives them. Every
 * tap has whole eights of rows; those past its channels are never driven.
 */
export interface Slab {
  readonly first: number
  readonly rows: number
  readonly pieces: readonly Piece[]
}

/** Rows of a slab: whole taps where one fits, and all slabs but the last alike. */
const slabRows = (taps: number, count: number, most: number): number =>
  count <= most
    ? count * Math.ceil(taps / Math.ceil(taps / Math.floor(most / count)))
    : inEights((taps * count) / Math.ceil((taps * count) / most))

/** Whether a run of channels ends inside an eight of a group of `count` channels. */
export const cutsEights = ({ run, channels }: Channels, count: number): boolean =>
  Array.from({ length: channels / run - 1 }, (_, r) => (r + 1) * run).some((end) => (end % count) % EIGHT !== 0)

/**
 * Cuts the sum over (tap, channel) of `count` channels from `from` into slabs of at most `most` rows, of equal height
 * but the last, and of whole taps where one fits. Partial sums are stored between slabs, which rounds nothing. No run of
 * channels may end inside an eight ({@link cutsEights}).
 */
export const slabsOf = (
  layout: Channels,
  taps: number,
  from: number,
  count: number,
  most = SLAB_ROWS,
): readonly Slab[] => {
  const tapRows = inEights(count)
  const terms = taps * tapRows
  const height = slabRows(taps, tapRows, most)
  return Array.from({ length: Math.ceil(terms / height) }, (_, s): Slab => {
    const [first, end] = [s * height, Math.min(terms, (s + 1) * height)]
    const pieces: Piece[] = []
    for (let at = first; at < end; ) {
      const [tap, c] = [Math.floor(at / tapRows), at % tapRows]
      const channel = from + c
      const bits = Math.min(layout.run - (channel % layout.run), count - c, end - at)
      pieces.push({ tap, bit: channelAt(layout, channel), bits, k: at - first })
      at += inEights(bits)
    }
    return { first, rows: end - first, pieces }
  })
}

/** Pieces as the kernels read them, four 32-bit words each: byte offset of the tap in the table, bit, bits, first event. */
export const pieceTable = (pieces: readonly Piece[]): Int32Array =>
  Int32Array.from(pieces.flatMap(({ tap, bit, bits, k }) => [tap * 4, bit, bits, (k / EIGHT) * EVENTS]))

/** For every byte, an eight: its events, four 16-bit words at most, then how many bytes of those are used. */
export const eventTable: Uint16Array = Uint16Array.from(
  Array.from({ length: 256 }, (_, byte) => {
    const set = Array.from({ length: EIGHT }, (__, bit) => bit).filter((bit) => (byte >> bit) & 1)
    const rows = set.flatMap((bit, i) => (i % 2 === 1 ? [] : i + 1 < set.length ? [pairOf(bit, set[i + 1]!)] : [bit]))
    return [...[0, 1, 2, 3].map((i) => (rows[i] ?? 0) * EVENT), rows.length * 2, 0, 0, 0]
  }).flat(),
)
