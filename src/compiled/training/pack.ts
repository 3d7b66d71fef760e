/** Weights as the kernels of training take them, and the gradients they make as weights. @module */
import type { Reals } from '../../core/tensor.js'
import type { Convolution } from '../../model/kernels.js'
import { BLOCK } from '../machine/layout.js'

/** How many blocks of so many numbers. */
export const blocksOf = (length: number, size: number): number => Math.ceil(length / size)

/** The extents of a convolution, and of a group's weight. */
export interface Extents {
  readonly groups: number
  readonly inGroup: number
  readonly outGroup: number
  readonly taps: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly stride: number
  readonly padding: number
}

/** The extents of a convolution. */
export const extentsOf = ({ weight, groups, stride, padding }: Convolution): Extents => {
  const [out, inGroup, kernelHeight, kernelWidth] = weight.shape as readonly [number, number, number, number]
  const taps = kernelHeight * kernelWidth
  return { groups, inGroup, outGroup: out / groups, taps, kernelHeight, kernelWidth, stride, padding }
}

/** How many numbers {@link packForward} fills. */
export const forwardLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  groups * blocksOf(outGroup, BLOCK) * taps * blocksOf(inGroup, 8) * 9 * BLOCK

/** `[group, block of sixteen outputs, tap, eight inputs, 9, 16]`: every ninth row is zero. */
export const packForward = (weights: Reals, { groups, inGroup, outGroup, taps }: Extents, to: Float32Array): void => {
  to.fill(0)
  const eights = blocksOf(inGroup, 8)
  let start = 0
  for (let group = 0; group < groups; group++)
    for (let first = 0; first < outGroup; first += BLOCK) {
      const [co, lanes] = [group * outGroup + first, Math.min(BLOCK, outGroup - first)]
      for (let tap = 0; tap < taps; tap++) {
        for (let ci = 0; ci < inGroup; ci++) {
          const at = start + ((ci >> 3) * 9 + (ci & 7)) * BLOCK
          for (let o = 0; o < lanes; o++) to[at + o] = weights[((co + o) * inGroup + ci) * taps + tap]!
        }
        start += eights * 9 * BLOCK
      }
    }
}

/** How many numbers {@link packBackward} fills. */
export const backwardLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  groups * blocksOf(inGroup, 8) * taps * outGroup * 8

/** The taps that meet the inputs at each place within the stride, in order: one list a class of inputs. */
const classesOf = ({ kernelHeight, kernelWidth, stride, padding }: Extents): readonly (readonly number[])[] => {
  const along = (kernel: number, place: number): readonly number[] =>
    Array.from({ length: kernel }, (_, k) => k).filter((k) => (place + padding - k) % stride === 0)
  const places = Array.from({ length: stride }, (_, place) => place)
  return places.flatMap((y) =>
    places.map((x) => along(kernelHeight, y).flatMap((ky) => along(kernelWidth, x).map((kx) => ky * kernelWidth + kx))),
  )
}

/** `[group, class, block of eight inputs, tap of the class, output of the group, 8]`. */
export const packBackward = (weights: Reals, extents: Extents, to: Float32Array): void => {
  to.fill(0)
  const { groups, inGroup, outGroup, taps } = extents
  const classes = classesOf(extents)
  const eights = blocksOf(inGroup, 8)
  let start = 0
  for (let group = 0; group < groups; group++)
    for (const own of classes) {
      for (let first = 0; first < inGroup; first += 8) {
        const lanes = Math.min(8, inGroup - first)
        for (const [k, tap] of own.entries())
          for (let o = 0; o < outGroup; o++) {
            const at = start + ((first * own.length) / 8 + k) * outGroup * 8 + o * 8
            const from = ((group * outGroup + o) * inGroup + first) * taps + tap
            for (let lane = 0; lane < lanes; lane++) to[at + lane] = weights[from + lane * taps]!
          }
      }
      start += eights * own.length * outGroup * 8
    }
}

/** How many numbers rows of weights have, `[tap, channel, outputs of a group in blocks of sixteen]`. */
export const rowsLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  taps * groups * inGroup * blocksOf(outGroup, BLOCK) * BLOCK

/** Rows of weights `[tap, channel, outputs of its group in blocks of sixteen]`. */
export const packRows = (weights: Reals, { groups, inGroup, outGroup, taps }: Extents, to: Float32Array): void => {
  to.fill(0)
  const row = blocksOf(outGroup, BLOCK) * BLOCK
  for (let co = 0; co < groups * outGroup; co++) {
    const [group, o] = [Math.floor(co / outGroup), co % outGroup]
    for (let ci = 0; ci < inGroup; ci++)
      for (let tap = 0; tap < taps; tap++)
        to[((tap * groups + group) * inGroup + ci) * row + o] = weights[(co * inGroup + ci) * taps + tap]!
  }
}

/** What {@link packRows} undoes. */
export const unpackRows = (rows: Float32Array, { groups, inGroup, outGroup, taps }: Extents): Float32Array => {
  const weights = new Float32Array(groups * outGroup * inGroup * taps)
  const row = blocksOf(outGroup, BLOCK) * BLOCK
  for (let group = 0; group < groups; group++)
    for (let first = 0; first < outGroup; first += BLOCK) {
      const [co, lanes] = [group * outGroup + first, Math.min(BLOCK, outGroup - first)]
      for (let ci = 0; ci < inGroup; ci++)
        for (let tap = 0; tap < taps; tap++) {
          const from = ((tap * groups + group) * inGroup + ci) * row + first
          for (let o = 0; o < lanes; o++) weights[((co + o) * inGroup + ci) * taps + tap] = rows[from + o]!
        }
    }
  return weights
}

/** Four pairs of rows for each byte of spikes, the active ones two by two, row 8 with an odd one; then their bytes. */
export const pairTable = (): { readonly pairs: Uint16Array; readonly bytes: Uint8Array } => {
  const [pairs, bytes] = [new Uint16Array(256 * 8), new Uint8Array(256)]
  for (let mask = 0; mask < 256; mask++) {
    const rows = [0, 1, 2, 3, 4, 5, 6, 7].filter((row) => (mask >> row) & 1)
    const even = rows.length % 2 === 0 ? rows : [...rows, 8]
    pairs.set(even, mask * 8)
    bytes[mask] = 2 * even.length
  }
  return { pairs, bytes }
}

/** `[T, B, channels, positions]` to `[B, T, positions, channels]`. */
export const channelsLast = (
  data: Reals,
  [T, B, channels, positions]: readonly [number, number, number, number],
  to: Float32Array,
): void => {
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) {
      const [from, into] = [(t * B + b) * channels * positions, (b * T + t) * channels * positions]
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < positions; p++) to[into + p * channels + c] = data[from + c * positions + p]!
    }
}

type Extent3 = readonly [number, number, number]

/** `[T, B, classes]` to `[B, T, classes]`. */
export const stepsLast = (data: Reals, [T, B, classes]: Extent3, to: Float32Array): void => {
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++)
      for (let k = 0; k < classes; k++) to[(b * T + t) * classes + k] = data[(t * B + b) * classes + k]!
}

/** And back. */
export const stepsFirst = (data: Reals, [T, B, classes]: Extent3): Float32Array => {
  const to = new Float32Array(data.length)
  stepsLast(data, [B, T, classes], to)
  return to
}
