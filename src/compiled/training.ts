/**
 * A step of training in float32 on WebAssembly SIMD: the network in training mode, and back. The bits are those of `reverse`
 * over the readable reference.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { reasonOf } from '../core/fault.js'
import { type Currents, type Reals, tensor } from '../core/tensor.js'
import type { CurrentValue } from '../interpreters/graph.js'
import { PAIRS, PAIRS_BYTES } from './machine/pairs.js'
import type { Bytes, Stage } from './training/builder.js'
import { type Kernels, runUnit, unitsOf } from './training/execute.js'
import type { Mode } from './training/nodes.js'
import { pairTable } from './training/pack.js'
import { planOf } from './training/plan.js'
import { trainingModule } from './wasm/instance.js'
import { freshMemory, grow } from './wasm/memory.js'

/** What a batch came to, and how it came there. */
export interface Traced {
  readonly logits: Currents
  /** The new statistics by checkpoint key. */
  readonly statistics: ReadonlyMap<string, Reals>
  /** The gradients by checkpoint key, of the cotangent of the logits. To be asked before the next batch, once. */
  readonly pullback: (cotangent: Reals) => ReadonlyMap<string, Reals>
}

/** Runs a drawn network in training mode; its frames are given in the graph. */
export type Trainer = (logits: CurrentValue, mode: Mode) => Traced

const trainerOver = (module: WebAssembly.Module): Trainer => {
  const memory = freshMemory(false)
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
  const bytes: Bytes = {
    floats: (at, length) => new Float32Array(memory.buffer, at, length),
    doubles: (at, length) => new Float64Array(memory.buffer, at, length),
  }
  const { pairs, bytes: counts } = pairTable()
  new Uint16Array(memory.buffer, PAIRS, pairs.length).set(pairs)
  new Uint8Array(memory.buffer, PAIRS_BYTES, counts.length).set(counts)
  return (logits, mode) => {
    const plan = planOf(logits, mode)
    grow(memory, plan.bytes + plan.local + plan.scratch)
    const own = { local: plan.bytes, scratch: plan.bytes + plan.local }
    const run = (stages: readonly Stage[]): void => {
      for (const stage of stages)
        for (let unit = 0; unit < unitsOf(stage, plan.samples); unit++) runUnit(kernels, stage, plan.samples, unit, own)
    }
    plan.prepare(bytes)
    run(plan.forward)
    return {
      logits: tensor(logits.shape, plan.logits(bytes)),
      statistics: new Map(plan.statistics(bytes)),
      pullback: (cotangent) => {
        plan.judge(cotangent)(bytes)
        run(plan.backward)
        return new Map(plan.learnt(bytes))
      },
    }
  }
}

/** Training on WebAssembly SIMD, or the beginning of a sentence that says why not here. */
export const wasmTrainer = (): Either.Either<string, Trainer> =>
  pipe(
    trainingModule(false),
    Either.chain((module) =>
      Either.tryCatch(
        () => trainerOver(module),
        (reason) => `This engine refused a WebAssembly memory (${reasonOf(reason)})`,
      ),
    ),
  )
