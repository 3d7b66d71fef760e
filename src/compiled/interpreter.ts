/**
 * The `fast` interpreter: the network as fused event-driven steps in plain TypeScript, in float32.
 *
 * Bit-identical to `reference('float32')`: the same sums in the same order, every operation rounded once.
 * @module
 */
import type { Currents, Spikes, Tensor } from '../core/tensor.js'
import {
  type CurrentWire,
  givenCurrents,
  givenSpikes,
  type SpikeWire,
  type Wire,
  wiring,
} from '../interpreters/graph.js'
import type { Kernels } from '../model/kernels.js'
import { pool } from './compiler/allocate.js'
import { assemble } from './compiler/lower.js'
import { runSteps } from './execute/steps.js'
import { readView, writeView } from './machine/layout.js'
import { arrayMemory, type Memory, writeConstants } from './machine/memory.js'
import { FIRST_FREE } from './machine/program.js'

/** An interpreter whose carriers are wires: its kernels, and the way between wires and tensors. */
export interface WireInterpreter {
  readonly kernels: Kernels<SpikeWire, CurrentWire>
  readonly fromSpikes: (spikes: Spikes) => SpikeWire
  readonly fromCurrents: (currents: Currents) => CurrentWire
  /** Computes wires together, in one program; reading them is then free. */
  readonly force: (wires: readonly Wire[]) => void
  /** The value of a wire; what it depends on is computed first, once. */
  readonly spikes: (wire: SpikeWire) => Spikes
  readonly currents: (wire: CurrentWire) => Currents
}

/** Constants are forgotten, with the parameters they were packed from, when they take more than this. */
const MOST_CONSTANT_BYTES = 2 ** 29

/** The interpreter in a memory. A wire's value is remembered as long as the wire is. */
export const interpreterIn = (memory: Memory): WireInterpreter => {
  const values = new WeakMap<Wire, Tensor>()
  let constants = pool(FIRST_FREE)
  const atHand = (wire: Wire): Tensor | undefined =>
    (wire.from.op === 'given' ? wire.from.value : null) ?? values.get(wire)
  const force = (wires: readonly Wire[]): void => {
    const wanted = wires.filter((wire) => atHand(wire) === undefined)
    if (wanted.length === 0) return
    if (constants.end() > MOST_CONSTANT_BYTES) constants = pool(FIRST_FREE)
    const { program, feeds } = assemble(wanted, constants, 1, (wire) => values.has(wire))
    const P = memory(program.bytes + program.scratch)
    const bytes = P.bytes()
    writeConstants(bytes, constants)
    program.inputs.forEach(({ view, base }, i) => {
      writeView(bytes, view, base, atHand(feeds[i]!)!.data)
    })
    runSteps(P, program.steps, program.bytes)
    program.outputs.forEach(({ view, base, shape }, i) => {
      values.set(wanted[i]!, { shape, data: readView(bytes, view, base) })
    })
  }
  const valueAt = (wire: Wire): Tensor => {
    force([wire])
    return atHand(wire)!
  }
  return {
    kernels: wiring,
    fromSpikes: givenSpikes,
    fromCurrents: (value) => givenCurrents(value.shape, value),
    force,
    spikes: (wire) => valueAt(wire) as Spikes,
    currents: (wire) => valueAt(wire) as Currents,
  }
}

/**
 * The fast interpreter.
 *
 * @example
 * const { kernels, fromCurrents, currents } = fast()
 * const logits = currents(forward(network(kernels)(parameters))(4)(fromCurrents(image)))
 * logits.shape // => [4, 1, 10]
 */
export const fast = (): WireInterpreter => interpreterIn(arrayMemory())

/**
 * An interpreter's operations over plain tensors, computed one by one: for who wants to see every value, such as the
 * laws, the ledger and the trace. Nothing is fused, so it is slower than reading the logits alone.
 */
export const tensorKernels = ({
  kernels: K,
  fromSpikes,
  fromCurrents,
  spikes,
  currents,
  force,
}: WireInterpreter): Kernels<Spikes, Currents> => {
  const read =
    (run: (x: CurrentWire) => CurrentWire): ((x: Currents) => Currents) =>
    (x) =>
      currents(run(fromCurrents(x)))
  const kernels: Kernels<Spikes, Currents> = {
    stem: (p) => read(K.stem(p)),
    hold: (steps) => read(K.hold(steps)),
    fire: (p) => {
      const run = K.fire(p)
      return (x) => (membranes) => {
        const before = membranes.get(p.key)
        const [out, after] = run(fromCurrents(x))(new Map(before === undefined ? [] : [[p.key, fromCurrents(before)]]))
        const membrane = after.get(p.key)!
        force([out, membrane])
        return [spikes(out), new Map(membranes).set(p.key, currents(membrane))]
      }
    },
    synapse: (p) => {
      const run = K.synapse(p)
      return (x) => currents(run(fromSpikes(x)))
    },
    splitHeads: (heads) => (y) => {
      const [first, last] = K.splitHeads(heads)(fromCurrents(y))
      return [currents(first), currents(last)]
    },
    dstT: (scale) => (y, x) => currents(K.dstT(scale)(fromCurrents(y), fromSpikes(x))),
    dst: (scale) => (y, x) => currents(K.dst(scale)(fromCurrents(y), fromSpikes(x))),
    mergeHeads: (size) => read(K.mergeHeads(size)),
    add: (a, b) => currents(K.add(fromCurrents(a), fromCurrents(b))),
    meanPool: read(K.meanPool),
    classify: (weight) => read(K.classify(weight)),
    scope: () => kernels,
  }
  return kernels
}
