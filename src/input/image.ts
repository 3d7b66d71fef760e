/** Images as values: bytes in rows of interleaved channels, and what PIL does to them before a network sees them. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Size, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { wellFormed } from '../core/well-formed.js'

/**
 * An image of 8-bit samples: 3 channels are red, green and blue, 1 channel is grey.
 *
 * The samples are **interleaved**, as decoders deliver them: channel c of the pixel in row y and column x is
 * `pixels[(y * width + x) * channels + c]`.
 */
export interface Image extends Size {
  readonly channels: 1 | 3
  readonly pixels: Uint8Array
}

/** A rectangle of an image: its size and the row and column of its first pixel. */
export interface Window extends Size {
  readonly top: number
  readonly left: number
}

/**
 * Whether a number counts something that must be there: an integer of at least 1.
 *
 * @example
 * [0, 1, 1.5].map(isCount) // => [false, true, false]
 */
export const isCount = (x: number): boolean => Number.isSafeInteger(x) && x > 0

/**
 * An image of the given size and bytes, or a fault where the bytes are not as many as the size says.
 *
 * @example
 * imageOf({ height: 1, width: 2 }, 3, Uint8Array.of(255, 0, 0, 0, 0, 255)) // a red and a blue pixel
 * imageOf({ height: 1, width: 2 }, 3, Uint8Array.of(255, 0, 0))._tag // => 'Left'
 */
export const imageOf = (size: Size, channels: 1 | 3, pixels: Uint8Array): Either.Either<Faults, Image> => {
  const { height, width } = size
  if (!isCount(height) || !isCount(width))
    return Either.left(
      refuse(`an image of height ${height} and width ${width} has no pixels`, 'give at least one pixel'),
    )
  const bytes = wellFormed('the pixels', ['uint8'])({ shape: [(pixels as Uint8Array | null)?.length], data: pixels })
  if (Either.isLeft(bytes)) return bytes
  const length = height * width * channels
  return pixels.length === length
    ? Either.right({ height, width, channels, pixels })
    : Either.left(
        refuse(
          `${pixels.length} bytes are not an image of ${height} x ${width} with ${channels} channels`,
          `give ${length} bytes`,
        ),
      )
}

/**
 * The same of an image that somebody may have made by hand.
 *
 * @example
 * checkedImage({ height: 1, width: 2, channels: 3, pixels: Uint8Array.of(255, 0, 0) })._tag // => 'Left'
 */
export const checkedImage = (image: Image): Either.Either<Faults, Image> => imageOf(image, image.channels, image.pixels)

/**
 * PIL's grey: `L = (19595 R + 38470 G + 7471 B + 2^15) >> 16`, the ITU-R 601-2 luma in 16-bit fixed point.
 * A grey image is returned as it is.
 *
 * @example
 * toGrey({ height: 1, width: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0) }).pixels // => Uint8Array.of(76)
 */
export const toGrey = (source: Image): Image => {
  if (source.channels === 1) return source
  const { height, width, pixels } = source
  const grey = new Uint8Array(height * width)
  for (let i = 0; i < grey.length; i++) {
    grey[i] = (19595 * pixels[3 * i]! + 38470 * pixels[3 * i + 1]! + 7471 * pixels[3 * i + 2]! + 0x8000) >> 16
  }
  return { height, width, channels: 1, pixels: grey }
}

/** `a b / 255` rounded, of bytes, without a division. */
const scaled = (a: number, b: number): number => {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}

/**
 * PIL's RGB of inks: with `w = 255 - K`, each of red, green and blue is `w - C w / 255`, rounded, of cyan, magenta and
 * yellow. Of each pixel's channels, interleaved, the first four are the inks.
 *
 * @example
 * fromInks(4, Uint8Array.of(0, 255, 0, 0, 0, 0, 0, 255)) // => Uint8Array.of(255, 0, 255, 0, 0, 0)
 */
export const fromInks = (channels: number, inks: Uint8Array): Uint8Array => {
  const colours = new Uint8Array((inks.length / channels) * 3)
  for (let i = 0, o = 0; o < colours.length; i += channels, o += 3) {
    const white = 255 - inks[i + 3]!
    for (let c = 0; c < 3; c++) colours[o + c] = white - scaled(inks[i + c]!, white)
  }
  return colours
}

