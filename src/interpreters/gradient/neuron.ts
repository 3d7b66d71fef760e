/** A neuron's linear map at a run: step by step from currents to spikes, and back. @module */
import { sigmoid } from '../../core/functions.js'
import { type Precision, type Reals, rounding, sizeOf, zeros } from '../../core/tensor.js'
import type { Charge, Neuron } from '../../model/kernels.js'
import { charging } from '../reference/neuron.js'
import type { Linear, Value } from './map.js'
import type { Surrogate } from './surrogate.js'

/** How a neuron is differentiated. */
export interface Slopes {
  readonly surrogate: Surrogate
  /** Whether the spike that resets the membrane counts as a constant, as in the authors' code, or is differentiated. */
  readonly reset: 'detached' | 'attached'
}

/** `h = v + (x - (v - rest)) k`: how h follows v and x, and k's own derivative by w where w is learnt. */
export const chargeSlopes = (charge: Charge): { readonly byV: number; readonly byX: number; readonly byW: number } => {
  switch (charge.kind) {
    case 'IF':
      return { byV: 1, byX: 1, byW: 0 }
    case 'LIF':
      return { byV: 1 - 1 / charge.tau, byX: 1 / charge.tau, byW: 0 }
    case 'PLIF': {
      const k = sigmoid(charge.w)
      return { byV: 1 - k, byX: k, byW: k * (1 - k) }
    }
  }
}

/**
 * A reset as numbers: the membrane begins at `rest`, and is `(1 - hardness s) h + left s` after a spike s, so it follows h
 * by `1 - hardness s` and s by `left - hardness h`.
 */
export const resetNumbers = (
  precision: Precision,
  { reset, threshold }: Pick<Neuron, 'reset' | 'threshold'>,
): { readonly rest: number; readonly hardness: number; readonly left: number } => {
  const round = rounding(precision)
  switch (reset.kind) {
    case 'hard':
      return { rest: round(reset.value), hardness: 1, left: round(reset.value) }
    case 'soft':
      return { rest: 0, hardness: 0, left: -round(threshold) }
  }
}

/**
 * The linear map of `fire`: `[current, membrane, w]` to `[spikes, membrane]`.
 *
 * `dh = byV dv + byX dx + drive byW dw` with `drive = x - (v - rest)`; `ds = slope(h - threshold) dh`;
 * `dv' = (1 - s) dh`, and with the reset attached `+ (rest - h) ds` (soft reset: `dv' = dh`, and `- threshold ds`).
 * Every operation is rounded once. But w's gradient is `byW sum(drive dh)` in float64, of each neuron last step first, then
 * over the neurons of a sample in order, then over the samples in order.
 */
export const fireLinear = (
  precision: Precision,
  p: Neuron,
  { surrogate, reset }: Slopes,
  [current, membrane]: readonly [Value, Value | null],
  { data: spikes }: Value,
): Linear => {
  const round = rounding(precision)
  const x = current.data
  const [samples, neurons] = [current.shape[1] ?? 1, sizeOf(current.shape.slice(1))]
  const exact = chargeSlopes(p.charge)
  const [byV, byX, byW] = [round(exact.byV), round(exact.byX), exact.byW]
  const threshold = round(p.threshold)
  const { rest, hardness, left } = resetNumbers(precision, p)
  const charged = charging(precision, p.charge, rest)
  const [h, drive, slopes] = [x, x, x].map(() => zeros(precision, x.length)) as [Reals, Reals, Reals]
  const v = zeros(precision, neurons).fill(rest)
  if (membrane !== null) v.set(membrane.data)
  for (let start = 0; start < x.length; start += neurons)
    for (let i = 0; i < neurons; i++) {
      const at = start + i
      const potential = charged(v[i]!, x[at]!)
      drive[at] = x[at]! - round(v[i]! - rest)
      h[at] = potential
      slopes[at] = surrogate.slope(round(potential - threshold), round)
      v[i] = round(round(1 - hardness * spikes[at]!) * potential) + round(left * spikes[at]!)
    }
  /** How the membrane after a step follows its potential, and, where that is differentiated, its spike. */
  const stays = (at: number): number => round(1 - round(hardness * spikes[at]!))
  const falls = (at: number): number => round(left - round(hardness * h[at]!))
  /** A sum, and what comes of the reset where it is differentiated. */
  const plusReset = (sum: number, at: number, by: number): number => {
    switch (reset) {
      case 'detached':
        return sum
      case 'attached':
        return round(sum + round(falls(at) * by))
    }
  }
  return {
    push: ([dx, dv, dw]) => {
      const [ds, after] = [zeros(precision, x.length), zeros(precision, neurons)]
      if (dv != null) after.set(dv)
      for (let at = 0; at < x.length; at++) {
        const i = at % neurons
        const given = round(byX * (dx?.[at] ?? 0))
        const dh = round(round(round(byV * after[i]!) + given) + round(drive[at]! * byW * (dw?.[0] ?? 0)))
        ds[at] = slopes[at]! * dh
        after[i] = plusReset(round(stays(at) * dh), at, ds[at]!)
      }
      return [ds, after]
    },
    pull: ([given, dv]) => {
      const ds = given ?? zeros(precision, x.length)
      const [dx, before] = [zeros(precision, x.length), zeros(precision, neurons)]
      const along = new Float64Array(neurons)
      if (dv != null) before.set(dv)
      for (let start = x.length - neurons; start >= 0; start -= neurons)
        for (let i = 0; i < neurons; i++) {
          const at = start + i
          const spiked = plusReset(ds[at]!, at, before[i]!)
          const dh = round(round(slopes[at]! * spiked) + round(stays(at) * before[i]!))
          dx[at] = byX * dh
          before[i] = byV * dh
          along[i]! += drive[at]! * dh
        }
      return [
        dx,
        before,
        ...(p.charge.kind === 'PLIF' ? [zeros(precision, 1).fill(byW * inSamples(along, samples))] : []),
      ]
    },
  }
}

/** The sum over each sample's numbers, and then over the samples. */
const inSamples = (numbers: Float64Array, samples: number): number => {
  const own = numbers.length / samples
  let sum = 0
  for (let start = 0; start < numbers.length; start += own) {
    let part = 0
    for (let i = start; i < start + own; i++) part += numbers[i]!
    sum += part
  }
  return sum
}
