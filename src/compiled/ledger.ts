/** The ledger of a fused run: the cost of every operation of a graph, from the spikes that were counted in memory. @module */

import type { Shape } from '../core/tensor.js'
import { type Cost, costOf, type Tally } from '../interpreters/cost.js'
import { type SpikeWire, sources, type Wire } from '../interpreters/graph.js'
import type { Call } from '../model/operation.js'
import type { Bytes } from './machine/layout.js'
import type { Tallied } from './machine/program.js'

/** The costs of a run by path, from what it counted: in the memory, at the places of each neuron's counts. */
export type Costing = (bytes: Bytes, tallies: ReadonlyMap<Wire, Tallied>) => ReadonlyMap<string, Cost>

/** All nodes that an output depends on, each after its sources. */
const inOrder = (output: Wire): readonly Wire[] => {
  const seen = new Set<Wire>()
  const order: Wire[] = []
  const pending: (readonly [Wire, boolean])[] = [[output, false]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [wire, done] = next
    if (done) order.push(wire)
    else if (!seen.has(wire)) {
      seen.add(wire)
      pending.push(
        [wire, true],
        ...sources(wire)
          .map((source) => [source, false] as const)
          .reverse(),
      )
    }
  }
  return order
}

/** A node as the call that made it; null for those that are a part of another's call, or given. */
const callOf = (wire: Wire, tally: (spikes: SpikeWire) => Tally): Call<Tally, Shape> | null => {
  const { path, shape, from } = wire
  switch (from.op) {
    case 'given':
    case 'membrane':
      return null
    case 'stem': {
      // With a pool, the pool's node is the end of the call.
      const { parameters, x } = from
      return parameters.pool === null
        ? { operation: 'stem', path, parameters, inputs: [x.shape], outputs: [shape] }
        : null
    }
    case 'pool': {
      const stem = from.x.from
      return stem.op === 'stem'
        ? { operation: 'stem', path, parameters: stem.parameters, inputs: [stem.x.shape], outputs: [shape] }
        : null
    }
    case 'hold':
      return { operation: 'hold', path, parameters: shape[0]!, inputs: [from.x.shape], outputs: [shape] }
    case 'fire': {
      const [spikes, membrane] = [tally(wire as SpikeWire), shape.slice(1)]
      const inputs = [from.x.shape, from.membrane?.shape ?? null] as const
      return { operation: 'fire', path, parameters: from.neuron, inputs, outputs: [spikes, membrane] }
    }
    case 'synapse':
      return { operation: 'synapse', path, parameters: from.parameters, inputs: [tally(from.x)], outputs: [shape] }
    case 'half':
      return { operation: 'splitHeads', path, parameters: from.heads, inputs: [from.x.shape], outputs: [shape, shape] }
    case 'dstT':
    case 'dst': {
      const inputs = [from.y.shape, tally(from.x)] as const
      return { operation: from.op, path, parameters: from.scale, inputs, outputs: [shape] }
    }
    case 'merge': {
      const [height, width] = shape.slice(3) as [number, number]
      return { operation: 'mergeHeads', path, parameters: { height, width }, inputs: [from.x.shape], outputs: [shape] }
    }
    case 'add':
      return { operation: 'add', path, parameters: null, inputs: [from.a.shape, from.b.shape], outputs: [shape] }
    case 'meanPool':
      return { operation: 'meanPool', path, parameters: null, inputs: [from.x.shape], outputs: [shape] }
    case 'classify':
      return { operation: 'classify', path, parameters: from.weight, inputs: [from.x.shape], outputs: [shape] }
  }
}

/** How the costs of a graph are computed once it has run: everything but the counts is known before. */
export const costing = (output: Wire): Costing => {
  const wires = inOrder(output)
  return ({ i32 }, tallies) => {
    const tally = (spikes: SpikeWire): Tally => {
      const { at, positions } = tallies.get(spikes)!
      return { shape: spikes.shape, counts: i32.subarray(at / 4, at / 4 + positions) }
    }
    return new Map(
      wires.flatMap((wire): readonly (readonly [string, Cost])[] => {
        const call = callOf(wire, tally)
        return call === null ? [] : [[wire.path, costOf(call)]]
      }),
    )
  }
}
