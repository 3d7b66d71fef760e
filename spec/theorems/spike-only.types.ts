/** What must not compile: a current where spikes belong. `spike-only-types.spec.ts` counts the errors. @module */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Currents, Reals, Spikes, Tensor } from '../../src/core/tensor.js'
import type { Arithmetic } from '../../src/interpreters/multiplier-free/arithmetic.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Kernels, Synapse } from '../../src/model/kernels.js'

/** For every interpreter: its carriers are unknown, so only its own neurons make spikes. */
export const everyInterpreter = <S, C>(K: Kernels<S, C>, p: Synapse, current: C, spikes: S): readonly C[] => [
  K.synapse(p)(spikes),
  K.dstT([1])(current, spikes),
  K.dst([1])(current, spikes),
  // @ts-expect-error a convolution of a current would multiply
  K.synapse(p)(current),
  // @ts-expect-error a product of two currents would multiply
  K.dstT([1])(current, current),
  // @ts-expect-error a product of two currents would multiply
  K.dst([1])(current, current),
  // @ts-expect-error a product of two spike trains, as in SSA, has no current side
  K.dstT([1])(spikes, spikes),
  // @ts-expect-error the sum of two spike trains is not a spike train (SEW's residual): there is no such operation
  K.synapse(p)(K.add(spikes, spikes)),
  // @ts-expect-error a residual is a current
  K.synapse(p)(K.add(current, current)),
  // @ts-expect-error the classifier multiplies, so it takes a current, after the last neuron
  K.classify({ shape: [1, 1], data: new Float64Array(1) })(spikes),
]

/** For the reference: bytes are spikes, floating-point numbers are currents. */
export const theReference = (
  p: Synapse,
  current: Currents,
  spikes: Spikes,
  image: Tensor<Reals>,
): readonly Currents[] => {
  const K = reference('float32')
  return [
    K.synapse(p)(spikes),
    // @ts-expect-error an image is not spikes; only the stem takes it
    K.synapse(p)(image),
    // @ts-expect-error a current is not spikes
    K.dstT([1])(current, current),
    // @ts-expect-error a current is not spikes
    K.dst([1])(current, current),
    // @ts-expect-error spikes are not a current
    K.dst([1])(spikes, spikes),
  ]
}

/** A program over a monoid, or over the arithmetic of the multiplier-free network, has no product. */
export const noProduct = <N>(M: Monoid<N>, A: Arithmetic<N>, a: N, b: N): readonly N[] => [
  M.concat(a, b),
  A.halve(A.subtract(a, b)),
  // @ts-expect-error an unknown N has no product
  a * b,
  // @ts-expect-error a spike's term cannot be scaled by a number
  M.concat(a, 0.5),
  // @ts-expect-error an arithmetic has no product
  A.multiply(a, b),
  // @ts-expect-error an arithmetic has no constants but 0: they come with the parameters
  A.of(0.5),
]
