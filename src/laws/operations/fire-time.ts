/** Laws of neurons in time: closed forms for a constant drive, causality, chunks, independence, scaling. @module */
import fc from 'fast-check'
import type { Neuron } from '../../model/kernels.js'
import { drive, driven, dyadic, neuron, STEPS, whole } from '../given.js'
import { type Law, law } from '../law.js'
import { constant, joined, mapped, range, spikesWhere, steps, take } from '../tensors.js'
import { all, each, same } from '../verdict.js'
import { leak, rest, stepped } from './neuron.js'

const LIF = 'follows from the charge equation'

/** The step (from 1) at which a constant drive first lifts a resting neuron to its threshold, if within `most`. */
const firstSpike = (p: Neuron, x: number, most: number): number | undefined => {
  const q = p.charge.kind === 'IF' ? 1 : 1 - leak(p.charge)
  // A leaky neuron is at r + x (1 - q^n) after n steps, an integrating one at r + n x.
  const reached = (n: number): number =>
    rest(p) + (q === 1 ? n * x : x * (1 - range(n).reduce((power) => power * q, 1)))
  return range(most + 1, 1).find((n) => reached(n) >= p.threshold)
}

export const fireTimeLaws: readonly Law[] = [
  law({
    id: 'fire.subthreshold',
    statement: 'A leaky neuron whose constant drive stays short of the threshold never fires.',
    formula: 'r + x < \\theta \\Rightarrow s[t] = 0 \\;\\forall t',
    source: LIF,
    needs: ['fire'],
    given: fc.record({ p: neuron.filter(({ charge }) => charge.kind !== 'IF'), below: whole(1, 32), T: whole(1, 12) }),
    holds:
      ({ fire }) =>
      ({ p, below, T }) => {
        const x = constant([T, 1, 1, 1, 1], p.threshold - rest(p) - below / 16)
        return each('spikes', fire(p)(x)(new Map())[0], (s) => s === 0, `0, the drive being ${x.data[0]} at every step`)
      },
  }),
  law({
    id: 'fire.period',
    statement:
      'A constant drive fires at n, 2n, 3n, ..., n the first step at which the closed form meets the threshold.',
    formula:
      'n = \\min\\{n : r + x (1 - q^n) \\ge \\theta\\}, \\quad q = 1 - 1/\\tau \\quad (\\text{IF: } r + n x \\ge \\theta)',
    source: LIF,
    needs: ['fire'],
    after: ['fire.tie'],
    given: fc.record({
      p: neuron.filter(({ reset }) => reset.kind === 'hard'),
      x: dyadic({ exponent: -4, largest: 4 }),
    }),
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const T = 8
        const n = firstSpike(p, x, T)
        const expected = spikesWhere([T, 1, 1, 1, 1], (t) => n !== undefined && (t + 1) % n === 0)
        return same('spikes', fire(p)(constant([T, 1, 1, 1, 1], x))(new Map())[0], expected)
      },
  }),
  law({
    id: 'fire.monotone',
    statement: 'More drive never delays the first spike, and the spike it meets the threshold with is never lost.',
    formula: "x \\le x' \\Rightarrow t_1(x') \\le t_1(x)",
    source: LIF,
    needs: ['fire'],
    given: fc
      .tuple(neuron, whole(1, STEPS))
      .chain(([p, T]) => fc.record({ p: fc.constant(p), x: drive([T, 1, 1, 1, 1]), more: drive([T, 1, 1, 1, 1]) })),
    holds:
      ({ fire }) =>
      ({ p, x, more }) => {
        const [less] = fire(p)(x)(new Map())
        const larger = { ...x, data: x.data.map((y, t) => y + Math.abs(more.data[t]!)) }
        const [spikes] = fire(p)(larger)(new Map())
        const [t, u] = [less.data.indexOf(1), spikes.data.indexOf(1)]
        return t < 0 || (u >= 0 && u <= t)
          ? true
          : `the first spike is at step ${u < 0 ? 'none' : u}, should be at ${t} or before: [${x.data}] had it there, and [${larger.data}] is more`
      },
  }),
  law({
    id: 'fire.causal',
    statement: 'What comes later changes no earlier spike.',
    formula: "x[{\\le}t] = x'[{\\le}t] \\Rightarrow s[{\\le}t] = s'[{\\le}t]",
    source: LIF,
    needs: ['fire'],
    given: fc
      .tuple(driven, whole(1, 3))
      .chain(([{ p, x }, later]) =>
        fc.record({ p: fc.constant(p), x: fc.constant(x), later: drive(x.shape.with(0, later)) }),
      ),
    holds:
      ({ fire }) =>
      ({ p, x, later }) =>
        same(
          'the first spikes of the longer sequence',
          steps(fire(p)(joined(x, later))(new Map())[0], 0, x.shape[0]!),
          fire(p)(x)(new Map())[0],
        ),
  }),
  law({
    id: 'fire.chunks',
    statement: 'A sequence in two chunks, the membranes handed on, is the sequence whole.',
    formula: '\\mathrm{fire}(a \\cdot b) = \\mathrm{fire}(a) \\cdot \\mathrm{fire}(b)',
    source: 'State threads the membranes',
    needs: ['fire'],
    given: fc
      .tuple(driven, whole(1, 3))
      .chain(([{ p, x }, later]) =>
        fc.record({ p: fc.constant(p), a: fc.constant(x), b: drive(x.shape.with(0, later)) }),
      ),
    holds:
      ({ fire }) =>
      ({ p, a, b }) => {
        const [first, between] = stepped(fire, p, a)
        const [second, after] = stepped(fire, p, b, between)
        const [whole, left] = stepped(fire, p, joined(a, b))
        return all(
          same('spikes in chunks', joined(first, second), whole),
          same('membrane after the chunks', after, left),
        )
      },
  }),
  law({
    id: 'fire.samples',
    statement: 'Samples of a batch do not touch each other, nor does time run through the batch.',
    formula: '\\mathrm{fire}(x)_{\\cdot, b} = \\mathrm{fire}(x_{\\cdot, b})',
    source: 'QKFormer issue 14: time folded into the batch, and the accuracy falls from 84.25 to 78.70 when mended',
    needs: ['fire'],
    given: driven,
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const [spikes, after] = stepped(fire, p, x)
        return all(
          ...range(x.shape[1]!).flatMap((b) => {
            const [alone, left] = stepped(fire, p, take(x, 1, [b]))
            return [
              same(`the spikes of sample ${b} in the batch`, take(spikes, 1, [b]), alone),
              same(`the membrane of sample ${b} in the batch`, take(after, 0, [b]), left),
            ]
          }),
        )
      },
  }),
  law({
    id: 'fire.neurons',
    statement: 'Neurons of a layer do not touch each other: a channel or a row alone does what it does among others.',
    formula: '\\mathrm{fire}(x)_{c, h} = \\mathrm{fire}(x_{c, h})',
    source: 'a layer is its neurons side by side',
    needs: ['fire'],
    given: driven,
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const [spikes] = fire(p)(x)(new Map())
        return all(
          ...range(x.shape[2]!).flatMap((c) =>
            range(x.shape[3]!).map((h) =>
              same(
                `the spikes of channel ${c}, row ${h}, among others`,
                take(take(spikes, 2, [c]), 3, [h]),
                fire(p)(take(take(x, 2, [c]), 3, [h]))(new Map())[0],
              ),
            ),
          ),
        )
      },
  }),
  law({
    id: 'fire.key',
    statement: "A layer keeps its membrane under its own key and leaves the other layers' alone.",
    formula: "\\mathrm{fire}_k(x)(M)(k') = M(k'), \\; k' \\ne k",
    source: 'the membranes of a network are one map',
    needs: ['fire'],
    given: driven,
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const other = constant(x.shape.slice(1), 0.5)
        const [spikes, after] = fire({ ...p, key: 'a' })(x)(new Map([['b', other]]))
        return all(
          [...after.keys()].sort().join() === 'a,b'
            ? true
            : `the membranes are of [${[...after.keys()]}], should be of [a,b]`,
          same("b's membrane", after.get('b')!, other),
          same('spikes', spikes, fire(p)(x)(new Map())[0]),
        )
      },
  }),
  law({
    id: 'fire.scaling',
    statement: 'Drive, threshold and reset value scaled by the same power of two change no spike.',
    formula: '\\mathrm{fire}_{2^k\\theta, 2^k r}(2^k x) = \\mathrm{fire}_{\\theta, r}(x)',
    source: 'the charge equation is linear; it is why a scale may move into the threshold',
    needs: ['fire'],
    given: fc.record({ case: driven, k: whole(-2, 2) }),
    holds:
      ({ fire }) =>
      ({ case: { p, x }, k }) => {
        const scaled: Neuron = {
          ...p,
          threshold: p.threshold * 2 ** k,
          reset: p.reset.kind === 'hard' ? { kind: 'hard', value: p.reset.value * 2 ** k } : p.reset,
        }
        const [spikes] = fire(scaled)(mapped(x, (y) => y * 2 ** k))(new Map())
        return same(`the spikes of drive and threshold times 2^${k}`, spikes, fire(p)(x)(new Map())[0])
      },
  }),
]
