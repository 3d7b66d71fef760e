/** Laws of dual spike self-attention. @module */
import fc from 'fast-check'
import type { Currents, Reals, Shape, Tensor } from '../../core/tensor.js'
import type { BatchNorm, Neuron, Synapse } from '../../model/kernels.js'
import { fromRest } from '../../model/network.js'
import type { Dssa } from '../../model/parameters.js'
import { permutation, whole } from '../given.js'
import { attention } from '../given-model.js'
import { type Law, law } from '../law.js'
import { at, mapped, range, sum, tabulate, take } from '../tensors.js'
import { same } from '../verdict.js'
import { dssaOf } from './definition.js'
import { partLaws } from './parts.js'

const PAPER = "the paper's equations 7 to 13; the authors' code (DSSA.forward)"

/** A norm that lets nothing through but 0. */
export const closed = (norm: BatchNorm): BatchNorm => ({
  ...norm,
  weight: mapped(norm.weight, () => 0),
  bias: mapped(norm.bias, () => 0),
})

/** The shift of a synapse's channels, as currents of a shape: what it sends without spikes. */
export const shiftOf = ({ norm: { weight, bias, mean, variance, eps } }: Synapse, shape: Shape): Currents =>
  tabulate(shape, (_, __, c) => bias.data[c]! - (mean.data[c]! * weight.data[c]!) / Math.sqrt(variance.data[c]! + eps))

/** Out of reach of any current drawn here. */
export const deaf = (p: Neuron): Neuron => ({ ...p, threshold: 2 ** 20 })

const channels = (order: readonly number[], d: number): readonly number[] =>
  order.flatMap((head) => range((head + 1) * d, head * d))

/** The same attention with its heads in another order. */
const reordered = (p: Dssa, order: readonly number[]): Dssa => {
  const d = p.planes / p.heads
  const [from, to] = [channels(order, d), channels(order, 2 * d)]
  const synapse = ({ convolution, norm }: Synapse, outputs: readonly number[]): Synapse => {
    const part = (x: Tensor<Reals>): Tensor<Reals> => take(x, 0, outputs)
    return {
      convolution: { ...convolution, weight: take(take(convolution.weight, 0, outputs), 1, from) },
      norm: {
        ...norm,
        weight: part(norm.weight),
        bias: part(norm.bias),
        mean: part(norm.mean),
        variance: part(norm.variance),
      },
    }
  }
  return {
    ...p,
    W: synapse(p.W, to),
    project: synapse(p.project, from),
    firingRateX: order.map((head) => p.firingRateX[head]!),
    firingRateAttn: order.map((head) => p.firingRateAttn[head]!),
  }
}

/** The frame moved around a torus by whole patches. */
const rolled = (x: Currents, [dy, dx]: readonly [number, number]): Currents => {
  const [H, W] = x.shape.slice(3) as [number, number]
  return tabulate(x.shape, (t, b, c, row, column) => at(x, t, b, c, (row + dy) % H, (column + dx) % W))
}

const louder = (p: Neuron): Neuron => ({
  ...p,
  threshold: 2 * p.threshold,
  reset: p.reset.kind === 'hard' ? { kind: 'hard', value: 2 * p.reset.value } : p.reset,
})

