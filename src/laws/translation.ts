/** An implementation's operations over plain tensors: as values, or as copies that nothing it does can reach. @module */
import type { Currents, Precision, Spikes } from '../core/tensor.js'
import type { Membranes, Stateful } from '../model/kernels.js'
import { callable, mapOf, notPromised, pairOf, tensorOf } from './answers.js'
import { copyOf } from './copies.js'
import { type Carriers, completed, type Implementation, type Judged, type Operations } from './implementation.js'

/** How values cross over, each under the name of the operation it comes from. */
interface Crossing<S, C> {
  readonly spikesIn: (spikes: Spikes) => S
  readonly currentsIn: (currents: Currents) => C
  readonly spikesOut: (name: string, spikes: S) => Spikes
  readonly currentsOut: (name: string, currents: C) => Currents
  readonly membranesIn: (membranes: Membranes<Currents>) => Membranes<C>
  readonly membranesOut: (name: string, membranes: Membranes<C>) => Membranes<Currents>
  /** Of parameters, events and whatever else is no spike train and no current. */
  readonly dataIn: <X>(data: X) => X
}

const plain: Carriers<Spikes, Currents> = {
  fromSpikes: (s) => s,
  toSpikes: (s) => s,
  fromCurrents: (c) => c,
  toCurrents: (c) => c,
}

const carriersOf = <S, C>({ carriers }: Implementation<S, C>): Carriers<S, C> => {
  // Without carriers of its own, an implementation's values are plain tensors.
  if (carriers === undefined) return plain as unknown as Carriers<S, C>
  return {
    fromSpikes: (s) => carriers.fromSpikes(s),
    toSpikes: (s) => carriers.toSpikes(s),
    fromCurrents: (c) => carriers.fromCurrents(c),
    toCurrents: (c) => carriers.toCurrents(c),
  }
}

const mapped = <A, B>(membranes: ReadonlyMap<string, A>, f: (a: A) => B): ReadonlyMap<string, B> =>
  new Map([...membranes].map(([key, membrane]) => [key, f(membrane)]))

/** Everything is copied on its way in and on its way out. */
const copies = <S, C>({ fromSpikes, toSpikes, fromCurrents, toCurrents }: Carriers<S, C>): Crossing<S, C> => {
  const currentsIn = (x: Currents): C => fromCurrents(copyOf(x))
  const currentsOut = (name: string, y: C): Currents => copyOf(tensorOf(name, toCurrents(notPromised(name, y))))
  return {
    spikesIn: (x) => fromSpikes(copyOf(x)),
    currentsIn,
    spikesOut: (name, y) => copyOf(tensorOf(name, toSpikes(notPromised(name, y)))),
    currentsOut,
    membranesIn: (membranes) => mapped(membranes, currentsIn),
    membranesOut: (name, after) => mapped(mapOf(name, after), (y) => currentsOut(`${name}'s membrane`, y)),
    dataIn: copyOf,
  }
}

/** The same value each time it is asked for. */
const remembered = <K extends object, V>(memory: WeakMap<K, V>, key: K, make: () => V): V => {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make()
  memory.set(key, made)
  return made
}

/** What a value of the laws is now: read again where the implementation holds it otherwise. */
export type Reread = <X>(value: X) => X

/** A value is the same value whenever it crosses, so what is done to it, or becomes of it later, can be seen. */
const values = <S, C>({
  fromSpikes,
  toSpikes,
  fromCurrents,
  toCurrents,
}: Carriers<S, C>): readonly [Crossing<S, C>, Reread] => {
  const inside = new WeakMap<object, unknown>()
  const read = new WeakMap<object, () => unknown>()
  const into = <A extends object, B>(a: A, from: (a: A) => B, to: (b: B) => A): B =>
    remembered(inside, a, () => {
      const b = from(a)
      read.set(a, () => to(b))
      return b
    }) as B
  const out = <A extends object, B>(b: B, to: (b: B) => A): A => {
    const a = to(b)
    inside.set(a, b)
    read.set(a, () => to(b))
    return a
  }
  const spikes = (name: string) => (s: S) => tensorOf(name, toSpikes(notPromised(name, s)))
  const currents = (name: string) => (c: C) => tensorOf(name, toCurrents(notPromised(name, c)))
  const membranesIn = (given: Membranes<Currents>): Membranes<C> =>
    into<Membranes<Currents>, Membranes<C>>(
      given,
      (membranes) =>
        fromCurrents === (plain.fromCurrents as unknown)
          ? (membranes as unknown as Membranes<C>)
          : mapped(membranes, (x) => into(x, fromCurrents, currents('a membrane'))),
      (after) => mapped(after, currents('a membrane')),
    )
  return [
    {
      spikesIn: (x) => into(x, fromSpikes, spikes('spikes')),
      currentsIn: (x) => into(x, fromCurrents, currents('currents')),
      spikesOut: (name, y) => out(y, spikes(name)),
      currentsOut: (name, y) => out(y, currents(name)),
      membranesIn,
      membranesOut: (name, after) =>
        out(mapOf(name, after), (m) => mapped(m, (y) => out(y, currents(`${name}'s membrane`)))),
      dataIn: (x) => x,
    },
    <X>(value: X): X => (typeof value === 'object' && value !== null ? ((read.get(value)?.() ?? value) as X) : value),
  ]
}

