/**
 * Constants of programs, each written to memory once: tables, which depend on shapes alone, and weights, which depend on
 * the parameters. Weights are known by a key, and other parameters under the same key take their place.
 * @module
 */
import { eventTable } from './events.js'
import type { Bytes } from './layout.js'
import { EVENT_TABLE } from './shared.js'

/** The arrays a constant may be made of. */
export type Constant = Uint16Array | Int32Array | Float32Array

/** Where constants lie. */
export interface Constants {
  /** The address of a table of so many bytes; `make` makes it when the memory is filled. */
  readonly table: (key: string, bytes: number, make: () => Constant) => number
  /**
   * The address of a part of what is packed from `source`, the parameters that go by `key`. The same key with another
   * source has the same address, and is written anew.
   */
  readonly weights: (key: unknown, part: string, source: unknown, bytes: number, make: () => Constant) => number
  /** The first address after the constants. */
  readonly end: () => number
  /** Writes into memory what is not there yet. */
  readonly write: (bytes: Bytes) => void
}

const ALIGNMENT = 64

interface Place {
  readonly at: number
  readonly bytes: number
  source: unknown
}

/** No constants yet; the first one lies at an address. */
export const constantsFrom = (start: number): Constants => {
  const tables = new Map<string, number>()
  const weights = new Map<unknown, Map<string, Place>>()
  const pending = new Map<number, () => Constant>([[EVENT_TABLE, () => eventTable]])
  let end = Math.ceil(start / ALIGNMENT) * ALIGNMENT
  const reserve = (bytes: number): number => {
    const at = end
    end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
    return at
  }
  return {
    table: (key, bytes, make) => {
      const known = tables.get(key)
      if (known !== undefined) return known
      const at = reserve(bytes)
      tables.set(key, at)
      pending.set(at, make)
      return at
    },
    weights: (key, part, source, bytes, make) => {
      const parts = weights.get(key) ?? new Map<string, Place>()
      weights.set(key, parts)
      const known = parts.get(part)
      const place = known?.bytes === bytes ? known : { at: reserve(bytes), bytes, source: null }
      if (place.source !== source) {
        place.source = source
        parts.set(part, place)
        pending.set(place.at, make)
      }
      return place.at
    },
    end: () => end,
    write: ({ u8 }) => {
      for (const [at, make] of pending) {
        const { buffer, byteOffset, byteLength } = make()
        u8.set(new Uint8Array(buffer, byteOffset, byteLength), at)
      }
      pending.clear()
    },
  }
}
