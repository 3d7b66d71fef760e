/** The back end of WebAssembly SIMD. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { reasonOf } from '../../core/fault.js'
import { type Backend, onThisThread } from '../backend.js'
import { runWhole } from '../execute/instructions.js'
import { compiledKernels } from './instance.js'
import { wasmMemory } from './memory.js'

/** WebAssembly on the calling thread, or the beginning of a sentence that says why this engine does not have it. */
export const wasmBackend = (): Either.Either<string, Backend<'value'>> =>
  pipe(
    compiledKernels(false),
    Either.chain((module) =>
      Either.tryCatch(
        () => onThisThread(wasmMemory(module), runWhole),
        (reason) => `This engine refused a WebAssembly memory (${reasonOf(reason)})`,
      ),
    ),
  )
