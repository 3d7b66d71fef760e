/** What a plan is made with: calls of kernels, places for values, and cotangents that meet in one. @module */
import { type Reals, type Shape, sizeOf } from '../../core/tensor.js'
import type { Value } from '../../interpreters/graph.js'
import type { Call, Local, Spot, Stage } from '../machine/stages.js'
import { type Lasting, lowest } from './regions.js'
import type { Run } from './runs.js'

/** What lies in the memory. */
export interface Bytes {
  readonly floats: (at: number, length: number) => Float32Array
  readonly doubles: (at: number, length: number) => Float64Array
}

/** Something to write before a run, or to read after it. */
export type Access<A> = (bytes: Bytes, run: Run) => A

/** A value of the graph, or what lies inside one of its nodes, `[T, B, ..]`. */
export type Inner = Pick<Value, 'carries' | 'shape'>

/**
 * What is kept of the way forward: all that the way back reads; or `borders` alone, and the rest of a block is made again when
 * its way back begins. Of `spikes`, only these are made once for the whole way back through a block; its currents are made in
 * each stage that reads them, in local memory.
 */
export type Keeping = 'all' | 'borders' | 'spikes'

/** Where a value lies, and how many bytes samples and steps are apart: steps none, where one is held. */
export interface Place {
  readonly at: Spot
  readonly sample: number
  readonly step: number
}

/** What a sum of currents is made of: of what lies somewhere, or of what the map of a norm that lies at `norm` makes of it. */
export interface Term extends Place {
  readonly norm: number
}

/** Terms, one or two, as the kernels are told. */
export const termArguments = ([one, other]: readonly Term[]): readonly Spot[] => [
  ...(one === undefined ? [] : [one.at, one.sample, one.step, one.norm]),
  ...(other === undefined ? [0, 0, 0, 0] : [other.at, other.sample, other.step, other.norm]),
]

/** What a run of a plan leaves to read: by checkpoint key. */
export type Found = readonly (readonly [key: string, values: Reals])[]

/** A plan that is being made. */
export interface Builder {
  /** A place for so many bytes. */
  readonly take: (bytes: number) => number
  /** A place that is written before a run; an early one is read only by what is ahead of all. */
  readonly keep: (bytes: number) => number
  readonly early: (bytes: number) => number
  readonly give: (place: number) => void
  /** A place for so many bytes of each sample, until all samples meet. */
  readonly local: (bytes: number) => Local
  readonly drop: (place: Local) => void
  /** Adds a call for each sample, and says how much scratch memory it needs. */
  readonly call: (kernel: string, per: number, args: readonly Spot[], scratch?: number) => void
  /** Adds a call for what all samples left: now, or at the latest when they meet next. */
  readonly meet: (kernel: string, args: readonly number[]) => void
  readonly later: (kernel: string, args: readonly number[], after?: () => void) => void
  /** Adds a call before all others: for what was written before the run. */
  readonly ahead: (kernel: string, args: readonly number[]) => void
  /** What is written before each run. */
  readonly before: (write: Access<void>) => void
  /** What can be read after the way forward, and after the way back. */
  readonly statistics: (read: Access<Found>) => void
  readonly learnt: (read: Access<Found>) => void
  /** Says where a value is from the beginning to the end. */
  readonly stored: (value: Inner, place: Place) => void
  /** Says how a value is made wherever it is read. */
  readonly made: (value: Inner, make: () => Place) => void
  /** Says of which terms currents are the sum, which who reads them adds up. */
  readonly summed: (value: Inner, terms: () => readonly Term[]) => void
  readonly termsOf: (value: Inner) => readonly Term[]
  /** Adds a call that makes a sum of terms in a place. */
  readonly add: (terms: readonly Term[], shape: Shape, to: Spot) => void
  /** Makes a value in a place of its own; after it was forgotten, it is made again where it is read. */
  readonly held: (value: Inner, make: (to: Spot) => void) => void
  /** What is held since this was asked. */
  readonly newlyHeld: () => readonly Inner[]
  /** Gives the place of what was held back, if it has one. */
  readonly forget: (value: Inner) => void
  /** Where a value lies. */
  readonly placeOf: (value: Inner) => Place
  /** Where the cotangent of a value lies; null where none came. */
  readonly cotangentOf: (value: Value) => Spot | null
  /** A cotangent comes: it is made at a place, added to what lies at `base` unless that is 0. */
  readonly receive: (value: Value, make: (to: Spot, base: Spot) => void) => void
  /** The cotangent of one value is another's too. */
  readonly pass: (from: Value, to: Value) => void
  /** A cotangent is not needed any more. */
  readonly release: (value: Value) => void
}

