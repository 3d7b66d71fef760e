/** The primitives of real inputs (stem, pools, classifier) and the packing of attention's operands. @module */
import type { Bytes } from '../machine/layout.js'
import type { Primitives } from '../machine/primitives.js'

const { fround } = Math

/** One row of output positions of a convolution, sixteen channels: product and sum each rounded. */
export const dense =
  ({ f32 }: Bytes): Primitives['dense'] =>
  (
    input,
    inputRowBytes,
    inputStride,
    width,
    kernelRows,
    kernelWidth,
    stride,
    padding,
    channels,
    weights,
    outWidth,
    sums,
  ) => {
    const [rowStep, step] = [inputRowBytes >> 2, inputStride >> 2]
    for (let ox = 0; ox < outWidth; ox++) {
      const left = ox * stride - padding
      const [from, to] = [Math.max(0, -left), Math.min(kernelWidth, width - left)]
      const s = (sums >> 2) + ox * 16
      f32.fill(0, s, s + 16)
      for (let ky = 0; ky < kernelRows; ky++)
        for (let kx = from; kx < to; kx++)
          for (let c = 0; c < channels; c++) {
            const x = f32[(input >> 2) + ky * rowStep + (left + kx) * step + c]!
            const w = (weights >> 2) + ((ky * kernelWidth + kx) * channels + c) * 16
            for (let i = 0; i < 16; i++) f32[s + i] = f32[s + i]! + fround(x * f32[w + i]!)
          }
    }
  }

/** One row of output positions of a max-pool, sixteen channels; padding never wins. */
export const maxPool =
  ({ f32 }: Bytes): Primitives['maxPool'] =>
  (input, inputRowBytes, inputStride, width, kernelRows, kernel, stride, padding, outWidth, out, outStride) => {
    const [rowStep, step] = [inputRowBytes >> 2, inputStride >> 2]
    for (let ox = 0; ox < outWidth; ox++) {
      const left = ox * stride - padding
      const [from, to] = [Math.max(0, -left), Math.min(kernel, width - left)]
      for (let i = 0; i < 16; i++) {
        let largest = Number.NEGATIVE_INFINITY
        for (let ky = 0; ky < kernelRows; ky++)
          for (let kx = from; kx < to; kx++)
            largest = Math.max(largest, f32[(input >> 2) + ky * rowStep + (left + kx) * step + i]!)
        f32[((out + ox * outStride) >> 2) + i] = largest
      }
    }
  }

/** The mean of rows, sixteen channels: the sum in order, then one division. */
export const meanRows =
  ({ f32 }: Bytes): Primitives['meanRows'] =>
  (from, fromRow, positions, out) => {
    for (let i = 0; i < 16; i++) {
      let sum = 0
      for (let p = 0; p < positions; p++) sum = fround(sum + f32[((from + p * fromRow) >> 2) + i]!)
      f32[(out >> 2) + i] = sum / positions
    }
  }

/** Rows of channels to blocks of rows. */
export const packRows =
  ({ f32 }: Bytes): Primitives['packRows'] =>
  (from, fromRow, width, rows, skip, to) => {
    for (let block = 0, o = to >> 2; block < width; block += 16, o += skip >> 2)
      for (let r = 0; r < rows; r++)
        for (let i = 0; i < 16; i++, o++) f32[o] = block + i < width ? f32[((from + r * fromRow) >> 2) + block + i]! : 0
  }

/** Columns (one channel of sixteen rows) to blocks of rows. */
export const packColumns =
  ({ f32 }: Bytes): Primitives['packColumns'] =>
  (from, fromRow, width, rows, skip, to) => {
    for (let block = 0, o = to >> 2; block < width; block += 16, o += skip >> 2)
      for (let r = 0; r < rows; r++)
        for (let i = 0; i < 16; i++, o++)
          f32[o] = block + i < width ? f32[((from + (block + i) * fromRow) >> 2) + r]! : 0
  }
