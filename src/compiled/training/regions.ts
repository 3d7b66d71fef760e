/** Places in one linear memory, taken and given back while a plan is made. @module */

/** What lies past the end of a region may be read and, up to so many bytes, written. */
const SLACK = 64

/** Regions of a memory; those that were given back are taken again. */
export interface Regions {
  /** The place of so many bytes. */
  readonly take: (bytes: number) => number
  /** A place of its own from the beginning to the end: what is written there before a run stays. */
  readonly keep: (bytes: number) => number
  /** Gives a region back. */
  readonly give: (place: number) => void
  /** Where what was ever taken ends. */
  readonly end: () => number
}

/** Regions from a place on, each the lowest that is free. */
export const regionsFrom = (beginning: number): Regions => {
  const lengths = new Map<number, number>()
  let [free, end]: [readonly (readonly [at: number, length: number])[], number] = [[], beginning]
  const keep = (bytes: number): number => {
    const at = end
    end += Math.ceil((bytes + SLACK) / 64) * 64
    return at
  }
  return {
    keep,
    take: (bytes) => {
      const length = Math.ceil((bytes + SLACK) / 64) * 64
      const found = free.find(([, size]) => size >= length)
      const at = found?.[0] ?? end
      if (found === undefined) end += length
      else
        free = free.flatMap((hole) =>
          hole !== found ? [hole] : hole[1] > length ? [[at + length, hole[1] - length] as const] : [],
        )
      lengths.set(at, length)
      return at
    },
    give: (at) => {
      const own = [at, lengths.get(at)!] as const
      const before = free.find(([start, length]) => start + length === at) ?? [at, 0]
      const behind = free.find(([start]) => start === at + own[1]) ?? [0, 0]
      const joined = [before[0], before[1] + own[1] + behind[1]] as const
      const others = free.filter((hole) => hole !== before && hole !== behind)
      free = [...others, joined].sort(([one], [other]) => one - other)
      lengths.delete(at)
    },
    end: () => end,
  }
}
