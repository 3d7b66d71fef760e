/** AdamW: Adam with the weights' decay apart from the gradient. @module */
import { type Precision, type Reals, type Tensor, tensor, zeros } from '../../core/tensor.js'

/** AdamW's settings. */
export interface AdamW {
  readonly betas: readonly [number, number]
  readonly eps: number
  readonly weightDecay: number
  /** Which tensors decay: all, or those of more than one dimension (not batch norm's, nor a PLIF's w), as timm does. */
  readonly decays: 'all' | 'matrices'
}

/** The moments of every tensor that is learnt, and the powers of the betas so far. */
export interface Moments {
  readonly powers: readonly [number, number]
  readonly first: ReadonlyMap<string, Reals>
  readonly second: ReadonlyMap<string, Reals>
}

/** Before the first step: no moments, the powers at 1. */
export const noMoments: Moments = { powers: [1, 1], first: new Map(), second: new Map() }

/** Whether a tensor decays. */
const decaying = (decays: AdamW['decays'], { shape }: Tensor): boolean => {
  switch (decays) {
    case 'all':
      return true
    case 'matrices':
      return shape.length > 1
  }
}

/**
 * One step: `m' = b1 m + (1 - b1) g`, `v' = b2 v + (1 - b2) g^2`, then `p' = p (1 - rate decay) - rate / (1 - b1^t) m' /
 * (sqrt(v') / sqrt(1 - b2^t) + eps)`. Each in float64, rounded once to the precision where it is kept. What has no gradient
 * stays as it is.
 *
 * Source: Loshchilov and Hutter, *Decoupled weight decay regularization*, ICLR 2019, as PyTorch computes it.
 *
 * @example
 * const settings: AdamW = { betas: [0.5, 0.5], eps: 0, weightDecay: 0, decays: 'all' }
 * const [w, g] = [new Map([['w', tensor([1], Float64Array.of(1))]]), new Map([['w', Float64Array.of(4)]])]
 * adamW(settings, 'float64')(0.25, w, g, noMoments).learnt.get('w')?.data // => Float64Array.of(0.75)
 */
export const adamW =
  ({ betas: [b1, b2], eps, weightDecay, decays }: AdamW, precision: Precision) =>
  (
    rate: number,
    learnt: ReadonlyMap<string, Tensor<Reals>>,
    gradients: ReadonlyMap<string, Reals>,
    { powers, first, second }: Moments,
  ): { readonly learnt: ReadonlyMap<string, Tensor<Reals>>; readonly moments: Moments } => {
    const [p1, p2] = [powers[0] * b1, powers[1] * b2]
    const [stepSize, root] = [rate / (1 - p1), Math.sqrt(1 - p2)]
    const updated = [...learnt].map(([key, parameter]) => {
      const { shape, data } = parameter
      const g = gradients.get(key)
      if (g === undefined) return { key, parameter, m: first.get(key), v: second.get(key) }
      const [m, v] = [first.get(key) ?? zeros(precision, data.length), second.get(key) ?? zeros(precision, data.length)]
      const kept = decaying(decays, parameter) ? 1 - rate * weightDecay : 1
      const [m2, v2, p] = [zeros(precision, g.length), zeros(precision, g.length), zeros(precision, g.length)]
      for (let i = 0; i < g.length; i++) {
        m2[i] = b1 * m[i]! + (1 - b1) * g[i]!
        v2[i] = b2 * v[i]! + (1 - b2) * g[i]! * g[i]!
        p[i] = data[i]! * kept - (stepSize * m2[i]!) / (Math.sqrt(v2[i]!) / root + eps)
      }
      return { key, parameter: tensor(shape, p), m: m2, v: v2 }
    })
    return {
      learnt: new Map(updated.map(({ key, parameter }) => [key, parameter])),
      moments: {
        powers: [p1, p2],
        first: new Map(updated.flatMap(({ key, m }) => (m === undefined ? [] : [[key, m]]))),
        second: new Map(updated.flatMap(({ key, v }) => (v === undefined ? [] : [[key, v]]))),
      },
    }
  }
