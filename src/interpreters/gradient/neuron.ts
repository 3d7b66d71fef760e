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
const chargeSlopes = (charge: Charge): { readonly byV: number; readonly byX: number; readonly byW: number } => {
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
 * The linear map of `fire`: `[current, membrane, w]` to `[spikes, membrane]`.
 *
 * `dh = byV dv + byX dx + drive byW dw` with `drive = x - (v - rest)`; `ds = slope(h - threshold) dh`;
 * `dv' = (1 - s) dh`, and with the reset attached `+ (rest - h) ds` (soft reset: `dv' = dh`, and `- threshold ds`).
 * Each is computed in float64 and rounded once where it is kept; w's gradient is one sum in float64, last step first.
 */
export const fireLinear = (
  precision: Precision,
  { charge, threshold, reset }: Neuron,
  { surrogate, reset: spike }: Slopes,
  [current, membrane]: readonly [Value, Value | null],
  spikes: Value,
): Linear => {
  const round = rounding(precision)
  const neurons = sizeOf(current.shape.slice(1))
  const steps = current.shape[0]!
  const { byV, byX, byW } = chargeSlopes(charge)
  const edge = round(threshold)
  const rest = reset.kind === 'hard' ? round(reset.value) : 0
  const charged = charging(precision, charge, rest)
  const [h, drive] = [zeros(precision, steps * neurons), zeros(precision, steps * neurons)]
  /** Of the membrane left behind: its slope by h, and by the spike. */
  const kept = (at: number): number => (reset.kind === 'hard' ? 1 - spikes.data[at]! : 1)
  const bySpike = (at: number): number => (spike === 'detached' ? 0 : reset.kind === 'hard' ? rest - h[at]! : -edge)
  const v = zeros(precision, neurons).fill(rest)
  if (membrane !== null) v.set(membrane.data as Reals)
  for (let at = 0; at < h.length; at++) {
    const [i, x] = [at % neurons, current.data[at]!]
    drive[at] = x - (v[i]! - rest)
    h[at] = charged(v[i]!, x)
    v[i] = round(kept(at) * h[at]!) + (reset.kind === 'hard' ? rest : -edge) * spikes.data[at]!
  }
  return {
    push: ([dx, dv, dw]) => {
      const ds = zeros(precision, h.length)
      const after = zeros(precision, neurons)
      if (dv != null) after.set(dv)
      for (let at = 0; at < h.length; at++) {
        const i = at % neurons
        const dh = byV * after[i]! + byX * (dx?.[at] ?? 0) + drive[at]! * byW * (dw?.[0] ?? 0)
        ds[at] = surrogate.slope(h[at]! - edge) * dh
        after[i] = kept(at) * dh + bySpike(at) * ds[at]!
      }
      return [ds, after]
    },
    pull: ([ds, dv]) => {
      const dx = zeros(precision, h.length)
      const before = zeros(precision, neurons)
      if (dv != null) before.set(dv)
      let dw = 0
      for (let at = h.length - 1; at >= 0; at--) {
        const i = at % neurons
        const spiked = (ds?.[at] ?? 0) + bySpike(at) * before[i]!
        const dh = surrogate.slope(h[at]! - edge) * spiked + kept(at) * before[i]!
        dx[at] = byX * dh
        before[i] = byV * dh
        dw += drive[at]! * byW * dh
      }
      return [dx, before, ...(charge.kind === 'PLIF' ? [zeros(precision, 1).fill(dw)] : [])]
    },
  }
}
