/**
 * Values over time, one law for all operations and parts: an operation changes nothing it was given, not its parameters
 * and not the map of membranes; it says the same when asked again; an earlier result is as it was after a later call; and
 * streams that take turns do not meet.
 * @module
 */
import fc, { type Arbitrary } from 'fast-check'
import type { Currents, Reals, Spikes, Tensor } from '../../core/tensor.js'
import type { Stateful } from '../../model/kernels.js'
import { type Network, step, still } from '../../model/network.js'
import { copyOf, difference } from '../copies.js'
import { driven, extents, oneOf, reals, spikeTrain, synapse, transmitting, whole } from '../given.js'
import { attention, type Case, feedForward, halving } from '../given-model.js'
import { tiny } from '../given-network.js'
import type { Operation, Operations } from '../implementation.js'
import { type About, type Law, law, type Verdict } from '../law.js'
import { checkpoint, recording } from '../model/given-borders.js'
import { mapped } from '../tensors.js'

type Kernels<N extends Operation> = Pick<Operations<Spikes, Currents>, N>

const isTensor = (value: object): value is Tensor<Reals | Uint8Array> =>
  'shape' in value && 'data' in value && ArrayBuffer.isView(value.data)

/** What a value is now, tensors and maps read again. */
const now =
  ({ reread }: About) =>
  (value: unknown): unknown => {
    const look = (given: unknown): unknown => {
      if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given)) return given
      const inner = reread(given)
      if (isTensor(inner)) return inner
      if (inner instanceof Map) return new Map([...inner].map(([key, x]) => [key, look(x)]))
      if (Array.isArray(inner)) return inner.map(look)
      return Object.fromEntries(Object.entries(inner).map(([key, x]) => [key, look(x)]))
    }
    return look(value)
  }

/** Other values of the same shapes: spikes flipped, currents of another sign and size. */
const others = <X>(value: X): X => {
  if (typeof value !== 'object' || value === null) return value
  if (isTensor(value))
    return mapped(value, value.data instanceof Uint8Array ? (s) => 1 - s : (x) => 1 - x) as unknown as X
  if (Array.isArray(value)) return value.map(others) as X
  return Object.fromEntries(Object.entries(value).map(([key, x]) => [key, others(x) as unknown])) as X
}

/** Rates, each half of what it was. */
const halved = (rates: readonly number[]): readonly number[] => rates.map((f) => f / 2)

/** What must still be as it was: each with a name, the value, and a copy from then. */
interface Kept {
  readonly place: string
  readonly value: unknown
  readonly was: unknown
}

const unchanged = (about: About, kept: readonly Kept[]): Verdict => {
  for (const { place, value, was } of kept) {
    const differs = difference(place, now(about)(value), was)
    if (differs !== undefined) return differs
  }
  return true
}

/** What laws of this family share. */
const about = <N extends Operation>(operation: N) =>
  ({
    source: 'a tensor is a value',
    needs: [operation],
    over: 'values',
    formula: 'x = x, \\quad f(x) = f(x)',
  }) as const

/** A case, and the parameters and values of another. */
interface Both<P, X> {
  readonly one: { readonly p: P; readonly x: X }
  readonly other: { readonly p: P; readonly x: X }
}

