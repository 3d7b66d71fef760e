/** What the parts of the compiler share: where values lie, the buffers, the steps so far. @module */

import { inputsOf, type Node, type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import type { Constants } from '../machine/constants.js'
import { type Channels, liesByRows, sameChannels, type View, viewIn } from '../machine/layout.js'
import type { Instruction, Lane, Port } from '../machine/program.js'
import { laneOf } from '../machine/program.js'
import type { Life } from './allocate.js'

/** What a value is asked to look like: its flat channels and positions, and, where it matters, how the channels lie. */
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
  /** Whether a value is at hand. */
  readonly given: (value: Value) => boolean
  /** How often a value is read (merges looked through), outputs included. */
  readonly uses: (value: Value) => number
  /** Whether the membrane that a neuron leaves is read. */
  readonly remembered: (neuron: NodeOf<'fire'>) => boolean
  /** Whether a reader wants a value row by row. */
  readonly byRows: (value: Value) => boolean
  readonly views: Map<Value, View>
  /** Where a value lies, computing it first where need be. */
  readonly place: (value: Value, wanted?: Wanted) => View
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
  readonly fired: (neuron: NodeOf<'fire'>, spikes: View) => void
  /** Adds an instruction that touches the given buffers. */
  readonly push: (touches: readonly number[], step: (at: Resolve) => Instruction) => void
}

/** Keeps what parameters at a path are packed into, by name, of so many bytes. */
export const weightsAt =
  ({ constants, keyOf }: Builder, path: string, parameters: object) =>
  (name: string, bytes: number, pack: () => Float32Array): number =>
    constants.weights(keyOf(path, parameters), name, parameters, bytes, pack)

/** Looks through `mergeHeads`, which only renames. */
export const canonical = (value: Value): Value => {
  const node = nodeOf(value)
  return node?.operation === 'mergeHeads' ? canonical(node.inputs[0]) : value
}

/** All nodes the outputs depend on, each once, up to values that are given. */
const reachable = (outputs: readonly Value[], given: (value: Value) => boolean): ReadonlySet<Node> => {
  const seen = new Set<Node>()
  const pending = outputs.map(canonical)
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const node = given(value) ? null : nodeOf(value)
    if (node === null || seen.has(node)) continue
    seen.add(node)
    pending.push(...inputsOf(node).map(canonical))
  }
  return seen
}

/** Counts the readers of every value, and lists its neurons. */
export const readers = (
  outputs: readonly Value[],
  given: (value: Value) => boolean,
): {
  readonly uses: ReadonlyMap<Value, number>
  readonly neurons: ReadonlyMap<Value, readonly NodeOf<'fire'>[]>
  readonly remembered: ReadonlySet<Node>
  readonly byRows: ReadonlySet<Value>
} => {
  const uses = new Map<Value, number>()
  const neurons = new Map<Value, NodeOf<'fire'>[]>()
  const remembered = new Set<Node>()
  const byRows = new Set<Value>()
  const use = (read: Value): void => {
    const value = canonical(read)
    uses.set(value, (uses.get(value) ?? 0) + 1)
    const node = given(value) ? null : nodeOf(value)
    if (node?.operation === 'fire' && value === node.outputs[1]) remembered.add(node)
  }
  outputs.forEach(use)
  for (const node of reachable(outputs, given)) {
    inputsOf(node).forEach(use)
    if (node.operation === 'fire') {
      const x = canonical(node.inputs[0])
      neurons.set(x, [...(neurons.get(x) ?? []), node])
    }
    if (node.operation === 'splitHeads') byRows.add(canonical(node.inputs[0]))
  }
  return { uses, neurons, remembered, byRows }
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
