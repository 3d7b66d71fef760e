import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Spikes } from '../../src/core/tensor.js'
import { type Interpreter, tensors } from '../../src/interpreters/interpreter.js'
import { fixedPoint, floating, type Representation } from '../../src/interpreters/multiplier-free/arithmetic.js'
import { type Pending, pending, settled } from '../../src/interpreters/multiplier-free/pending.js'
import { multiplierFree } from '../../src/interpreters/multiplier-free.js'
import { reference } from '../../src/interpreters/reference.js'
import { tiny } from '../../src/laws/given-network.js'
import { runLaws } from '../../src/laws/judge.js'
import { spikeOnlyLaws } from '../../src/laws/theorems/spike-only.js'
import type { Kernels } from '../../src/model/kernels.js'
import { forwardFrames, network } from '../../src/model/network.js'
import { neurons } from '../../src/model/neurons.js'
import type { NetworkParameters } from '../../src/model/parameters.js'
import { unobserved } from '../../src/observers/observe.js'
import { trace } from '../../src/observers/trace.js'

/** Every spike train of a network, by layer. */
const spikes = <C>(
  K: Kernels<Spikes, C>,
  read: Pick<Interpreter<Spikes, C>, 'toSpikes' | 'toCurrents'>,
  p: NetworkParameters,
  frames: C,
) => {
  const traced = trace(read, (operation) => operation === 'fire')(K)
  return [...forwardFrames(network(traced)(p))(unobserved(frames)).notes].map(([path, { output }]) => ({
    path,
    ...output[0]!,
  }))
}

const without = <N>(N: Representation<N>, p: NetworkParameters): Kernels<Spikes, Pending<N>> => {
  const K = multiplierFree(reference('float64'), N)(neurons(p))
  if (Either.isLeft(K)) throw new Error('refused')
  return K.right.kernels
}

/** Networks whose neurons halve or do not leak: a PLIF of another w than 0 is refused. */
const halving = tiny.filter(({ p }) => neurons(p).every(({ charge }) => charge.kind !== 'PLIF' || charge.w === 0))

describe('theorem 1 (d): spikes only, by construction', () => {
  const representations: readonly (readonly [string, Representation<number>])[] = [
    ['float64', floating('float64')],
    ['float32', floating('float32')],
    ['32-bit integers with 16 fraction bits', fixedPoint(16)],
  ]
  for (const [name, N] of representations)
    it(`on dyadic data, in ${name}, every spike is the reference's`, () => {
      fc.assert(
        fc.property(halving, ({ p: parameters, x: frames }) => {
          const expected = spikes(reference('float64'), tensors, parameters, frames)
          const read = { toSpikes: (s: Spikes) => s, toCurrents: settled(N) }
          const found = spikes(without(N, parameters), read, parameters, pending(N)(frames))
          expect(found).toEqual(expected)
        }),
      )
    })

  it('the network law holds of the reference in both precisions', () => {
    for (const precision of ['float64', 'float32'] as const)
      expect(runLaws({ kernels: reference(precision) }, spikeOnlyLaws)).toMatchObject([{ status: 'pass' }])
  })
})