/** The same operations over plain tensors; an operation that is not there stays away. */
const translated = <S, C>(K: Partial<Operations<S, C>>, cross: Crossing<S, C>): Judged => {
  const { spikesIn, currentsIn, spikesOut, currentsOut, membranesIn, membranesOut, dataIn } = cross
  const stateful =
    <A, B>(name: string, run: (input: C) => Stateful<C, A>, read: (name: string, a: A) => B) =>
    (input: Currents): Stateful<Currents, B> => {
      const step = callable(name, callable(name, run)(currentsIn(input)))
      return (membranes) => {
        const [out, after] = pairOf(name, step(membranesIn(membranes)), '[its result, the membranes after it]')
        return [read(name, out), membranesOut(name, after)]
      }
    }
  const current = (name: string, run: (input: C) => C) => {
    const f = callable(name, run)
    return (input: Currents): Currents => currentsOut(name, f(currentsIn(input)))
  }
  const product = (name: string, run: (y: C, x: S) => C) => {
    const f = callable(name, run)
    return (y: Currents, x: Spikes) => currentsOut(name, f(currentsIn(y), spikesIn(x)))
  }
  const { stem, hold, fire, synapse, splitHeads, dstT, dst, mergeHeads, add, meanPool, classify, ...rest } = K
  const {
    dssa,
    gwsffn,
    downsample,
    network,
    c1,
    c2,
    movingRate,
    parse,
    integrateEvents,
    differentiate,
    pushForward,
    sops,
  } = rest
  return {
    ...(stem && { stem: (p) => current('stem', stem(dataIn(p))) }),
    ...(hold && { hold: (steps) => current('hold', hold(steps)) }),
    ...(fire && { fire: (p) => stateful('fire', fire(dataIn(p)), spikesOut) }),
    ...(synapse && {
      synapse: (p) => {
        const run = callable('synapse', synapse(dataIn(p)))
        return (spikes) => currentsOut('synapse', run(spikesIn(spikes)))
      },
    }),
    ...(splitHeads && {
      splitHeads: (heads) => {
        const run = callable('splitHeads', splitHeads(heads))
        return (y) => {
          const [y1, y2] = pairOf('splitHeads', run(currentsIn(y)), '[y1, y2]')
          return [currentsOut('splitHeads', y1), currentsOut('splitHeads', y2)]
        }
      },
    }),
    ...(dstT && { dstT: (scale) => product('dstT', dstT(dataIn(scale))) }),
    ...(dst && { dst: (scale) => product('dst', dst(dataIn(scale))) }),
    ...(mergeHeads && { mergeHeads: (size) => current('mergeHeads', mergeHeads(dataIn(size))) }),
    ...(add && { add: (a, b) => currentsOut('add', add(currentsIn(a), currentsIn(b))) }),
    ...(meanPool && { meanPool: current('meanPool', meanPool) }),
    ...(classify && { classify: (weight) => current('classify', classify(dataIn(weight))) }),
    ...(dssa && { dssa: (p) => stateful('dssa', dssa(dataIn(p)), currentsOut) }),
    ...(gwsffn && { gwsffn: (p) => stateful('gwsffn', gwsffn(dataIn(p)), currentsOut) }),
    ...(downsample && { downsample: (p) => stateful('downsample', downsample(dataIn(p)), currentsOut) }),
    ...(network && {
      network: (p) => {
        const { embed, hold: held, respond } = notPromised('network', network(dataIn(p)))
        return {
          embed: current("network's embed", embed),
          hold: (steps) => current("network's hold", held(steps)),
          respond: stateful("network's respond", respond, currentsOut),
        }
      },
    }),
    ...(c1 && { c1: (p) => notPromised('c1', c1(dataIn(p))) }),
    ...(c2 && { c2: (p) => notPromised('c2', c2(dataIn(p))) }),
    ...(movingRate && {
      movingRate: (rates, batch) => notPromised('movingRate', movingRate(dataIn(rates), dataIn(batch))),
    }),
    ...(parse && {
      parse: (config) => {
        const read = callable('parse', parse(dataIn(config)))
        return (tensors) => notPromised('parse', read(dataIn(tensors)))
      },
    }),
    ...(integrateEvents && {
      integrateEvents: (p) => {
        const run = callable('integrateEvents', integrateEvents(dataIn(p)))
        return (events) => notPromised('integrateEvents', run(dataIn(events)))
      },
    }),
    ...(differentiate && {
      differentiate: (how) => (p) => {
        const run = callable('differentiate', callable('differentiate', differentiate(dataIn(how)))(dataIn(p)))
        return (inputs) => notPromised('differentiate', run(dataIn(inputs)))
      },
    }),
    ...(pushForward && {
      pushForward: (how) => (p) => {
        const at = callable('pushForward', callable('pushForward', pushForward(dataIn(how)))(dataIn(p)))
        return (inputs) => {
          const run = callable('pushForward', at(dataIn(inputs)))
          return (tangents) => mapOf('pushForward', run(dataIn(tangents)))
        }
      },
    }),
    ...(sops && {
      sops: (p) => (steps) => {
        const run = callable('sops', callable('sops', sops(dataIn(p)))(steps))
        return (image) => mapOf('sops', run(currentsIn(image)))
      },
    }),
  }
}

/** An implementation as the judge holds it. */
export interface Subject {
  /** Its operations, handed copies: what one call does to its arguments or results, no other sees. */
  readonly copies: Judged
  /** Its operations, handed the values themselves. */
  readonly values: Judged
  readonly reread: Reread
  readonly precision: Precision | undefined
}

/** The operations to judge, over plain tensors. */
export const subjectOf = <S, C>(implementation: Implementation<S, C>): Subject => {
  const [operations, carriers] = [completed(implementation), carriersOf(implementation)]
  const [crossing, reread] = values(carriers)
  return {
    copies: translated(operations, copies(carriers)),
    values: translated(operations, crossing),
    reread,
    precision: implementation.precision,
  }
}
