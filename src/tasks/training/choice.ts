/** What training runs on. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { wasm } from '../../compiled/interpreter.js'
import { memoryText, type TrainingTeam, threadedTrainer, wasmTrainer } from '../../compiled/training.js'
import { type Faults, refuse } from '../../core/fault.js'
import { asTheAuthors } from '../../interpreters/gradient/performed.js'
import type { CurrentValue, SpikeValue } from '../../interpreters/graph.js'
import { tensorInterpreter } from '../../interpreters/interpreter.js'
import { reference } from '../../interpreters/reference.js'
import type { Engine } from './epoch.js'
import { compiledTracing, tracing } from './step.js'

/** An engine, and how its threads are ended. */
export interface TrainingEngine extends Engine<SpikeValue, CurrentValue> {
  /** Why it does not run on as many threads as were asked for, in a sentence; null where it does. */
  readonly notice: string | null
  /** What memory the last step took, in a sentence; null where it was not counted. */
  readonly memory: () => string | null
  /** Ends the threads: steps yet to come are faults. They keep no process alive. */
  readonly close: () => void
}

/** An engine that refuses once it is closed. */
const closing = (engine: Omit<TrainingEngine, 'close' | 'notice'>, close: () => void): TrainingEngine => {
  const state = { closed: false }
  return {
    ...engine,
    notice: null,
    trace: (...given) =>
      state.closed
        ? Either.left([{ _tag: 'Unavailable', what: 'the engine was closed', advice: 'make another' }])
        : engine.trace(...given),
    close: () => {
      state.closed = true
      close()
    },
  }
}

const over = ({ trainer, memory, close }: TrainingTeam): TrainingEngine =>
  closing(
    {
      trace: compiledTracing(trainer, 'detached'),
      interpreter: wasm(),
      memory: () => {
        const last = memory()
        return last === null ? null : memoryText(last)
      },
    },
    close,
  )

/** The readable reference. */
const readable = (): TrainingEngine =>
  closing(
    {
      trace: tracing(tensorInterpreter(reference('float32')), asTheAuthors('float32')),
      interpreter: wasm(),
      memory: () => null,
    },
    () => undefined,
  )

/** The compiled kernels on WebAssembly where the engine has it, else the readable reference: the bits are the same. */
const alone = (notice: string | null): TrainingEngine => ({
  ...pipe(wasmTrainer(), Either.match(readable, over)),
  notice,
})

/** As many threads as find work: a batch is summed in at most so many shares. */
export const MOST_THREADS = 8

/**
 * What trains on so many threads, the calling one among them: on WebAssembly where the engine has it, else on one thread by
 * the readable reference. The bits are those of one thread. Where threads cannot be had (a page that is not cross-origin
 * isolated), it is on one, with a notice. To be closed when it is not needed any more.
 *
 * Fails with `Input` where that is no number of threads from 1 to 8.
 *
 * @example
 * const engine = await trainingEngine(1)()
 * if (Either.isLeft(engine)) throw new Error(describe(engine.left[0]))
 * const accuracy = accuracyOf(engine.right.interpreter, variants.digits)
 * const data = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * accuracy(syntheticCheckpoint(variants.digits, 7), data)._tag // => 'Right'
 * engine.right.close()
 */
export const trainingEngine = (threads: number): TaskEither.TaskEither<Faults, TrainingEngine> => {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    return TaskEither.left(
      refuse(`${threads} is not a number of threads`, `give a whole number from 1 to ${MOST_THREADS}`),
    )
  if (threads === 1) return TaskEither.fromIO(() => alone(null))
  return pipe(
    () => threadedTrainer(threads),
    TaskEither.match((why) => alone(`${why}; running on one.`), over),
    TaskEither.fromTask,
  )
}
