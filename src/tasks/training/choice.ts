/** What training runs on. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { wasm } from '../../compiled/interpreter.js'
import { memoryText, type TrainingTeam, threadedTrainer, wasmTrainer } from '../../compiled/training.js'
import type { Faults } from '../../core/fault.js'
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

/** What trains on so many threads: the bits are those of one. */
export const trainingEngine = (threads: number): TaskEither.TaskEither<Faults, TrainingEngine> =>
  threads === 1
    ? TaskEither.fromIO(alone)
    : pipe(
        () => threadedTrainer(threads),
        TaskEither.bimap((why): Faults => [{ _tag: 'Unavailable', what: why, advice: 'run on one thread' }], over),
      )
