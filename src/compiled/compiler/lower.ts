/**
 * The compiler: from wires to a program.
 *
 * It walks back from the wires that are wanted, emits each layer when first asked for, and fuses what only one reader
 * needs: `fire(add(synapse(s), x))` is one pass over the neurons. What it may not change is any order of additions.
 * @module
 */
import { sizeOf } from '../../core/tensor.js'
import type { CurrentWire, SpikeWire, Wire } from '../../interpreters/graph.js'
import type { Constants } from '../machine/constants.js'
import { extents, runsOf, type View } from '../machine/layout.js'
import { scratchOf } from '../machine/needs.js'
import type { Program, Tallied } from '../machine/program.js'
import { allocate } from './allocate.js'
import { type Builder, canonical, construction, readers, suits, type Wanted } from './builder.js'
import { emitClassify, emitMean, emitPool, emitStem } from './dense.js'
import { emitLayer, isSummed } from './layers.js'

/** A program, the given wires its inputs are fed from, in the order of its inputs, and where spikes are counted. */
export interface Lowered {
  readonly program: Program
  readonly feeds: readonly Wire[]
  readonly tallies: ReadonlyMap<Wire, Tallied>
}

/** What the compiler is told beside the graph. */
export interface Lowering {
  readonly constants: Constants
  /** What parameters go by among the constants. */
  readonly keyOf: (path: string, parameters: unknown) => unknown
  /** How many threads will share the units of each instruction. */
  readonly threads: number
  /** Wires whose values are at hand, so that nothing before them need run. */
  readonly known: (wire: Wire) => boolean
  /** Whether to count the spikes of each neuron where they lie. */
  readonly tallied: boolean
}

/** Compiles the given wires. Values lie in memory behind the constants. */
export const lower = (outputs: readonly Wire[], { constants, keyOf, threads, known, tallied }: Lowering): Lowered => {
  const given = (wire: Wire): boolean => canonical(wire).from.op === 'given' || known(canonical(wire))
  const { uses, neurons, membranes, byRows } = readers(outputs, given)
  const buffers = construction()
  const views = new Map<Wire, View>()
  const feeds: { readonly wire: Wire; readonly view: View }[] = []

  /** A given wire in the layout its reader wants. */
  const feed = (wire: Wire, wanted: Wanted | undefined): View => {
    const known = feeds.find((f) => f.wire === wire && (wanted === undefined || suits(f.view, wanted)))
    if (known !== undefined) return known.view
    const { channels, positions } = wanted ?? extents(wire.shape)
    const steps = wanted?.steps ?? wire.shape[0] ?? 1
    const batch = sizeOf(wire.shape) / (steps * channels * positions)
    // Row by row, nothing need lie between one position's channels and the next's.
    const tight = wanted?.byRows === true ? { channels, run: channels, runStride: channels } : runsOf(1, channels)
    const layout = wanted?.layout === undefined || wanted.layout.run === channels ? tight : wanted.layout
    const view = buffers.fresh(wire.carries, { steps, batch, positions }, layout, wanted?.byRows)
    feeds.push({ wire, view })
    return view
  }

  const produceSpikes = (wire: SpikeWire): void => {
    if (wire.from.op !== 'fire') return
    const x = canonical(wire.from.x)
    if (!views.has(x) && !given(x) && isSummed(x)) produceCurrents(x as CurrentWire)
    if (!views.has(wire)) emitLayer(B, x, wire, membranes.get(wire))
  }

  const produceCurrents = (wire: CurrentWire): void => {
    const { from } = wire
    switch (from.op) {
      case 'stem':
        emitStem(B, wire, from.parameters, from.x)
        return
      case 'pool':
        emitPool(B, wire, from.pool, from.x)
        return
      case 'meanPool':
        emitMean(B, wire, from.x)
        return
      case 'classify':
        emitClassify(B, wire, from.weight, from.x)
        return
      case 'hold':
        views.set(wire, { ...B.place(from.x), steps: wire.shape[0]!, stepStride: 0 })
        return
      case 'half': {
        const [, , channels, height, width] = from.x.shape as readonly [number, number, number, number, number]
        const whole = B.place(from.x, {
          channels,
          positions: height * width,
          layout: runsOf(1, channels),
          byRows: true,
        })
        const d = channels / from.heads / 2
        const offset = whole.offset + from.which * d * 4
        views.set(wire, { ...whole, offset, channels: channels / 2, run: d, runStride: 2 * d })
        return
      }
      case 'membrane':
        produceSpikes(from.of)
        return
      default: {
        // The first neuron whose membrane is at hand is fused with its current.
        const ready = neurons.get(wire)?.find(({ from: { op }, from: fire }) => {
          const membrane = op === 'fire' && fire.op === 'fire' ? fire.membrane : null
          return membrane === null || given(membrane)
        })
        emitLayer(B, wire, ready ?? null, ready && membranes.get(ready))
      }
    }
  }

  const place = (asked: Wire, wanted?: Wanted): View => {
    const wire = canonical(asked)
    if (given(wire)) return feed(wire, wanted)
    if (!views.has(wire)) {
      if (wire.carries === 'spikes') produceSpikes(wire)
      else produceCurrents(wire)
    }
    const view = views.get(wire)!
    if (wanted === undefined || suits(view, wanted)) return view
    const layout = wanted.layout ?? runsOf(1, wanted.channels)
    const moved = buffers.fresh(view.carries, { ...view, positions: wanted.positions }, layout, wanted.byRows)
    buffers.push([view.buffer, moved.buffer], ({ base }) => ({
      kind: 'copy',
      path: wire.path,
      done: [],
      from: view,
      fromBase: base(view),
      to: moved,
      toBase: base(moved),
    }))
    return moved
  }

  const tallies: { readonly wire: Wire; readonly counts: number; readonly positions: number }[] = []
  const fired = (neuron: SpikeWire, spikes: View): void => {
    if (!tallied) return
    const { steps, batch, positions, stepStride, batchStride, rowStride } = spikes
    const counts = buffers.buffer(positions * 4)
    tallies.push({ wire: neuron, counts, positions })
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
    uses: (wire) => uses.get(wire) ?? 0,
    neurons: (wire) => neurons.get(wire) ?? [],
    byRows: (wire) => byRows.has(wire),
    views,
    place,
    fresh: buffers.fresh,
    buffer: buffers.buffer,
    push: buffers.push,
    fired,
  }
  const results = outputs.map((wire) => place(wire))
  const inputs = feeds.map(({ view }) => view)
  for (const { counts } of tallies) buffers.keep(counts)
  const { offsets, bytes } = allocate(buffers.lives(inputs, results))
  const start = constants.end()
  const { instructions, port, base } = buffers.finish(offsets, start)
  return {
    tallies: new Map(tallies.map(({ wire, counts, positions }) => [wire, { at: base({ buffer: counts }), positions }])),
    feeds: feeds.map(({ wire }) => wire),
    program: {
      instructions,
      inputs: feeds.map(({ wire, view }) => port(view, wire.shape)),
      outputs: results.map((view, i) => port(view, outputs[i]!.shape)),
      bytes: start + bytes,
      scratch: Math.ceil(Math.max(0, ...instructions.map(scratchOf)) / 64) * 64,
    },
  }
}
