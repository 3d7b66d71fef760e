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
  /** What memory the last step took, in a sentence; null where it was not counted. */
  readonly memory: () => string | null
  /** Ends the threads; an engine of one thread has none. */
  readonly close: () => void
}

const over = ({ trainer, memory, close }: TrainingTeam): TrainingEngine => ({
  trace: compiledTracing(trainer, 'detached'),
  interpreter: wasm(),
  memory: () => {
    const last = memory()
    return last === null ? null : memoryText(last)
  },
  close,
})

/** The compiled kernels on WebAssembly where the engine has it, else the readable reference: the bits are the same. */
const alone = (): TrainingEngine =>
  pipe(
    wasmTrainer(),
    Either.match(
      () => ({
        trace: tracing(tensorInterpreter(reference('float32')), asTheAuthors('float32')),
        interpreter: wasm(),
        memory: () => null,
        close: () => undefined,
      }),
      over,
    ),
  )

/** As many threads as find work: a batch is summed in at most so many shares. */
export const MOST_THREADS = 8

/**
 * What trains on so many threads, the calling one among them: WebAssembly where the engine has it, else on one thread the
 * readable reference. The bits are those of one thread. To be closed when it is not needed any more.
 *
 * Fails with `Input` where that is no number of threads from 1 to 8, with `Unavailable` where threads cannot be had.
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
  return threads === 1
    ? TaskEither.fromIO(alone)
    : pipe(
        () => threadedTrainer(threads),
        TaskEither.bimap((why): Faults => [{ _tag: 'Unavailable', what: why, advice: 'run on one thread' }], over),
      )
}
