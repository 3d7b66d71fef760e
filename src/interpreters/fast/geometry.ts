/** Which rows of which input an output position sums over: the taps of a convolution, and pieces of its rows. @module */
import { type Channels, channelAt } from './layout.js'

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

/** Rows of weights in a slab: the byte offset of a row, 64 k, must fit sixteen bits. */
export const SLAB_ROWS = 640

/** A stretch of the channels of one tap: bits `[bit, bit + bits)` of the tap's row drive rows k, k + 1, .. of a slab. */
export interface Piece {
  readonly tap: number
  readonly bit: number
  readonly bits: number
  readonly k: number
}

/** Part of a sum, in canonical order: `rows` rows of weights from row `first` of the whole, and what drives them. */
export interface Slab {
  readonly first: number
  readonly rows: number
  readonly pieces: readonly Piece[]
}

/** Rows of a slab: whole taps where one fits, and all slabs but the last alike. */
const slabRows = (taps: number, count: number, most: number): number =>
  count <= most
    ? count * Math.ceil(taps / Math.ceil(taps / Math.floor(most / count)))
    : Math.ceil((taps * count) / Math.ceil((taps * count) / most))

/**
 * Cuts the sum over (tap, channel) of `count` channels from `from` into slabs of at most `most` rows, of equal height
 * but the last, and of whole taps where one fits. Partial sums are stored between slabs, which rounds nothing.
 */
export const slabsOf = (
  lie: Channels,
  taps: number,
  from: number,
  count: number,
  most = SLAB_ROWS,
): readonly Slab[] => {
  const terms = taps * count
  const height = slabRows(taps, count, most)
  return Array.from({ length: Math.ceil(terms / height) }, (_, s): Slab => {
    const [first, end] = [s * height, Math.min(terms, (s + 1) * height)]
    const pieces: Piece[] = []
    for (let at = first; at < end; ) {
      const [tap, channel] = [Math.floor(at / count), from + (at % count)]
      const untilRun = lie.run - (channel % lie.run)
      const bits = Math.min(untilRun, count - (at % count), end - at)
      pieces.push({ tap, bit: channelAt(lie, channel), bits, k: at - first })
      at += bits
    }
    return { first, rows: end - first, pieces }
  })
}

/** Pieces as the kernels read them, four 32-bit words each: byte offset of the tap in the table, bit, bits, 64 k. */
export const pieceTable = (pieces: readonly Piece[]): Int32Array =>
  Int32Array.from(pieces.flatMap(({ tap, bit, bits, k }) => [tap * 4, bit, bits, k * 64]))

/** For every byte, the offsets of its set bits in ascending order, 64 bytes a bit, as eight 16-bit words. */
export const bitTable = (): Uint16Array => {
  const table = new Uint16Array(256 * 8)
  for (let byte = 0; byte < 256; byte++) {
    let n = 0
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) table[byte * 8 + n++] = bit * 64
  }
  return table
}
