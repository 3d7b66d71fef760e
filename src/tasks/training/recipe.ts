/** How a network is trained, as data; the authors' ways, and this package's for the digits. @module */
import { cos } from '../../core/functions.js'
import type { Scaling } from '../../interpreters/gradient/training.js'
import type { Loss } from './loss.js'
import type { AdamW } from './optimiser.js'

/** Everything that training is, but the network, the data and the seed. */
export interface Recipe {
  readonly epochs: number
  /** Samples a step (the authors': on each of their GPUs). */
  readonly batch: number
  /** Time steps T. */
  readonly steps: number
  /** The side of the input. */
  readonly size: number
  /** The learning rate after the warm-up. */
  readonly rate: number
  readonly warmup: { readonly epochs: number; readonly from: number }
  /** Where the cosine ends. */
  readonly minimum: number
  readonly optimiser: AdamW
  readonly loss: Loss
  /** What attention's products are multiplied by. */
  readonly scaling: Scaling
  readonly smoothing: number
  /** Alpha of mixup's and cutmix's Beta(alpha, alpha); 0 is without. With both, each batch takes one of them. */
  readonly mixup: number
  readonly cutmix: number
  /** Images are shifted by up to so many positions each way. */
  readonly shift: number
}

const adam = (weightDecay: number): AdamW => ({ betas: [0.9, 0.999], eps: 1e-8, weightDecay, decays: 'matrices' })

/** What all of the authors' recipes have: a cosine after 3 epochs of warm-up from 1e-5, down to 1e-5. */
const authors = {
  warmup: { epochs: 3, from: 1e-5 },
  minimum: 1e-5,
  loss: { kind: 'mean' },
  scaling: { kind: 'rates' },
  shift: 0,
} as const

const imagenet = (batch: number, rate: number): Recipe => ({
  ...authors,
  ...{ epochs: 320, batch, steps: 4, size: 224, rate, optimiser: adam(0.01) },
  ...{ smoothing: 0.1, mixup: 0.2, cutmix: 1 },
})

const cifar = (epochs: number, rate: number, size: number): Recipe => ({
  ...authors,
  ...{ epochs, batch: 128, steps: 4, size, rate, optimiser: adam(0.01) },
  ...{ smoothing: 0.1, mixup: 0.5, cutmix: 0 },
})

const events = (epochs: number, batch: number, steps: number, rate: number, decay: number, size: number): Recipe => ({
  ...authors,
  ...{ epochs, batch, steps, size, rate, optimiser: adam(decay) },
  ...{ smoothing: 0, mixup: 0, cutmix: 0 },
})

/**
 * The authors' recipes, by data set and way, and this package's for its digits and for Fashion-MNIST. Images are augmented
 * by more than mixup and cutmix in the authors' code (RandAugment, flips), which these recipes do not have.
 *
 * Source: the authors' `configs/` and `main.py`.
 */
export const recipes = {
  'imagenet-ti': imagenet(32, 1e-3),
  'imagenet-s': imagenet(32, 1e-3),
  'imagenet-m': imagenet(28, 8e-4),
  'imagenet-l': imagenet(16, 5e-4),
  cifar10: cifar(600, 5e-4, 32),
  cifar100: cifar(600, 5e-4, 32),
  'cifar10-dvs': events(300, 8, 16, 5e-4, 0.05, 64),
  'dvs-gesture': events(300, 8, 16, 1e-4, 0.05, 64),
  'transfer-cifar10': cifar(100, 1e-4, 128),
  'transfer-cifar100': cifar(150, 1e-4, 128),
  'transfer-cifar10-dvs': events(100, 48, 10, 4e-5, 0.01, 128),
  'transfer-dvs-gesture': events(100, 48, 10, 1e-4, 0.05, 128),
  digits: {
    ...authors,
    ...{ epochs: 40, batch: 32, steps: 4, size: 16, rate: 2e-3, optimiser: adam(0.01) },
    ...{ smoothing: 0.1, mixup: 0, cutmix: 0, shift: 1 },
  },
  'fashion-mnist': {
    ...authors,
    ...{
      epochs: 4,
      batch: 64,
      steps: 4,
      size: 28,
      rate: 2e-3,
      warmup: { epochs: 0, from: 1e-5 },
      optimiser: adam(0.01),
    },
    ...{ smoothing: 0.1, mixup: 0, cutmix: 0, shift: 1 },
  },
} as const satisfies Readonly<Record<string, Recipe>>

/** The name of a recipe. */
export type RecipeName = keyof typeof recipes

/**
 * The learning rate of an epoch, counted from 0: `from + (rate - from) epoch / warm-up epochs` while it warms up, then
 * `minimum + (rate - minimum) (1 + cos(pi epoch / epochs)) / 2`.
 *
 * Source: timm's cosine scheduler, as the authors set it.
 *
 * @example
 * rateOf(recipes['imagenet-ti'])(0) // => 1e-5
 * rateOf(recipes['imagenet-ti'])(160) // => 0.000505
 */
export const rateOf =
  ({ epochs, rate, warmup, minimum }: Recipe) =>
  (epoch: number): number =>
    epoch < warmup.epochs
      ? warmup.from + ((rate - warmup.from) * epoch) / warmup.epochs
      : minimum + ((rate - minimum) * (1 + cos((Math.PI * epoch) / epochs))) / 2
