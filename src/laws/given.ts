/** Generators: dyadic data, on which every sum is exact in float32 in any order, so ports are compared with `===`. @module */
import fc, { type Arbitrary } from 'fast-check'
import { type Reals, type Shape, type Spikes, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import type { BatchNorm, Charge, Convolution, Neuron, Reset, Synapse } from '../model/kernels.js'
import { type Budgets, current, type Dyadic, potential, small } from './budget.js'

/** A whole number of `from` to `to`; shrinks towards `from`. */
export const whole = (from: number, to: number): Arbitrary<number> => fc.integer({ min: from, max: to })

/** A number of a dyadic set; shrinks towards 0. */
export const dyadic = ({ exponent, largest }: Dyadic = small): Arbitrary<number> =>
  whole(-largest / 2 ** exponent, largest / 2 ** exponent).map((k) => k * 2 ** exponent)

/** One of a few values, frozen: a port that writes into one is found out, and spoils no later case. */
export const oneOf = <X>(...values: readonly X[]): Arbitrary<X> =>
  fc.constantFrom(...values.map((x) => Object.freeze(x)))

const many = <X>(arb: Arbitrary<X>, n: number): Arbitrary<X[]> => fc.array(arb, { minLength: n, maxLength: n })

/** A tensor of dyadic numbers. */
export const reals = (shape: Shape, set: Dyadic = small): Arbitrary<Tensor<Reals>> =>
  many(dyadic(set), sizeOf(shape)).map((data) => tensor(shape, Float32Array.from(data)))

/** Spike trains: about half the elements are 1. */
export const spikeTrain = (shape: Shape): Arbitrary<Spikes> =>
  many(whole(0, 1), sizeOf(shape)).map((data) => tensor(shape, Uint8Array.from(data)))

/** A permutation of `0 .. n - 1`. */
export const permutation = (n: number): Arbitrary<readonly number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, i) => i),
    { minLength: n },
  )

/** `[T, B, C, H, W]`, each between 1 and its largest extent. */
export const extents = (T: number, B: number, C: number, H: number, W: number): Arbitrary<Shape> =>
  fc.tuple(whole(1, T), whole(1, B), whole(1, C), whole(1, H), whole(1, W))

// Neurons.

const charges: Arbitrary<Charge> = oneOf<Charge>(
  { kind: 'LIF', tau: 2 },
  { kind: 'LIF', tau: 4 },
  { kind: 'PLIF', w: 0 },
  { kind: 'IF' },
)

/** Reset values below every threshold drawn here. */
const resets: Arbitrary<Reset> = oneOf<Reset>(
  { kind: 'hard', value: 0 },
  { kind: 'hard', value: -0.25 },
  { kind: 'hard', value: 0.25 },
  { kind: 'soft' },
)

const thresholds = fc.constantFrom(1, 0.5, 0.75, 2)

/** Neurons of every kind: LIF (tau 2, 4), PLIF at w = 0, IF; hard and soft reset; dyadic thresholds. */
export const neuron: Arbitrary<Neuron> = fc.record({
  key: fc.constant('neuron'),
  charge: charges,
  threshold: thresholds,
  reset: resets,
})

/** The most steps a neuron is driven for: after 6 steps at tau = 4 its potential still fits. */
export const STEPS = 6

const DRIVE: Dyadic = { exponent: -4, largest: 4 }

/** What a neuron is driven with: multiples of 2^-4 up to 4, so ties and long silences both happen. */
export const drive = (shape: Shape): Arbitrary<Tensor<Reals>> => reals(shape, DRIVE)

/** A layer of neurons and its input `[T, B, C, H, W]`. */
export const driven = fc
  .tuple(neuron, extents(STEPS, 2, 2, 2, 1))
  .chain(([p, shape]) => fc.record({ p: fc.constant(p), x: drive(shape) }))

// Synapses.

const GAIN: Dyadic = { exponent: -3, largest: 4 }
const SHIFT: Dyadic = { exponent: -7, largest: 10 }

/**
 * Batch norms whose affine map is dyadic: `variance + eps` is a power of 4, so its square root is a power of 2;
 * gains are multiples of 1/8 up to 4, shifts multiples of 2^-7.
 */
export const norm = (channels: number): Arbitrary<BatchNorm> =>
  fc
    .record({
      weight: reals([channels], { exponent: -2, largest: 2 }),
      bias: reals([channels]),
      mean: reals([channels]),
      deviation: many(fc.constantFrom(1, 2, 0.5), channels),
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

/** A batch norm that does nothing: gain 1, shift 0. */
export const identityNorm = (channels: number): BatchNorm => ({
  key: 'norm',
  weight: tensor([channels], new Float32Array(channels).fill(1)),
  bias: tensor([channels], new Float32Array(channels)),
  mean: tensor([channels], new Float32Array(channels)),
  variance: tensor([channels], new Float32Array(channels).fill(1 - 2 ** -4)),
  eps: 2 ** -4,
})

/** A convolution and the shape of an input it takes. */
export interface ConvolutionCase {
  readonly p: Synapse
  readonly shape: Shape
}

/** The most that neurons and synapses come to. */
export const budgets: Budgets = {
  'a membrane potential': potential(DRIVE, { steps: STEPS, tau: 4 }),
  'a current': current(small, 3 * 3 * 4, { gain: GAIN, shift: SHIFT }),
}

/** Convolutions of 1 to 3 taps a side, stride 1 to 2, padding 0 to 1, one or two groups, on inputs they fit. */
export const convolution: Arbitrary<{ readonly convolution: Convolution; readonly shape: Shape }> = fc
  .record({
    kernel: whole(1, 3),
    stride: whole(1, 2),
    padding: whole(0, 1),
    groups: whole(1, 2),
    inGroup: whole(1, 2),
    outGroup: whole(1, 2),
    over: whole(0, 2),
    wider: whole(0, 1),
    T: whole(1, 2),
    B: whole(1, 2),
  })
  .chain(({ kernel, stride, padding, groups, inGroup, outGroup, over, wider, T, B }) => {
    const height = Math.max(1, kernel - 2 * padding) + over
    return fc.record({
      convolution: fc.record({
        key: fc.constant('convolution'),
        weight: reals([outGroup * groups, inGroup, kernel, kernel]),
        stride: fc.constant(stride),
        padding: fc.constant(padding),
        groups: fc.constant(groups),
      }),
      shape: fc.constant([T, B, inGroup * groups, height, height + wider]),
    })
  })

/** A convolution without a norm to speak of: what comes out is the sum of weights. */
export const bareSynapse: Arbitrary<ConvolutionCase> = convolution.map(({ convolution, shape }) => ({
  p: { convolution, norm: identityNorm(convolution.weight.shape[0]!) },
  shape,
}))

/** A convolution and a batch norm. */
export const synapse: Arbitrary<ConvolutionCase> = convolution.chain(({ convolution, shape }) =>
  fc.record({
    p: fc.record({ convolution: fc.constant(convolution), norm: norm(convolution.weight.shape[0]!) }),
    shape: fc.constant(shape),
  }),
)

/** A synapse and spikes for it. */
export const transmitting = synapse.chain(({ p, shape }) => fc.record({ p: fc.constant(p), s: spikeTrain(shape) }))
