/**
 * Laws of every bit: on rough numbers, which use all bits of a precision, an operation is its specification exactly. They
 * hold only of who rounds as specified, in float32 or in float64; the implementation says which, or either will do.
 * @module
 */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../../core/fault.js'
import { fnv1a, hash32 } from '../../core/random.js'
import { type Currents, type Precision, type Shape, type Spikes, sizeOf, tensor } from '../../core/tensor.js'
import type { BatchNorm, Charge, Neuron, Pool, Reset, Synapse } from '../../model/kernels.js'
import { forwardFrames, fromRest } from '../../model/network.js'
import { type Dssa, type Gwsffn, type Layer, type NetworkParameters, parse } from '../../model/parameters.js'
import { oneOf, whole } from '../given.js'
import type { Operation, Operations } from '../implementation.js'
import { type Law, law, type Verdict } from '../law.js'
import { checkpoint } from '../model/given-borders.js'
import { stepped } from '../operations/neuron.js'
import { sparse } from '../sizes.js'
import { at, tabulate } from '../tensors.js'
import { all, equal, same } from '../verdict.js'
import { specified } from './specification.js'

const SOURCE = 'the order of summation and rounding of `Kernels`'

/** Rough numbers of a precision: in (-largest, largest), 53 bits of them random before they are rounded to it. */
const rough = (precision: Precision, name: string, seed: number, shape: Shape, largest = 1): Currents => {
  const start = fnv1a(name) ^ hash32(seed)
  const word = (i: number): number => hash32(start ^ hash32(i))
  const data = precision === 'float32' ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))
  // A few sizes apart, so that sums lose bits.
  for (let i = 0; i < data.length; i++)
    data[i] =
      (((word(2 * i) * 2 ** 21 + (word(2 * i + 1) >>> 11)) / 2 ** 52 - 1) * largest) / [1, 1, 2, 8][word(2 * i) & 3]!
  return tensor(shape, data)
}

const positive = (x: Currents, from: number): Currents => ({ ...x, data: x.data.map((y) => Math.abs(y) + from) })

const roughNorm = (precision: Precision, name: string, seed: number, channels: number): BatchNorm => ({
  key: name,
  weight: rough(precision, `${name}.weight`, seed, [channels], 2),
  bias: rough(precision, `${name}.bias`, seed, [channels]),
  mean: rough(precision, `${name}.mean`, seed, [channels]),
  variance: positive(rough(precision, `${name}.variance`, seed, [channels]), 0.05),
  eps: 1e-5,
})

type Geometry = {
  readonly out: number
  readonly into: number
  readonly kernel: number
  readonly stride?: number
  readonly padding?: number
  readonly groups?: number
}

const roughSynapse = (
  precision: Precision,
  name: string,
  seed: number,
  { out, into, kernel, stride = 1, padding = 0, groups = 1 }: Geometry,
): Synapse => ({
  convolution: {
    key: name,
    weight: rough(precision, `${name}.convolution`, seed, [out, into / groups, kernel, kernel]),
    stride,
    padding,
    groups,
  },
  norm: roughNorm(precision, `${name}.norm`, seed, out),
})

const seed = whole(0, 2 ** 24)

/** Holds in the precision the implementation says, or in either where it says none. */
const inPrecision = (precision: Precision | undefined, verdict: (precision: Precision) => Verdict): Verdict => {
  if (precision !== undefined) return verdict(precision)
  const [float32, float64] = [verdict('float32'), verdict('float64')]
  return float32 === true || float64 === true || `in float32 ${float32}; in float64 ${float64}`
}

type Some<N extends Operation> = Pick<Operations<Spikes, Currents>, N>

const bits = <X, const N extends Operation>(
  operation: N,
  statement: string,
  formula: string,
  given: Arbitrary<X>,
  holds: (K: Some<N>, x: X, precision: Precision) => Verdict,
  { name = 'bits', atMost = 40 }: { readonly name?: string; readonly atMost?: number } = {},
): Law =>
  law<X, N>({
    id: `${operation}.${name}`,
    statement,
    formula,
    source: SOURCE,
    level: 'bits',
    needs: [operation],
    atMost,
    given,
    holds:
      (K, { precision }) =>
      (x) =>
        inPrecision(precision, (of) => holds(K, x, of)),
  })

const geometry = fc.record({
  inGroup: fc.constantFrom(1, 3, 5, 8, 9, 17, 20),
  outGroup: whole(1, 3),
  groups: whole(1, 2),
  kernel: whole(1, 3),
  stride: whole(1, 2),
  padding: whole(0, 1),
  height: whole(3, 5),
  width: whole(3, 4),
  B: whole(1, 2),
  seed,
})

