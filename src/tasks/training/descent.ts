/** From a gradient to the next weights. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, type Fault, type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { elementType, type Precision, type Reals, type Shape, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import { finiteReals, wellFormedAll } from '../../core/well-formed.js'
import type { Config } from '../../model/config.js'
import type { Entry, Role } from '../../model/entry.js'
import { layout, parse } from '../../model/parameters.js'
import type { Weights } from './given.js'
import { type AdamW, adamW, type Moments } from './optimiser.js'
import { optimiserFaults } from './rules.js'
import { type Learned, measurable } from './step.js'

/** The roles of what is learnt by gradient. */
export const LEARNT: readonly Role[] = ['weight', 'gain', 'bias', 'leak']

/** The roles of what a batch measures. */
const MEASURED: readonly Role[] = ['mean', 'variance', 'rate']

/** What of some numbers, by key, is not of a tensor of that key: as many, and finite. */
const numberFaults = (
  what: string,
  shapes: ReadonlyMap<string, Shape>,
  numbers: ReadonlyMap<string, Reals>,
): readonly Fault[] =>
  [...numbers].flatMap(([key, data]) => {
    const shape = shapes.get(key)
    if (shape === undefined)
      return refuse(`there is a ${what} of ${key}, which the network does not have`, 'leave it out')
    const checked = finiteReals(`the ${what} of ${key}`)({ shape: [sizeOf(shape)], data })
    return Either.isLeft(checked) ? checked.left : []
  })

/** What of moments is not such as they come to. */
const momentFaults = (shapes: ReadonlyMap<string, Shape>, { powers, first, second }: Moments): readonly Fault[] => {
  const negative = [...second].find(([, data]) => data.some((value) => value < 0))?.[0]
  const wrong = [
    ...(powers.every((power) => power >= 0 && power <= 1)
      ? []
      : refuse(`the powers of the moments are ${powers.join(' and ')}`, 'give numbers from 0 to 1')),
    ...numberFaults('first moment', shapes, first),
    ...numberFaults('second moment', shapes, second),
    ...(negative === undefined ? [] : refuse(`the second moment of ${negative} is negative`, 'give means of squares')),
  ]
  const alone = [...first.keys(), ...second.keys()].find((key) => first.has(key) !== second.has(key))
  return wrong.length > 0 || alone === undefined
    ? wrong
    : refuse(`there is one moment of ${alone} and not the other`, 'give both or none')
}

const shapesOf = (entries: readonly Entry[], roles: readonly Role[]): ReadonlyMap<string, Shape> =>
  new Map(entries.flatMap(({ key, role, shape }) => (roles.includes(role) ? [[key, shape]] : [])))

/** The first gradient that is none says that training diverged; all else is said as it is. */
const gradientFaults = (shapes: ReadonlyMap<string, Shape>, gradients: Learned['gradients']): readonly Fault[] =>
  numberFaults('gradient', shapes, gradients).map((fault) =>
    fault._tag === 'NotFinite'
      ? refuse(
          `training diverged: ${describe(fault)}`,
          'lower the learning rate, or resume from the last good checkpoint',
        )[0]
      : fault,
  )

/** One further, or at 1 where nobody counted. */
const counted = (shape: Shape, counter: Tensor | undefined): Tensor =>
  tensor(
    shape,
    elementType(counter?.data) === 'int64' ? (counter!.data as BigInt64Array).map((n) => n + 1n) : BigInt64Array.of(1n),
  )

/**
 * The weights and moments after a batch: {@link adamW} for what has a gradient, statistics as they were measured, counters one
 * further.
 *
 * Fails where weights are not the network's (as `parse`), and where a gradient, a moment or a statistic is not one of it, or
 * not finite (`Input`, `NotFinite`).
 *
 * @example
 * const next = descend(variants.digits, recipes.digits.optimiser)
 * const learned = { loss: 0, logits: tensor([0], new Float32Array(0)), gradients: new Map(), statistics: new Map() }
 * pipe(next(1e-3, freshWeights(variants.digits, 1), noMoments, learned), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('prologue.1.bn.running_mean: the batch has no statistic of it; give what learnBy found')
 */
export const descend =
  (config: Config, settings: AdamW, precision: Precision = 'float32') =>
  (
    rate: number,
    weights: Weights,
    moments: Moments,
    { gradients, statistics }: Pick<Learned, 'gradients' | 'statistics'>,
  ): Either.Either<Faults, { readonly weights: Weights; readonly moments: Moments }> => {
    const entries = layout(config)
    const [learnt, measured] = [shapesOf(entries, LEARNT), shapesOf(entries, MEASURED)]
    const missing = [...measured.keys()].find((key) => !statistics.has(key))
    const wrong = [
      ...optimiserFaults(settings),
      ...(rate >= 0 && rate < Infinity ? [] : refuse(`the learning rate is ${rate}`, 'give one of at least 0')),
      ...gradientFaults(learnt, gradients),
      ...momentFaults(learnt, moments),
      ...numberFaults('statistic', measured, statistics),
      ...(missing === undefined
        ? []
        : refuse(`${missing}: the batch has no statistic of it`, 'give what learnBy found')),
    ]
    return pipe(
      unlessFaulty(wrong, () => weights),
      Either.chain(wellFormedAll),
      Either.chainFirst((checked) => parse(config)(measurable(config, checked))),
      Either.map((own) => {
        const parameters = [...learnt.keys()].map((key) => [key, own.get(key) as Tensor<Reals>] as const)
        const next = adamW(settings, precision)(rate, new Map(parameters), gradients, moments)
        const updated = entries.map(({ key, role, shape }): readonly [string, Tensor] => {
          if (role === 'counter') return [key, counted(shape, own.get(key))]
          const statistic = statistics.get(key)
          return [key, statistic === undefined ? next.learnt.get(key)! : tensor(own.get(key)!.shape, statistic)]
        })
        return { weights: new Map(updated), moments: next.moments }
      }),
    )
  }
