/** The authors' evaluation preprocessing: resize, crop the middle, normalise. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import type { Size, Tensor } from '../core/tensor.js'
import { centre, type Image, isCount, normalise } from './image.js'
import { resizeBicubic } from './resample.js'

/** The part of the resized image's shorter side that the crop keeps. */
const cropFraction = 0.95

/** No network takes a larger input; beyond it a size is a slip of the keyboard. */
const maxSide = 4096

/**
 * The size an image is resized to, before `target` is cut from its middle.
 *
 * For a square target of side s: the shorter side becomes `floor(s / 0.95)`, and the longer keeps the ratio, truncated
 * to an integer: `trunc(floor(s / 0.95) * longer / shorter)`. For a rectangular target, which the authors do not define,
 * the smallest such size that covers `floor(height / 0.95) x floor(width / 0.95)`: the same rule where it is square.
 *
 * @example
 * resizedSize({ height: 480, width: 640 }, { height: 224, width: 224 }) // => { height: 235, width: 313 }
 */
export const resizedSize = (source: Size, target: Size): Size => {
  const height = Math.floor(target.height / cropFraction)
  const width = Math.floor(target.width / cropFraction)
  return source.height * width <= source.width * height
    ? { height, width: Math.trunc((height * source.width) / source.height) }
    : { height: Math.trunc((width * source.height) / source.width), width }
}

/**
 * The pixels the network sees: the middle of the bicubically resized image, byte for byte as PIL 9.4 and torchvision.
 *
 * @example
 * pipe(photo, evaluationPixels({ height: 32, width: 32 }), Either.map(({ pixels }) => pixels.length))
 * // => Either.right(3072)
 */
export const evaluationPixels =
  (target: Size) =>
  (source: Image): Either.Either<Faults, Image> => {
    if (![target.height, target.width].every((side) => isCount(side) && side <= maxSide)) {
      return Either.left(
        refuse(
          `an image cannot be resized to ${target.height} x ${target.width}`,
          `give sides that are integers from 1 to ${maxSide}`,
        ),
      )
    }
    const size = resizedSize(source, target)
    return Either.right(resizeBicubic(size, centre(size, target))(source))
  }

/**
 * The network's input `[3, height, width]` in float64: `normalise` of `evaluationPixels`.
 *
 * Source: the authors' evaluation transform (`Resize(floor(size / 0.95), BICUBIC)`, `CenterCrop(size)`, ImageNet's mean
 * and standard deviation), computed in float64.
 *
 * @example
 * pipe(photo, evaluationInput({ height: 32, width: 32 }), Either.map(({ shape }) => shape))
 * // => Either.right([3, 32, 32])
 */
export const evaluationInput =
  (target: Size) =>
  (source: Image): Either.Either<Faults, Tensor<Float64Array>> =>
    pipe(source, evaluationPixels(target), Either.map(normalise))
