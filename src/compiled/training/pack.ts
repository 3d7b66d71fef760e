/** How long weights are as the kernels of training take them, and the orders of what a step is given and gives. @module */
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

/** How many numbers the kernel `packForward` fills. */
export const forwardLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  groups * blocksOf(outGroup, BLOCK) * taps * blocksOf(inGroup, 8) * 9 * BLOCK

/** How many numbers `packBackward` fills. */
export const backwardLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  groups * blocksOf(inGroup, 8) * taps * outGroup * 8

/** How many numbers `packRows` fills. */
export const rowsLength = ({ groups, inGroup, outGroup, taps }: Extents): number =>
  taps * groups * inGroup * blocksOf(outGroup, BLOCK) * BLOCK

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
