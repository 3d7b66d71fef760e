/**
 * Sessions: a network compiled once, run many times in one memory.
 *
 * A run writes its input, runs the steps and copies its outputs out; nothing it leaves in memory is ever read by the
 * next, so equal inputs give equal outputs, and a thousand runs take the memory of one.
 * @module
 */
import type { Currents, Shape, Tensor } from '../core/tensor.js'
import type { CurrentWire } from '../interpreters/graph.js'
import { type Pool, pool } from './compiler/allocate.js'
import { assemble } from './compiler/lower.js'
import { runSteps } from './execute/steps.js'
import { type Bytes, readView, type View, writeView } from './machine/layout.js'
import { type Memory, writeConstants } from './machine/memory.js'
import { FIRST_FREE, type Port, type Program } from './machine/program.js'

/** What is to be run: a still image held for `steps` steps, or frames, from rest or from where a chunk ended. */
export interface Request {
  readonly shape: Shape
  readonly steps: number
  readonly still: boolean
  readonly resume: boolean
  readonly keep: boolean
}

/** A network drawn for a request: its input, its logits, and the membranes before (where it resumes) and after. */
export interface Drawing {
  readonly input: CurrentWire
  readonly logits: CurrentWire
  readonly before: ReadonlyMap<string, CurrentWire>
  readonly after: ReadonlyMap<string, CurrentWire>
}

/**
 * The membranes of a network between two chunks, by neuron key: a plain value, in the channel-last layout of the memory
 * (see {@link Potential}), so that keeping and restoring them is one copy a layer.
 */
export type Potentials = ReadonlyMap<string, Potential>

/** One layer's membranes: the numbers, where they lie, and the shape `[B, ...]` they stand for. */
export interface Potential {
  readonly shape: Shape
  readonly view: View
  readonly data: Float32Array
}

/** One layer's membranes as a tensor. */
export const potentialTensor = ({ shape, view, data }: Potential): Currents => ({
  shape,
  data: readView({ f32: data } as Bytes, view, 0) as Float32Array,
})

/** A program with names for its ports. */
export interface Compiled {
  readonly program: Program
  readonly input: Port
  readonly logits: Port
  readonly before: ReadonlyMap<string, Port>
  readonly after: ReadonlyMap<string, Port>
}

/** The programs of one network, each compiled when first asked for. */
export interface Library {
  readonly compiled: (request: Request) => Compiled
  /** Writes the constants not yet written. */
  readonly writeConstants: (bytes: Bytes) => void
}

const keyOf = ({ shape, steps, still, resume, keep }: Request): string =>
  [shape.join('x'), steps, still, resume, keep].join(' ')

/** The programs of the network that `draw` draws. */
export const library = (draw: (request: Request) => Drawing, threads: number): Library => {
  const constants: Pool = pool(FIRST_FREE)
  const programs = new Map<string, Compiled>()
  const compile = (request: Request): Compiled => {
    const end = constants.end()
    const { input, logits, before, after } = draw(request)
    const { program, feeds } = assemble([logits, ...(request.keep ? after.values() : [])], constants, threads)
    // Constants that come late lie where other programs have values: those are compiled anew.
    if (constants.end() !== end) programs.clear()
    const fed = (wire: CurrentWire): Port => program.inputs[feeds.indexOf(wire)]!
    const [result, ...kept] = program.outputs
    return {
      program,
      input: fed(input),
      logits: result!,
      before: new Map([...before].map(([key, wire]) => [key, fed(wire)])),
      after: new Map([...after.keys()].flatMap((key, i) => (kept[i] === undefined ? [] : [[key, kept[i]]]))),
    }
  }
  return {
    compiled: (request) => {
      const key = keyOf(request)
      const known = programs.get(key) ?? compile(request)
      programs.set(key, known)
      return known
    },
    writeConstants: (bytes) => {
      writeConstants(bytes, constants)
    },
  }
}

const floats = (bytes: Bytes, { view, base }: Port): Float32Array =>
  bytes.f32.subarray(base / 4, (base + view.steps * view.stepStride) / 4)

/** Writes the input of a run and the membranes it resumes from. */
export const enter = (bytes: Bytes, { input, before }: Compiled, image: Tensor, state: Potentials | null): void => {
  writeView(bytes, input.view, input.base, image.data)
  for (const [key, port] of before) floats(bytes, port).set(state!.get(key)!.data)
}

/** Copies the outcome of a run out. */
export const leave = (bytes: Bytes, { logits, after }: Compiled): readonly [logits: Currents, state: Potentials] => [
  { shape: logits.shape, data: readView(bytes, logits.view, logits.base) as Float32Array },
  new Map(
    [...after].map(([key, port]) => [
      key,
      { shape: port.shape, view: { ...port.view, offset: 0 }, data: floats(bytes, port).slice() },
    ]),
  ),
]

/** Logits, and the membranes where they were asked for. */
export type Outcome = readonly [logits: Currents, state: Potentials]

/** Runs requests on the calling thread, in one memory that grows to the largest of them. */
export const engine = (
  memory: Memory,
  draw: (request: Request) => Drawing,
): ((request: Request, image: Tensor, state: Potentials | null) => Outcome) => {
  const { compiled, writeConstants: write } = library(draw, 1)
  return (request, image, state) => {
    const plan = compiled(request)
    const { bytes, scratch, steps } = plan.program
    const P = memory(bytes + scratch)
    write(P.bytes())
    enter(P.bytes(), plan, image, state)
    runSteps(P, steps, bytes)
    return leave(P.bytes(), plan)
  }
}
