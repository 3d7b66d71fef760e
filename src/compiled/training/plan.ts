/**
 * A drawn network as a plan: calls of kernels, forward and then backward, over places in one linear memory.
 *
 * Values lie by sample and channels last, `[B, T, positions, channels]`: currents as float32, spikes as bytes. Each node is
 * planned forward in the order of the graph; then, in the opposite order, back.
 * @module
 */
import type { Reals } from '../../core/tensor.js'
import { type CurrentValue, inputsOf, type Node, type Value } from '../../interpreters/graph.js'
import { PAIRS_END } from '../machine/pairs.js'
import type { Stage } from '../machine/stages.js'
import {
  type Access,
  type Builder,
  building,
  currentBytes,
  type Found,
  type Inner,
  inOrder,
  type Keeping,
} from './builder.js'
import { isPassing, planNode } from './nodes.js'
import { channelsLast, stepsFirst, stepsLast } from './pack.js'
import { drafted, type Lasting, settled } from './regions.js'
import { givenOf, type Mode, nodesOf } from './runs.js'
import type { Back } from './values.js'

/** A step of training, planned. */
export interface Plan {
  readonly forward: readonly Stage[]
  readonly backward: readonly Stage[]
  readonly samples: number
  /** Bytes of memory for all, and behind them, for each member, local memory and scratch memory. */
  readonly bytes: number
  readonly local: number
  readonly scratch: number
  /** Writes the parameters and the given frames. */
  readonly prepare: Access<void>
  readonly logits: Access<Float32Array>
  readonly statistics: Access<Found>
  /** Writes the cotangent of the logits. */
  readonly judge: (cotangent: Reals) => Access<void>
  readonly learnt: Access<Found>
}

const all =
  (reads: readonly Access<Found>[]): Access<Found> =>
  (bytes, run) =>
    reads.flatMap((read) => read(bytes, run))

/** For each node the one value by which all after it depend on all before and on itself, or null where there are more. */
const bordersOf = (nodes: readonly Node[]): readonly (Value | null)[] => {
  const last = new Map<Value, number>()
  for (const [i, node] of nodes.entries()) for (const value of inputsOf(node)) last.set(value, i)
  return nodes.map((_, i) => {
    const needed = nodes.slice(0, i + 1).flatMap(({ outputs }) => outputs.filter((value) => last.get(value)! > i))
    return needed.length === 1 ? needed[0]! : null
  })
}

/**
 * Plans all nodes forward, and at each border forgets what lies between it and the one before, unless all is kept; gives the
 * way back, node by node. A border is a value that is held, or that its node makes of what it holds.
 */
const forwardOver = (
  b: Builder,
  nodes: readonly Node[],
  keeping: Keeping,
  plan: (node: Node) => Back,
): readonly Back[] => {
  const borders = keeping === 'all' ? [] : bordersOf(nodes)
  let inside: readonly Inner[] = []
  return nodes.map((node, i) => {
    const back = plan(node)
    const own = b.newlyHeld()
    const border = borders[i] ?? null
    if (border === null || own.length === 0) inside = [...inside, ...own]
    else {
      const rest = own.includes(border) ? own.filter((value) => value !== border) : []
      for (const value of [...inside, ...rest]) b.forget(value)
      inside = []
    }
    return () => {
      back()
      own.forEach(b.forget)
    }
  })
}

/** Plans a step in regions of a memory. */
const planIn = (logits: CurrentValue, mode: Mode, keeping: Keeping, regions: Lasting): Omit<Plan, 'bytes'> => {
  const nodes = nodesOf(logits)
  const reading = new Map<Value, Node[]>()
  for (const node of nodes)
    for (const value of inputsOf(node)) reading.set(value, [...(reading.get(value) ?? []), node])
  const readers = (value: Value): readonly Node[] => reading.get(value) ?? []
  const { builder: b, planned } = building(regions, keeping, (value) => isPassing(value, readers))
  const image = givenOf(nodes)
  const [T, samples, channels, height, width] = image.shape as readonly [number, number, number, number, number]
  const pixels = b.keep(currentBytes(image.shape))
  b.stored(image, inOrder(pixels, image))
  b.before(({ floats }, { frames }) => {
    if (frames !== null) channelsLast(frames, [T, samples, channels, height * width], floats(pixels, frames.length))
  })
  const backs = forwardOver(b, nodes, keeping, (node) => planNode(b, mode, node, readers))
  const place = b.placeOf(logits).at as number
  const forward = planned().stages.length
  const cotangent: { at: number } = { at: 0 }
  b.receive(logits, (to) => {
    cotangent.at = to as number
  })
  for (const back of [...backs].reverse()) back()
  const { ahead, stages, scratch, local, before, statistics, learnt } = planned()
  const [steps, , classes] = logits.shape as readonly [number, number, number]
  const size = steps * samples * classes
  return {
    ...{ forward: [{ kind: 'whole', calls: ahead }, ...stages.slice(0, forward)], backward: stages.slice(forward) },
    ...{ samples, local, scratch },
    prepare: (memory, run) => {
      for (const write of before) write(memory, run)
    },
    logits: ({ floats }) => stepsFirst(floats(place, size), [steps, samples, classes]),
    statistics: all(statistics),
    judge:
      (values) =>
      ({ floats }) => {
        stepsLast(values, [steps, samples, classes], floats(cotangent.at, size))
      },
    learnt: all(learnt),
  }
}

/**
 * Plans a step of training: the logits of frames that are bound at each run, and back. It is planned twice, for where
 * something lies best depends on all that comes after it.
 */
export const planOf = (logits: CurrentValue, mode: Mode, keeping: Keeping): Plan => {
  const spans = drafted((regions) => planIn(logits, mode, keeping, regions))
  const { regions, end } = settled(PAIRS_END, spans)
  return { ...planIn(logits, mode, keeping, regions), bytes: end }
}