const product = (name: 'dstT' | 'dst') =>
  bits(
    name,
    'Active terms are added two by two among eight neighbours, rounded, and the sum is scaled once by the rounded scale.',
    '\\mathrm{fl}(c)\\, ((0 + (y_0 + y_1)) + (y_3 + y_5)) + \\dots',
    fc.record({
      heads: whole(1, 2),
      d: fc.constantFrom(3, 8, 13, 20),
      n: fc.constantFrom(4, 9, 12, 20),
      height: whole(1, 2),
      width: whole(1, 3),
      seed,
    }),
    (K, { heads, d, n, height, width, seed: s }, precision) => {
      const y = rough(precision, 'y', s, [1, 2, heads, d, n])
      const scale = Array.from(positive(rough('float64', 'scale', s, [heads], 2), 0.1).data)
      const x = sparse(
        'x',
        s,
        name === 'dstT' ? [1, 2, heads * d, height, width] : [1, 2, heads, n, height * width],
        128,
      )
      return same(name === 'dstT' ? 'attn' : 'out', K[name](scale)(y, x), specified(precision)[name](scale, y, x))
    },
  )

/** Layout only: numbers of all bits come out as they went in. */
const carried = <const N extends 'hold' | 'splitHeads' | 'mergeHeads'>(
  operation: N,
  shape: Shape,
  run: (K: Some<N>, x: Currents) => readonly Currents[],
  expected: (x: Currents) => readonly Currents[],
): Law =>
  bits(
    operation,
    `${operation} keeps every bit of what it moves.`,
    'y_i = x_j',
    fc.record({ seed }),
    (K, { seed: s }, precision) => {
      const x = rough(precision, 'x', s, shape)
      const wanted = expected(x)
      return all(...run(K, x).map((y, i) => same('a number that was moved', y, wanted[i]!)))
    },
    { atMost: 10 },
  )

const charges = oneOf<Charge>(
  { kind: 'LIF', tau: 2 },
  { kind: 'LIF', tau: 3 },
  { kind: 'LIF', tau: 1.7 },
  { kind: 'PLIF', w: 0.3 },
  { kind: 'PLIF', w: -1.1 },
  { kind: 'IF' },
)
const plainCharges = oneOf<Charge>({ kind: 'LIF', tau: 2 }, { kind: 'LIF', tau: 3 }, { kind: 'IF' })
const resets = oneOf<Reset>(
  { kind: 'hard', value: 0 },
  { kind: 'hard', value: -0.1 },
  { kind: 'hard', value: 0.03 },
  { kind: 'soft' },
)

const neuronOf = (key: string, i: number): Neuron => ({
  key,
  charge: [{ kind: 'LIF', tau: 2 }, { kind: 'IF' }, { kind: 'LIF', tau: 3 }][i % 3] as Charge,
  threshold: [0.3, 1, 0.7][i % 3]!,
  reset: { kind: 'hard', value: [0, -0.1][i % 2]! },
})

const fires = (name: 'bits' | 'sigmoid', statement: string, of: Arbitrary<Charge>): Law =>
  bits(
    'fire',
    statement,
    '\\mathrm{fl}(v + \\mathrm{fl}(\\mathrm{fl}(x - \\mathrm{fl}(v - r)) / \\tau))',
    fc.record({ charge: of, reset: resets, threshold: fc.constantFrom(1, 0.7, 0.1 + 0.2), T: whole(1, 6), seed }),
    ({ fire }, { charge, reset, threshold, T, seed: s }, precision) => {
      const p: Neuron = { key: 'neuron', charge, reset, threshold }
      const [x, v] = [rough(precision, 'x', s, [T, 1, 16, 1, 1], 2), rough(precision, 'v', s, [1, 16, 1, 1], 0.25)]
      const [spikes, after] = stepped(fire, p, x, v)
      const [wantedSpikes, wantedAfter] = specified(precision).fire(p, x, v)
      return all(same('spikes', spikes, wantedSpikes), same('membrane', after, wantedAfter))
    },
    { name },
  )

const parts = fc.record({ seed, heads: whole(1, 2), d: fc.constantFrom(3, 9), patch: whole(1, 2), T: whole(1, 2) })

/** The tensors that are no PLIF's. */
const withoutLeaks = <X>(tensors: ReadonlyMap<string, X>): ReadonlyMap<string, X> =>
  new Map([...tensors].filter(([key]) => !key.endsWith('.w')))

