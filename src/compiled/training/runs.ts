/** Runs of a plan: each has a graph of its own, which differs from the one that was planned in numbers alone. @module */
import type { Reals } from '../../core/tensor.js'
import type { Slopes } from '../../interpreters/gradient/neuron.js'
import type { Training } from '../../interpreters/gradient/training.js'
import { type CurrentValue, inputsOf, type Node, nodeOf, type Value } from '../../interpreters/graph.js'

/** How a network is trained, beside its parameters. */
export interface Mode {
  readonly training: Training
  readonly reset: Slopes['reset']
}

/** A step of training as it is drawn. */
export interface Drawn {
  readonly logits: CurrentValue
  readonly mode: Mode
}

/** The numbers that a run is of. */
export interface Run {
  /** The node of the run's own graph in the place of one that was planned. */
  readonly node: <N extends Node>(planned: N) => N
  /** The frames that its graph is given, or null. */
  readonly frames: Reals | null
  readonly rates: Training['rates']
}

/** All nodes that a value comes from, each after those of its inputs. */
export const nodesOf = (result: Value): readonly Node[] => {
  const nodes = new Set<Node>()
  const visit = (value: Value): void => {
    const node = nodeOf(value)
    if (node === null || nodes.has(node)) return
    inputsOf(node).forEach(visit)
    nodes.add(node)
  }
  visit(result)
  return [...nodes]
}

/** What a graph is given: the frames that its stem embeds. */
export const givenOf = (nodes: readonly Node[]): CurrentValue => {
  const given = nodes.flatMap((node) => inputsOf(node)).find((value) => nodeOf(value) === null)
  if (given?.carries !== 'currents') throw new RangeError('a network is trained on given frames')
  return given
}

const framesOf = ({ from }: CurrentValue): Reals | null => (from.kind === 'given' ? (from.tensor?.data ?? null) : null)

/** All that a plan may read: values are told apart by where in the graph they are first met. */
const described = ({ logits, mode }: Drawn): unknown => {
  const met = new Map<Value | null, number>()
  const told = (value: Value | null): unknown => {
    if (!met.has(value)) met.set(value, met.size)
    return [met.get(value), value?.carries, value?.shape, value?.from.kind === 'given' ? value.from.tensor : null]
  }
  const nodes = nodesOf(logits).map(({ operation, path, parameters, inputs, outputs }) => [
    ...[operation, path, parameters, inputs.map(told), outputs.map(told)],
  ])
  return [nodes, told(logits), { ...mode, training: { ...mode.training, rates: null } }]
}

/** Whether values are the same but for the numbers in typed arrays of one length. */
const alike = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && (a as Reals).length === (b as Reals).length
  // What is not plain may have more in it than its keys say.
  const prototype: unknown = Object.getPrototypeOf(a)
  if (prototype !== Object.getPrototypeOf(b) || (prototype !== Object.prototype && !Array.isArray(a))) return false
  const [own, others] = [Object.entries(a), new Map(Object.entries(b))]
  return own.length === others.size && own.every(([key, value]) => others.has(key) && alike(value, others.get(key)))
}

/** A run of what was planned with the numbers of what is drawn now, or null where these differ in more than numbers. */
export const runOf = (planned: Drawn, now: Drawn): Run | null => {
  if (!alike(described(planned), described(now))) return null
  const nodes = nodesOf(now.logits)
  const places = new Map(nodesOf(planned.logits).map((node, i) => [node, i]))
  return {
    node: <N extends Node>(node: N) => nodes[places.get(node)!] as N,
    frames: framesOf(givenOf(nodes)),
    rates: now.mode.training.rates,
  }
}
