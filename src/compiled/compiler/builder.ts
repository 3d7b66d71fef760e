/** What the parts of the compiler share: where wires lie, the buffers, the steps so far. @module */

import { type SpikeWire, sources, type Wire } from '../../interpreters/graph.js'
import type { Constants } from '../machine/constants.js'
import { type Channels, liesByRows, sameChannels, type View, viewIn } from '../machine/layout.js'
import type { Instruction, Lane, Port } from '../machine/program.js'
import { laneOf } from '../machine/program.js'
import type { Life } from './allocate.js'

/** What a wire is asked to look like: its flat channels and positions, and, where it matters, how the channels lie. */
export interface Wanted {
  readonly channels: number
  readonly positions: number
  readonly layout?: Channels
  /** Whether currents must lie row by row. */
  readonly byRows?: boolean
  /** Steps of a value without a time axis: 1. */
  readonly steps?: number
}

/** Resolves what is only known when all steps are: the addresses of buffers. */
export interface Resolve {
  readonly base: (view: Pick<View, 'buffer'>) => number
  readonly lane: (view: View) => Lane
}

/** A program under construction. */
export interface Builder {
  readonly constants: Constants
  /** What parameters go by among the constants. */
  readonly keyOf: (path: string, parameters: unknown) => unknown
  readonly threads: number
  /** Whether a wire's value is at hand. */
  readonly given: (wire: Wire) => boolean
  /** How often a wire is read (merges looked through), outputs included. */
  readonly uses: (wire: Wire) => number
  /** The neurons that read a wire. */
  readonly neurons: (wire: Wire) => readonly SpikeWire[]
  /** Whether a reader wants a wire row by row. */
  readonly byRows: (wire: Wire) => boolean
  readonly views: Map<Wire, View>
  /** Where a wire lies, computing it first where need be. */
  readonly place: (wire: Wire, wanted?: Wanted) => View
  /** A fresh value. */
  readonly fresh: (
    carries: View['carries'],
    extents: { readonly steps: number; readonly batch: number; readonly positions: number },
    layout: Channels,
    byRows?: boolean,
  ) => View
  /** A fresh buffer. */
  readonly buffer: (bytes: number) => number
  /** Hears of the spikes of a neuron, once the instruction that makes them is added. */
  readonly fired: (neuron: SpikeWire, spikes: View) => void
  /** Adds an instruction that touches the given buffers. */
  readonly push: (touches: readonly number[], step: (at: Resolve) => Instruction) => void
}

/** Looks through `mergeHeads`, which only renames. */
export const canonical = (wire: Wire): Wire => {
  let at = wire
  while (at.from.op === 'merge') at = at.from.x
  return at
}

/** All wires the outputs depend on, each once, up to those that are given. */
const reachable = (outputs: readonly Wire[], given: (wire: Wire) => boolean): ReadonlySet<Wire> => {
  const seen = new Set<Wire>()
  const pending = outputs.map(canonical)
  for (let wire = pending.pop(); wire !== undefined; wire = pending.pop()) {
    if (seen.has(wire)) continue
    seen.add(wire)
    if (!given(wire)) pending.push(...sources(wire).map(canonical))
  }
  return seen
}

/** Counts the readers of every wire, and lists its neurons. */
export const readers = (
  outputs: readonly Wire[],
  given: (wire: Wire) => boolean,
): {
  readonly uses: ReadonlyMap<Wire, number>
  readonly neurons: ReadonlyMap<Wire, readonly SpikeWire[]>
  readonly membranes: ReadonlyMap<SpikeWire, Wire>
  readonly byRows: ReadonlySet<Wire>
} => {
  const uses = new Map<Wire, number>()
  const neurons = new Map<Wire, SpikeWire[]>()
  const membranes = new Map<SpikeWire, Wire>()
  const byRows = new Set<Wire>()
  const use = (wire: Wire): void => {
    uses.set(canonical(wire), (uses.get(canonical(wire)) ?? 0) + 1)
  }
  outputs.forEach(use)
  for (const wire of reachable(outputs, given)) {
    if (given(wire)) continue
    sources(wire).forEach(use)
    if (wire.carries === 'spikes' && wire.from.op === 'fire') {
      const x = canonical(wire.from.x)
      neurons.set(x, [...(neurons.get(x) ?? []), wire])
    }
    if (wire.from.op === 'half') byRows.add(canonical(wire.from.x))
    if (wire.carries === 'currents' && wire.from.op === 'membrane') membranes.set(wire.from.of, wire)
  }
  return { uses, neurons, membranes, byRows }
}

/** Whether a view is as wanted. */
export const suits = (view: View, wanted: Wanted): boolean =>
  view.channels === wanted.channels &&
  view.positions === wanted.positions &&
  (wanted.layout === undefined || sameChannels(view, wanted.layout)) &&
  (wanted.byRows !== true || view.carries === 'spikes' || liesByRows(view))

/** Buffers and instructions, and how they end up as a program. */
export const construction = () => {
  const sizes: number[] = []
  const touched: { first: number; last: number }[] = []
  const steps: ((at: Resolve) => Instruction)[] = []
  const touch = (buffer: number, step: number): void => {
    const life = touched[buffer]!
    life.first = Math.min(life.first, step)
    life.last = Math.max(life.last, step)
  }
  const buffer = (bytes: number): number => {
    touched.push({ first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY })
    return sizes.push(bytes) - 1
  }
  return {
    buffer,
    fresh: (
      carries: View['carries'],
      extents: { readonly steps: number; readonly batch: number; readonly positions: number },
      layout: Channels,
      byRows = false,
    ): View => {
      const [view, bytes] = viewIn(sizes.length, carries, extents, layout, byRows)
      buffer(bytes)
      return view
    },
    push: (touches: readonly number[], step: (at: Resolve) => Instruction): void => {
      for (const id of touches) touch(id, steps.length)
      steps.push(step)
    },
    /** Inputs are alive before the first step, outputs after the last. */
    lives: (inputs: readonly View[], outputs: readonly View[]): readonly Life[] => {
      for (const view of inputs) touch(view.buffer, -1)
      for (const view of outputs) touch(view.buffer, steps.length)
      return sizes.map((bytes, i) => ({ bytes, ...touched[i]! }))
    },
    /** Keeps a buffer alive after the last instruction. */
    keep: (id: number): void => touch(id, steps.length),
    finish: (offsets: readonly number[], start: number) => {
      const base = ({ buffer: id }: Pick<View, 'buffer'>): number => start + offsets[id]!
      const at: Resolve = { base, lane: (view) => laneOf(view, base(view)) }
      return {
        instructions: steps.map((step) => step(at)),
        base,
        port: (view: View, shape: Port['shape']): Port => ({ view, base: base(view), shape }),
      }
    },
  }
}
