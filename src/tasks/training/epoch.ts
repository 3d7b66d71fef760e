/** Training, epoch by epoch: every state is a value, and the next follows from it, the data and the seed alone. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Faults } from '../../core/fault.js'
import { type Currents, elementType, type Tensor, tensor } from '../../core/tensor.js'
import { wellFormedAll } from '../../core/well-formed.js'
import { freshTraining, type Scaling, scaledBy } from '../../interpreters/gradient/training.js'
import type { Interpreter } from '../../interpreters/interpreter.js'
import type { Config } from '../../model/config.js'
import { forward, forwardFrames, network } from '../../model/network.js'
import { parse } from '../../model/parameters.js'
import { augmented } from './augment.js'
import { gathered } from './batches.js'
import { descend } from './descent.js'
import { draws, shuffled } from './draws.js'
import { checkedDataset, checkedPlan, type Dataset, type Plan, type Weights } from './given.js'
import { targets } from './loss.js'
import { type Moments, noMoments } from './optimiser.js'
import { rateOf } from './recipe.js'
import { learnBy, measurable, type Trace } from './step.js'

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

const narrow = (value: Tensor): Tensor =>
  elementType((value as Tensor | null)?.data) === 'float64'
    ? tensor(value.shape, Float32Array.from(value.data as Float64Array))
    : value

/**
 * Where training stands before its first epoch: weights in float32, as it has them from then on.
 *
 * @example
 * untrained(freshWeights(variants.digits, 7)).history // => []
 */
export const untrained = (weights: Weights): Trained => ({
  weights: new Map([...weights].map(([key, value]) => [key, narrow(value)])),
  moments: noMoments,
  history: [],
})

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

/**
 * How many samples an epoch meets: whole batches, and at least one batch.
 *
 * @example
 * const training = { shape: [1, 16, 16], data: new Float32Array(70 * 256), labels: Array.from({ length: 70 }, () => 0) }
 * samplesMet({ config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }) // => 64
 */
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

/**
 * The share of a data set that a network takes for what it is, by the mean of its logits over time.
 *
 * Fails where the samples are not the network's (`Input`, `NotFinite`), and where the weights are not (as `parse`).
 *
 * @example
 * const data = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const accuracy = accuracyOf(tensorInterpreter(reference('float32')), variants.digits)
 * accuracy(syntheticCheckpoint(variants.digits, 7), data) // => Either.right(0)
 */
export const accuracyOf =
  <S, C>(I: Interpreter<S, C>, config: Config, scaling: Scaling = freshTraining.scaling) =>
  (weights: Weights, data: Dataset): Either.Either<Faults, number> => {
    const parsed = pipe(
      checkedDataset(config, 'test')(data),
      Either.chain(() => wellFormedAll(weights)),
      Either.chain(() => parse(config)(heard(scaling, config, weights))),
    )
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
 *
 * Returns the faults of a plan that cannot be followed (`Configuration`, `Input`, `NotFinite`), of weights that are not the
 * network's (as `parse`), of a head that stayed silent (`SilentHead`) and of a loss that is no number (`Input`); the state
 * before is still there then.
 *
 * @example
 * const engine = await trainingEngine(1)()
 * if (Either.isLeft(engine)) throw new Error(describe(engine.left[0]))
 * const input = syntheticInput([32, 1, 16, 16], 7).data
 * const training = { shape: [1, 16, 16], data: Float32Array.from(input), labels: [...input.keys()].slice(0, 32).map((i) => i % 10) }
 * const plan = { config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }
 * const running = epoch(engine.right, plan, untrained(freshWeights(variants.digits, 1)))
 * running.next() // => { done: false, value: 32 }
 * const { value } = running.next()
 * engine.right.close()
 */
export function* epoch<S, C>(
  { trace, interpreter: I }: Engine<S, C>,
  plan: Plan,
  { weights, moments, history }: Trained,
): Generator<number, Either.Either<Faults, Trained>> {
  const checked = checkedPlan(plan, history.length)
  if (Either.isLeft(checked)) return checked
  const { config, recipe, seed, training, test } = plan
  const number = history.length
  const rate = rateOf(recipe)(number)
  const { length } = training.labels
  const order = shuffled(length, draws(`epoch ${number} order`, seed))
  const learning = learnBy(trace, config, recipe.loss, recipe.scaling)
  const stepping = descend(config, recipe.optimiser)
  const augmenting = augmented(recipe, seed)
  const steps = batches(length, recipe.batch, order)
  let [state, loss, correct, met] = [{ weights, moments }, 0, 0, 0]
  for (const [step, samples] of steps.entries()) {
    const { images, labels } = gathered(training, samples)
    const batch = { images, targets: targets(labels, config.classes, recipe.smoothing) }
    const learned = pipe(
      augmenting(number, step, batch),
      Either.chain((augmented) => learning(state.weights, augmented)),
    )
    if (Either.isLeft(learned)) return learned
    const next = stepping(rate, state.weights, state.moments, learned.right)
    if (Either.isLeft(next)) return next
    state = next.right
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
