/** What training runs on. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { wasm } from '../../compiled/interpreter.js'
import { wasmTrainer } from '../../compiled/training.js'
import { asTheAuthors } from '../../interpreters/gradient/performed.js'
import type { CurrentValue, SpikeValue } from '../../interpreters/graph.js'
import { tensorInterpreter } from '../../interpreters/interpreter.js'
import { reference } from '../../interpreters/reference.js'
import type { Engine } from './epoch.js'
import { compiledTracing, tracing } from './step.js'

/** The compiled kernels on WebAssembly where the engine has it, else the readable reference: the bits are the same. */
export const trainingEngine = (): Engine<SpikeValue, CurrentValue> => ({
  trace: pipe(
    wasmTrainer(),
    Either.match(
      () => tracing(tensorInterpreter(reference('float32')), asTheAuthors('float32')),
      (trainer) => compiledTracing(trainer, 'detached'),
    ),
  ),
  interpreter: wasm(),
})
