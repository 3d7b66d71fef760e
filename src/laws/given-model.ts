/** Generators of whole blocks and networks, small enough that every current is exact in float32. @module */
import fc, { type Arbitrary } from 'fast-check'
import { type Currents, type Shape, type Size, tensor } from '../core/tensor.js'
import type { BatchNorm, Charge, Neuron, Reset, Synapse } from '../model/kernels.js'
import type { Dssa, Gwsffn, Layer } from '../model/parameters.js'
import { type Budgets, current, type Dyadic, potential, summed, times } from './budget.js'
import { drive, oneOf, reals, whole } from './given.js'

// Coarser numbers than the operations' own: they must survive several layers.

/** Weights: multiples of 1/4 up to 1. */
const weight: Dyadic = { exponent: -2, largest: 1 }
const gain: Dyadic = { exponent: -2, largest: 2 }
const shift: Dyadic = { exponent: -4, largest: 4 }
const halves: Dyadic = { exponent: -1, largest: 1 }

/** Steps of a block's input. */
export const BLOCK_STEPS = 3

// A block's worst current: residual, 2 x 2 patches of 4 channels (or 3 x 3 of 4) through W, 2 channels or 4 tokens, c = 4.
const y = current(weight, 36, { gain, shift })
const score = times(summed(4, y), { exponent: -1, largest: 4 })

/** The most that parts come to. */
export const partBudgets: Budgets = {
  'an attention potential of a part': potential(score, { steps: BLOCK_STEPS, tau: 2 }),
  'a residual potential of a part': potential(summed(8, y), { steps: BLOCK_STEPS, tau: 2 }),
}

/** A batch norm of dyadic gain and shift; see `norm`. */
const coarseNorm = (channels: number): Arbitrary<BatchNorm> =>
  fc
    .record({
      weight: reals([channels], halves),
      bias: reals([channels], weight),
      mean: reals([channels], weight),
      deviation: fc.array(fc.constantFrom(1, 2, 0.5), { minLength: channels, maxLength: channels }),
      eps: fc.constantFrom(2 ** -4, 2 ** -6),
    })
    .map(({ deviation, eps, ...rest }) => ({
      key: 'norm',
      ...rest,
      variance: tensor(
        [channels],
        Float32Array.from(deviation, (x) => x * x - eps),
      ),
      eps,
    }))

const coarseSynapse = (
  shape: Shape,
  {
    stride = 1,
    padding = 0,
    groups = 1,
  }: { readonly stride?: number; readonly padding?: number; readonly groups?: number } = {},
): Arbitrary<Synapse> =>
  fc.record({
    convolution: fc.record({
      key: fc.constant('convolution'),
      weight: reals(shape, weight),
      stride: fc.constant(stride),
      padding: fc.constant(padding),
      groups: fc.constant(groups),
    }),
    norm: coarseNorm(shape[0]!),
  })

/** The learnt scalars of PLIFs whose leak is exact: 1/2, 1 and 0. */
export const LEAKS = [0, 40, -800] as const

/** How a neuron is: LIF of tau 2 or 1, PLIF of leak 1/2, 1 or 0, IF; thresholds 1 or 1/2. Each neuron of a part has its own. */
export const manner: Arbitrary<Omit<Neuron, 'key'>> = fc.record({
  charge: oneOf<Charge>(
    { kind: 'LIF', tau: 2 },
    ...LEAKS.map((w): Charge => ({ kind: 'PLIF', w })),
    { kind: 'IF' },
    { kind: 'LIF', tau: 1 },
  ),
  threshold: fc.constantFrom(1, 0.5),
  reset: oneOf<Reset>({ kind: 'hard', value: 0 }, { kind: 'hard', value: -0.25 }, { kind: 'soft' }),
})

