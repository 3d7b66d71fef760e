/** What a network's images go through before it sees them: resize, crop the middle, normalise. It belongs to the network. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import type { Size, Tensor } from '../core/tensor.js'
import { centre, checkedImage, type Image, imagenetDeviation, imagenetMean, isCount, normalise } from './image.js'
import { resizeBicubic, resizeBilinear } from './resample.js'

/** How an image is resized. */
export type Interpolation = 'bicubic' | 'bilinear'

/** How photographs become a network's input. */
export interface Recipe {
  /** The mean of each channel, of samples scaled to 0..1. */
  readonly mean: readonly [number, number, number]
  /** The standard deviation of each channel, of samples scaled to 0..1. */
  readonly deviation: readonly [number, number, number]
  /** The part of the resized image's shorter side that the crop keeps, above 0 and at most 1. */
  readonly crop: number
  readonly interpolation: Interpolation
}

/**
 * What a network was trained to see.
 *
 * - `imagenet`, `cifar10`, `cifar100`: photographs, by the authors' values for networks trained on these, directly or
 *   transferred.
 * - `digits`: the handwritten digits of the bundled network.
 * - `events`: the recordings of an event camera; a photograph is none.
 * - `own`: photographs, by values of your own.
 */
export type Preprocessing =
  | { readonly kind: 'imagenet' | 'cifar10' | 'cifar100' | 'digits' | 'events' }
  | ({ readonly kind: 'own' } & Recipe)

const scaled = ([r, g, b]: readonly [number, number, number]): readonly [number, number, number] => [
  r / 255,
  g / 255,
  b / 255,
]

/** The authors' evaluation of each data set (their `classification.py` and `cifar` transforms). */
const RECIPES: { readonly [K in 'imagenet' | 'cifar10' | 'cifar100']: Recipe } = {
  imagenet: { mean: imagenetMean, deviation: imagenetDeviation, crop: 0.95, interpolation: 'bicubic' },
  cifar10: {
    mean: [0.4914, 0.4822, 0.4465],
    deviation: [0.2023, 0.1994, 0.201],
    crop: 1,
    interpolation: 'bicubic',
  },
  cifar100: {
    mean: scaled([129.3, 124.1, 112.4]),
    deviation: scaled([68.2, 65.4, 70.4]),
    crop: 1,
    interpolation: 'bicubic',
  },
}

/**
 * The values by which a network's photographs are prepared; null for a network that takes none.
 *
 * @example
 * recipeOf({ kind: 'cifar10' })?.mean // => [0.4914, 0.4822, 0.4465]
 * recipeOf({ kind: 'events' }) // => null
 */
export const recipeOf = (preprocessing: Preprocessing): Recipe | null => {
  switch (preprocessing.kind) {
    case 'imagenet':
    case 'cifar10':
    case 'cifar100':
      return RECIPES[preprocessing.kind]
    case 'digits':
    case 'events':
      return null
    case 'own':
      return preprocessing
  }
}

/** The kinds that are named by a word alone. */
export const preprocessings = ['imagenet', 'cifar10', 'cifar100', 'digits', 'events'] as const

/** No network takes a larger input; beyond it a size is a slip of the keyboard. */
const maxSide = 4096

/**
 * The size an image is resized to, before `target` is cut from its middle.
 *
 * For a square target of side s: the shorter side becomes `floor(s / crop)`, and the longer keeps the ratio, truncated
 * to an integer: `trunc(floor(s / crop) * longer / shorter)`. For a rectangular target, which the authors do not define,
 * the smallest such size that covers `floor(height / crop) x floor(width / crop)`: the same rule where it is square.
 * ImageNet's crop is 0.95.
 *
 * @example
 * resizedSize({ height: 480, width: 640 }, { height: 224, width: 224 }) // => { height: 235, width: 313 }
 */
export const resizedSize = (source: Size, target: Size, crop = RECIPES.imagenet.crop): Size => {
  const height = Math.floor(target.height / crop)
  const width = Math.floor(target.width / crop)
  return source.height * width <= source.width * height
    ? { height, width: Math.trunc((height * source.width) / source.height) }
    : { height: Math.trunc((width * source.height) / source.width), width }
}

/**
 * The pixels the network sees, ImageNet's unless told otherwise: the middle of the resized image, byte for byte as PIL 9.4 and torchvision.
 *
 * @example
 * pipe(photo, evaluationPixels({ height: 32, width: 32 }), Either.map(({ pixels }) => pixels.length))
 * // => Either.right(3072)
 */
export const evaluationPixels =
  (target: Size, { crop, interpolation }: Recipe = RECIPES.imagenet) =>
  (source: Image): Either.Either<Faults, Image> => {
    if (![target.height, target.width].every((side) => isCount(side) && side <= maxSide)) {
      return Either.left(
        refuse(
          `an image cannot be resized to ${target.height} x ${target.width}`,
          `give sides that are integers from 1 to ${maxSide}`,
        ),
      )
    }
    const size = resizedSize(source, target, crop)
    const resize = interpolation === 'bicubic' ? resizeBicubic : resizeBilinear
    return pipe(checkedImage(source), Either.map(resize(size, centre(size, target))))
  }

/**
 * The network's input `[3, height, width]` in float64: `normalise` of `evaluationPixels`, ImageNet's unless told otherwise.
 *
 * Source: the authors' evaluation transform (`Resize(floor(size / crop), BICUBIC)`, `CenterCrop(size)`, the data set's
 * mean and standard deviation), computed in float64.
 *
 * @example
 * pipe(photo, evaluationInput({ height: 32, width: 32 }), Either.map(({ shape }) => shape))
 * // => Either.right([3, 32, 32])
 */
export const evaluationInput =
  (target: Size, recipe: Recipe = RECIPES.imagenet) =>
  (source: Image): Either.Either<Faults, Tensor<Float64Array>> =>
    pipe(source, evaluationPixels(target, recipe), Either.map(normalise(recipe)))
