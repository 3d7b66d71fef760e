/** Where training begins: fresh weights, or another network's. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { elementType, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import { wellFormedAll } from '../../core/well-formed.js'
import { type Config, validate } from '../../model/config.js'
import type { Entry } from '../../model/entry.js'
import { layout } from '../../model/parameters.js'
import { draws, normal } from './draws.js'
import { seedFaults, type Weights } from './given.js'

/** The deviation of fresh weights; the authors cut them at 2, a hundred deviations away. */
const DEVIATION = 0.02

/** A fresh entry: weights normal, gains and variances 1, a PLIF's w as configured, all else 0; rates of 0 are unmeasured. */
const fresh = ({ charge }: Config, seed: number, { key, shape, role }: Entry): Tensor => {
  const filled = (value: number): Tensor => tensor(shape, new Float32Array(sizeOf(shape)).fill(value))
  switch (role) {
    case 'weight': {
      const draw = normal(draws(key, seed))
      return tensor(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => DEVIATION * draw(i)),
      )
    }
    case 'gain':
    case 'variance':
      return filled(1)
    case 'leak':
      return filled(charge.kind === 'PLIF' ? charge.w : 0)
    case 'bias':
    case 'mean':
    case 'rate':
      return filled(0)
    case 'counter':
      return tensor(shape, new BigInt64Array(1))
  }
}

/**
 * Fresh weights of a network that can be (`validate`) from a seed of 32 bits, in float32 under the authors' keys.
 *
 * Source: the authors' `init_weight`.
 *
 * @example
 * freshWeights(variants.digits, 7).get('prologue.1.bn.weight')?.data.every((x) => x === 1) // => true
 */
export const freshWeights = (config: Config, seed: number): Weights =>
  new Map(layout(config).map((entry) => [entry.key, fresh(config, seed, entry)]))

/**
 * Another network's weights with a fresh classifier, as the authors transfer; counters it does not have begin at 0. The
 * networks must be the same but for classes and image size. What of the other cannot be read is said by the next step.
 *
 * @example
 * const moved = transferred({ ...variants.digits, classes: 3 }, 7)(syntheticCheckpoint(variants.digits, 7))
 * pipe(moved, Either.map((weights) => weights.get('classifier.weight')?.shape)) // => Either.right([3, 64])
 */
export const transferred =
  (config: Config, seed: number) =>
  (other: ReadonlyMap<string, Tensor>): Either.Either<Faults, Weights> => {
    const checked = pipe(
      wellFormedAll(other),
      Either.chain(() => validate(config)),
      Either.chain(() => unlessFaulty(seedFaults(seed), () => undefined)),
    )
    if (Either.isLeft(checked)) return checked
    const own = freshWeights(config, seed)
    const missing = [...own].find(
      ([key, { shape, data }]) =>
        key !== 'classifier.weight' && elementType(data) !== 'int64' && !fits(other.get(key), shape),
    )
    return missing === undefined
      ? Either.right(
          new Map(
            [...own].map(([key, value]) => [
              key,
              key === 'classifier.weight' ? value : narrowed(value, other.get(key)),
            ]),
          ),
        )
      : Either.left(
          refuse(
            `${missing[0]} has not the shape [${missing[1].shape.join(', ')}] in the checkpoint to begin from`,
            'give a checkpoint of the same network',
          ),
        )
  }

const fits = (found: Tensor | undefined, shape: Tensor['shape']): boolean =>
  found !== undefined &&
  sizeOf(found.shape) === sizeOf(shape) &&
  (shape.length <= 1 || String(found.shape) === String(shape))

/** What was found in float32; a counter that is none begins anew. */
const narrowed = (own: Tensor, found: Tensor | undefined): Tensor => {
  if (elementType(own.data) === 'int64')
    return elementType(found?.data) === 'int64' ? tensor(own.shape, found!.data) : own
  return tensor(own.shape, Float32Array.from(found!.data, Number))
}