export const dssaLaws: readonly Law[] = [
  ...partLaws({
    name: 'dssa',
    called: 'Dual spike self-attention',
    source: PAPER,
    given: attention,
    run: ({ dssa }, p) => dssa(p),
    definition: dssaOf,
    formula:
      '\\mathrm{BN}(W_o\\, \\mathrm{SN}(y_2\\, \\mathrm{SN}(y_1^\\top x\\, c_1)\\, c_2)) + X, \\quad x = \\mathrm{SN}(X), \\; [y_1, y_2] = \\mathrm{BN}(W x)',
  }),
  law({
    id: 'dssa.residual',
    statement:
      'An attention whose last norm is zero is the identity: the residual carries the currents, not the spikes.',
    formula: '\\gamma_o = \\beta_o = 0 \\Rightarrow F(X) = X',
    source: PAPER,
    needs: ['dssa'],
    given: attention,
    holds:
      ({ dssa }) =>
      ({ p, x }) =>
        same('output', fromRest(dssa({ ...p, project: { ...p.project, norm: closed(p.project.norm) } })(x)), x),
  }),
  law({
    id: 'dssa.silent',
    statement: 'Without spikes at its input an attention adds its last shift, and nothing else.',
    formula: '\\mathrm{SN}(X) = 0 \\Rightarrow F(X) = X + b_o',
    source: PAPER,
    needs: ['dssa'],
    given: attention,
    holds:
      ({ dssa }) =>
      ({ p, x }) =>
        same('output', fromRest(dssa({ ...p, in: deaf(p.in) })(x)), sum(x, shiftOf(p.project, x.shape))),
  }),
  law({
    id: 'dssa.gate',
    statement: 'Attention passes only as spikes of the attention neuron: out of its reach, nothing is mixed.',
    formula: '\\theta_{attn} = \\infty \\Rightarrow F(X) = X + b_o',
    source: `${PAPER}: AttnMap(X) = SN(...)`,
    needs: ['dssa'],
    given: attention,
    holds:
      ({ dssa }) =>
      ({ p, x }) =>
        same('output', fromRest(dssa({ ...p, attn: deaf(p.attn) })(x)), sum(x, shiftOf(p.project, x.shape))),
  }),
  law({
    id: 'dssa.heads',
    statement: 'Heads permute: rows of W, rates, columns of the projection and channels of the input together.',
    formula: 'F_{\\pi}(X_{\\pi}) = F(X)_{\\pi}',
    source: `${PAPER}: y1 and y2 are the halves of each head`,
    needs: ['dssa'],
    given: attention.chain((x) => fc.record({ x: fc.constant(x), order: permutation(x.p.heads) })),
    holds:
      ({ dssa }) =>
      ({ x: { p, x }, order }) => {
        const moved = channels(order, p.planes / p.heads)
        return same(
          'output of the permuted heads',
          fromRest(dssa(reordered(p, order))(take(x, 2, moved))),
          take(fromRest(dssa(p)(x)), 2, moved),
        )
      },
  }),
  law({
    id: 'dssa.patches',
    statement:
      'Patches do not overlap and have no position: moving the frame by whole patches moves the output with it.',
    formula: 'F(\\mathrm{roll}_{p}\\, X) = \\mathrm{roll}_{p}\\, F(X)',
    source: `${PAPER}: a p x p convolution of stride p, no position embedding`,
    needs: ['dssa'],
    given: attention.chain((x) => fc.record({ x: fc.constant(x), down: whole(0, 1), right: whole(0, 1) })),
    holds:
      ({ dssa }) =>
      ({ x: { p, x }, down, right }) => {
        const patch = p.W.convolution.stride
        const by = [down * patch, right * patch] as const
        return same('output of the moved frame', fromRest(dssa(p)(rolled(x, by))), rolled(fromRest(dssa(p)(x)), by))
      },
  }),
  law({
    id: 'dssa.scale',
    statement: 'A quarter of the firing rates is twice the scale: with twice the thresholds no spike changes.',
    formula: 'c(f / 4) = 2\\, c(f)',
    source: "the paper's equations 11 to 13",
    needs: ['dssa'],
    given: attention,
    holds:
      ({ dssa }) =>
      ({ p, x }) => {
        const quieter: Dssa = {
          ...p,
          firingRateX: p.firingRateX.map((f) => f / 4),
          firingRateAttn: p.firingRateAttn.map((f) => f / 4),
          attn: louder(p.attn),
          out: louder(p.out),
        }
        return same('output', fromRest(dssa(quieter)(x)), fromRest(dssa(p)(x)))
      },
  }),
]
