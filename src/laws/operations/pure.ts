/** Laws of purity: an operation changes nothing it was given, and says the same when asked again. @module */
import fc, { type Arbitrary } from 'fast-check'
import type { Currents, Spikes, Tensor } from '../../core/tensor.js'
import { driven, extents, reals, spikeTrain, synapse, transmitting, whole } from '../given.js'
import type { Operation, Operations } from '../implementation.js'
import { type Law, law } from '../law.js'
import { constant } from '../tensors.js'
import { all, equal, same } from '../verdict.js'

const isTensor = (value: object): value is Tensor => 'shape' in value && 'data' in value

/** Every number of every tensor inside a value, by place. */
const tensors = (value: unknown, place: string): readonly (readonly [string, Currents])[] => {
  if (typeof value !== 'object' || value === null) return []
  if (isTensor(value)) return [[place, value as Currents]]
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return entries.flatMap(([key, inner]) => tensors(inner, `${place}.${key}`))
}

const copied = (found: readonly (readonly [string, Currents])[]): readonly (readonly [string, Currents])[] =>
  found.map(([place, { shape, data }]) => [place, { shape: [...shape], data: data.slice() }])

/** The law of one operation: `run` calls it on the case. */
const pure = <X, const N extends Operation>(
  operation: N,
  given: Arbitrary<X>,
  run: (K: Pick<Operations<Spikes, Currents>, N>, x: X) => unknown,
): Law =>
  law<X, N>({
    id: `pure.${operation}`,
    statement: `${operation} changes none of its arguments, and two calls agree.`,
    formula: 'f(x) = f(x), \\quad x = x',
    source: 'a tensor is a value',
    needs: [operation],
    over: 'values',
    given,
    holds: (K) => (x) => {
      const before = copied(tensors(x, 'argument'))
      const first = copied(tensors(run(K, x), operation))
      const second = tensors(run(K, x), operation)
      const arguments_ = tensors(x, 'argument')
      return all(
        equal('the answer', first.length > 0 ? 'a tensor' : 'no tensor', 'a tensor'),
        ...before.map(([place, was], i) => same(`${place} after the call`, arguments_[i]![1], was)),
        ...first.map(([place, was], i) => same(`${place} of the second call`, second[i]![1], was)),
      )
    },
  })

const currents = extents(2, 2, 2, 2, 2).chain((shape) => reals(shape))

const product = (name: 'dstT' | 'dst') =>
  fc.record({
    scale: fc.constant([1, 2]),
    y: reals([1, 1, 2, 2, 2]),
    s: spikeTrain(name === 'dstT' ? [1, 1, 4, 1, 2] : [1, 1, 2, 2, 2]),
  })

export const pureLaws: readonly Law[] = [
  pure(
    'stem',
    synapse.chain(({ p, shape }) => fc.record({ p: fc.constant({ ...p, pool: null }), x: reals(shape) })),
    (K, { p, x }) => K.stem(p)(x),
  ),
  pure(
    'hold',
    extents(1, 2, 2, 2, 2).chain((shape) => reals(shape)),
    (K, x) => K.hold(2)(x),
  ),
  pure(
    'fire',
    driven.map(({ p, x }) => ({
      p,
      x,
      membranes: new Map([[p.key, constant(x.shape.slice(1), 0.25)]]),
    })),
    (K, { p, x, membranes }) => K.fire(p)(x)(membranes),
  ),
  pure('synapse', transmitting, (K, { p, s }) => K.synapse(p)(s)),
  pure('splitHeads', reals([1, 1, 8, 1, 2]), (K, y) => K.splitHeads(2)(y)),
  pure('dstT', product('dstT'), (K, { scale, y, s }) => K.dstT(scale)(y, s)),
  pure('dst', product('dst'), (K, { scale, y, s }) => K.dst(scale)(y, s)),
  pure('mergeHeads', reals([1, 1, 2, 2, 4]), (K, y) => K.mergeHeads({ height: 2, width: 2 })(y)),
  pure(
    'add',
    currents.chain((a) => fc.record({ a: fc.constant(a), b: reals(a.shape) })),
    (K, { a, b }) => K.add(a, b),
  ),
  pure('meanPool', currents, (K, x) => K.meanPool(x)),
  pure(
    'classify',
    whole(1, 3).chain((C) => fc.record({ weight: reals([2, C]), x: reals([2, 1, C]) })),
    (K, { weight, x }) => K.classify(weight)(x),
  ),
]
