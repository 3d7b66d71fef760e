/** Laws of one neuron in one step: what it charges, when it fires, what a spike leaves behind. @module */
import fc from 'fast-check'
import { sigmoid } from '../../core/functions.js'
import type { Currents, Reals, Tensor } from '../../core/tensor.js'
import type { Neuron } from '../../model/kernels.js'
import { driven, dyadic, neuron, reals, whole } from '../given.js'
import { type Law, law, type Verdict } from '../law.js'
import { constant, mapped, range } from '../tensors.js'
import { all, each, equal, same } from '../verdict.js'
import { charged, rest, stepped, tie } from './neuron.js'

const PAPER = "the paper's equations 1 to 3; the authors' neurons (SpikingJelly)"

/** A neuron, the membrane of one layer and one step of drive. */
const oneStep = fc.tuple(neuron, whole(1, 3)).chain(([p, n]) =>
  fc.record({
    p: fc.constant(p),
    v: reals([1, n, 1, 1]),
    x: reals([1, 1, n, 1, 1], { exponent: -4, largest: 4 }),
  }),
)

const frame = ({ data }: Tensor<Reals>): Currents => ({ shape: [1, 1, data.length, 1, 1], data })

/** Numbers in (-1, 1) with as many random bits as a precision holds, where the order of rounding shows. */
const rough = fc.array(fc.tuple(whole(-(2 ** 26) + 1, 2 ** 26 - 1), whole(0, 2 ** 27 - 1), whole(0, 4)), {
  minLength: 8,
  maxLength: 8,
})
type Rough = readonly (readonly [number, number, number])[]
const in64 = (parts: Rough): Float64Array =>
  Float64Array.from(parts, ([high, low, exponent]) => (high * 2 ** 27 + low) / 2 ** (53 + exponent))
const in32 = (parts: Rough): Float32Array => Float32Array.from(in64(parts))

/** The published charge of a LIF in a precision: `v + (x - (v - r)) / tau`, every operation rounded. */
const inOrder = (round: (x: number) => number, tau: number, r: number) => (v: number, x: number) =>
  round(v + round(round(x - round(v - r)) / tau))

