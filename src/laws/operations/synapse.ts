/** Laws of a synapse: it is a sum of weights over active synapses, then one affine map a channel. @module */
import fc from 'fast-check'
import type { Shape, Spikes } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { BatchNorm, Synapse } from '../../model/kernels.js'
import { bareSynapse, convolution, identityNorm, spikeTrain, synapse, transmitting, whole } from '../given.js'
import { type Law, law } from '../law.js'
import { at, indexOf, range, silence, spikesWhere, sum, tabulate, take } from '../tensors.js'
import { all, same } from '../verdict.js'

const PAPER = "the paper's section 4: BN(Conv(s))"

/** The affine map of a batch norm's channel, in exact arithmetic. */
const gain = ({ weight, variance, eps }: BatchNorm, c: number): number =>
  weight.data[c]! / Math.sqrt(variance.data[c]! + eps)
const shift = (norm: BatchNorm, c: number): number => norm.bias.data[c]! - norm.mean.data[c]! * gain(norm, c)

/** The same convolution with its norm left out. */
const bare = ({ convolution }: Synapse): Synapse => ({ convolution, norm: identityNorm(convolution.weight.shape[0]!) })

/** The shape of what comes out. */
const outputShape = ({ convolution: { weight, stride, padding } }: Synapse, [T, B, , H, W]: Shape): Shape => {
  const side = (size: number, kernel: number): number => convolved(size, kernel, stride, padding)
  return [T!, B!, weight.shape[0]!, side(H!, weight.shape[2]!), side(W!, weight.shape[3]!)]
}

/** The spikes in a larger, silent frame. */
const framed = (s: Spikes, [top, left]: readonly [number, number], [H, W]: readonly [number, number]): Spikes =>
  spikesWhere([...s.shape.slice(0, 3), H, W], (t, b, c, y, x) => at(s, t, b, c, y - top, x - left) === 1)

