/**
 * Interpreters whose values are written down first and computed together, as fused event-driven instructions in float32.
 *
 * Bit-identical to `reference('float32')`: the same sums in the same order, every operation rounded once.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { describe, type Faults } from '../core/fault.js'
import type { Currents, Spikes, Tensor } from '../core/tensor.js'
import type { Timed, Timing } from '../core/timing.js'
import {
  type CurrentValue,
  drawing,
  givenCurrents,
  givenSpikes,
  type SpikeValue,
  type Value,
} from '../interpreters/graph.js'
import type { Interpreter } from '../interpreters/interpreter.js'
import { type Backend, INSTEAD, type Job } from './backend.js'
import { readView, writeView } from './machine/layout.js'
import { type Runner, runnerOn } from './runner.js'
import { typescriptBackend } from './typescript/backend.js'
import { wasmBackend } from './wasm/backend.js'
import { START_LIMIT, teamBackend } from './wasm/team.js'

/**
 * An interpreter whose carriers are values of a graph. On the calling thread one that is read is computed first, with
 * what it depends on; on threads it must have been.
 */
export interface LazyInterpreter<R extends Timing> extends Interpreter<SpikeValue, CurrentValue> {
  /** Computes values together, in one program; reading them is then free. */
  readonly compute: (values: readonly Value[]) => Timed<R, void>
}

/** What was computed is kept as long as its value in the graph is. */
type Computed = WeakMap<Value, Tensor>

const atHand = (computed: Computed, value: Value): Tensor | undefined =>
  (value.from.kind === 'given' ? value.from.tensor : null) ?? computed.get(value)

/** The job that computes what is missing of some values; null where nothing is. */
const missing = (runner: Runner, computed: Computed, values: readonly Value[]): Job<null> | null => {
  const wanted = values.filter((value) => atHand(computed, value) === undefined)
  if (wanted.length === 0) return null
  return runner.job({
    key: null,
    draw: () => wanted,
    outputs: () => wanted,
    known: (value) => computed.has(value),
    write: (P, { inputs }) => {
      for (const [value, { view, base }] of inputs) writeView(P.bytes(), view, base, atHand(computed, value)!.data)
      return Either.right(null)
    },
    read: (P, { outputs }) => {
      for (const [value, { view, base, shape }] of outputs)
        computed.set(value, { shape, data: readView(P.bytes(), view, base) })
      return Either.right(null)
    },
  })
}

/** An interpreter throws where a run does not fit: its kernels have no other way to say so. */
const orThrow = (outcome: Either.Either<Faults, null>): void => {
  if (Either.isLeft(outcome)) throw new RangeError(describe(outcome.left[0]))
}

const lazy = <R extends Timing>(
  compute: (values: readonly Value[]) => Timed<R, void>,
  read: (value: Value) => Tensor,
): LazyInterpreter<R> => ({
  kernels: drawing,
  fromSpikes: givenSpikes,
  fromCurrents: (currents) => givenCurrents(currents.shape, currents),
  toSpikes: (spikes) => read(spikes) as Spikes,
  toCurrents: (currents) => read(currents) as Currents,
  shapeOf: ({ shape }) => shape,
  compute,
})

/** The parameters of any network may come, so they go by themselves. */
const byThemselves = (_: string, parameters: unknown): unknown => parameters

/** An interpreter on a back end of the calling thread. */
const onThisThread = (backend: Backend<'value'>): LazyInterpreter<'value'> => {
  const runner = runnerOn(backend, byThemselves)
  const computed: Computed = new WeakMap()
  const compute = (values: readonly Value[]): void => {
    const job = missing(runner, computed, values)
    if (job !== null) orThrow(backend.perform(job, {}))
  }
  return lazy<'value'>(compute, (value) => {
    compute([value])
    return atHand(computed, value)!
  })
}

/** An interpreter on threads; calls wait for each other. */
const onThreads = (backend: Backend<'promise'>): LazyInterpreter<'promise'> => {
  const runner = runnerOn(backend, byThemselves)
  const computed: Computed = new WeakMap()
  const compute = async (values: readonly Value[]): Promise<void> => {
    const job = missing(runner, computed, values)
    if (job !== null) orThrow(await backend.perform(job, {}))
  }
  return lazy<'promise'>(compute, (value) => {
    const tensor = atHand(computed, value)
    if (tensor === undefined) throw new Error('a value was read before it was computed')
    return tensor
  })
}

/**
 * The interpreter in plain TypeScript.
 *
 * @example
 * const { kernels, fromCurrents, toCurrents } = fast()
 * const logits = toCurrents(forward(network(kernels)(parameters))(4)(fromCurrents(image)))
 * logits.shape // => [4, 1, 10]
 */
export const fast = (): LazyInterpreter<'value'> => onThisThread(typescriptBackend())

/** An interpreter of the calling thread, and why it is not what was asked for, in one sentence. */
export interface Noticed extends LazyInterpreter<'value'> {
  readonly notice: string | null
}

/**
 * The interpreter on WebAssembly SIMD; in plain TypeScript, with a notice, where the engine does not have it.
 *
 * @example
 * const { kernels, fromCurrents, toCurrents } = wasm()
 * const logits = toCurrents(forward(network(kernels)(parameters))(4)(fromCurrents(image)))
 * logits.shape // => [4, 1, 10]
 */
export const wasm = (): Noticed => {
  const backend = wasmBackend()
  return Either.isRight(backend)
    ? { ...onThisThread(backend.right), notice: null }
    : { ...fast(), notice: `${backend.left}; ${INSTEAD}` }
}

/** An interpreter on threads, which keep no process alive. */
export interface ThreadedInterpreter extends LazyInterpreter<'promise'> {
  /** Ends the threads. */
  readonly close: () => void
}

/**
 * The WebAssembly interpreter on so many threads, or why this engine has none. The bits are those of {@link wasm}.
 *
 * @example
 * const started = await threaded(2)() // Either<Faults, ThreadedInterpreter>
 * if (Either.isLeft(started)) throw new Error(describe(started.left[0]))
 * const { kernels, fromCurrents, toCurrents, compute, close } = started.right
 * const logits = forward(network(kernels)(parameters))(4)(fromCurrents(image))
 * await compute([logits])
 * toCurrents(logits).shape // => [4, 1, 10]
 * close()
 */
export const threaded =
  (count: number, startLimit: number = START_LIMIT): TaskEither<Faults, ThreadedInterpreter> =>
  async () => {
    const backend = await teamBackend(count, startLimit)
    return Either.isRight(backend)
      ? Either.right({ ...onThreads(backend.right), close: backend.right.close })
      : Either.left([{ _tag: 'Unavailable', what: backend.left, advice: 'run on one thread' }])
  }
