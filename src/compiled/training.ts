/**
 * A step of training in float32 on WebAssembly SIMD: the network in training mode, and back. The bits are those of `reverse`
 * over the readable reference, on one thread or many.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, reasonOf } from '../core/fault.js'
import { type Currents, type Reals, tensor } from '../core/tensor.js'
import type { CurrentValue } from '../interpreters/graph.js'
import { controlOf, type Kernels, type Part, runAlone, runTogether } from './execute/stages.js'
import { within } from './machine/memory.js'
import { PAIRS, PAIRS_BYTES } from './machine/pairs.js'
import type { Stage } from './machine/stages.js'
import type { Bytes } from './training/builder.js'

import { pairTable } from './training/pack.js'
import { planOf } from './training/plan.js'
import type { Mode } from './training/values.js'
import { trainingModule } from './wasm/instance.js'
import { freshMemory, grow } from './wasm/memory.js'
import { START_LIMIT } from './wasm/team.js'
import { startThreads } from './wasm/threads.js'

/** What a batch came to, and how it came there. */
export interface Traced {
  readonly logits: Currents
  /** The new statistics by checkpoint key. */
  readonly statistics: ReadonlyMap<string, Reals>
  /** The gradients by checkpoint key, of the cotangent of the logits. To be asked before the next batch, once. */
  readonly pullback: (cotangent: Reals) => ReadonlyMap<string, Reals>
}

/** Runs a drawn network in training mode, its frames given in the graph; a fault where no memory is large enough. */
export type Trainer = (logits: CurrentValue, mode: Mode) => Either.Either<Faults, Traced>

/** A trainer with threads. */
export interface TrainingTeam {
  readonly trainer: Trainer
  /** Bytes of memory it has by now. */
  readonly bytes: () => number
  /** Ends the threads; they keep no process alive. */
  readonly close: () => void
}

/** A memory of training, and its kernels on this thread. */
const roomOf = (module: WebAssembly.Module, shared: boolean) => {
  const memory = freshMemory(shared)
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
  const { pairs, bytes } = pairTable()
  new Uint16Array(memory.buffer, PAIRS, pairs.length).set(pairs)
  new Uint8Array(memory.buffer, PAIRS_BYTES, bytes.length).set(bytes)
  return { memory, kernels }
}

/** A trainer over a memory, so many members of which run parts of a plan. */
const trainerOver =
  (memory: WebAssembly.Memory, members: number, run: (part: Part) => void): Trainer =>
  (logits, mode) => {
    const plan = planOf(logits, mode)
    const { samples, local, scratch } = plan
    const needed = plan.bytes + members * (local + scratch)
    const bytes: Bytes = {
      floats: (at, length) => new Float32Array(memory.buffer, at, length),
      doubles: (at, length) => new Float64Array(memory.buffer, at, length),
    }
    const follow = (stages: readonly Stage[]): void => {
      run({ stages, samples, bytes: plan.bytes, local, scratch })
    }
    const traced = (): Traced => {
      plan.prepare(bytes)
      follow(plan.forward)
      return {
        logits: tensor(logits.shape, plan.logits(bytes)),
        statistics: new Map(plan.statistics(bytes)),
        pullback: (cotangent) => {
          plan.judge(cotangent)(bytes)
          follow(plan.backward)
          return new Map(plan.learnt(bytes))
        },
      }
    }
    return pipe(
      within(needed, () => {
        grow(memory, needed)
      }),
      Either.map(traced),
    )
  }

/** Training on WebAssembly SIMD on the calling thread, or the beginning of a sentence that says why not here. */
export const wasmTrainer = (): Either.Either<string, TrainingTeam> =>
  pipe(
    trainingModule(false),
    Either.chain((module) =>
      Either.tryCatch(
        () => {
          const { memory, kernels } = roomOf(module, false)
          return {
            trainer: trainerOver(memory, 1, (part) => {
              runAlone(kernels, part)
            }),
            bytes: () => memory.buffer.byteLength,
            close: () => undefined,
          }
        },
        (reason) => `This engine refused a WebAssembly memory (${reasonOf(reason)})`,
      ),
    ),
  )

/** Training on so many threads, the calling one among them, or the beginning of a sentence that says why not here. */
export const threadedTrainer = async (threads: number): Promise<Either.Either<string, TrainingTeam>> => {
  const module = trainingModule(true)
  if (Either.isLeft(module)) return module
  try {
    const { memory, kernels } = roomOf(module.right, true)
    const team = await startThreads(threads - 1, { module: module.right, memory }, START_LIMIT)
    const together = (part: Part): void => {
      const control = new Int32Array(new SharedArrayBuffer(controlOf(part)))
      for (const thread of team) thread.send({ kind: 'train', part, control })
      runTogether(kernels, part, control, 0)
    }
    return Either.right({
      trainer: trainerOver(memory, threads, together),
      bytes: () => memory.buffer.byteLength,
      close: () => {
        for (const thread of team) thread.stop()
      },
    })
  } catch (reason) {
    return Either.left(`This engine refused to start threads (${reasonOf(reason)})`)
  }
}
