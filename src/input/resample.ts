/**
 * Resizing as PIL 9.4 does it, byte for byte: two separable passes in 8-bit fixed point, the horizontal one first.
 *
 * One grey level changes spikes, so nothing here is approximate. Only `+ - * /` on float64, truncation and integer
 * shifts are used: every engine gives the same bytes. Source: Pillow's `Resample.c`.
 * @module
 */
import type { Size } from '../core/tensor.js'
import type { Image, Window } from './image.js'

/** A resampling filter: an even kernel, zero outside `[-support, support]` (in output pixels). */
interface Filter {
  readonly support: number
  readonly kernel: (x: number) => number
}

/** Convolution with a = -0.5 (Keys 1981), which reproduces parabolas. */
const bicubic: Filter = {
  support: 2,
  kernel: (signed) => {
    const x = signed < 0 ? -signed : signed
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
  },
}

/** The triangle: linear interpolation, antialiased where the image shrinks. */
const bilinear: Filter = { support: 1, kernel: (x) => (x < 0 ? Math.max(1 + x, 0) : Math.max(1 - x, 0)) }

/** The mean over the area of an output pixel. */
const box: Filter = { support: 0.5, kernel: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) }

/** Bits after the binary point: of 32, 8 hold the result and 2 its overshoot. */
const precisionBits = 32 - 8 - 2

/** What one output pixel takes: input pixels `start, start + 1, ...` times these fixed-point weights. */
interface Taps {
  readonly start: number
  readonly weights: Int32Array
}

/** The same weights before they are rounded to fixed point. */
const realTaps = (
  filter: Filter,
  extent: number,
  target: number,
  position: number,
): { readonly start: number; readonly weights: Float64Array } => {
  const scale = extent / target
  const stretch = Math.max(scale, 1)
  const support = filter.support * stretch
  const middle = (position + 0.5) * scale
  const start = Math.max(Math.trunc(middle - support + 0.5), 0)
  const end = Math.min(Math.trunc(middle + support + 0.5), extent)
  const real = Float64Array.from({ length: end - start }, (_, i) =>
    filter.kernel((i + start - middle + 0.5) * (1 / stretch)),
  )
  const sum = real.reduce((x, y) => x + y, 0)
  return { start, weights: sum === 0 ? real : real.map((w) => w / sum) }
}

/**
 * The taps of output pixel `position`, where `extent` input pixels become `target`.
 *
 * The kernel is widened by the scale where the image shrinks, cut off at the image's edge, scaled to sum 1 in float64,
 * and rounded to fixed point, halves away from zero.
 */
const tapsOf = (filter: Filter, extent: number, target: number, position: number): Taps => {
  const { start, weights } = realTaps(filter, extent, target, position)
  const fixed = (w: number): number => Math.trunc((w < 0 ? -0.5 : 0.5) + w * 2 ** precisionBits)
  return { start, weights: Int32Array.from(weights, fixed) }
}

/** A fixed-point sum as a byte: the integer part, clipped to 0..255. */
const clip = (sum: number): number => Math.min(Math.max(sum >> precisionBits, 0), 255)

/**
 * One pass: samples of shape `[outer, extent, inner]` become `[outer, taps.length, inner]`, each output
 * `clip(1/2 + sum_i weights[i] * sample[start + i])`.
 */
const pass = (taps: readonly Taps[], outer: number, extent: number, inner: number, samples: Uint8Array): Uint8Array => {
  const out = new Uint8Array(outer * taps.length * inner)
  let next = 0
  for (let o = 0; o < outer; o++) {
    for (const { start, weights } of taps) {
      const first = (o * extent + start) * inner
      for (let c = 0; c < inner; c++) {
        let sum = 2 ** (precisionBits - 1)
        for (let i = 0; i < weights.length; i++) sum += samples[first + i * inner + c]! * weights[i]!
        out[next++] = clip(sum)
      }
    }
  }
  return out
}

