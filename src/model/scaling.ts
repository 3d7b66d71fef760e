/** The scales of dual spike self-attention: what keeps the variance of its products at 1. @module */
import type * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, unlessFaulty } from '../core/fault.js'

/**
 * The scale of one head: `c = 1 / sqrt(f m)`, f the firing rate of the spikes summed over, m the number of terms.
 *
 * If the spikes are Bernoulli(f) and the other operand has mean 0 and variance 1 (batch norm's output), a sum over m
 * terms has mean 0 and variance m f; scaled, variance 1, for every head width, feature-map size and firing rate.
 *
 * Source: the paper's equations 11 to 13.
 *
 * @example
 * headScale(0.25, 16) // => 0.5
 */
export const headScale = (rate: number, terms: number): number => 1 / Math.sqrt(rate * terms)

const scales = (rates: readonly number[], terms: number): readonly number[] =>
  rates.map((rate) => headScale(rate, terms))

/**
 * `c1 = 1 / sqrt(f_X d)`, one a head; d the channels of a head.
 *
 * @example
 * c1({ firingRateX: [0.25, 1], planes: 32 }) // => [0.5, 0.25]
 */
export const c1 = (p: { readonly firingRateX: readonly number[]; readonly planes: number }): readonly number[] =>
  scales(p.firingRateX, p.planes / p.firingRateX.length)

/**
 * `c2 = 1 / sqrt(f_Attn n)`, one a head; n = (H / p)(W / p) the tokens, so it depends on the image's size.
 *
 * @example
 * c2({ firingRateAttn: [0.25, 1], tokens: 16 }) // => [0.5, 0.25]
 */
export const c2 = (p: { readonly firingRateAttn: readonly number[]; readonly tokens: number }): readonly number[] =>
  scales(p.firingRateAttn, p.tokens)

/**
 * Checks the firing rates of a layer: a head that never fired has no scale, and a rate lies in (0, 1].
 *
 * @param key - the buffer's checkpoint key, named in the fault
 *
 * @example
 * audible('firing_rate_x', [0.1, 0])
 * // => Either.left([{ _tag: 'SilentHead', key: 'firing_rate_x', head: 1, rate: 0 }])
 */
export const audible = (key: string, rates: ArrayLike<number>): Either.Either<Faults, readonly number[]> =>
  unlessFaulty(
    Array.from(rates).flatMap((rate, head): readonly Fault[] =>
      rate > 0 && rate <= 1 ? [] : [{ _tag: 'SilentHead', key, head, rate }],
    ),
    () => Array.from(rates),
  )

/**
 * One step of the moving average that records firing rates in training: `f' = 0.999 f + 0.001 batch`, and the first
 * batch's rates as they are while every recorded rate is still zero.
 *
 * Source: the authors' code (`DSSA.forward`, momentum 0.999).
 *
 * @example
 * movingRate([0, 0], [0.5, 0.25]) // => [0.5, 0.25]
 * movingRate([1], [0]) // => [0.999]
 */
export const movingRate = (rates: readonly number[], batch: readonly number[], momentum = 0.999): readonly number[] =>
  rates.every((rate) => rate === 0) ? batch : rates.map((rate, head) => rate * momentum + batch[head]! * (1 - momentum))
