/** The ledger of a fused run: the cost of every operation of a graph, from the spikes that were counted in memory. @module */

import type { Shape } from '../core/tensor.js'
import { type Cost, costOf, type Tally } from '../interpreters/cost.js'
import { inputsOf, type Node, nodeOf, type Value } from '../interpreters/graph.js'
import { translateCall } from '../model/operation.js'
import type { Bytes } from './machine/layout.js'
import type { Tallied } from './machine/program.js'

/** The costs of a run by path, from what it counted: in the memory, at the places of each neuron's counts. */
export type Costing = (bytes: Bytes, tallies: ReadonlyMap<Value, Tallied>) => ReadonlyMap<string, Cost>

/** All nodes that an output depends on, each after those it reads. */
const inOrder = (output: Value): readonly Node[] => {
  const seen = new Set<Node>()
  const order: Node[] = []
  const visit = (value: Value): void => {
    const node = nodeOf(value)
    if (node === null || seen.has(node)) return
    seen.add(node)
    inputsOf(node).forEach(visit)
    order.push(node)
  }
  visit(output)
  return order
}

const shapeOf = ({ shape }: Value): Shape => shape

/** How the costs of a graph are computed once it has run: everything but the counts is known before. */
export const costing = (output: Value): Costing => {
  const nodes = inOrder(output)
  return ({ i32 }, tallies) => {
    const tally = (spikes: Value): Tally => {
      const { at, positions } = tallies.get(spikes)!
      return { shape: spikes.shape, counts: i32.subarray(at / 4, at / 4 + positions) }
    }
    const by = { spikes: tally, currents: shapeOf, membrane: shapeOf }
    return new Map(nodes.map((node) => [node.path, costOf(translateCall(node, by))]))
  }
}
