/**
 * The compiler: from a graph to a program.
 *
 * It walks back from the values that are wanted, emits each layer when first asked for, and fuses what only one reader
 * needs: `fire(add(synapse(s), x))` is one pass over the neurons. What it may not change is any order of additions.
 * @module
 */
import { sizeOf } from '../../core/tensor.js'
import { type Node, type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import type { Constants } from '../machine/constants.js'
import { extents, runsOf, type View } from '../machine/layout.js'
import { scratchOf } from '../machine/needs.js'
import type { Program, Tallied } from '../machine/program.js'
import { allocate } from './allocate.js'
import { type Builder, canonical, construction, readers, suits, type Wanted } from './builder.js'
import { emitClassify, emitMean, emitStem } from './dense.js'
import { emitLayer, isSummed } from './layers.js'

/** A program, the given values its inputs are fed from, in the order of its inputs, and where spikes are counted. */
export interface Lowered {
  readonly program: Program
  readonly feeds: readonly Value[]
  readonly tallies: ReadonlyMap<Value, Tallied>
}

/** What the compiler is told beside the graph. */
export interface Lowering {
  readonly constants: Constants
  /** What parameters go by among the constants. */
  readonly keyOf: (path: string, parameters: unknown) => unknown
  /** How many threads will share the units of each instruction. */
  readonly threads: number
  /** Whether a value is at hand beside those that are given, so that nothing before it need run. */
  readonly known: (value: Value) => boolean
  /** Whether to count the spikes of each neuron where they lie. */
  readonly tallied: boolean
}

/** Compiles the values that are wanted. What is computed lies in memory behind the constants. */
export const lower = (outputs: readonly Value[], { constants, keyOf, threads, known, tallied }: Lowering): Lowered => {
  const given = (value: Value): boolean => nodeOf(canonical(value)) === null || known(canonical(value))
  const { uses, neurons, remembered, byRows } = readers(outputs, given)
  const buffers = construction()
  const views = new Map<Value, View>()
  const feeds: { readonly value: Value; readonly view: View }[] = []

  /** A given value in the layout its reader wants. */
  const feed = (value: Value, wanted: Wanted | undefined): View => {
    const known = feeds.find((f) => f.value === value && (wanted === undefined || suits(f.view, wanted)))
    if (known !== undefined) return known.view
    const { channels, positions } = wanted ?? extents(value.shape)
    const steps = wanted?.steps ?? value.shape[0] ?? 1
    const batch = sizeOf(value.shape) / (steps * channels * positions)
    // Row by row, nothing need lie between one position's channels and the next's.
    const tight = wanted?.byRows === true ? { channels, run: channels, runStride: channels } : runsOf(1, channels)
    const layout = wanted?.layout === undefined || wanted.layout.run === channels ? tight : wanted.layout
    const view = buffers.fresh(value.carries, { steps, batch, positions }, layout, wanted?.byRows)
    feeds.push({ value, view })
    return view
  }

  /** Emits a neuron, with the current it reads where that is made in one step with it. */
  const fire = (neuron: NodeOf<'fire'>): void => {
    const x = canonical(neuron.inputs[0])
    if (!views.has(x) && !given(x) && isSummed(x)) sum(x)
    if (!views.has(neuron.outputs[0])) emitLayer(B, x, neuron)
  }

  /** Emits a sum, with the first neuron that reads it and whose membrane is at hand. */
  const sum = (value: Value): void => {
    const ready = neurons.get(value)?.find(({ inputs: [, membrane] }) => membrane === null || given(membrane))
    emitLayer(B, value, ready ?? null)
  }

  /** One of the two halves of every head's channels. */
  const half = ({ parameters: heads, inputs: [x] }: NodeOf<'splitHeads'>, index: 0 | 1): View => {
    const [, , channels, height, width] = x.shape as readonly [number, number, number, number, number]
    const whole = B.place(x, { channels, positions: height * width, layout: runsOf(1, channels), byRows: true })
    const d = channels / heads / 2
    return { ...whole, offset: whole.offset + index * d * 4, channels: channels / 2, run: d, runStride: 2 * d }
  }

  /** Emits what makes an output of a node; where that lies. */
  const produce = (value: Value, node: Node): View => {
    switch (node.operation) {
      case 'stem':
        return emitStem(B, node)
      case 'hold':
        return { ...B.place(node.inputs[0]), steps: node.parameters, stepStride: 0 }
      case 'fire':
        fire(node)
        return views.get(value)!
      case 'synapse':
      case 'dstT':
      case 'dst':
      case 'add':
        sum(value)
        return views.get(value)!
      case 'splitHeads':
        return half(node, value === node.outputs[0] ? 0 : 1)
      case 'mergeHeads':
        return B.place(node.inputs[0])
      case 'meanPool':
        return emitMean(B, node)
      case 'classify':
        return emitClassify(B, node)
    }
  }

  const place = (asked: Value, wanted?: Wanted): View => {
    const value = canonical(asked)
    const node = nodeOf(value)
    if (node === null || given(value)) return feed(value, wanted)
    const view = views.get(value) ?? produce(value, node)
    views.set(value, view)
    if (wanted === undefined || suits(view, wanted)) return view
    const layout = wanted.layout ?? runsOf(1, wanted.channels)
    const moved = buffers.fresh(view.carries, { ...view, positions: wanted.positions }, layout, wanted.byRows)
    buffers.push([view.buffer, moved.buffer], ({ base }) => ({
      kind: 'copy',
      path: node.path,
      done: [],
      from: view,
      fromBase: base(view),
      to: moved,
      toBase: base(moved),
    }))
    return moved
  }

  const tallies: { readonly value: Value; readonly counts: number; readonly positions: number }[] = []
  const fired = (neuron: NodeOf<'fire'>, spikes: View): void => {
    if (!tallied) return
    const { steps, batch, positions, stepStride, batchStride, rowStride } = spikes
    const counts = buffers.buffer(positions * 4)
    tallies.push({ value: neuron.outputs[0], counts, positions })
    buffers.push([spikes.buffer, counts], ({ base }) => ({
      kind: 'tally',
      path: neuron.path,
      done: [],
      steps,
      batch,
      positions,
      spikes: { base: base(spikes), stepStride, batchStride, rowStride },
      counts: base({ buffer: counts }),
    }))
  }

  const B: Builder = {
    constants,
    keyOf,
    threads,
    given,
    uses: (value) => uses.get(value) ?? 0,
    remembered: (neuron) => remembered.has(neuron),
    byRows: (value) => byRows.has(value),
    views,
    place,
    fresh: buffers.fresh,
    buffer: buffers.buffer,
    push: buffers.push,
    fired,
  }
  const results = outputs.map((value) => place(value))
  const inputs = feeds.map(({ view }) => view)
  for (const { counts } of tallies) buffers.keep(counts)
  const { offsets, bytes } = allocate(buffers.lives(inputs, results))
  const start = constants.end()
  const { instructions, port, base } = buffers.finish(offsets, start)
  return {
    tallies: new Map(
      tallies.map(({ value, counts, positions }) => [value, { at: base({ buffer: counts }), positions }]),
    ),
    feeds: feeds.map(({ value }) => value),
    program: {
      instructions,
      inputs: feeds.map(({ value, view }) => port(view, value.shape)),
      outputs: results.map((view, i) => port(view, outputs[i]!.shape)),
      bytes: start + bytes,
      scratch: Math.ceil(Math.max(0, ...instructions.map(scratchOf)) / 64) * 64,
    },
  }
}
