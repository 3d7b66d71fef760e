/**
 * The network without multipliers: from the stem to the classifier only additions, comparisons and halvings.
 *
 * - Batch norm: its gain is folded into the weights, its shift becomes a bias current.
 * - The scales of attention: a product stays unscaled, and its currents carry the scale as a pending *unit*, one a head;
 *   the neuron they meet compares with `threshold / unit` and resets to `reset / unit`.
 * - The leak: `tau = 2^k` is k halvings.
 *
 * Weights, bias currents, thresholds and resets are constants of the parameters. The loops are written over an
 * `Arithmetic`, which has no product. The stem and the classifier multiply, and are another interpreter's.
 * @module
 */
import type * as Either from 'fp-ts/lib/Either.js'
import { type Faults, unlessFaulty } from '../core/fault.js'
import type { Currents, Spikes } from '../core/tensor.js'
import type { Kernels, Neuron } from '../model/kernels.js'
import { type Interpreter, tensors } from './interpreter.js'
import type { Representation } from './multiplier-free/arithmetic.js'
import { fire, needsMultiplier } from './multiplier-free/neuron.js'
import { NONE, type Pending, pending, settled, withoutUnit } from './multiplier-free/pending.js'
import { dst, dstT, synapse } from './multiplier-free/synapses.js'

/** The interpreter of the two ends of the network, which multiply. */
export type Ends = Pick<Kernels<Spikes, Currents>, 'stem' | 'classify'>

/** The first and the last d rows of each head. */
const splitHeads =
  (heads: number) =>
  <N>({ shape: [T, B, C2, h, w], data }: Pending<N>): readonly [Pending<N>, Pending<N>] => {
    const [d, n] = [C2! / heads / 2, h! * w!]
    const half = (which: 0 | 1): Pending<N> => ({
      shape: [T!, B!, heads, d, n],
      data: data.filter((_, i) => Math.floor(i / (d * n)) % 2 === which),
      unit: NONE,
    })
    return [half(0), half(1)]
  }

/** The sum over the positions; the division by their number stays pending. */
const meanPool =
  <N>(N: Representation<N>) =>
  ({ shape: [T, B, C, H, W], data, unit }: Pending<N>): Pending<N> => {
    const positions = H! * W!
    return {
      shape: [T!, B!, C!],
      data: Array.from({ length: T! * B! * C! }, (_, plane) =>
        data.slice(plane * positions, (plane + 1) * positions).reduce(N.concat, N.empty),
      ),
      unit: { scale: unit.scale.map((c) => c / positions), run: unit.run / positions },
    }
  }

const kernels = <N>(ends: Ends, N: Representation<N>): Kernels<Spikes, Pending<N>> => {
  const plain = withoutUnit(N)
  const outside = (run: (x: Currents) => Currents) => (x: Pending<N>) => pending(N)(run(settled(N)(x)))
  const K: Kernels<Spikes, Pending<N>> = {
    stem: (p) => outside(ends.stem(p)),
    classify: (weight) => outside(ends.classify(weight)),
    hold:
      (steps) =>
      ({ shape: [, ...frame], data, unit }) => ({
        shape: [steps, ...frame],
        data: Array.from({ length: steps }, () => data).flat(),
        unit,
      }),
    fire: fire(N),
    synapse: synapse(N),
    splitHeads: (heads) => (y) => splitHeads(heads)(plain(y)),
    dstT: dstT(N),
    dst: dst(N),
    mergeHeads:
      ({ height, width }) =>
      ({ shape: [T, B, heads, d], data, unit }) => ({ shape: [T!, B!, heads! * d!, height, width], data, unit }),
    add: (a, b) => {
      const [x, y] = [plain(a), plain(b)]
      return { shape: x.shape, data: x.data.map((n, i) => N.concat(n, y.data[i]!)), unit: NONE }
    },
    meanPool: meanPool(N),
    scope: () => K,
  }
  return K
}

/**
 * The interpreter that needs no multiplier between `ends.stem` and `ends.classify`, on numbers of the representation.
 *
 * Equal to the reference, spike for spike, on dyadic data whose gains and scales are powers of two; elsewhere rounding
 * differs, and a spike may flip where a potential lies within rounding of its threshold.
 *
 * It is given the network's neurons (`neurons(parameters)`); those that leak by anything but a power of two are refused,
 * each with a `Configuration` fault.
 *
 * @example
 * const interpreter = multiplierFree(reference('float32'), floating('float32'))(neurons(parameters))
 * const logits = pipe(
 *   interpreter,
 *   Either.map(({ kernels, fromCurrents, toCurrents }) =>
 *     toCurrents(forward(network(kernels)(parameters))(4)(fromCurrents(image)))),
 * )
 * pipe(logits, Either.map(({ shape }) => shape)) // => Either.right([4, 1, 10])
 */
export const multiplierFree =
  <N>(ends: Ends, N: Representation<N>) =>
  (neurons: readonly Neuron[]): Either.Either<Faults, Interpreter<Spikes, Pending<N>>> =>
    unlessFaulty(neurons.flatMap(needsMultiplier), () => ({
      kernels: kernels(ends, N),
      fromSpikes: tensors.fromSpikes,
      toSpikes: tensors.toSpikes,
      fromCurrents: pending(N),
      toCurrents: settled(N),
      shapeOf: ({ shape }) => shape,
      compute: null,
    }))
