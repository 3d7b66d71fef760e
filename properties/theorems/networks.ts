/** Small whole networks on which every interpreter is exact: all that is drawn is dyadic. @module */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { sym } from '../../src/checkpoint/synthetic.js'
import { describe } from '../../src/core/fault.js'
import { type Currents, sizeOf, tensor } from '../../src/core/tensor.js'
import { type Config, digits, featureMaps } from '../../src/model/config.js'
import type { Charge, Reset } from '../../src/model/kernels.js'
import { type Entry, EPS, layout, type Parameters, parse } from '../../src/model/parameters.js'
import { whole } from '../given.js'

/** A network, and frames `[T, B, c, H, W]` for it. */
export interface NetworkCase {
  readonly parameters: Parameters
  readonly frames: Currents
}

/** Multiples of `step` from -1 to 1, from a seed. */
const multiples = (name: string, seed: number, length: number, step: number): Float64Array =>
  sym(name, seed, length).map((r) => Math.round(r / step) * step)

/** Powers of two from `2^from` to `2^to`, from a seed. */
const powers = (name: string, seed: number, length: number, from: number, to: number): Float64Array =>
  sym(name, seed, length).map((r) => 2 ** (from + Math.floor(((r + 1) / 2) * (to - from + 1))))

/**
 * The tensor of an entry: weights, biases and means in quarters up to 1; batch norm's gains powers of two; and firing
 * rates such that `f m` is 1 or 1/4, so that the scales are 1 or 2.
 */
const dyadicEntry = (config: Config, seed: number, { key, shape, role }: Entry): Float64Array => {
  const n = sizeOf(shape)
  switch (role) {
    case 'weight':
    case 'bias':
    case 'mean':
      return multiples(key, seed, n, 1 / 4)
    case 'gain':
      return powers(key, seed, n, -1, 1)
    case 'variance':
      return powers(key, seed, n, -1, 1).map((deviation) => deviation ** 2 - EPS)
    case 'rate': {
      const stage = Number(key.split('.')[1])
      const { planes, heads, patch } = config.stages[stage]!
      const { height, width } = featureMaps(config)[stage]!
      const terms = key.endsWith('_x') ? planes / heads : (height * width) / patch ** 2
      return powers(key, seed, n, -1, 0).map((root) => root ** 2 / terms)
    }
    case 'leak':
    case 'counter':
      return new Float64Array(n)
  }
}

/** Networks of one or two stages on 4 x 4 or 4 x 8 images, LIF, IF or PLIF at w = 0, and 1 to 3 frames for one or two samples. */
export const dyadicNetwork: Arbitrary<NetworkCase> = fc
  .record({
    seed: fc.nat(),
    stages: whole(1, 2),
    heads: fc.constantFrom(1, 2),
    width: fc.constantFrom(4, 8),
    charge: fc.constantFrom<Charge>(
      { kind: 'LIF', tau: 2 },
      { kind: 'LIF', tau: 4 },
      { kind: 'PLIF', w: 0 },
      { kind: 'IF' },
    ),
    threshold: fc.constantFrom(1, 0.5),
    reset: fc.constantFrom<Reset>({ kind: 'hard', value: 0 }, { kind: 'hard', value: -0.25 }, { kind: 'soft' }),
    T: whole(1, 3),
    B: whole(1, 2),
  })
  .map(({ seed, stages, heads, width, charge, threshold, reset, T, B }) => {
    const config: Config = {
      ...digits,
      name: 'tiny',
      image: { height: 4, width },
      stages: [
        { planes: 2, heads, patch: 2, depth: 1 },
        { planes: 4, heads, patch: 1, depth: 1 },
      ].slice(0, stages),
      ratio: 2,
      groupWidth: 2,
      classes: 2,
      charge,
      threshold,
      reset,
    }
    const tensors = layout(config).map(
      (entry) => [entry.key, tensor(entry.shape, dyadicEntry(config, seed, entry))] as const,
    )
    const parameters = parse(config)(new Map(tensors))
    if (Either.isLeft(parameters)) throw new RangeError(parameters.left.map(describe).join('\n'))
    const shape = [T, B, 1, 4, width]
    return { parameters: parameters.right, frames: tensor(shape, multiples('frames', seed, sizeOf(shape), 1 / 4)) }
  })
