/** Training, epoch by epoch: every state is a value, and the next follows from it, the data and the seed alone. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../../core/fault.js'
import { type Currents, type Shape, sizeOf, tensor } from '../../core/tensor.js'
import { freshTraining, type Scaling, scaledBy } from '../../interpreters/gradient/training.js'
import type { Interpreter } from '../../interpreters/interpreter.js'
import type { Config } from '../../model/config.js'
import { forward, forwardFrames, network } from '../../model/network.js'
import { parse } from '../../model/parameters.js'
import { augmented } from './augment.js'
import { draws, shuffled } from './draws.js'
import { targets } from './loss.js'
import { type Moments, noMoments } from './optimiser.js'
import { type Recipe, rateOf } from './recipe.js'
import { descend, learnBy, measurable, type Trace, type Weights } from './step.js'

/** Labelled samples: images `[c, H, W]`, or frames `[T, c, H, W]`, one after the other. */
export interface Dataset {
  readonly shape: Shape
  readonly data: Float32Array
  readonly labels: readonly number[]
}

/** What an epoch came to. */
export interface Metrics {
  readonly epoch: number
  readonly rate: number
  /** Means over the epoch's batches, as they were met. */
  readonly loss: number
  readonly accuracy: number
  /** On the test data afterwards; null where there are none. */
  readonly testAccuracy: number | null
}

/** What computes: a way to run a network and back in float32, and an interpreter of float32 that says what it has learnt. */
export interface Engine<S, C> {
  readonly trace: Trace
  readonly interpreter: Interpreter<S, C>
}

/** Where training stands after its last epoch. */
export interface Trained {
  readonly weights: Weights
  readonly moments: Moments
  readonly history: readonly Metrics[]
}

/** Before the first epoch. */
export const untrained = (weights: Weights): Trained => ({ weights, moments: noMoments, history: [] })

/** What is trained, on what, how. */
export interface Plan {
  readonly config: Config
  readonly recipe: Recipe
  readonly seed: number
  readonly training: Dataset
  readonly test: Dataset | null
}

/** Some samples of a data set, time first. */
export const gathered = (
  { shape, data, labels }: Dataset,
  samples: readonly number[],
): { readonly images: Currents; readonly labels: readonly number[] } => {
  const [T, frame] = shape.length === 4 ? [shape[0]!, shape.slice(1)] : [1, shape]
  const size = sizeOf(frame)
  const images = new Float32Array(T * samples.length * size)
  samples.forEach((sample, b) => {
    for (let t = 0; t < T; t++) {
      const from = (sample * T + t) * size
      images.set(data.subarray(from, from + size), (t * samples.length + b) * size)
    }
  })
  return { images: tensor([T, samples.length, ...frame], images), labels: samples.map((sample) => labels[sample]!) }
}

/** How many of a batch are right by the mean of their logits over time; of equals, the lower class. */
const right = ({ shape, data }: Currents, labels: readonly number[]): number => {
  const [T, B, K] = shape as readonly [number, number, number]
  return labels.filter((label, b) => {
    const sums = Array.from({ length: K }, (_, k) => {
      let sum = 0
      for (let t = 0; t < T; t++) sum += data[(t * B + b) * K + k]!
      return sum
    })
    return sums.indexOf(Math.max(...sums)) === label
  }).length
}

/** The samples of an epoch in the order they are met, batch by batch; a rest that is too few for a batch is left out. */
const batches = (count: number, size: number, order: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: Math.max(1, Math.floor(count / size)) }, (_, step) =>
    order.slice(step * size, (step + 1) * size),
  )

/** How many samples an epoch meets. */
export const samplesMet = ({ training, recipe }: Plan): number => {
  const { length } = training.labels
  return Math.max(Math.min(length, recipe.batch), length - (length % recipe.batch))
}

/** Samples that are tested together. */
const TOGETHER = 64

/** The weights, and where the scale is a factor, with firing rates that are not looked at. */
export const heard = (scaling: Scaling, config: Config, weights: Weights): Weights => {
  switch (scaling.kind) {
    case 'rates':
      return weights
    case 'constant':
      return measurable(config, weights)
  }
}

/** The share of a data set that a network takes for what it is. */
export const accuracyOf =
  <S, C>(I: Interpreter<S, C>, config: Config, scaling: Scaling = freshTraining.scaling) =>
  (weights: Weights, data: Dataset): Either.Either<Faults, number> => {
    const parsed = parse(config)(heard(scaling, config, weights))
    if (Either.isLeft(parsed)) return parsed
    const net = network(scaledBy(scaling)(I.kernels))(parsed.right)
    const run = data.shape.length === 4 ? forwardFrames(net) : forward(net)(config.steps)
    const all = data.labels.map((_, i) => i)
    let correct = 0
    for (let at = 0; at < all.length; at += TOGETHER) {
      const { images, labels } = gathered(data, all.slice(at, at + TOGETHER))
      correct += right(I.toCurrents(run(I.fromCurrents(images))), labels)
    }
    return Either.right(correct / all.length)
  }

/**
 * One epoch, in float32: yields how many samples are done, returns where training then stands. The same plan and state
 * give the same bits.
 */
export function* epoch<S, C>(
  { trace, interpreter: I }: Engine<S, C>,
  { config, recipe, seed, training, test }: Plan,
  { weights, moments, history }: Trained,
): Generator<number, Either.Either<Faults, Trained>> {
  const number = history.length
  const rate = rateOf(recipe)(number)
  const { length } = training.labels
  const order = shuffled(length, draws(`epoch ${number} order`, seed))
  const learning = learnBy(trace, config, recipe.loss, recipe.scaling)
  const stepping = descend(config, recipe.optimiser, 'float32')
  const augmenting = augmented(recipe, seed)
  const steps = batches(length, recipe.batch, order)
  let [state, loss, correct, met] = [{ weights, moments }, 0, 0, 0]
  for (const [step, samples] of steps.entries()) {
    const { images, labels } = gathered(training, samples)
    const batch = augmenting(number, step, { images, targets: targets(labels, config.classes, recipe.smoothing) })
    const learned = learning(state.weights, batch)
    if (Either.isLeft(learned)) return learned
    state = stepping(rate, state.weights, state.moments, learned.right)
    loss += learned.right.loss
    correct += right(learned.right.logits, labels)
    met += samples.length
    yield samples.length
  }
  const tested = test === null ? Either.right(null) : accuracyOf(I, config, recipe.scaling)(state.weights, test)
  if (Either.isLeft(tested)) return tested
  const metrics: Metrics = {
    epoch: number + 1,
    rate,
    loss: loss / steps.length,
    accuracy: correct / met,
    testAccuracy: tested.right,
  }
  return Either.right({ ...state, history: [...history, metrics] })
}
