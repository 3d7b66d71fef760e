/** What training is given, and whether it can take it: each check names all that is wrong. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { type Currents, type Shape, sameShape, showShape, sizeOf, type Tensor } from '../../core/tensor.js'
import { finiteReals, wellFormed, wellFormedAll } from '../../core/well-formed.js'
import { type Config, validate } from '../../model/config.js'
import type { Recipe } from './recipe.js'
import { fieldFault, lossFaults, recipeFaults, scalingFaults } from './rules.js'

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

/** Whether a seed is one: others would draw what one of these does. */
export const seedFaults = (seed: number): readonly Fault[] =>
  Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32
    ? []
    : refuse(`the seed is ${seed}`, 'give a whole number from 0 to 4294967295')

/** The first of a list of labels that is no class, and what to do about it. */
export const labelFaults = (
  { classes }: Config,
  name: string,
  labels: readonly number[],
  advice = 'give labels of its classes',
): readonly Fault[] => {
  const odd = labels.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  return odd < 0
    ? []
    : refuse(
        `${name} sample ${odd} is of class ${labels[odd]}, but the network has the classes 0 to ${classes - 1}`,
        advice,
      )
}

/** Whether samples have the network's shape, and there are as many as labels. */
export const sampleFaults = (config: Config, name: string, { shape, data, labels }: Dataset): readonly Fault[] => {
  const frame: Shape = [config.channels, config.image.height, config.image.width]
  const frames: Shape = [config.steps, ...frame]
  if (!sameShape(shape, frame) && !sameShape(shape, frames))
    return refuse(
      `the ${name} samples have shape ${showShape(shape)}`,
      `the network takes ${showShape(frame)}, or frames ${showShape(frames)}`,
    )
  if (labels.length === 0) return refuse(`the ${name} data have no samples`, 'give at least one, and its label')
  const typed = faultsOf(
    wellFormed(`the ${name} data`, ['float64', 'float32'])({ shape: [(data as Float32Array | null)?.length], data }),
  )
  const size = sizeOf(shape)
  return typed.length > 0 || data.length === labels.length * size
    ? typed
    : refuse(
        `the ${name} data have ${data.length} numbers and ${labels.length} labels, and a sample has ${size}`,
        'give as many samples as labels',
      )
}

const datasetFaults = (config: Config, name: string, given: Dataset): readonly Fault[] => {
  const wrong = sampleFaults(config, name, given)
  return wrong.length > 0
    ? wrong
    : [
        ...faultsOf(finiteReals(`the ${name} data`)({ shape: [given.data.length], data: given.data })),
        ...labelFaults(config, name, given.labels),
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

/** What a recipe says of the network, and is not so. */
const unfitFaults = (config: Config, { steps, size }: Recipe): readonly Fault[] =>
  (
    [
      ['steps', steps, config.steps],
      ['size', size, config.image.height],
    ] as const
  ).flatMap(([name, value, own]) => (value === own ? [] : [fieldFault(name, `is ${value}, the network's is ${own}`)]))

/**
 * A plan that can be followed after so many epochs: a network that can be, a recipe for its steps and size, data for it, and a
 * seed of 32 bits.
 *
 * @example
 * const data = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const plan = { config: variants.digits, recipe: { ...recipes.digits, batch: 1 }, seed: 1, training: data, test: null }
 * pipe(checkedPlan(plan), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('configuration: recipe.batch must be a whole number of at least 2, not 1')
 */
export const checkedPlan = (plan: Plan, done = 0): Either.Either<Faults, Plan> => {
  const { config, recipe, seed, training, test } = plan
  const valid = validate(config)
  if (Either.isLeft(valid)) return valid
  return unlessFaulty(
    [
      ...recipeFaults(recipe),
      ...unfitFaults(config, recipe),
      ...(done < recipe.epochs || !(recipe.epochs >= 1)
        ? []
        : refuse(`the last epoch of the recipe, ${recipe.epochs}, is done`, 'give a recipe of more epochs')),
      ...seedFaults(seed),
      ...datasetFaults(config, 'training', training),
      ...(test === null ? [] : datasetFaults(config, 'test', test)),
    ],
    () => plan,
  )
}

/** The first row of targets that are no probabilities: numbers below 0, or whose sum is not 1 within a millionth. */
const probabilityFaults = ({ shape, data }: Currents): readonly Fault[] => {
  const [rows = 0, classes = 0] = shape
  const odd = Array.from({ length: rows }, (_, b) => data.subarray(b * classes, (b + 1) * classes)).findIndex(
    (row) => row.some((p) => p < 0) || Math.abs(Array.from(row).reduce((sum, p) => sum + p, 0) - 1) > 1e-6,
  )
  return odd < 0
    ? []
    : refuse(`the targets of sample ${odd} are no probabilities`, 'give numbers of at least 0 that sum to 1')
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
    ...probabilityFaults(targets),
  ]
}

/** Weights and a batch that a step can be made with; whether the weights are the network's, the network says. */
export const checkedStep = (
  config: Config,
  { loss, scaling }: Pick<Recipe, 'loss' | 'scaling'>,
  weights: Weights,
  batch: Batch,
): Either.Either<Faults, Weights> =>
  pipe(
    wellFormedAll(weights),
    Either.chain(() =>
      unlessFaulty([...lossFaults(loss), ...scalingFaults(scaling), ...batchFaults(config, batch)], () => weights),
    ),
  )