/**
 * A picture on a canvas of one colour, of 3 channels. The caller promises that the window is within the canvas and as large
 * as the picture.
 *
 * @example
 * const dot = { height: 1, width: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3) } as const
 * placed({ height: 1, width: 2 }, { top: 0, left: 1, height: 1, width: 1 }, [9, 8, 7])(dot).pixels
 * // => Uint8Array.of(9, 8, 7, 1, 2, 3)
 */
export const placed =
  ({ height, width }: Size, { top, left }: Window, colour: Channels) =>
  (picture: Image): Image => {
    const pixels = new Uint8Array(3 * height * width)
    for (let i = 0; i < pixels.length; i++) pixels[i] = colour[i % 3]!
    const row = 3 * picture.width
    for (let y = 0; y < picture.height; y++)
      pixels.set(picture.pixels.subarray(y * row, (y + 1) * row), 3 * ((top + y) * width + left))
    return { height, width, channels: 3, pixels }
  }

/**
 * The negative: every sample v becomes 255 - v. Its own inverse.
 *
 * @example
 * negative({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(55) }).pixels // => Uint8Array.of(200)
 */
export const negative = (source: Image): Image => ({ ...source, pixels: source.pixels.map((v) => 255 - v) })

/** Rounds to the nearest integer, halves to the even one, as Python's `round`. */
const roundHalfEven = (x: number): number => {
  const below = Math.floor(x)
  return x - below === 0.5 ? below + (below % 2) : Math.round(x)
}

/**
 * Where a centred rectangle lies: `top = round((H - h) / 2)` and `left = round((W - w) / 2)`, halves to the even
 * integer, as torchvision's `center_crop`. The caller promises that the rectangle is no larger than the image.
 *
 * @example
 * centre({ height: 6, width: 4 }, { height: 3, width: 2 }) // => { height: 3, width: 2, top: 2, left: 1 }
 */
export const centre = (within: Size, size: Size): Window => ({
  height: size.height,
  width: size.width,
  top: roundHalfEven((within.height - size.height) / 2),
  left: roundHalfEven((within.width - size.width) / 2),
})

/**
 * The middle of an image. The caller promises that `size` is no larger than the image.
 *
 * @example
 * centreCrop({ height: 1, width: 1 })({ height: 1, width: 3, channels: 1, pixels: Uint8Array.of(1, 2, 3) }).pixels
 * // => Uint8Array.of(2)
 */
export const centreCrop =
  (size: Size) =>
  (source: Image): Image => {
    const { top, left, height, width } = centre(source, size)
    const row = width * source.channels
    const pixels = new Uint8Array(height * row)
    for (let y = 0; y < height; y++) {
      const start = ((top + y) * source.width + left) * source.channels
      pixels.set(source.pixels.subarray(start, start + row), y * row)
    }
    return { height, width, channels: source.channels, pixels }
  }

/** A number a channel: red, green, blue. */
export type Channels = readonly [number, number, number]

/** The mean of each channel over ImageNet, of samples scaled to 0..1. */
export const imagenetMean = [0.485, 0.456, 0.406] as const

/** The standard deviation of each channel over ImageNet, of samples scaled to 0..1. */
export const imagenetDeviation = [0.229, 0.224, 0.225] as const

/**
 * The network's input: `(v / 255 - mean[c]) / deviation[c]` in float64, `[3, H, W]`, channels red, green, blue.
 * A grey image counts as one of three equal channels.
 *
 * @example
 * normalise({ mean: imagenetMean, deviation: imagenetDeviation })(photo).shape // => [3, 48, 64]
 */
export const normalise =
  ({ mean, deviation }: { readonly mean: Channels; readonly deviation: Channels }) =>
  (source: Image): Tensor<Float64Array> => {
    const { height, width, channels, pixels } = source
    const shape = [3, height, width]
    const data = new Float64Array(sizeOf(shape))
    const area = height * width
    for (let c = 0; c < 3; c++) {
      const offset = channels === 3 ? c : 0
      for (let i = 0; i < area; i++) {
        data[c * area + i] = (pixels[i * channels + offset]! / 255 - mean[c]!) / deviation[c]!
      }
    }
    return tensor(shape, data)
  }
