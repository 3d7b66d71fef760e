/** Places in one linear memory, taken and given back while a plan is made. @module */

/** What lies past the end of a region may be read and, up to so many bytes, written. */
const SLACK = 64

/** Bytes of a region for so many. */
const lengthOf = (bytes: number): number => Math.ceil((bytes + SLACK) / 64) * 64

/** Regions of a memory; those that were given back are taken again. */
export interface Regions {
  /** The place of so many bytes. */
  readonly take: (bytes: number) => number
  /** Gives a region back. */
  readonly give: (place: number) => void
}

/** Regions of which some are written before a run: a place of its own from the beginning to the end, or until it begins. */
export interface Lasting extends Regions {
  readonly keep: (bytes: number) => number
  readonly early: (bytes: number) => number
}

/** Regions from 0 on, each the lowest that is free, and where what was ever taken ends. */
export const lowest = (): Regions & { readonly end: () => number } => {
  const lengths = new Map<number, number>()
  let [free, end]: [readonly (readonly [at: number, length: number])[], number] = [[], 0]
  return {
    take: (bytes) => {
      const length = lengthOf(bytes)
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

/** So many bytes from one moment to another; a moment is a taking or a giving back. */
interface Span {
  readonly length: number
  readonly from: number
  readonly to: number
}

/** The spans of the regions that a plan takes: none is taken twice here. */
export const drafted = (plan: (regions: Lasting) => void): readonly Span[] => {
  const spans: Span[] = []
  const open = new Map<number, number>()
  let [moment, end] = [0, 0]
  const taking =
    (from: () => number, to = Number.POSITIVE_INFINITY) =>
    (bytes: number): number => {
      const [at, length] = [end, lengthOf(bytes)]
      open.set(at, spans.length)
      spans.push({ length, from: from(), to })
      end += length
      return at
    }
  plan({
    take: taking(() => moment++),
    keep: taking(() => -1),
    early: taking(() => -1, 0),
    give: (at) => {
      const i = open.get(at)!
      spans[i] = { ...spans[i]!, to: moment++ }
    },
  })
  return spans
}

/**
 * Regions for a plan whose spans are known, from a place on, and where they end: the longest are laid first, each as low as
 * those that are there at the same time let it.
 */
export const settled = (
  beginning: number,
  spans: readonly Span[],
): { readonly regions: Lasting; readonly end: number } => {
  const laid: (Span & { readonly at: number })[] = []
  const places = new Map<Span, number>()
  for (const span of [...spans].sort((one, other) => other.length - one.length)) {
    let at = beginning
    for (const other of laid) {
      if (other.to <= span.from || span.to <= other.from) continue
      if (other.at - at >= span.length) break
      at = Math.max(at, other.at + other.length)
    }
    const behind = laid.findIndex((other) => other.at > at)
    laid.splice(behind < 0 ? laid.length : behind, 0, { ...span, at })
    places.set(span, at)
  }
  let next = 0
  const take = (): number => places.get(spans[next++]!)!
  return {
    regions: { take, keep: take, early: take, give: () => undefined },
    end: laid.reduce((end, { at, length }) => Math.max(end, at + length), beginning),
  }
}