/** Firing rates whose scale over m terms is 1, 2 or 4: `f = 4^-j / m`. */
const rates = (heads: number, terms: number): Arbitrary<readonly number[]> =>
  fc.array(
    whole(0, 2).map((j) => 4 ** -j / terms),
    { minLength: heads, maxLength: heads },
  )

/** A block's input and what follows it, `[T, B, C, H, W]`. */
const twoChunks = (
  channels: number,
  { height, width }: Size,
): Arbitrary<{ readonly x: Currents; readonly later: Currents }> =>
  fc.record({ T: whole(1, 2), B: whole(1, 2) }).chain(({ T, B }) =>
    fc.record({
      x: drive([T, B, channels, height, width]),
      later: drive([1, B, channels, height, width]),
    }),
  )

/** A part of the model with its parameters, an input and what follows it. */
export interface Case<P> {
  readonly p: P
  readonly x: Currents
  readonly later: Currents
}

/** Dual spike self-attention: 1 or 2 heads of 1 or 2 channels, patches of 1 or 2, 1 to 4 tokens. */
export const attention: Arbitrary<Case<Dssa>> = fc
  .record({
    heads: whole(1, 2),
    d: whole(1, 2),
    patch: whole(1, 2),
    rows: whole(1, 2),
    columns: whole(1, 2),
    neurons: fc.record({ in: manner, attn: manner, out: manner }),
  })
  .chain(({ heads, d, patch, rows, columns, neurons }) => {
    const planes = heads * d
    const size = { height: patch * rows, width: patch * columns }
    const tokens = rows * columns
    return fc
      .record({
        firingRateX: rates(heads, d),
        firingRateAttn: rates(heads, tokens),
        W: coarseSynapse([2 * planes, planes, patch, patch], { stride: patch }),
        project: coarseSynapse([planes, planes, 1, 1]),
        data: twoChunks(planes, size),
      })
      .map(({ data, ...drawn }) => ({
        ...data,
        p: {
          ...drawn,
          planes,
          heads,
          size,
          tokens,
          in: { ...neurons.in, key: 'in' },
          attn: { ...neurons.attn, key: 'attn' },
          out: { ...neurons.out, key: 'out' },
        },
      }))
  })

const layer = (neuron: Neuron, synapse: Arbitrary<Synapse>): Arbitrary<Layer> =>
  fc.record({ neuron: fc.constant(neuron), synapse })

/** The feed-forward network: 1 or 2 channels, expanded 2 times, 1 or 2 groups. */
export const feedForward: Arbitrary<Case<Gwsffn>> = fc
  .record({
    planes: whole(1, 2),
    groups: whole(1, 2),
    height: whole(1, 3),
    width: whole(1, 3),
    neurons: fc.record({ up: manner, conv: manner, down: manner }),
  })
  .chain(({ planes, groups, height, width, neurons }) => {
    const hidden = 2 * planes
    return fc
      .record({
        up: layer({ ...neurons.up, key: 'up' }, coarseSynapse([hidden, planes, 1, 1])),
        conv: layer(
          { ...neurons.conv, key: 'conv' },
          coarseSynapse([hidden, hidden / groups, 3, 3], { padding: 1, groups }),
        ),
        down: layer({ ...neurons.down, key: 'down' }, coarseSynapse([planes, hidden, 1, 1])),
        data: twoChunks(planes, { height, width }),
      })
      .map(({ data, ...p }) => ({ ...data, p }))
  })

/** The layer between two stages: a convolution 3 x 3 of stride 2. */
export const halving: Arbitrary<Case<Layer>> = fc
  .record({ planes: whole(1, 2), out: whole(1, 2), height: whole(1, 4), width: whole(1, 4), neuron: manner })
  .chain(({ planes, out, height, width, neuron }) =>
    fc
      .record({
        p: layer({ ...neuron, key: 'activation' }, coarseSynapse([out, planes, 3, 3], { stride: 2, padding: 1 })),
        data: twoChunks(planes, { height, width }),
      })
      .map(({ data, p }) => ({ ...data, p })),
  )
