/**
 * What programs run on: a memory, and one thread or a team over it. A back end is handed to the runner; the compiler never
 * sees one.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, reasonOf } from '../core/fault.js'
import type { Signal, Timed, Timing } from '../core/timing.js'
import { within } from './machine/memory.js'
import type { Primitives } from './machine/primitives.js'
import type { Code, Instruction } from './machine/program.js'

/**
 * A job in a memory: it yields each program that is to run in the memory as it then is, and goes on when that has run.
 * No other job touches the memory in between.
 */
export type Job<A> = Generator<Code, Either.Either<Faults, A>, void>

/** Who follows a run. */
export interface Watch {
  /** Stops the run, between two operations, when it is aborted. */
  readonly signal?: Signal | undefined
  /** Hears the path of each operation that is done; layouts (`hold`, `splitHeads`, `mergeHeads`) are never done. */
  readonly progress?: ((path: string) => void) | undefined
}

/** A memory, and who runs programs in it. */
export interface Backend<R extends Timing> {
  readonly threads: number
  /** The memory, of at least so many bytes; what it held so far stays. */
  readonly memory: (bytes: number) => Either.Either<Faults, Primitives>
  /** Does a job, after those before it. What a job throws is a fault of that job alone. */
  readonly perform: <A>(job: Job<A>, watch: Watch) => Timed<R, Either.Either<Faults, A>>
  /** Whether a job that is performed now has to wait for others. */
  readonly busy: () => boolean
  /** Forgets a program that will not run again. */
  readonly evict: (code: Code) => void
  /** Ends it: jobs that run, wait or come later are faults. */
  readonly close: () => void
}

/** What a notice says after why there is no WebAssembly. */
export const INSTEAD = 'running plain TypeScript instead.'

/** The fault of a run that was stopped. */
export const stopped: Faults = [
  { _tag: 'Unavailable', what: 'the run was stopped by its signal', advice: 'start it again for its result' },
]

/** The fault of a run on threads that are there no more. */
export const ended = (what: string): Faults => [
  { _tag: 'Unavailable', what, advice: 'compile the network again to run it on new threads' },
]

/** What is said of threads that were closed. */
export const CLOSED = 'the threads were closed'

/** The fault of a job that threw. */
export const thrown = (reason: unknown): Faults => [
  {
    _tag: 'Unavailable',
    what: `the run failed (${reasonOf(reason)})`,
    advice: 'take a smaller batch, or fewer steps at a time, if it is for want of memory',
  },
]

/** The fault of a run whose progress was told to a function that threw. */
export const unheard = (reason: unknown): Faults => [
  {
    _tag: 'Unavailable',
    what: `the function that hears of the progress threw (${reasonOf(reason)}), and the run was stopped`,
    advice: 'let it catch its exceptions',
  },
]

/** The fault of a run that was asked for by who watches another one in the same memory. */
const nested: Faults = [
  {
    _tag: 'Unavailable',
    what: 'a run of this network is under way on this thread',
    advice: 'ask for the next when it has ended, or compile the network twice',
  },
]

/** Runs the instructions of a program one after the other; the fault where it did not come to its end. */
const follow = (
  { instructions }: Code,
  run: (instruction: Instruction) => void,
  { signal, progress }: Watch,
): Faults | null => {
  for (const instruction of instructions) {
    if (signal?.aborted === true) return stopped
    run(instruction)
    try {
      for (const path of instruction.done) progress?.(path)
    } catch (reason) {
      return unheard(reason)
    }
  }
  return signal?.aborted === true ? stopped : null
}

/** A back end of the calling thread: its memory, and how it runs an instruction. */
export const onThisThread = (
  memory: (bytes: number) => Primitives,
  run: (P: Primitives, instruction: Instruction, code: Code) => void,
): Backend<'value'> => {
  let busy = false
  const work = <A>(job: Job<A>, watch: Watch): Either.Either<Faults, A> => {
    for (let turn = job.next(); ; turn = job.next()) {
      if (turn.done === true) return turn.value
      const code = turn.value
      const P = memory(code.bytes + code.scratch)
      const faults = follow(code, (instruction) => run(P, instruction, code), watch)
      if (faults !== null) {
        job.return(Either.left(faults))
        return Either.left(faults)
      }
    }
  }
  return {
    threads: 1,
    memory: (bytes) => within(bytes, () => memory(bytes)),
    perform: (job, watch) => {
      if (busy) return Either.left(nested)
      busy = true
      try {
        return work(job, watch)
      } catch (reason) {
        return Either.left(thrown(reason))
      } finally {
        busy = false
      }
    },
    busy: () => busy,
    evict: () => undefined,
    close: () => undefined,
  }
}
