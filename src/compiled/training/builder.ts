/** What a plan is made with: calls of kernels, places for values, and cotangents that meet in one. @module */
import type { Reals, Shape } from '../../core/tensor.js'
import { sizeOf } from '../../core/tensor.js'
import type { Value } from '../../interpreters/graph.js'
import { regionsFrom } from './regions.js'

/** A call of a kernel: once for each unit, with these arguments after the unit and a place of scratch memory. */
export interface Call {
  readonly kernel: string
  readonly units: number
  readonly args: readonly number[]
}

/** What lies in the memory. */
export interface Bytes {
  readonly floats: (at: number, length: number) => Float32Array
  readonly doubles: (at: number, length: number) => Float64Array
}

/** Something to write before a run, or to read after it. */
export type Access<A> = (bytes: Bytes) => A

/** Where a value lies, and how many bytes its steps are apart: none where one step is held. */
export interface Place {
  readonly at: number
  readonly step: number
}

/** What a run of a plan leaves to read: by checkpoint key. */
export type Found = readonly (readonly [key: string, values: Reals])[]

/** A plan that is being made. */
export interface Builder {
  /** A place for so many bytes. */
  readonly take: (bytes: number) => number
  /** A place that is written before a run. */
  readonly keep: (bytes: number) => number
  readonly give: (place: number) => void
  /** Adds a call, and says how much scratch memory it needs. */
  readonly call: (kernel: string, units: number, args: readonly number[], scratch?: number) => void
  /** What is written before each run. */
  readonly before: (write: Access<void>) => void
  /** What can be read after the way forward, and after the way back. */
  readonly statistics: (read: Access<Found>) => void
  readonly learnt: (read: Access<Found>) => void
  readonly placeOf: (value: Value) => Place
  readonly put: (value: Value, place: Place) => void
  /** Where the cotangent of a value lies; null where none came. */
  readonly cotangentOf: (value: Value) => number | null
  /** A cotangent comes: it is made at a place, added to what lies at `base` unless that is 0. */
  readonly receive: (value: Value, make: (to: number, base: number) => void) => void
  /** The cotangent of one value is another's too. */
  readonly pass: (from: Value, to: Value) => void
  /** A cotangent is not needed any more. */
  readonly release: (value: Value) => void
}

/** What was planned. */
export interface Planned {
  readonly calls: readonly Call[]
  readonly bytes: number
  readonly scratch: number
  readonly before: readonly Access<void>[]
  readonly statistics: readonly Access<Found>[]
  readonly learnt: readonly Access<Found>[]
}

/** Bytes of a value's currents. */
export const currentBytes = (shape: Shape): number => 4 * sizeOf(shape)

/** A fresh builder, and what it has planned so far. */
export const building = (beginning: number): { readonly builder: Builder; readonly planned: () => Planned } => {
  const { take, keep, give, end } = regionsFrom(beginning)
  const [places, cotangents, uses] = [new Map<Value, Place>(), new Map<Value, number>(), new Map<number, number>()]
  const calls: Call[] = []
  const [writes, statistics, learnt]: [Access<void>[], Access<Found>[], Access<Found>[]] = [[], [], []]
  let scratch = 0
  const use = (place: number, by: number): number => {
    const count = (uses.get(place) ?? 0) + by
    uses.set(place, count)
    if (count === 0) give(place)
    return count
  }
  const call: Builder['call'] = (kernel, units, args, needs = 64) => {
    calls.push({ kernel, units, args })
    scratch = Math.max(scratch, needs)
  }
  const receive: Builder['receive'] = (value, make) => {
    const old = cotangents.get(value)
    if (old !== undefined && uses.get(old) === 1) make(old, old)
    else {
      const fresh = take(currentBytes(value.shape))
      make(fresh, old ?? 0)
      use(fresh, 1)
      cotangents.set(value, fresh)
      if (old !== undefined) use(old, -1)
    }
  }
  return {
    builder: {
      take,
      keep,
      give,
      call,
      before: (write) => void writes.push(write),
      statistics: (read) => void statistics.push(read),
      learnt: (read) => void learnt.push(read),
      placeOf: (value) => places.get(value)!,
      put: (value, place) => void places.set(value, place),
      cotangentOf: (value) => cotangents.get(value) ?? null,
      receive,
      pass: (from, to) => {
        const place = cotangents.get(from)!
        if (cotangents.has(to)) {
          const step = currentBytes(to.shape.slice(1))
          receive(to, (sum, base) => {
            call('add', to.shape[0]!, [base, step, place, step, sum, step / 4])
          })
        } else {
          cotangents.set(to, place)
          use(place, 1)
        }
      },
      release: (value) => {
        use(cotangents.get(value)!, -1)
        cotangents.delete(value)
      },
    },
    planned: () => ({ calls, bytes: end(), scratch, before: writes, statistics, learnt }),
  }
}
