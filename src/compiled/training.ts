/**
 * A step of training in float32 on WebAssembly SIMD: the network in training mode, and back. The bits are those of `reverse`
 * over the readable reference, on one thread or many.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import { type Faults, reasonOf } from '../core/fault.js'
import { type Currents, type Reals, tensor } from '../core/tensor.js'
import type { CurrentValue } from '../interpreters/graph.js'
import { controlOf, type Kernels, type Part, runAlone, runTogether } from './execute/stages.js'
import { MOST_BYTES, megabytes, memoryFor } from './machine/memory.js'
import { PAIRS, PAIRS_BYTES } from './machine/pairs.js'
import type { Stage } from './machine/stages.js'
import type { Bytes, Keeping } from './training/builder.js'
import { numberingFaults } from './training/numbering.js'
import { pairTable } from './training/pack.js'
import { type Plan, planOf } from './training/plan.js'
import { type Drawn, type Mode, nodesOf, runOf } from './training/runs.js'
import { mayShare, trainingModule } from './wasm/instance.js'
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

/** What the last step took. */
export interface Memory {
  readonly bytes: number
  readonly keeping: Keeping
}

const madeAgain: { readonly [K in Keeping]: string } = {
  all: '',
  borders: ', in which each block is computed again before its way back',
  spikes: ', in which each block is computed again before its way back, and its currents wherever they are read',
}

/**
 * What a step took, and what it computes again to take no more, in a sentence.
 *
 * @example
 * memoryText({ bytes: 2e9, keeping: 'borders' })
 * // => 'a step takes 2,000 MB of memory, in which each block is computed again before its way back'
 */
export const memoryText = ({ bytes, keeping }: Memory): string =>
  `a step takes ${megabytes(bytes)} of memory${madeAgain[keeping]}`

/** A trainer with threads. */
export interface TrainingTeam {
  readonly trainer: Trainer
  /** What memory the last step took; null before the first. */
  readonly memory: () => Memory | null
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

/** The ways to keep what the way back reads, the fastest first: a step takes the first that fits in a memory. */
const WAYS = ['all', 'borders', 'spikes'] as const

/** The first of some ways to plan a step that fits in a memory, or the last. */
export const fitting = (
  members: number,
  logits: CurrentValue,
  mode: Mode,
  [keeping, ...others]: readonly [Keeping, ...Keeping[]] = WAYS,
): Memory & { readonly plan: Plan } => {
  const plan = planOf(logits, mode, keeping)
  const bytes = plan.bytes + members * (plan.local + plan.scratch)
  const [next, ...rest] = others
  return bytes <= MOST_BYTES || next === undefined
    ? { plan, bytes, keeping }
    : fitting(members, logits, mode, [next, ...rest])
}

const threadsOf = (members: number): string => (members === 1 ? 'one thread' : `${members} threads`)

/** A memory for a step of so many samples; each thread needs room of its own. */
const forStep = (samples: number, members: number) =>
  memoryFor(
    `a step of ${samples} samples on ${threadsOf(members)}`,
    members === 1 ? 'take a smaller batch (--batch)' : 'take a smaller batch (--batch), or fewer threads (--threads)',
  )

/**
 * A trainer over a memory, so many members of which run parts of a plan; of one way to keep where it is said. A plan serves
 * the steps that follow, until one differs in more than numbers.
 */
const trainerOver = (
  memory: WebAssembly.Memory,
  members: number,
  only: Keeping | undefined,
  perform: (part: Part) => void,
): Pick<TrainingTeam, 'trainer' | 'memory'> => {
  let [last, turn]: [Memory | null, number] = [null, 0]
  let known: (Drawn & { readonly fitted: ReturnType<typeof fitting> }) | null = null
  const trainer: Trainer = (logits, mode) => {
    const again = known === null ? null : runOf(known, { logits, mode })
    const faults = again === null ? nodesOf(logits).flatMap(numberingFaults) : []
    if (isNonEmpty(faults)) return Either.left(faults)
    if (known === null || again === null)
      known = { logits, mode, fitted: fitting(members, logits, mode, only === undefined ? WAYS : [only]) }
    const run = again ?? runOf(known, known)!
    const { plan, bytes: needed, keeping } = known.fitted
    const { samples, local, scratch } = plan
    const bytes: Bytes = {
      floats: (at, length) => new Float32Array(memory.buffer, at, length),
      doubles: (at, length) => new Float64Array(memory.buffer, at, length),
    }
    const follow = (stages: readonly Stage[]): void => {
      perform({ stages, samples, bytes: plan.bytes, local, scratch })
    }
    const traced = (): Traced => {
      const own = ++turn
      plan.prepare(bytes, run)
      follow(plan.forward)
      return {
        logits: tensor(logits.shape, plan.logits(bytes, run)),
        statistics: new Map(plan.statistics(bytes, run)),
        pullback: (cotangent) => {
          if (turn !== own) throw new RangeError('a batch is pulled back once, before the next one runs')
          turn++
          plan.judge(cotangent)(bytes, run)
          follow(plan.backward)
          return new Map(plan.learnt(bytes, run))
        },
      }
    }
    return pipe(
      forStep(samples, members)(needed, () => {
        grow(memory, needed)
        last = { bytes: needed, keeping }
      }),
      Either.map(traced),
    )
  }
  return { trainer, memory: () => last }
}

/** Training on WebAssembly SIMD on the calling thread, or the beginning of a sentence that says why not here. */
export const wasmTrainer = (only?: Keeping): Either.Either<string, TrainingTeam> =>
  pipe(
    trainingModule(false),
    Either.chain((module) =>
      Either.tryCatch(
        () => {
          const { memory, kernels } = roomOf(module, false)
          return {
            ...trainerOver(memory, 1, only, (part) => {
              runAlone(kernels, part)
            }),
            close: () => undefined,
          }
        },
        (reason) => `This engine refused a WebAssembly memory (${reasonOf(reason)})`,
      ),
    ),
  )

/** Training on so many threads, the calling one among them, or the beginning of a sentence that says why not here. */
export const threadedTrainer = async (
  threads: number,
  only?: Keeping,
): Promise<Either.Either<string, TrainingTeam>> => {
  if (!mayShare()) return Either.left('This page may not share memory with threads')
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
      ...trainerOver(memory, threads, only, together),
      close: () => {
        for (const thread of team) thread.stop()
      },
    })
  } catch (reason) {
    return Either.left(`This engine refused to start threads (${reasonOf(reason)})`)
  }
}
