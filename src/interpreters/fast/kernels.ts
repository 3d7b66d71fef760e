/**
 * The `fast` interpreter: the network as fused event-driven steps in plain TypeScript, in float32.
 *
 * Bit-identical to `reference('float32')`: the same sums in the same order, every operation rounded once.
 * @module
 */
import type { Currents, Spikes, Tensor } from '../../core/tensor.js'
import type { Kernels } from '../../model/kernels.js'
import { type Pool, pool } from './arena.js'
import { type Assembled, assemble } from './assemble.js'
import { runSteps } from './execute.js'
import { bitTable } from './geometry.js'
import { type Bytes, readView, writeView } from './layout.js'
import { type Primitives, primitives } from './primitives.js'
import { BIT_TABLE, FIRST_FREE, type Program } from './program.js'
import { type CurrentWire, givenCurrents, givenSpikes, type SpikeWire, type Wire, wiring } from './wires.js'

/** An interpreter whose carriers are wires: its kernels, and the way between wires and tensors. */
export interface WireInterpreter {
  readonly kernels: Kernels<SpikeWire, CurrentWire>
  readonly fromSpikes: (spikes: Spikes) => SpikeWire
  readonly fromCurrents: (currents: Currents) => CurrentWire
  /** The value of a wire; what it depends on is computed first, once. */
  readonly spikes: (wire: SpikeWire) => Spikes
  readonly currents: (wire: CurrentWire) => Currents
}

/** Puts the table of set bits and the pool's new constants into memory. */
export const writeConstants = ({ u8, u16 }: Bytes, constants: Pool): void => {
  u16.set(bitTable(), BIT_TABLE / 2)
  for (const { at, data } of constants.fresh()) {
    const { buffer, byteOffset, byteLength } = data()
    u8.set(new Uint8Array(buffer, byteOffset, byteLength), at)
  }
}

/** Writes the inputs of a program. */
export const writeInputs = (bytes: Bytes, { inputs }: Program, values: readonly Tensor[]): void => {
  inputs.forEach(({ view, base }, i) => {
    writeView(bytes, view, base, values[i]!.data)
  })
}

/** Reads the outputs of a program into fresh tensors. */
export const readOutputs = (bytes: Bytes, { outputs }: Program): readonly Tensor<Float32Array | Uint8Array>[] =>
  outputs.map(({ view, base, shape }) => ({ shape, data: readView(bytes, view, base) }))

/** Runs a program with all its constants once, on primitives over a memory of at least the given size. */
const runOnce = (
  over: (bytes: number) => Primitives,
  { program }: Assembled,
  constants: Pool,
  values: readonly Tensor[],
): readonly Tensor<Float32Array | Uint8Array>[] => {
  const P = over(program.bytes + program.scratch)
  const bytes = P.bytes()
  writeConstants(bytes, constants)
  writeInputs(bytes, program, values)
  runSteps(P, program.steps, program.bytes)
  return readOutputs(bytes, program)
}

/** The interpreter over given primitives. A wire's value is remembered as long as the wire is. */
export const interpreterOver = (over: (bytes: number) => Primitives): WireInterpreter => {
  const values = new WeakMap<Wire, Tensor>()
  const atHand = (wire: Wire): Tensor | undefined =>
    (wire.from.op === 'given' ? wire.from.value : null) ?? values.get(wire)
  const evaluate = (wire: Wire): Tensor => {
    const known = atHand(wire)
    if (known !== undefined) return known
    const constants = pool(FIRST_FREE)
    const assembled = assemble([wire], constants, 1, (w) => values.has(w))
    const inputs = assembled.feeds.map((feed) => atHand(feed)!)
    const [value] = runOnce(over, assembled, constants, inputs)
    values.set(wire, value!)
    return value!
  }
  return {
    kernels: wiring,
    fromSpikes: givenSpikes,
    fromCurrents: (value) => givenCurrents(value.shape, value),
    spikes: (wire) => evaluate(wire) as Spikes,
    currents: (wire) => evaluate(wire) as Currents,
  }
}

/**
 * The fast interpreter.
 *
 * @example
 * const net = network(fast.kernels)(parameters)
 * const logits = fast.currents(forward(net)(4)(fast.fromCurrents(image))) // [4, B, classes]
 */
export const fast: WireInterpreter = interpreterOver((bytes) => primitives(new ArrayBuffer(Math.ceil(bytes / 64) * 64)))
