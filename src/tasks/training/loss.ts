/** What training makes small: the loss of a batch's logits, and its gradient. @module */
import { exp, log } from '../../core/functions.js'
import { type Currents, type Reals, tensor, zeros } from '../../core/tensor.js'

/**
 * Which loss: `mean` is the cross-entropy of the logits' mean over time; `tet` the mean over time of the cross-entropies,
 * `(1 - lambda)` of it and lambda of the mean square of `logit - phi`.
 *
 * Source: the authors' `CriterionWarpper`; temporal efficient training, Deng and others, ICLR 2022.
 */
export type Loss = { readonly kind: 'mean' } | { readonly kind: 'tet'; readonly phi: number; readonly lambda: number }

/** A loss and its gradient by the logits `[T, B, classes]`. */
export interface Judged {
  readonly loss: number
  readonly gradient: Currents
}

/**
 * The probabilities a sample should have, `[B, classes]`: `(1 - smoothing)` of its label's, the rest spread evenly.
 *
 * @example
 * targets([1], 2, 0.5).data // => Float64Array.of(0.25, 0.75)
 */
export const targets = (labels: readonly number[], classes: number, smoothing: number): Currents => {
  const data = new Float64Array(labels.length * classes).fill(smoothing / classes)
  for (const [b, label] of labels.entries()) data[b * classes + label]! += 1 - smoothing
  return tensor([labels.length, classes], data)
}

/** The cross-entropy of a row of logits with its target, and `softmax - target`; in float64, classes in order. */
const crossEntropy = (logits: Float64Array, target: Reals): { readonly loss: number; readonly slope: Float64Array } => {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const powers = logits.map((logit) => exp(logit - largest))
  const total = powers.reduce((sum, power) => sum + power, 0)
  const normaliser = log(total)
  return {
    loss: logits.reduce((sum, logit, k) => sum + target[k]! * (normaliser - (logit - largest)), 0),
    slope: powers.map((power, k) => power / total - target[k]!),
  }
}

/**
 * The loss of logits `[T, B, classes]` against targets `[B, classes]`, a mean over the batch, and its gradient.
 *
 * @example
 * const even = judge({ kind: 'mean' })(tensor([1, 1, 2], Float64Array.of(3, 3)), targets([0], 2, 0))
 * even // => { loss: Math.LN2, gradient: tensor([1, 1, 2], Float64Array.of(-0.5, 0.5)) }
 */
export const judge =
  (loss: Loss) =>
  ({ shape, data }: Currents, { data: target }: Currents): Judged => {
    const [T, B, K] = shape as readonly [number, number, number]
    const gradient = zeros('float64', data.length)
    const row = (t: number, b: number): number => (t * B + b) * K
    const sums = { loss: 0 }
    for (let b = 0; b < B; b++) {
      const wanted = target.subarray(b * K, (b + 1) * K)
      switch (loss.kind) {
        case 'mean': {
          const mean = new Float64Array(K)
          for (let t = 0; t < T; t++) for (let k = 0; k < K; k++) mean[k]! += data[row(t, b) + k]!
          const judged = crossEntropy(
            mean.map((sum) => sum / T),
            wanted,
          )
          sums.loss += judged.loss / B
          for (let t = 0; t < T; t++) for (let k = 0; k < K; k++) gradient[row(t, b) + k] = judged.slope[k]! / (B * T)
          break
        }
        case 'tet': {
          const { phi, lambda } = loss
          for (let t = 0; t < T; t++) {
            const logits = Float64Array.from(data.subarray(row(t, b), row(t, b) + K))
            const judged = crossEntropy(logits, wanted)
            sums.loss += ((1 - lambda) * judged.loss) / (B * T)
            for (let k = 0; k < K; k++) {
              const off = logits[k]! - phi
              sums.loss += (lambda * off * off) / (B * T * K)
              gradient[row(t, b) + k] = ((1 - lambda) * judged.slope[k]!) / (B * T) + (2 * lambda * off) / (B * T * K)
            }
          }
          break
        }
      }
    }
    return { loss: sums.loss, gradient: tensor(shape, gradient) }
  }
