/** Operations that change what they were given, or what they gave: parameters, maps, earlier results, other streams. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Currents, Reals, Spikes, Tensor } from '../../src/core/tensor.js'
import { integrateEvents } from '../../src/input/events.js'
import type { Operation, Operations } from '../../src/laws/implementation.js'
import { dssa } from '../../src/model/dssa.js'
import { gwsffn, layer } from '../../src/model/gwsffn.js'
import type { Stateful } from '../../src/model/kernels.js'
import { type Network, network } from '../../src/model/network.js'
import { parse } from '../../src/model/parameters.js'
import { c1, c2, movingRate } from '../../src/model/scaling.js'
import { whole } from '../subjects.js'
import { type Mutant, mutant, right } from './mutant.js'

type Wrong = Partial<Operations<Spikes, Currents>>

const bump = ({ data }: Tensor<Reals>): void => {
  data[0]! += 1
}

/** One buffer for the results of an operation of one length. */
const arena = () => {
  const buffers = new Map<number, Reals | Uint8Array>()
  return <X extends Tensor<Reals | Uint8Array>>(x: X): X => {
    const buffer = buffers.get(x.data.length) ?? x.data.slice()
    buffers.set(x.data.length, buffer)
    buffer.set(x.data)
    return { ...x, data: buffer }
  }
}

type Part = 'dssa' | 'gwsffn' | 'downsample'
type Run = (input: Currents) => Stateful<Currents, Currents>

const parts: { readonly [name in Part]: (p: never) => Run } = {
  dssa: dssa(right),
  gwsffn: gwsffn(right),
  downsample: (p) => layer(right)('activation', 'conv', p),
}

/** One stream's membranes for all: kept inside, whatever is handed in. */
const oneStream = (name: Part): Mutant =>
  mutant(`one-stream-${name}`, `${name}: keeps its membranes itself, one set for all streams`, [`pure.${name}`], {
    [name]: (p: never) => {
      const run = parts[name](p)
      let kept: ReadonlyMap<string, Currents> = new Map()
      return (x: Currents) => (given: ReadonlyMap<string, Currents>) => {
        const [out, after] = run(x)(given.size === 0 ? given : kept)
        kept = after
        return [out, after]
      }
    },
  })

/** What an operation around the model does to its argument. */
const careless = (name: Operation, wrong: Wrong): Mutant =>
  mutant(`careless-${name}`, `${name} changes what it was given`, [`pure.${name}`], wrong)

const reusing = arena()
const around = whole(right).kernels

export const valueMutants: readonly Mutant[] = [
  mutant('membrane-map', 'writes into the map of membranes it was given', ['pure.fire'], {
    fire: (p) => (x) => (m) => {
      const [s, after] = right.fire(p)(x)(m)
      ;(m as Map<string, Currents>).set(p.key, after.get(p.key)!)
      return [s, m]
    },
  }),
  mutant(
    'reused-results',
    'writes every result of a length into the same buffer',
    ['pure.meanPool', 'pure.hold', 'pure.classify'],
    {
      meanPool: (x) => reusing(right.meanPool(x)),
      hold: (T) => (x) => reusing(right.hold(T)(x)),
      classify: (w) => (x) => reusing(right.classify(w)(x)),
    },
  ),
  ...(['dssa', 'gwsffn', 'downsample'] as const).map(oneStream),
  mutant('writes-its-weights', 'folds something into the parameters it was given', ['pure.network', 'pure.synapse'], {
    synapse: (p) => {
      const run = right.synapse(p)
      bump(p.norm.bias)
      return run
    },
    network: (p): Network<Currents> => {
      const net = network(right)(p)
      bump(p.stem.norm.mean)
      return net
    },
  }),
  careless('c1', {
    c1: (p) => {
      const scale = c1(p)
      ;(p.firingRateX as number[]).reverse().fill(1)
      return scale
    },
  }),
  careless('c2', {
    c2: (p) => {
      const scale = c2(p)
      ;(p.firingRateAttn as number[]).fill(0.75)
      return scale
    },
  }),
  careless('movingRate', {
    movingRate: (rates, batch) => {
      const after = movingRate(rates, batch)
      for (const [i, x] of after.entries()) (rates as number[])[i] = x
      return after
    },
  }),
  careless('parse', {
    parse: (config) => (tensors) => {
      const tree = parse(config)(tensors)
      if (Either.isRight(tree)) bump(tree.right.classifier)
      return tree
    },
  }),
  careless('integrateEvents', {
    integrateEvents: (size) => (events) => {
      const frames = integrateEvents(size)(events)
      ;(events.x as number[])[0] = 7
      return frames
    },
  }),
  careless('sops', {
    sops: (p) => (steps) => (image) => {
      const counts = around.sops!(p)(steps)(image)
      bump(image)
      return counts
    },
  }),
]
