/** What training is given, and whether it can take it: each check names all that is wrong. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { type Currents, type Shape, sameShape, showShape, type Tensor } from '../../core/tensor.js'
import { finiteReals, wellFormedAll } from '../../core/well-formed.js'
import { type Config, validate } from '../../model/config.js'
import type { Recipe } from './recipe.js'

/** A checkpoint's tensors under the authors' keys, counters included; firing rates of zero are not measured yet. */
export type Weights = ReadonlyMap<string, Tensor>

/** A batch: images `[1, B, c, H, W]` or frames `[T, B, c, H, W]`, and what the network should say, `[B, classes]`. */
export interface Batch {
  readonly images: Currents
  readonly targets: Currents
}

/** Labelled samples: images `[c, H, W]`, or frames `[T, c, H, W]`, one after the other. */
export interface Dataset {
  readonly shape: Shape
  readonly data: Float32Array
  readonly labels: readonly number[]
}

/** What is trained, on what, how. */
export interface Plan {
  readonly config: Config
  readonly recipe: Recipe
  readonly seed: number
  readonly training: Dataset
  readonly test: Dataset | null
}

const faultsOf = (result: Either.Either<Faults, unknown>): readonly Fault[] =>
  Either.isLeft(result) ? result.left : []

/** The first of a list of labels that is no class. */
const labelFaults = ({ classes }: Config, name: string, labels: readonly number[]): readonly Fault[] => {
  const odd = labels.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  return odd < 0
    ? []
    : refuse(
        `${name} sample ${odd} is of class ${labels[odd]}, but the network has the classes 0 to ${classes - 1}`,
        'give labels of its classes',
      )
}

const datasetFaults = (config: Config, name: string, { shape, data, labels }: Dataset): readonly Fault[] => {
  const frame: Shape = [config.channels, config.image.height, config.image.width]
  const frames: Shape = [config.steps, ...frame]
  if (!sameShape(shape, frame) && !sameShape(shape, frames))
    return refuse(
      `the ${name} samples have shape ${showShape(shape)}`,
      `the network takes ${showShape(frame)}, or frames ${showShape(frames)}`,
    )
  if (labels.length === 0) return refuse(`the ${name} data have no samples`, 'give at least one, and its label')
  return [
    ...faultsOf(finiteReals(`the ${name} data`)({ shape: [labels.length, ...shape], data })),
    ...labelFaults(config, name, labels),
  ]
}

/**
 * A data set that a network can be trained or tested on: samples of its shape, finite, each of one of its classes.
 *
 * @example
 * const data = { shape: [1, 16, 16], data: new Float32Array(256), labels: [10] }
 * pipe(checkedDataset(variants.digits, 'test')(data), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('test sample 0 is of class 10, but the network has the classes 0 to 9; give labels of its classes')
 */
export const checkedDataset =
  (config: Config, name: string) =>
  (given: Dataset): Either.Either<Faults, Dataset> =>
    unlessFaulty(datasetFaults(config, name, given), () => given)

/** What each number of a recipe must be. */
const NUMBERS: readonly (readonly [
  field: string,
  of: (recipe: Recipe) => number,
  must: string,
  may: (x: number) => boolean,
])[] = [
  ['epochs', (r) => r.epochs, 'a whole number of at least 1', (x) => Number.isSafeInteger(x) && x >= 1],
  ['batch', (r) => r.batch, 'a whole number of at least 2', (x) => Number.isSafeInteger(x) && x >= 2],
  ['rate', (r) => r.rate, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['warmup.epochs', (r) => r.warmup.epochs, 'a whole number', (x) => Number.isSafeInteger(x) && x >= 0],
  ['warmup.from', (r) => r.warmup.from, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['minimum', (r) => r.minimum, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['optimiser.betas[0]', (r) => r.optimiser.betas[0], 'from 0 to below 1', (x) => x >= 0 && x < 1],
  ['optimiser.betas[1]', (r) => r.optimiser.betas[1], 'from 0 to below 1', (x) => x >= 0 && x < 1],
  ['optimiser.eps', (r) => r.optimiser.eps, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['optimiser.weightDecay', (r) => r.optimiser.weightDecay, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['smoothing', (r) => r.smoothing, 'from 0 to 1', (x) => x >= 0 && x <= 1],
  ['mixup', (r) => r.mixup, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['cutmix', (r) => r.cutmix, 'at least 0', (x) => x >= 0 && x < Infinity],
  ['shift', (r) => r.shift, 'a whole number', (x) => Number.isSafeInteger(x) && x >= 0],
]

const recipeFaults = (config: Config, recipe: Recipe): readonly Fault[] => [
  ...NUMBERS.flatMap(([field, of, must, may]): readonly Fault[] =>
    may(of(recipe))
      ? []
      : [{ _tag: 'Configuration', field: `recipe.${field}`, problem: `must be ${must}, not ${of(recipe)}` }],
  ),
  ...(
    [
      ['steps', recipe.steps, config.steps],
      ['size', recipe.size, config.image.height],
    ] as const
  ).flatMap(([field, value, own]): readonly Fault[] =>
    value === own
      ? []
      : [{ _tag: 'Configuration', field: `recipe.${field}`, problem: `is ${value}, the network's is ${own}` }],
  ),
]

/**
 * A plan that can be followed: a network that can be, a recipe for its steps and size, data for it, and a seed of 32 bits.
 *
 * @example
 * const data = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const plan = { config: variants.digits, recipe: { ...recipes.digits, batch: 1 }, seed: 1, training: data, test: null }
 * pipe(checkedPlan(plan), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('configuration: recipe.batch must be a whole number of at least 2, not 1')
 */
export const checkedPlan = (plan: Plan): Either.Either<Faults, Plan> => {
  const { config, recipe, seed, training, test } = plan
  return unlessFaulty(
    [
      ...faultsOf(validate(config)),
      ...recipeFaults(config, recipe),
      ...(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32
        ? []
        : refuse(`the seed is ${seed}`, 'give a whole number from 0 to 4294967295')),
      ...datasetFaults(config, 'training', training),
      ...(test === null ? [] : datasetFaults(config, 'test', test)),
    ],
    () => plan,
  )
}

/** Whether images are a batch that a network can learn from, and targets theirs. */
const batchFaults = ({ channels, image, steps, classes }: Config, { images, targets }: Batch): readonly Fault[] => {
  const wrong = [...faultsOf(finiteReals('the images')(images)), ...faultsOf(finiteReals('the targets')(targets))]
  if (wrong.length > 0) return wrong
  const [T, B = 0, ...frame] = images.shape
  const fits = (T === 1 || T === steps) && B >= 1 && sameShape(frame, [channels, image.height, image.width])
  return [
    ...(fits
      ? []
      : refuse(
          `the images have shape ${showShape(images.shape)}`,
          `give [1 or ${steps}, batch, ${channels}, ${image.height}, ${image.width}]`,
        )),
    ...(sameShape(targets.shape, [B, classes])
      ? []
      : refuse(`the targets have shape ${showShape(targets.shape)}`, `give [${B}, ${classes}], probabilities`)),
  ]
}

/** Weights and a batch that a step can be made with; whether the weights are the network's, the network says. */
export const checkedStep = (config: Config, weights: Weights, batch: Batch): Either.Either<Faults, Weights> =>
  pipe(
    wellFormedAll(weights),
    Either.chain(() => unlessFaulty(batchFaults(config, batch), () => weights)),
  )