export const synapseLaws: readonly Law[] = [
  law({
    id: 'synapse.impulse',
    statement:
      'One spike sends each neuron it reaches exactly the weight between them, and every other neuron nothing.',
    formula: "f(\\delta_{c,y,x})_{c',y',x'} = w_{c',c,\\; y + P - S y',\\; x + P - S x'}",
    source: PAPER,
    needs: ['synapse'],
    given: bareSynapse.chain(({ p, shape }) =>
      fc.record({ p: fc.constant(p), shape: fc.constant(shape), spike: whole(0, shape.reduce((n, x) => n * x) - 1) }),
    ),
    holds:
      ({ synapse }) =>
      ({ p, shape, spike }) => {
        const { weight, stride, padding } = p.convolution
        const [t, b, c, y, x] = indexOf(shape, spike) as [number, number, number, number, number]
        const [out, inGroup] = weight.shape as [number, number]
        const group = Math.floor(c / inGroup)
        const expected = tabulate(outputShape(p, shape), (t2, b2, co, y2, x2) =>
          t2 === t && b2 === b && Math.floor(co / (out / p.convolution.groups)) === group
            ? at(weight, co, c % inGroup, y + padding - stride * y2, x + padding - stride * x2)
            : 0,
        )
        return same(
          'current',
          synapse(p)(spikesWhere(shape, (...i) => String(i) === String([t, b, c, y, x]))),
          expected,
        )
      },
  }),
  law({
    id: 'synapse.additive',
    statement:
      'Disjoint spikes add: with the impulse response, the operation is a sum of weights over active synapses.',
    formula: 'f(a \\cup b) + f(\\varnothing) = f(a) + f(b), \\quad a \\cap b = \\varnothing',
    source: PAPER,
    needs: ['synapse'],
    given: synapse.chain(({ p, shape }) =>
      fc.record({ p: fc.constant(p), s: spikeTrain(shape), side: spikeTrain(shape) }),
    ),
    holds:
      ({ synapse }) =>
      ({ p, s, side }) => {
        const f = synapse(p)
        const part = (which: number): Spikes =>
          spikesWhere(s.shape, (...i) => at(s, ...i) === 1 && at(side, ...i) === which)
        return same('current of both + current of none', sum(f(s), f(silence(s.shape))), sum(f(part(0)), f(part(1))))
      },
  }),
  law({
    id: 'synapse.silence',
    statement: "Without spikes every neuron gets its channel's shift and nothing else, at the border too.",
    formula: 'f(\\varnothing)_{c} = \\beta_c - \\mu_c \\gamma_c / \\sqrt{\\sigma^2_c + \\epsilon}',
    source: PAPER,
    needs: ['synapse'],
    given: synapse,
    holds:
      ({ synapse }) =>
      ({ p, shape }) =>
        same(
          'current',
          synapse(p)(silence(shape)),
          tabulate(outputShape(p, shape), (_, __, c) => shift(p.norm, c)),
        ),
  }),
  law({
    id: 'synapse.norm',
    statement: 'Batch norm is one affine map a channel of the sum of weights, with the epsilon it was given.',
    formula: 'f(s)_c = g_c \\, (w * s)_c + b_c, \\quad g_c = \\gamma_c / \\sqrt{\\sigma^2_c + \\epsilon}',
    source: `${PAPER}; running statistics at inference`,
    needs: ['synapse'],
    given: transmitting,
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const raw = synapse(bare(p))(s)
        return same(
          'current',
          synapse(p)(s),
          tabulate(raw.shape, (t, b, c, y, x) => gain(p.norm, c) * at(raw, t, b, c, y, x) + shift(p.norm, c)),
        )
      },
  }),
  law({
    id: 'synapse.fold',
    statement: 'The gain folds into the weights and the shift into the bias: a norm costs nothing on a device.',
    formula: 'g_c (w_c * s) + b_c = (g_c w_c) * s + b_c',
    source: 'the affine map is linear in the weights',
    needs: ['synapse'],
    after: ['synapse.silence'],
    given: transmitting,
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const { weight } = p.convolution
        const channels = weight.shape[0]!
        const folded: Synapse = {
          convolution: {
            ...p.convolution,
            weight: tabulate(weight.shape, (co, ...rest) => gain(p.norm, co) * at(weight, co, ...rest)),
          },
          norm: { ...identityNorm(channels), bias: tabulate([channels], (c) => shift(p.norm, c)) },
        }
        return same('current of the folded synapse', synapse(folded)(s), synapse(p)(s))
      },
  }),
  law({
    id: 'synapse.shift',
    statement: 'Spikes moved by one stride move the currents by one position, wherever in the frame they are.',
    formula: 'f(\\mathrm{shift}_{S}\\, s) = \\mathrm{shift}_1 f(s)',
    source: 'a convolution has the same weights everywhere',
    needs: ['synapse'],
    given: bareSynapse.chain(({ p, shape: [T, B, C] }) =>
      fc.record({ p: fc.constant(p), s: spikeTrain([T!, B!, C!, 2, 2]), down: whole(0, 2), right: whole(0, 2) }),
    ),
    holds:
      ({ synapse }) =>
      ({ p, s, down, right }) => {
        const { stride, weight } = p.convolution
        // A margin that keeps the reach of every spike inside the frame, whichever way it moves.
        const margin = 4
        const size = 2 + 2 * margin + 2 * stride + weight.shape[2]!
        const run = (dy: number, dx: number) =>
          synapse(p)(framed(s, [margin + dy * stride, margin + dx * stride], [size, size]))
        const [still, moved] = [run(0, 0), run(down, right)]
        return same(
          `the current of spikes moved by (${down}, ${right})`,
          moved,
          tabulate(still.shape, (t, b, c, y, x) => at(still, t, b, c, y - down, x - right)),
        )
      },
  }),
  law({
    id: 'synapse.groups',
    statement: "A group's neurons hear only their own group's channels.",
    formula: 'f(s)_{\\text{group } g} = f_g(s_{\\text{group } g})',
    source: "the paper's section 4.3: group-wise convolution; channels of a group are contiguous",
    needs: ['synapse'],
    given: transmitting.filter(({ p }) => p.convolution.groups > 1),
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const { weight, groups } = p.convolution
        const [outGroup, inGroup] = [weight.shape[0]! / groups, weight.shape[1]!]
        const whole = synapse(p)(s)
        return all(
          ...range(groups).map((g) => {
            const mine = range((g + 1) * outGroup, g * outGroup)
            const norm = { ...p.norm }
            for (const key of ['weight', 'bias', 'mean', 'variance'] as const) norm[key] = take(p.norm[key], 0, mine)
            const alone: Synapse = { convolution: { ...p.convolution, weight: take(weight, 0, mine), groups: 1 }, norm }
            return same(
              `the current of group ${g}`,
              take(whole, 2, mine),
              synapse(alone)(take(s, 2, range((g + 1) * inGroup, g * inGroup))),
            )
          }),
        )
      },
  }),
  law({
    id: 'synapse.stride',
    statement: 'Stride S keeps every S-th position of stride 1, beginning with the first.',
    formula: 'f_S(s)_{y,x} = f_1(s)_{S y, S x}',
    source: "the definition of stride in the authors' framework",
    needs: ['synapse'],
    given: transmitting,
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const { stride } = p.convolution
        const dense = synapse({ ...p, convolution: { ...p.convolution, stride: 1 } })(s)
        return same(
          'current',
          synapse(p)(s),
          tabulate(outputShape(p, s.shape), (t, b, c, y, x) => at(dense, t, b, c, y * stride, x * stride)),
        )
      },
  }),
  law({
    id: 'synapse.padding',
    statement: 'Padding is silence around the frame.',
    formula: 'f_P(s) = f_0(\\mathrm{pad}_P\\, s)',
    source: "the definition of zero padding in the authors' framework",
    needs: ['synapse'],
    given: convolution.chain(({ convolution: c, shape }) =>
      fc.record({
        p: fc.constant<Synapse>({
          convolution: { ...c, padding: 1 },
          norm: identityNorm(c.weight.shape[0]!),
        }),
        s: spikeTrain(shape),
      }),
    ),
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const [H, W] = s.shape.slice(3) as [number, number]
        return same(
          'the current of the padded convolution',
          synapse(p)(s),
          synapse({ ...p, convolution: { ...p.convolution, padding: 0 } })(framed(s, [1, 1], [H + 2, W + 2])),
        )
      },
  }),
  law({
    id: 'synapse.frames',
    statement: 'Every step of every sample goes through by itself: no batch statistics at inference.',
    formula: 'f(s)_{t,b} = f(s_{t,b})',
    source: 'running statistics at inference',
    needs: ['synapse'],
    given: transmitting,
    holds:
      ({ synapse }) =>
      ({ p, s }) => {
        const whole = synapse(p)(s)
        return all(
          ...range(s.shape[0]!).flatMap((t) =>
            range(s.shape[1]!).map((b) =>
              same(
                `the current of step ${t}, sample ${b}`,
                take(take(whole, 0, [t]), 1, [b]),
                synapse(p)(take(take(s, 0, [t]), 1, [b])),
              ),
            ),
          ),
        )
      },
  }),
]