export const bitLaws: readonly Law[] = [
  fires('bits', 'The charge, the threshold and the reset are rounded step by step, as published.', plainCharges),
  fires(
    'sigmoid',
    "A PLIF's leak is the specified sigmoid, to the bit, rounded once.",
    charges.filter(({ kind }) => kind === 'PLIF'),
  ),
  bits(
    'synapse',
    'Active weights are added two by two among eight channels, by kernel row and column, rounded; then gain and shift, each made in float64 and rounded once.',
    '\\mathrm{fl}(\\mathrm{fl}(\\Sigma\\, g) + b)',
    geometry,
    ({ synapse }, { inGroup, outGroup, groups, kernel, stride, padding, height, width, B, seed: s }, precision) => {
      const p = roughSynapse(precision, 'synapse', s, {
        out: outGroup * groups,
        into: inGroup * groups,
        kernel,
        stride,
        padding,
        groups,
      })
      const x = sparse('x', s, [1, B, inGroup * groups, height, width], 128)
      return same('current', synapse(p)(x), specified(precision).synapse(p, x))
    },
  ),
  bits(
    'stem',
    'Products are summed one by one, by kernel row, kernel column and channel, each product and sum rounded.',
    '\\mathrm{fl}(\\Sigma + \\mathrm{fl}(x\\, w))',
    fc.record({ of: geometry, pool: oneOf<Pool | null>(null, { kernel: 3, stride: 2, padding: 1 }) }),
    ({ stem }, { of: { inGroup, outGroup, kernel, stride, padding, height, width, B, seed: s }, pool }, precision) => {
      const p = {
        ...roughSynapse(precision, 'stem', s, { out: outGroup, into: inGroup, kernel, stride, padding }),
        pool,
      }
      const x = rough(precision, 'x', s, [1, B, inGroup, height, width], 2)
      return same('current', stem(p)(x), specified(precision).stem(p, x))
    },
  ),
  product('dstT'),
  product('dst'),
  bits(
    'add',
    'The sum is rounded once.',
    '\\mathrm{fl}(a + b)',
    fc.record({ seed }),
    ({ add }, { seed: s }, precision) => {
      const [a, b] = [rough(precision, 'a', s, [1, 2, 5, 2, 2]), rough(precision, 'b', s, [1, 2, 5, 2, 2])]
      return same('sum', add(a, b), specified(precision).add(a, b))
    },
  ),
  bits(
    'meanPool',
    'The positions are summed in order, each sum rounded, and divided once.',
    '\\mathrm{fl}(\\Sigma / HW)',
    fc.record({ H: whole(1, 5), W: whole(1, 4), seed }),
    ({ meanPool }, { H, W, seed: s }, precision) => {
      const x = rough(precision, 'x', s, [1, 2, 4, H, W])
      return same('mean', meanPool(x), specified(precision).meanPool(x))
    },
  ),
  bits(
    'classify',
    'Products are summed one by one over the channels, each product and sum rounded.',
    '\\mathrm{fl}(\\Sigma + \\mathrm{fl}(w\\, x))',
    fc.record({ C: fc.constantFrom(1, 5, 8, 19), classes: whole(1, 4), seed }),
    ({ classify }, { C, classes, seed: s }, precision) => {
      const [weight, x] = [rough(precision, 'weight', s, [classes, C]), rough(precision, 'x', s, [2, 2, C])]
      return same('logits', classify(weight)(x), specified(precision).classify(weight, x))
    },
  ),
  carried(
    'hold',
    [1, 2, 3, 2, 2],
    ({ hold }, x) => [hold(2)(x)],
    (x) => [tabulate(x.shape.with(0, 2), (_, ...i) => at(x, 0, ...i))],
  ),
  carried(
    'splitHeads',
    [1, 2, 8, 1, 3],
    ({ splitHeads }, x) => splitHeads(2)(x),
    (x) => [0, 2].map((from) => tabulate([1, 2, 2, 2, 3], (t, b, h, c, n) => at(x, t, b, 4 * h + from + c, 0, n))),
  ),
  carried(
    'mergeHeads',
    [1, 2, 2, 2, 4],
    ({ mergeHeads }, x) => [mergeHeads({ height: 2, width: 2 })(x)],
    (x) => [{ shape: [1, 2, 4, 2, 2], data: x.data }],
  ),
  ...(['c1', 'c2'] as const).map((name) =>
    bits(
      name,
      'The scale is made in float64, from a float64 square root, and rounded at most once.',
      'c = 1 / \\sqrt{f m}',
      fc.record({ heads: whole(4, 8), m: whole(1, 400), seed }),
      (K: Partial<Some<'c1' | 'c2'>>, { heads, m, seed: s }, precision) => {
        const rates = Array.from(positive(rough('float32', 'rates', s, [heads], 0.5), 0.01).data)
        const found =
          name === 'c1' ? K.c1!({ firingRateX: rates, planes: heads * m }) : K.c2!({ firingRateAttn: rates, tokens: m })
        return all(
          ...specified(precision)
            .scales(rates, m)
            .map(
              (c, head): Verdict =>
                precision === 'float32' && found[head] === Math.fround(c)
                  ? true
                  : equal(`the scale of head ${head}`, found[head], c),
            ),
        )
      },
    ),
  ),
  bits(
    'dssa',
    'Attention is its operations, each rounded as specified: every scale, gain and sum.',
    'F = \\mathrm{fl} \\circ \\dots \\circ \\mathrm{fl}',
    parts,
    ({ dssa }, { seed: s, heads, d, patch, T }, precision) => {
      const planes = heads * d
      const size = { height: 2 * patch, width: 3 * patch }
      const rates = (name: string): readonly number[] =>
        Array.from(positive(rough('float32', name, s, [heads], 0.3), 0.05).data)
      const p: Dssa = {
        planes,
        heads,
        size,
        tokens: 6,
        in: neuronOf('in', s),
        attn: neuronOf('attn', s + 1),
        out: neuronOf('out', s + 2),
        W: roughSynapse(precision, 'W', s, { out: 2 * planes, into: planes, kernel: patch, stride: patch }),
        project: roughSynapse(precision, 'project', s, { out: planes, into: planes, kernel: 1 }),
        firingRateX: rates('x'),
        firingRateAttn: rates('attn'),
      }
      const x = rough(precision, 'input', s, [T, 1, planes, size.height, size.width], 2)
      const wanted = specified(precision).dssa(p, x)
      const [output, membranes] = dssa(p)(x)(new Map())
      const kept = (key: string, membrane: Currents): Verdict =>
        membranes.has(key)
          ? same(`the membrane of ${key}`, membranes.get(key)!, membrane)
          : `no membrane is kept under ${key}`
      return all(
        same('output', output, wanted.output),
        kept('attn', wanted.attnMembrane),
        kept('out', wanted.outMembrane),
      )
    },
    { atMost: 20 },
  ),
  bits(
    'gwsffn',
    'The feed-forward network is its operations, each rounded as specified.',
    'F = \\mathrm{fl} \\circ \\dots \\circ \\mathrm{fl}',
    parts,
    ({ gwsffn }, { seed: s, heads: groups, d, T }, precision) => {
      const [planes, hidden] = [d, 2 * d * groups]
      const layer = (name: string, i: number, g: Geometry): Layer => ({
        neuron: neuronOf(name, s + i),
        synapse: roughSynapse(precision, name, s, g),
      })
      const p: Gwsffn = {
        up: layer('up', 0, { out: hidden, into: planes, kernel: 1 }),
        conv: layer('conv', 1, { out: hidden, into: hidden, kernel: 3, padding: 1, groups }),
        down: layer('down', 2, { out: planes, into: hidden, kernel: 1 }),
      }
      const x = rough(precision, 'input', s, [T, 1, planes, 2, 3], 2)
      return same('output', fromRest(gwsffn(p)(x)), specified(precision).gwsffn(p, x))
    },
    { atMost: 20 },
  ),
  bits(
    'downsample',
    'The layer between stages is its operations, each rounded as specified.',
    'F = \\mathrm{fl} \\circ \\dots \\circ \\mathrm{fl}',
    parts,
    ({ downsample }, { seed: s, d, T }, precision) => {
      const p: Layer = {
        neuron: neuronOf('activation', s),
        synapse: roughSynapse(precision, 'conv', s, { out: 4, into: d, kernel: 3, stride: 2, padding: 1 }),
      }
      const x = rough(precision, 'input', s, [T, 2, d, 5, 4], 2)
      return same('output', fromRest(downsample(p)(x)), specified(precision).layer(p, x))
    },
    { atMost: 20 },
  ),
  bits(
    'network',
    'The network is its operations, each rounded as specified, on synthetic checkpoints.',
    'F = \\mathrm{fl} \\circ \\dots \\circ \\mathrm{fl}',
    fc.record({ of: checkpoint, T: whole(1, 3), B: whole(1, 2), seed }),
    ({ network }, { of: { config, tensors }, T, B, seed: s }, precision) => {
      // The sigmoid has a law of its own.
      const charge: Charge = config.charge.kind === 'PLIF' ? { kind: 'LIF', tau: 3 } : config.charge
      return Either.match(
        (faults: Faults): Verdict => faults.map(describe).join('; '),
        (p: NetworkParameters): Verdict => {
          const { height, width } = config.image
          const x = rough(precision, 'frames', s, [T, B, config.channels, height, width], 2)
          return same('logits', forwardFrames(network(p))(x), specified(precision).network(p, x))
        },
      )(parse({ ...config, charge })(withoutLeaks(tensors)))
    },
    { atMost: 20 },
  ),
]
