/** What a network is asked to run: its graph, and the job that runs it, in chunks where the steps are many. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { unlessFaulty } from '../core/fault.js'
import { type Currents, type Reals, stretch, type Tensor, tensor } from '../core/tensor.js'
import { type Costs, together } from '../interpreters/cost.js'
import { type CurrentValue, drawing, givenCurrents, nodeOf } from '../interpreters/graph.js'
import type { Membranes } from '../model/kernels.js'
import { network } from '../model/network.js'
import type { NetworkParameters } from '../model/parameters.js'
import type { Job } from './backend.js'
import { type Costing, costing } from './ledger.js'
import { readView, writeView } from './machine/layout.js'
import { notFinite, type Potentials, potentialOf, rest, resume } from './potentials.js'
import type { Runner, Task } from './runner.js'

/** The most steps run together. */
export const CHUNK = 32

/** What of a network is run at once: all of it on a held image or on frames, or the stem alone, or all behind it. */
type Part = 'still' | 'frames' | 'embed' | 'held'

export interface Request {
  readonly part: Part
  readonly steps: number
  readonly batch: number
  readonly resume: boolean
  readonly keep: boolean
  readonly tallied: boolean
}

/** The graph of a request: its input, what it gives, and the membranes before (where it resumes) and after. */
export interface Graph {
  readonly input: CurrentValue
  readonly output: CurrentValue
  readonly before: ReadonlyMap<string, CurrentValue>
  readonly after: ReadonlyMap<string, CurrentValue>
  readonly costing: Costing
}

/** Draws a network for requests. */
export const graphsOf = (parameters: NetworkParameters): ((request: Request) => Graph) => {
  const { embed, hold, respond } = network(drawing)(parameters)
  const { channels, image } = parameters.config
  const frame = (steps: number, batch: number) =>
    givenCurrents([steps, batch, channels, image.height, image.width], null)
  return ({ part, steps, batch, resume }) => {
    const drawn = (input: CurrentValue, current: CurrentValue): Graph => {
      const before: Membranes<CurrentValue> = resume
        ? new Map([...respond(current)(rest)[1]].map(([key, { shape }]) => [key, givenCurrents(shape, null)]))
        : rest
      const [output, after] = respond(current)(before)
      return { input, output, before, after, costing: costing(output) }
    }
    switch (part) {
      case 'still': {
        const input = frame(1, batch)
        return drawn(input, hold(steps)(embed(input)))
      }
      case 'frames': {
        const input = frame(steps, batch)
        return drawn(input, embed(input))
      }
      case 'embed': {
        const input = frame(1, batch)
        const output = embed(input)
        return { input, output, before: rest, after: rest, costing: costing(output) }
      }
      case 'held': {
        const input = givenCurrents(embed(frame(1, batch)).shape, null)
        return drawn(input, hold(steps)(input))
      }
    }
  }
}

/** What a run gave. */
export interface Outcome {
  readonly output: Currents
  readonly state: Potentials
  readonly costs: Costs
}

/** The task of a request on an input, from membranes. */
const taskOf = (
  draw: (request: Request) => Graph,
  request: Request,
  input: Tensor<Reals>,
  state: Potentials,
): Task<Graph, Outcome> => ({
  key: Object.values(request).join(' '),
  draw: () => draw(request),
  outputs: ({ output, after }) => [output, ...(request.keep ? after.values() : [])],
  tallied: request.tallied,
  write: (P, { graph, inputs }) => {
    const port = inputs.get(graph.input)!
    writeView(P.bytes(), port.view, port.base, input.data)
    const ports = new Map([...graph.before].map(([key, value]) => [key, inputs.get(value)!]))
    // A number of float64 may be too large for float32.
    const faults = notFinite(P, 'the input, in float32', port)
    return request.resume ? resume(P, ports, state, faults) : unlessFaulty(faults, () => null)
  },
  read: (P, { graph, outputs, tallies }) => {
    const bytes = P.bytes()
    const port = outputs.get(graph.output)!
    const kept = request.keep ? [...graph.after].map(([key, value]) => [key, outputs.get(value)!] as const) : []
    const faults = [[nodeOf(graph.output)!.path, port] as const, ...kept].flatMap(([path, of]) =>
      notFinite(P, path, of),
    )
    return unlessFaulty(faults, () => ({
      output: { shape: port.shape, data: readView(bytes, port.view, port.base) as Float32Array },
      state: new Map(kept.map(([key, of]) => [key, potentialOf(bytes, of)])),
      costs: request.tallied ? graph.costing(bytes, tallies) : rest,
    }))
  },
})

const joined = (parts: readonly Currents[]): Currents => {
  const [first] = parts as readonly [Currents, ...Currents[]]
  if (parts.length === 1) return first
  const data = new Float32Array(parts.reduce((sum, { data: { length } }) => sum + length, 0))
  parts.reduce((at, { data: own }) => {
    data.set(own, at)
    return at + own.length
  }, 0)
  return tensor([parts.reduce((steps, { shape }) => steps + shape[0]!, 0), ...first.shape.slice(1)], data)
}

/** What is run of an input, and what is wanted of it. */
export interface Asked {
  readonly part: 'still' | 'frames'
  readonly input: Tensor<Reals>
  readonly steps: number
  readonly state: Potentials
  readonly keep: boolean
  readonly tallied: boolean
}

/** The job of a run: in one program, or where the steps are many in chunks, of which the stem of a still image is one. */
export const jobOf =
  (runner: Runner, draw: (request: Request) => Graph, hear: (steps: number) => void) =>
  ({ part: whole, input, steps, state, keep, tallied }: Asked): Job<Outcome> => {
    const batch = input.shape[1]!
    const run = (request: Omit<Request, 'batch' | 'tallied'>, of: Tensor<Reals>, from: Potentials): Job<Outcome> => {
      hear(request.steps)
      return runner.job(taskOf(draw, { ...request, batch, tallied }, of, from))
    }
    if (steps <= CHUNK) return run({ part: whole, steps, resume: state.size > 0, keep }, input, state)
    return (function* () {
      let held = input
      const logits: Currents[] = []
      let spent: Costs = rest
      let membranes = state
      if (whole === 'still') {
        const embedded = yield* run({ part: 'embed', steps: 1, resume: false, keep: false }, input, rest)
        if (Either.isLeft(embedded)) return embedded
        held = embedded.right.output
        spent = embedded.right.costs
      }
      for (let t = 0; t < steps; t += CHUNK) {
        const own = Math.min(CHUNK, steps - t)
        const request = { part: whole === 'still' ? 'held' : whole, steps: own, resume: membranes.size > 0 } as const
        const last = t + own === steps
        const outcome = yield* run(
          { ...request, keep: keep || !last },
          whole === 'still' ? held : stretch(input, t, own),
          membranes,
        )
        if (Either.isLeft(outcome)) return outcome
        logits.push(outcome.right.output)
        spent = together(spent, outcome.right.costs)
        membranes = outcome.right.state
      }
      return Either.right({ output: joined(logits), state: membranes, costs: spent })
    })()
  }

/** A copy of what a run is asked, for when the caller may write to its own before the run reads it. */
export const copied = (asked: Asked): Asked => ({
  ...asked,
  input: tensor(asked.input.shape, asked.input.data.slice()),
  state: new Map([...asked.state].map(([key, potential]) => [key, { ...potential, data: potential.data.slice() }])),
})
