/** Windows that slide over a feature map: the one place that says how many positions they take. @module */
import type { Size } from './tensor.js'

/** A window of `kernel` positions that moves by `stride` over a map with `padding` positions on every side. */
export interface Sliding {
  readonly kernel: Size
  readonly stride: number
  readonly padding: number
}

/**
 * The output size of a convolution or pool along one side: `floor((size + 2 padding - kernel) / stride) + 1`.
 *
 * @example
 * convolved(224, 7, 2, 3) // => 112
 */
export const convolved = (size: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1

/**
 * The output size of a convolution or pool.
 *
 * @example
 * outputSize({ height: 8, width: 6 }, { kernel: { height: 3, width: 3 }, stride: 2, padding: 1 })
 * // => { height: 4, width: 3 }
 */
export const outputSize = ({ height, width }: Size, { kernel, stride, padding }: Sliding): Size => ({
  height: convolved(height, kernel.height, stride, padding),
  width: convolved(width, kernel.width, stride, padding),
})
