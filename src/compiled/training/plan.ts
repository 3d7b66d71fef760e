/**
 * A drawn network as a plan: calls of kernels, forward and then backward, over places in one linear memory.
 *
 * Values lie channels last, `[T, B, positions, channels]`: currents as float32, spikes as bytes. Each node is planned
 * forward in the order of the graph; then, in the opposite order, back.
 * @module
 */
import type { Reals } from '../../core/tensor.js'
import { type CurrentValue, inputsOf, type Node, nodeOf, type Value } from '../../interpreters/graph.js'
import { BEGINNING } from '../machine/pairs.js'
import { type Access, building, type Call, currentBytes, type Found } from './builder.js'
import { type Mode, planNode } from './nodes.js'
import { channelsLast } from './pack.js'

/** A step of training, planned. */
export interface Plan {
  readonly forward: readonly Call[]
  readonly backward: readonly Call[]
  /** Bytes of memory, and behind them of each member's scratch memory. */
  readonly bytes: number
  readonly scratch: number
  /** Writes the parameters and the given frames. */
  readonly prepare: Access<void>
  readonly logits: Access<Float32Array>
  readonly statistics: Access<Found>
  /** Writes the cotangent of the logits. */
  readonly judge: (cotangent: Reals) => Access<void>
  readonly learnt: Access<Found>
}

/** All nodes that a value comes from, each after those of its inputs. */
const nodesOf = (result: Value): readonly Node[] => {
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
const givenOf = (nodes: readonly Node[]): CurrentValue => {
  const given = nodes.flatMap((node) => inputsOf(node)).find((value) => nodeOf(value) === null)
  if (given?.carries !== 'currents') throw new RangeError('a network is trained on given frames')
  return given
}

const all =
  (reads: readonly Access<Found>[]): Access<Found> =>
  (bytes) =>
    reads.flatMap((read) => read(bytes))

/** Plans a step of training: the logits of frames that are bound at each run, and back. */
export const planOf = (logits: CurrentValue, mode: Mode): Plan => {
  const { builder: b, planned } = building(BEGINNING)
  const nodes = nodesOf(logits)
  const image = givenOf(nodes)
  const [T, B, channels, height, width] = image.shape as readonly [number, number, number, number, number]
  const pixels = b.keep(currentBytes(image.shape))
  b.put(image, { at: pixels, step: currentBytes(image.shape) / T })
  const { from } = image
  if (from.kind === 'given' && from.tensor !== null) {
    const { data } = from.tensor
    b.before(({ floats }) => {
      channelsLast(data, channels, height * width, floats(pixels, T * B * channels * height * width))
    })
  }
  const backs = nodes.map((node) => planNode(b, mode, node))
  const forward = planned().calls.length
  const cotangent: { at: number } = { at: 0 }
  b.receive(logits, (to) => {
    cotangent.at = to
  })
  for (const back of backs.reverse()) back()
  const { calls, bytes, scratch, before, statistics, learnt } = planned()
  const size = currentBytes(logits.shape) / 4
  const place = b.placeOf(logits).at
  return {
    forward: calls.slice(0, forward),
    backward: calls.slice(forward),
    bytes,
    scratch,
    prepare: (memory) => {
      for (const write of before) write(memory)
    },
    logits: ({ floats }) => floats(place, size).slice(),
    statistics: all(statistics),
    judge:
      (values) =>
      ({ floats }) => {
        floats(cotangent.at, size).set(values)
      },
    learnt: all(learnt),
  }
}