/** An operation without state: `run` applies the parameters, what it gives the values. */
const pure = <P, X, const N extends Operation>(
  operation: N,
  given: Arbitrary<{ readonly p: P; readonly x: X }>,
  run: (K: Kernels<N>, p: P) => (x: X) => unknown,
  { atMost, another = others }: { readonly atMost?: number; readonly another?: (x: X) => X } = {},
): Law =>
  law<Both<P, X>, N>({
    ...about(operation),
    id: `pure.${operation}`,
    statement: `${operation} changes neither its arguments nor its parameters, says the same when asked again and when it has been given other parameters since, and leaves earlier results as they were.`,
    ...(atMost === undefined ? {} : { atMost }),
    given: fc.record({ one: given, other: given }),
    holds:
      (K, known) =>
      ({ one: { p, x }, other: { p: q, x: y } }) => {
        const keep = (place: string, value: unknown): Kept => ({ place, value, was: copyOf(now(known)(value)) })
        const other = another(x)
        const given_ = [keep('it changed its parameters: p', p), keep('it changed its argument: x', x)]
        const f = run(K, p)
        const first = keep('the first result, after a second call,', f(x))
        const second = keep('the second result, after a third call,', f(other))
        const verdict = unchanged(known, [...given_, first])
        if (verdict !== true) return verdict
        const again = copyOf(now(known)(f(x)))
        const fresh = copyOf(now(known)(run(K, p)(x)))
        const between = run(K, q)
        const since = copyOf(now(known)(f(x)))
        between(y)
        const differs =
          difference('the result, asked again,', again, first.was) ??
          difference('the result, compiled again,', fresh, first.was) ??
          difference('the result, compiled with other parameters since,', since, first.was) ??
          difference('the result, run with other parameters since,', now(known)(f(x)), first.was)
        return differs ?? unchanged(known, [...given_, first, second])
      },
  })

/** A part with state: two streams that take turns, and each alone. */
const pureStream = <P, const N extends Operation>(
  operation: N,
  given: Arbitrary<Case<P>>,
  run: (K: Kernels<N>, p: P) => (x: Currents) => Stateful<Currents, unknown>,
  atMost?: number,
): Law =>
  law<{ readonly one: Case<P>; readonly other: P }, N>({
    ...about(operation),
    id: `pure.${operation}`,
    statement: `${operation} changes neither its arguments, its parameters nor the map of membranes, leaves earlier results as they were, and streams that take turns do not meet, nor do other parameters given since.`,
    ...(atMost === undefined ? {} : { atMost }),
    given: fc.record({ one: given, other: given.map(({ p }) => p) }),
    holds:
      (K, known) =>
      ({ one: { p, x, later }, other: q }) => {
        const keep = (place: string, value: unknown): Kept => ({ place, value, was: copyOf(now(known)(value)) })
        const [y, yLater] = [others(x), others(later)]
        const given_ = [keep('it changed its parameters: p', p), keep('it changed its argument: x', [x, later])]
        const alone = (a: Currents, b: Currents): unknown => {
          const f = run(K, p)
          const [, membranes] = f(a)(new Map<string, Currents>())
          return copyOf(now(known)(f(b)(membranes)))
        }
        const f = run(K, p)
        run(K, q)
        const rest = new Map<string, Currents>()
        const kept = keep('it changed the map of membranes it was given: the map', rest)
        const first = f(x)(rest)
        const results = [kept, keep('the first result, after later calls,', first)]
        const other = f(y)(new Map<string, Currents>())
        results.push(keep("the other stream's result, after later calls,", other))
        const second = f(later)(first[1])
        results.push(keep('the second result, after later calls,', second))
        const last = f(yLater)(other[1])
        const verdict = unchanged(known, [...given_, ...results])
        if (verdict !== true) return verdict
        return (
          difference('the stream, taking turns with another,', now(known)(second), alone(x, later)) ??
          difference('the other stream, taking turns,', now(known)(last), alone(y, yLater)) ??
          unchanged(known, [...given_, ...results])
        )
      },
  })

const of = <X>(given: Arbitrary<X>): Arbitrary<{ readonly p: null; readonly x: X }> =>
  given.map((x) => ({ p: null, x }))

const currents = extents(2, 2, 2, 2, 2).chain((shape) => reals(shape))

const product = (name: 'dstT' | 'dst') =>
  fc.record({
    p: fc.constant([1, 2]),
    x: fc.record({
      y: reals([1, 1, 2, 2, 2]),
      s: spikeTrain(name === 'dstT' ? [1, 1, 4, 1, 2] : [1, 1, 2, 2, 2]),
    }),
  })

/** Both ways in, in turn: frames, and a still image held. */
const eitherWay = (net: Network<Currents>) => (x: Currents) => (x.shape[0] === 1 ? still(net)(2)(x) : step(net)(x))

