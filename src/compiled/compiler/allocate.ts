/** Memory for values: each buffer lives from its first step to its last, and buffers that never meet share memory. @module */

/** A buffer's size in bytes and the first and last step that touch it. */
export interface Life {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

const ALIGNMENT = 64

/**
 * Offsets of buffers, and the size of the memory they take together: each buffer takes the lowest place that no buffer alive at the
 * same time overlaps.
 */
export const allocate = (lives: readonly Life[]): { readonly offsets: readonly number[]; readonly bytes: number } => {
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
