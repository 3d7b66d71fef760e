/** The `wasm` interpreter's wires on a team of threads, for who wants to see more of a run than its logits. @module */
import type { Currents, Spikes, Tensor } from '../../core/tensor.js'
import {
  type CurrentWire,
  givenCurrents,
  givenSpikes,
  type SpikeWire,
  type Wire,
  wiring,
} from '../../interpreters/graph.js'
import { pool } from '../compiler/allocate.js'
import { assemble } from '../compiler/lower.js'
import type { WireInterpreter } from '../interpreter.js'
import { readView, writeView } from '../machine/layout.js'
import { writeConstants } from '../machine/memory.js'
import { FIRST_FREE } from '../machine/program.js'
import { binary, grow, MOST_PAGES, primitivesOver } from './instance.js'
import { runTogether } from './team.js'
import { startThreads } from './threads.js'

/** Wires that threads compute together; a wire is read once it is computed, or given. */
export interface ThreadedWires extends Omit<WireInterpreter, 'force'> {
  /** Computes wires together, in one program. One call at a time. */
  readonly force: (wires: readonly Wire[]) => Promise<void>
}

/** The team learns each program in the place of the last. */
const CURRENT = 0

/**
 * The WebAssembly interpreter on `count` threads, which keep no process alive. The bits are those of {@link wasm}.
 * Rejects where the engine refuses threads or shared memory.
 *
 * @example
 * const { kernels, fromCurrents, currents, force } = await threadedWires(2)
 * const logits = forward(network(kernels)(parameters))(4)(fromCurrents(image))
 * await force([logits])
 * currents(logits).shape // => [4, 1, 10]
 */
export const threadedWires = async (count: number): Promise<ThreadedWires> => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })
  const module = new WebAssembly.Module(binary(true))
  const P = primitivesOver(module, memory)
  const team = await startThreads(count)
  team.forEach((thread, member) => {
    thread.send({ kind: 'join', module, memory, member, members: count })
  })
  const constants = pool(FIRST_FREE)
  const values = new WeakMap<Wire, Tensor>()
  const atHand = (wire: Wire): Tensor | undefined =>
    (wire.from.op === 'given' ? wire.from.value : null) ?? values.get(wire)
  const force = async (wires: readonly Wire[]): Promise<void> => {
    const wanted = wires.filter((wire) => atHand(wire) === undefined)
    if (wanted.length === 0) return
    const { program, feeds } = assemble(wanted, constants, count, (wire) => values.has(wire))
    const { steps, bytes, scratch } = program
    grow(memory, bytes + count * scratch)
    writeConstants(P.bytes(), constants)
    program.inputs.forEach(({ view, base }, i) => {
      writeView(P.bytes(), view, base, atHand(feeds[i]!)!.data)
    })
    for (const thread of team) thread.send({ kind: 'learn', id: CURRENT, program: { steps, bytes, scratch } })
    await runTogether(team, CURRENT, { program })
    program.outputs.forEach(({ view, base, shape }, i) => {
      values.set(wanted[i]!, { shape, data: readView(P.bytes(), view, base) })
    })
  }
  const read = (wire: Wire): Tensor => {
    const value = atHand(wire)
    if (value === undefined) throw new Error('a wire was read before it was computed')
    return value
  }
  return {
    kernels: wiring,
    fromSpikes: givenSpikes,
    fromCurrents: (value) => givenCurrents(value.shape, value),
    force,
    spikes: (wire: SpikeWire) => read(wire) as Spikes,
    currents: (wire: CurrentWire) => read(wire) as Currents,
  }
}