/**
 * Resizes to `size` and keeps `window` of the result, computing no more than that: the same bytes as to resize and then
 * crop, without the memory of the whole.
 */
const resample =
  (filter: Filter) =>
  (size: Size, window: Window = { ...size, top: 0, left: 0 }) =>
  (source: Image): Image => {
    const { channels } = source
    const columns = Array.from({ length: window.width }, (_, x) =>
      tapsOf(filter, source.width, size.width, window.left + x),
    )
    const rows = Array.from({ length: window.height }, (_, y) =>
      tapsOf(filter, source.height, size.height, window.top + y),
    )
    const top = rows[0]!.start
    const bottom = rows[rows.length - 1]!.start + rows[rows.length - 1]!.weights.length
    const stride = source.width * channels
    const needed = source.pixels.subarray(top * stride, bottom * stride)
    const narrow = pass(columns, bottom - top, source.width, channels, needed)
    const shifted = rows.map(({ start, weights }) => ({ start: start - top, weights }))
    const pixels = pass(shifted, 1, bottom - top, window.width * channels, narrow)
    return { height: window.height, width: window.width, channels, pixels }
  }

/**
 * Resizes with the bicubic filter (a = -0.5), antialiased where the image shrinks: PIL's `Image.BICUBIC`.
 *
 * With a `window`, only that rectangle of the resized image is computed and returned. The caller promises positive
 * integer sizes and a window inside the resized image.
 *
 * @example
 * resizeBicubic({ height: 32, width: 40 })(photo).pixels.length // => 32 * 40 * 3
 */
export const resizeBicubic: (size: Size, window?: Window) => (source: Image) => Image = resample(bicubic)

/**
 * Resizes by averaging over areas: PIL's `Image.BOX`. Sizes and window as in `resizeBicubic`.
 *
 * @example
 * resizeBox({ height: 1, width: 1 })({ height: 1, width: 2, channels: 1, pixels: Uint8Array.of(10, 20) }).pixels
 * // => Uint8Array.of(15)
 */
export const resizeBox: (size: Size, window?: Window) => (source: Image) => Image = resample(box)

/**
 * Resizes with the bilinear filter, antialiased where the image shrinks: PIL's `Image.BILINEAR`. Sizes and window as in
 * `resizeBicubic`.
 *
 * @example
 * resizeBilinear({ height: 1, width: 1 })({ height: 1, width: 2, channels: 1, pixels: Uint8Array.of(10, 20) }).pixels
 * // => Uint8Array.of(15)
 */
export const resizeBilinear: (size: Size, window?: Window) => (source: Image) => Image = resample(bilinear)

/** One pass over real numbers: `[outer, extent, inner]` to `[outer, target, inner]`. */
const realPass = (extent: number, target: number, inner: number, data: Float64Array): Float64Array => {
  const taps = Array.from({ length: target }, (_, i) => realTaps(bilinear, extent, target, i))
  const outer = data.length / extent / inner
  const out = new Float64Array(outer * target * inner)
  let next = 0
  for (let o = 0; o < outer; o++)
    for (const { start, weights } of taps)
      for (let c = 0; c < inner; c++) {
        let sum = 0
        for (let i = 0; i < weights.length; i++) sum += data[(o * extent + start + i) * inner + c]! * weights[i]!
        out[next++] = sum
      }
  return out
}

/**
 * Planes of real numbers `[..., height, width]` resized by the bilinear filter, antialiased where they shrink, in
 * float64: as `torch.nn.functional.interpolate(mode='bilinear', antialias=True)`.
 *
 * @example
 * resizePlanes({ height: 1, width: 2 }, { height: 1, width: 1 })(Float64Array.of(1, 3)) // => Float64Array.of(2)
 */
export const resizePlanes =
  (from: Size, to: Size) =>
  (planes: Float64Array): Float64Array =>
    realPass(from.height, to.height, to.width, realPass(from.width, to.width, 1, planes))