export const pureLaws: readonly Law[] = [
  pure(
    'stem',
    synapse.chain(({ p, shape }) =>
      fc.record({
        p: fc.record({
          convolution: fc.constant(p.convolution),
          norm: fc.constant(p.norm),
          pool: oneOf(null, { kernel: 1, stride: 1, padding: 0 }),
        }),
        x: reals(shape),
      }),
    ),
    (K, p) => K.stem(p),
  ),
  pure('hold', fc.record({ p: whole(1, 3), x: extents(1, 2, 2, 2, 2).chain((shape) => reals(shape)) }), (K, p) =>
    K.hold(p),
  ),
  pureStream(
    'fire',
    driven.chain(({ p, x }) => fc.record({ p: fc.constant(p), x: fc.constant(x), later: reals(x.shape) })),
    (K, p) => K.fire(p),
  ),
  pure(
    'synapse',
    transmitting.map(({ p, s }) => ({ p, x: s })),
    (K, p) => K.synapse(p),
  ),
  pure('splitHeads', fc.record({ p: fc.constant(2), x: reals([1, 1, 8, 1, 2]) }), (K, p) => K.splitHeads(p)),
  pure('dstT', product('dstT'), (K, p) => {
    const f = K.dstT(p)
    return ({ y, s }) => f(y, s)
  }),
  pure('dst', product('dst'), (K, p) => {
    const f = K.dst(p)
    return ({ y, s }) => f(y, s)
  }),
  pure('mergeHeads', fc.record({ p: fc.constant({ height: 2, width: 2 }), x: reals([1, 1, 2, 2, 4]) }), (K, p) =>
    K.mergeHeads(p),
  ),
  pure(
    'add',
    of(currents.chain((a) => fc.record({ a: fc.constant(a), b: reals(a.shape) }))),
    (K) =>
      ({ a, b }) =>
        K.add(a, b),
  ),
  pure('meanPool', of(currents), (K) => K.meanPool),
  pure(
    'classify',
    whole(1, 3).chain((C) => fc.record({ p: reals([2, C]), x: reals([2, 1, C]) })),
    (K, p) => K.classify(p),
  ),
  pureStream('dssa', attention, (K, p) => K.dssa(p), 30),
  pureStream('gwsffn', feedForward, (K, p) => K.gwsffn(p), 30),
  pureStream('downsample', halving, (K, p) => K.downsample(p), 30),
  pureStream('network', tiny, (K, p) => eitherWay(K.network(p)), 20),
  pure(
    'c1',
    of(fc.record({ firingRateX: fc.constantFrom<readonly number[]>([0.25, 0.5], [1]), planes: fc.constant(8) })),
    (K) => K.c1,
    {
      another: (p) => ({ ...p, firingRateX: halved(p.firingRateX) }),
    },
  ),
  pure(
    'c2',
    of(fc.record({ firingRateAttn: fc.constantFrom<readonly number[]>([0.25, 0.5], [1]), tokens: fc.constant(4) })),
    (K) => K.c2,
    { another: (p) => ({ ...p, firingRateAttn: halved(p.firingRateAttn) }) },
  ),
  pure(
    'movingRate',
    of(
      fc.record({
        rates: fc.constantFrom<readonly number[]>([0, 0], [0.5, 0.25], [0, 0.5]),
        batch: fc.constantFrom<readonly number[]>([0.5, 0.125], [1, 0]),
      }),
    ),
    (K) =>
      ({ rates, batch }) =>
        K.movingRate(rates, batch),
    { another: ({ rates, batch }) => ({ rates: halved(rates), batch: halved(batch) }) },
  ),
  pure(
    'parse',
    checkpoint.map(({ config, tensors }) => ({ p: config, x: tensors })),
    (K, config) => K.parse(config),
    {
      atMost: 20,
      another: (tensors) => new Map([...tensors].map(([key, x]) => [key, mapped(x, (y) => y / 2)])),
    },
  ),
  pure(
    'integrateEvents',
    recording.map(({ size, events }) => ({ p: size, x: events })),
    (K, size) => K.integrateEvents(size),
    { atMost: 20, another: (events) => ({ ...events, p: events.p.map((polarity) => 1 - polarity) }) },
  ),
  pure(
    'sops',
    tiny.map(({ p, later }) => ({ p, x: later })),
    (K, p) => K.sops(p)(2),
    { atMost: 10 },
  ),
]
