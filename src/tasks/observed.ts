/** Running a network under observation, chunk by chunk: its logits, its ledger and its trace. @module */
import { type Currents, stretch } from '../core/tensor.js'
import type { NetworkInput } from '../input/batch.js'
import type { Cost } from '../interpreters/cost.js'
import type { Interpreter } from '../interpreters/interpreter.js'
import type { Membranes } from '../model/kernels.js'
import { network } from '../model/network.js'
import type { Call } from '../model/operation.js'
import type { NetworkParameters } from '../model/parameters.js'
import { costOfCall } from '../observers/ledger.js'
import { type Notes, type Observed, observe, unobserved } from '../observers/observe.js'
import { progress } from '../observers/progress.js'
import { type Line, lineOf } from '../observers/trace.js'

/** What is wanted of an observed run. */
export interface ObservedOptions {
  /** The most steps computed together: the memory is that of a chunk, and any chunking gives the same bits. */
  readonly chunk: number
  /** Whether to keep what an operation gives. */
  readonly keep: (operation: Line['operation']) => boolean
  /** Hears the path of each operation that is done, and how many steps the chunk has. */
  readonly tick: (path: string, steps: number) => void
}

/** A chunk of a run: logits `[T, B, classes]`, and the cost and, where kept, the outputs of every operation by path. */
export interface Chunk {
  readonly logits: Currents
  readonly costs: Notes<Cost>
  readonly lines: Notes<Line>
  /** The membranes it ends with, by the neurons' keys in the order they fire; read before the next chunk is asked for. */
  readonly membranes: () => ReadonlyMap<string, Currents>
}

interface Noted {
  readonly cost: Cost
  readonly line: Line | null
}

const mapped = <A, B>(notes: Notes<A>, f: (a: A) => B | null): Notes<B> =>
  new Map(
    [...notes].flatMap(([path, note]): [string, B][] => {
      const value = f(note)
      return value === null ? [] : [[path, value]]
    }),
  )

/**
 * Runs inputs from rest under observation, chunk by chunk as they are asked for. A still image is held for the
 * configuration's steps, its stem runs once; frames are one a step.
 *
 * An interpreter that computes each value as it is made is asked for the notes at once, so that nothing else is kept;
 * one that only writes values down is asked once the chunk is computed, all of it together.
 *
 * @example
 * const I = tensorInterpreter(reference('float64'))
 * const run = observed(I, parameters, { chunk: 1, keep: () => false, tick: () => {} })
 * const shapes: (readonly number[])[] = []
 * for await (const { logits } of run({ kind: 'still', tensor: image })) shapes.push(logits.shape)
 * shapes // => [[1, 1, 10], [1, 1, 10], [1, 1, 10], [1, 1, 10]]
 */
export const observed = <S, C>(
  I: Interpreter<S, C>,
  parameters: NetworkParameters,
  { chunk, keep, tick }: ObservedOptions,
): ((input: NetworkInput) => AsyncIterable<Chunk>) => {
  type Value = Observed<C, () => Noted>
  const { compute } = I
  let steps = 0
  let awaited: (S | C)[] = []
  const note = (call: Call<S, C>): (() => Noted) => {
    const kept = keep(call.operation)
    const read = (): Noted => ({ cost: costOfCall(I)(call), line: kept ? lineOf(I)(call) : null })
    if (compute === null) {
      const now = read()
      return () => now
    }
    if (call.operation === 'fire') awaited.push(call.outputs[0])
    else if (kept) awaited.push(...call.outputs)
    return read
  }
  const heard = progress((path) => compute === null && tick(path, steps))
  const net = network(observe(note)(heard(I.kernels)))(parameters)

  return async function* ({ kind, tensor: frames }) {
    const all = kind === 'still' ? parameters.config.steps : frames.shape[0]!
    let membranes: Membranes<Value> = new Map()
    let image: C | null = null
    for (let t = 0; t < all; t += chunk) {
      steps = Math.min(chunk, all - t)
      awaited = []
      const embed = (frame: Currents): Value => net.embed(unobserved(I.fromCurrents(frame)))
      const embedded: Value =
        kind === 'frames' ? embed(stretch(frames, t, steps)) : image === null ? embed(frames) : unobserved(image)
      const [response, next] = net.respond(kind === 'still' ? net.hold(steps)(embedded) : embedded)(membranes)
      if (compute !== null) {
        await compute([response.value, embedded.value, ...awaited, ...[...next.values()].map(({ value }) => value)])
        for (const path of response.notes.keys()) tick(path, steps)
      }
      image = embedded.value
      membranes = next
      const notes = mapped(response.notes, (read) => read())
      yield {
        logits: I.toCurrents(response.value),
        costs: mapped(notes, ({ cost }) => cost),
        lines: mapped(notes, ({ line }) => line),
        membranes: () => mapped(next, ({ value }) => I.toCurrents(value)),
      }
    }
  }
}