/** What was planned. */
export interface Planned {
  readonly ahead: readonly Call[]
  readonly stages: readonly Stage[]
  readonly scratch: number
  readonly local: number
  readonly before: readonly Access<void>[]
  readonly statistics: readonly Access<Found>[]
  readonly learnt: readonly Access<Found>[]
}

/** Bytes of a value's currents. */
export const currentBytes = (shape: Shape): number => 4 * sizeOf(shape)

/** Bytes of one sample of a value's currents, `[T, B, ..]`. */
export const sampleBytes = (shape: Shape): number => currentBytes(shape) / shape[1]!

/** Samples, and steps, one after the other. */
export const inOrder = (at: Spot, { carries, shape }: Inner): Place => {
  const sample = sampleBytes(shape) / (carries === 'spikes' ? 4 : 1)
  return { at, sample, step: sample / shape[0]! }
}

/** What local memory a chunk of samples should fit in: a part of a core's own cache. */
const CACHE = 2 ** 19

/** A stage that is being made. */
interface Open {
  readonly calls: Call[]
  readonly regions: ReturnType<typeof lowest>
  readonly places: Map<Inner, Place>
}

const opened = (): Open => ({ calls: [], regions: lowest(), places: new Map() })

/** A fresh builder, and what it has planned so far; `isLocal` are values whose cotangents samples do not meet over. */
export const building = (
  { take, keep, early, give: free }: Lasting,
  keeping: Keeping,
  isLocal: (value: Value) => boolean,
): { readonly builder: Builder; readonly planned: () => Planned } => {
  const [places, makers] = [new Map<Inner, Place>(), new Map<Inner, () => Place>()]
  const sums = new Map<Inner, () => readonly Term[]>()
  const fresh: Inner[] = []
  const [cotangents, uses] = [new Map<Value, Spot>(), new Map<Spot, number>()]
  const stages: Stage[] = []
  const [writes, statistics, learnt]: [Access<void>[], Access<Found>[], Access<Found>[]] = [[], [], []]
  const waiting: { readonly call: Call; readonly after: () => void }[] = []
  const given: number[] = []
  const first: Call[] = []
  let [open, scratch, most] = [opened(), 0, 0]

  const close = (): void => {
    const { calls, regions } = open
    if (calls.length + waiting.length === 0) return
    const bytes = regions.end()
    const chunk = Math.max(1, Math.floor(CACHE / Math.max(1, bytes)))
    most = Math.max(most, bytes * chunk)
    const wide = (spot: Spot): Spot => (typeof spot === 'number' ? spot : { ...spot, local: spot.local * chunk })
    if (calls.length > 0)
      stages.push({ kind: 'samples', calls: calls.map((call) => ({ ...call, args: call.args.map(wide) })), chunk })
    const own = waiting.splice(0)
    if (own.length > 0) stages.push({ kind: 'whole', calls: own.map(({ call }) => call) })
    for (const { after } of own) after()
    for (const place of given.splice(0)) free(place)
    open = opened()
  }
  // Samples go through a stage one after the other: what one has done with, another may still need.
  const give = (place: number): void => void given.push(place)
  const local = (bytes: number): Local => ({ local: open.regions.take(bytes), bytes, beyond: 0 })
  const drop = (place: Local): void => {
    open.regions.give(place.local)
  }
  const call: Builder['call'] = (kernel, per, args, needs = 64) => {
    open.calls.push({ kernel, per, args })
    scratch = Math.max(scratch, needs)
  }
  const placeOf = (value: Inner): Place => {
    const known = places.get(value) ?? open.places.get(value)
    if (known !== undefined) return known
    const place = makers.get(value)!()
    open.places.set(value, place)
    return place
  }
  const add: Builder['add'] = (terms, shape, to) => {
    const [T, , channels] = shape as readonly [number, number, number]
    call('currents', 1, [...termArguments(terms), to, T, sizeOf(shape.slice(3)), channels])
  }
  const summed: Builder['summed'] = (value, terms) => {
    sums.set(value, terms)
    makers.set(value, () => {
      const at = local(sampleBytes(value.shape))
      add(terms(), value.shape, at)
      return inOrder(at, value)
    })
  }
  const held: Builder['held'] = (value, make) => {
    const { sample } = inOrder(0, value)
    const at = (to: Spot): Place => {
      make(to)
      return inOrder(to, value)
    }
    const hold = (): Place => {
      const place = at(take(sample * value.shape[1]!))
      places.set(value, place)
      return place
    }
    hold()
    makers.set(value, keeping === 'spikes' && value.carries === 'currents' ? () => at(local(sample)) : hold)
    fresh.push(value)
  }
  const forget = (value: Inner): void => {
    const place = places.get(value)
    if (place === undefined) return
    give(place.at as number)
    places.delete(value)
  }
  const use = (spot: Spot, by: number): void => {
    const count = (uses.get(spot) ?? 0) + by
    uses.set(spot, count)
    if (count > 0) return
    uses.delete(spot)
    if (typeof spot === 'number') give(spot)
    else drop(spot)
  }
  const receive: Builder['receive'] = (value, make) => {
    const old = cotangents.get(value)
    if (old !== undefined && uses.get(old) === 1) {
      make(old, old)
      return
    }
    const fresh = isLocal(value) ? local(sampleBytes(value.shape)) : take(currentBytes(value.shape))
    make(fresh, old ?? 0)
    use(fresh, 1)
    cotangents.set(value, fresh)
    if (old !== undefined) use(old, -1)
  }
  return {
    builder: {
      ...{ take, keep, early, give, local, drop, call, add, summed, held, forget, placeOf, receive },
      termsOf: (value) => sums.get(value)?.() ?? [{ ...placeOf(value), norm: 0 }],
      meet: (kernel, args) => {
        waiting.push({ call: { kernel, per: 1, args }, after: () => undefined })
        close()
      },
      later: (kernel, args, after = () => undefined) => void waiting.push({ call: { kernel, per: 1, args }, after }),
      ahead: (kernel, args) => void first.push({ kernel, per: 1, args }),
      before: (write) => void writes.push(write),
      statistics: (read) => void statistics.push(read),
      learnt: (read) => void learnt.push(read),
      stored: (value, place) => void places.set(value, place),
      made: (value, make) => void makers.set(value, make),
      newlyHeld: () => fresh.splice(0),
      cotangentOf: (value) => cotangents.get(value) ?? null,
      pass: (from, to) => {
        const spot = cotangents.get(from)!
        if (cotangents.has(to)) {
          receive(to, (sum, base) => {
            add(
              [base, spot].map((at) => ({ ...inOrder(at, to), norm: 0 })),
              to.shape,
              sum,
            )
          })
        } else {
          cotangents.set(to, spot)
          use(spot, 1)
        }
      },
      release: (value) => {
        use(cotangents.get(value)!, -1)
        cotangents.delete(value)
      },
    },
    planned: () => {
      close()
      return { ahead: first, stages, scratch, local: most, before: writes, statistics, learnt }
    },
  }
}
