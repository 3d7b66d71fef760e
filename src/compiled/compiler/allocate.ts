/** Memory for values: each buffer lives from its first step to its last, and buffers that never meet share memory. @module */

/** A buffer's size in bytes and the first and last step that touch it. */
export interface Life {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

const ALIGNMENT = 64

/**
 * Offsets of buffers in an arena, and the arena's size: each buffer takes the lowest place that no buffer alive at the
 * same time overlaps.
 */
export const arrange = (lives: readonly Life[]): { readonly offsets: readonly number[]; readonly bytes: number } => {
  const placed: { readonly from: number; readonly to: number; readonly life: Life }[] = []
  const offsets = new Array<number>(lives.length).fill(0)
  const order = lives.map((_, i) => i).sort((a, b) => lives[b]!.bytes - lives[a]!.bytes)
  for (const i of order) {
    const life = lives[i]!
    const size = Math.ceil(life.bytes / ALIGNMENT) * ALIGNMENT
    const neighbours = placed
      .filter((other) => other.life.first <= life.last && life.first <= other.life.last)
      .sort((a, b) => a.from - b.from)
    let at = 0
    for (const other of neighbours) {
      if (at + size <= other.from) break
      at = Math.max(at, other.to)
    }
    offsets[i] = at
    placed.push({ from: at, to: at + size, life })
  }
  return { offsets, bytes: placed.reduce((end, { to }) => Math.max(end, to), 0) }
}

/** Constants of programs, each written once: packed weights by the parameters they come from, tables by their key. */
export interface Pool {
  /** The address of a constant of `bytes` bytes; `data` makes it when the memory is filled. */
  readonly place: (key: unknown, part: string, bytes: number, data: () => Constant) => number
  /** The first address after the constants. */
  readonly end: () => number
  /** The constants placed since the last call. */
  readonly fresh: () => readonly { readonly at: number; readonly data: () => Constant }[]
}

/** The arrays a constant may be made of. */
export type Constant = Uint16Array | Int32Array | Float32Array

/** An empty pool that begins at an address. */
export const pool = (start: number): Pool => {
  const places = new Map<unknown, Map<string, number>>()
  let pending: { readonly at: number; readonly data: () => Constant }[] = []
  let end = Math.ceil(start / ALIGNMENT) * ALIGNMENT
  return {
    place: (key, part, bytes, data) => {
      const parts = places.get(key) ?? new Map<string, number>()
      places.set(key, parts)
      const known = parts.get(part)
      if (known !== undefined) return known
      const at = end
      parts.set(part, at)
      pending.push({ at, data })
      end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
      return at
    },
    end: () => end,
    fresh: () => {
      const taken = pending
      pending = []
      return taken
    },
  }
}
