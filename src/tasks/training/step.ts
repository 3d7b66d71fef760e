/** One step of training: a batch to its loss and gradients. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Traced, Trainer } from '../../compiled/training.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { type Currents, type Reals, tensor } from '../../core/tensor.js'
import type { Value } from '../../interpreters/gradient/map.js'
import type { Base, Differentiation } from '../../interpreters/gradient/performed.js'
import { reverse } from '../../interpreters/gradient/reverse.js'
import { fixedScale, freshTraining, type Scaling, type Training } from '../../interpreters/gradient/training.js'
import { drawing, givenCurrents } from '../../interpreters/graph.js'
import type { Config } from '../../model/config.js'
import type { Kernels } from '../../model/kernels.js'
import { forward, forwardFrames, network } from '../../model/network.js'
import { layout, parse } from '../../model/parameters.js'
import { type Batch, checkedStep, type Weights } from './given.js'
import { type Judged, judge, type Loss } from './loss.js'

/** What a batch says: its loss, logits, gradients and new statistics, by checkpoint key. */
export interface Learned extends Omit<Judged, 'gradient'> {
  readonly logits: Currents
  readonly gradients: ReadonlyMap<string, Reals>
  readonly statistics: ReadonlyMap<string, Reals>
}

/** Firing rates that were never measured, as the tree wants them; training mode does not look at those. */
export const measurable = (config: Config, weights: Weights): Weights => {
  const rates = new Set(layout(config).flatMap(({ key, role }) => (role === 'rate' ? [key] : [])))
  return new Map(
    [...weights].map(([key, value]) => [
      key,
      rates.has(key) ? tensor(value.shape, new Float64Array(value.data.length).fill(1)) : value,
    ]),
  )
}

/** The recorded firing rates. */
const recordedRates = (config: Config, weights: Weights): ReadonlyMap<string, readonly number[]> =>
  new Map(
    layout(config).flatMap(({ key, role }) =>
      role === 'rate' ? [[key, Array.from(weights.get(key)!.data as Reals)]] : [],
    ),
  )

/** What went wrong in a batch, if anything: a silent head where the scale is by firing rates, or numbers that are not. */
const stops = (scaling: Scaling, loss: number, statistics: ReadonlyMap<string, Reals>): readonly Fault[] => {
  const silent = [...statistics].flatMap(([key, values]) =>
    key.includes('firing_rate') && fixedScale(scaling, values.length) === null
      ? Array.from(values).flatMap((rate, head): readonly Fault[] =>
          rate > 0 ? [] : [{ _tag: 'SilentHead', key, head, rate }],
        )
      : [],
  )
  if (silent.length > 0) return silent
  return Number.isFinite(loss)
    ? []
    : refuse(
        `training diverged: the loss is ${loss}`,
        'lower the learning rate, or resume from the last good checkpoint',
      )
}

/** A network as text, from frames to logits: for any kernels. */
export type Text = <S, C>(K: Kernels<S, C>) => (frames: C) => C

/** Runs a network in training mode, and back. */
export type Trace = (text: Text, frames: Currents, training: Training) => Either.Either<Faults, Traced>

/** By the reverse mode of an interpreter, which is the definition. */
export const tracing =
  <S, C, V extends Value>(base: Base<S, C, V>, how: Omit<Differentiation, 'training'>): Trace =>
  (text, frames, training) => {
    const R = reverse(base, { ...how, training })
    const traced = text(R.kernels)(R.fromCurrents(frames))
    return Either.right({
      logits: R.toCurrents(traced),
      statistics: R.statistics([traced]),
      pullback: (cotangent) => R.pullback([[traced, cotangent]]).learnt,
    })
  }

/** By the compiled kernels, in float32 and with the authors' surrogate: to the same bits. */
export const compiledTracing =
  (trainer: Trainer, reset: Differentiation['reset']): Trace =>
  (text, frames, training) =>
    trainer(text(drawing)(givenCurrents(frames.shape, frames)), { training, reset })

/** The loss of a batch in training mode, its gradients and its statistics. A still image is held for T steps. */
export type Learn = (weights: Weights, batch: Batch) => Either.Either<Faults, Learned>

/**
 * Learning by a way to run a network and back: in training mode, from a batch to its loss and gradients.
 *
 * Fails where the weights are not the network's (as `parse`), where the batch is not (`Input`, `NotFinite`), where a head
 * stays silent (`SilentHead`) or the loss is no number (`Input`).
 *
 * @example
 * const engine = await trainingEngine(1)()
 * if (Either.isLeft(engine)) throw new Error(describe(engine.left[0]))
 * const learn = learnBy(engine.right.trace, variants.digits, { kind: 'mean' })
 * const data = { shape: [1, 16, 16], data: Float32Array.from(syntheticInput([2, 1, 16, 16], 7).data), labels: [3, 8] }
 * const learned = pipe(
 *   batchOf(variants.digits, 0.1)(data, [0, 1]),
 *   Either.chain((batch) => learn(freshWeights(variants.digits, 1), batch)),
 * )
 * pipe(learned, Either.map(({ gradients }) => gradients.get('classifier.weight')?.length)) // => Either.right(640)
 * engine.right.close()
 */
export const learnBy =
  (trace: Trace, config: Config, loss: Loss, scaling: Scaling = freshTraining.scaling): Learn =>
  (weights, batch) => {
    const { images, targets } = batch
    const parsed = pipe(
      checkedStep(config, { loss, scaling }, weights, batch),
      Either.chain((checked) => parse(config)(measurable(config, checked))),
    )
    if (Either.isLeft(parsed)) return parsed
    const still = images.shape[0] === 1
    const text: Text = (K) => {
      const net = network(K)(parsed.right)
      return still ? forward(net)(config.steps) : forwardFrames(net)
    }
    const traced = trace(text, images, {
      ...freshTraining,
      scaling,
      rates: recordedRates(config, weights),
      repeats: still ? config.steps : 1,
    })
    if (Either.isLeft(traced)) return traced
    const { logits, statistics, pullback } = traced.right
    const judged = judge(loss)(logits, targets)
    return unlessFaulty(stops(scaling, judged.loss, statistics), () => ({
      loss: judged.loss,
      logits,
      gradients: pullback(judged.gradient.data),
      statistics,
    }))
  }

/** Learning by the reverse mode of an interpreter. */
export const learn = <S, C, V extends Value>(
  base: Base<S, C, V>,
  config: Config,
  loss: Loss,
  how: Omit<Differentiation, 'training'>,
  scaling?: Scaling,
): Learn => learnBy(tracing(base, how), config, loss, scaling)