export const fireLaws: readonly Law[] = [
  law({
    id: 'fire.binary',
    statement: 'A spike is 0 or 1, one for every neuron and step.',
    formula: 's \\in \\{0, 1\\}',
    source: PAPER,
    needs: ['fire'],
    given: driven,
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const [spikes] = fire(p)(x)(new Map())
        return all(
          equal("the spikes' shape", String(spikes.shape), String(x.shape)),
          equal('the number of spikes', spikes.data.length, x.data.length),
          each('spikes', spikes, (s) => s === 0 || s === 1, '0 or 1'),
        )
      },
  }),
  law({
    id: 'fire.charge',
    statement: 'The input leaks with the membrane: the potential is the published charge, and spikes meet it.',
    formula: 'h = v + \\frac{x - (v - r)}{\\tau}, \\quad s = [h \\ge \\theta]',
    source: PAPER,
    needs: ['fire'],
    given: oneStep,
    holds:
      ({ fire }) =>
      ({ p, v, x }) => {
        const [spikes, after] = stepped(fire, p, x, v)
        const h = Array.from(v.data, (potential, i) => charged(p, potential, x.data[i]!))
        return all(
          same('spikes', spikes, { shape: x.shape, data: Uint8Array.from(h, (y) => (y >= p.threshold ? 1 : 0)) }),
          each(
            'membrane',
            after,
            (y, i) => h[i]! >= p.threshold || y === h[i],
            `the charge of [${v.data}] by [${x.data}]`,
          ),
        )
      },
  }),
  law({
    id: 'fire.tie',
    statement: 'A potential that meets the threshold exactly fires, and one below it does not.',
    formula: 'h = \\theta \\Rightarrow s = 1',
    source: `${PAPER}: Heaviside(h - threshold) is 1 at 0`,
    needs: ['fire'],
    given: neuron,
    holds:
      ({ fire }) =>
      (p) => {
        const x = { shape: [1, 1, 2, 1, 1], data: Float32Array.of(tie(p), tie(p) - 2 ** -4) }
        return same('spikes', stepped(fire, p, x)[0], { shape: x.shape, data: Uint8Array.of(1, 0) })
      },
  }),
  law({
    id: 'fire.rest',
    statement: 'A neuron starts at its reset value, and with no drive away from it stays there.',
    formula: 'v[0] = r, \\quad x = 0 \\Rightarrow v = r',
    source: PAPER,
    needs: ['fire'],
    given: fc.record({ p: neuron, shape: fc.tuple(whole(1, 3), whole(1, 2), whole(1, 2), whole(1, 2), whole(1, 2)) }),
    holds:
      ({ fire }) =>
      ({ p, shape }) => {
        const [spikes, after] = stepped(fire, p, constant(shape, 0))
        return all(
          same('spikes', spikes, constant(shape, 0)),
          same('membrane', after, constant(shape.slice(1), rest(p))),
        )
      },
  }),
  law({
    id: 'fire.reset.hard',
    statement: 'A hard reset leaves exactly the reset value, however far the potential overshot.',
    formula: 's = 1 \\Rightarrow v = r',
    source: `${PAPER}: v = h (1 - s) + r s`,
    needs: ['fire'],
    given: fc.record({
      p: neuron.filter(({ reset }) => reset.kind === 'hard'),
      over: reals([2], { exponent: -4, largest: 4 }),
    }),
    holds:
      ({ fire }) =>
      ({ p, over }) => {
        const [, after] = stepped(fire, p, frame(mapped(over, (x) => tie(p) + Math.abs(x))))
        return same('membrane', after, constant(after.shape, rest(p)))
      },
  }),
  law({
    id: 'fire.reset.soft',
    statement: 'A soft reset leaves what the potential overshot by.',
    formula: 's = 1 \\Rightarrow v = h - \\theta',
    source: 'SpikingJelly, v_reset = None; the reset a neuron is asked for is the one it does',
    needs: ['fire'],
    given: fc.record({
      p: neuron.filter(({ reset }) => reset.kind === 'soft'),
      over: reals([2], { exponent: -4, largest: 4 }),
    }),
    holds:
      ({ fire }) =>
      ({ p, over }) => {
        const x = frame(mapped(over, (y) => tie(p) + Math.abs(y)))
        const [, after] = stepped(fire, p, x)
        return each(
          'membrane',
          after,
          (v, i) => v === charged(p, 0, x.data[i]!) - p.threshold,
          `h - ${p.threshold} for the drive [${x.data}]`,
        )
      },
  }),
  law({
    id: 'fire.below',
    statement: 'With a hard reset every membrane is below the threshold after a step.',
    formula: 'v[t] < \\theta',
    source: PAPER,
    needs: ['fire'],
    given: driven.filter(({ p }) => p.reset.kind === 'hard'),
    holds:
      ({ fire }) =>
      ({ p, x }) =>
        each('membrane', stepped(fire, p, x)[1], (v) => v < p.threshold, `below ${p.threshold}`),
  }),
  law({
    id: 'fire.order',
    statement: 'The charge is computed in the published order, every operation rounded once in float32 or in float64.',
    formula:
      '\\mathrm{fl}(v + \\mathrm{fl}(\\mathrm{fl}(x - \\mathrm{fl}(v - r)) / \\tau)) \\ne \\mathrm{fl}((v + x) / 2)',
    source: `${PAPER}; (v + x) / 2 is another float32 function`,
    needs: ['fire'],
    given: fc.record({ v: rough, x: rough }),
    holds:
      ({ fire }) =>
      (pairs) => {
        const p: Neuron = {
          key: 'neuron',
          charge: { kind: 'LIF', tau: 2 },
          threshold: 2,
          reset: { kind: 'hard', value: 0 },
        }
        const shape = [1, 1, 8, 1, 1]
        const verdict = (v: Reals, x: Reals, round: (x: number) => number): Verdict => {
          const [, after] = stepped(fire, p, { shape, data: x }, { shape: shape.slice(1), data: v })
          return all(
            ...range(8).map((i) =>
              equal(`the charge of v = ${v[i]} by x = ${x[i]}`, after.data[i], inOrder(round, 2, 0)(v[i]!, x[i]!)),
            ),
          )
        }
        const float32 = verdict(in32(pairs.v), in32(pairs.x), Math.fround)
        const float64 = verdict(in64(pairs.v), in64(pairs.x), (y) => y)
        return float32 === true || float64 === true || `neither float32 nor float64: ${float32}; ${float64}`
      },
  }),
  law({
    id: 'fire.leak',
    statement:
      'A PLIF goes the sigmoid of its w towards its drive (up to rounding: engines choose the last bits of exp).',
    formula: 'h = v + (x - v)\\,\\sigma(w)',
    source: PAPER,
    needs: ['fire'],
    given: fc.record({ w: dyadic({ exponent: -4, largest: 4 }), x: dyadic() }),
    holds:
      ({ fire }) =>
      ({ w, x }) => {
        const p: Neuron = {
          key: 'neuron',
          charge: { kind: 'PLIF', w },
          threshold: 4,
          reset: { kind: 'hard', value: 0 },
        }
        const expected = x * sigmoid(w)
        const [, after] = stepped(fire, p, constant([1, 1, 1, 1, 1], x))
        return each(
          'membrane',
          after,
          (v) => Math.abs(v - expected) <= 2 ** -20 * Math.abs(x),
          `${x} sigmoid(${w}) = ${expected}`,
        )
      },
  }),
  law({
    id: 'fire.plif',
    statement: 'A PLIF at w = 0 is a LIF of tau = 2.',
    formula: '\\sigma(0) = 1/2',
    source: `${PAPER}: w is initialised so`,
    needs: ['fire'],
    given: driven,
    holds:
      ({ fire }) =>
      ({ p, x }) => {
        const [spikes, after] = stepped(fire, { ...p, charge: { kind: 'PLIF', w: 0 } }, x)
        const [lifSpikes, lifAfter] = stepped(fire, { ...p, charge: { kind: 'LIF', tau: 2 } }, x)
        return all(same('spikes', spikes, lifSpikes), same('membrane', after, lifAfter))
      },
  }),
]
