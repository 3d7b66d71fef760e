/**
 * The back end of threads: they share one memory, and take the units of each instruction one by one. The calling thread
 * only waits, so a job is queued, and every promise settles: with the outcome, or with why there is none.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../../core/fault.js'
import { reasonOf } from '../../core/fault.js'
import { type Backend, CLOSED, ended, type Job, stopped, thrown, unheard, type Watch } from '../backend.js'
import { controlBytes, stop } from '../execute/share.js'
import { within } from '../machine/memory.js'
import type { Primitives } from '../machine/primitives.js'
import type { Code } from '../machine/program.js'
import { MOST_THREADS } from '../machine/record.js'
import { compiledKernels } from './instance.js'
import { freshMemory, grow, primitivesOver } from './memory.js'
import { startThreads, type Thread } from './threads.js'

/** How many milliseconds threads may take to start, unless told. */
export const START_LIMIT = 10_000

/** How a run on the team ended: well, or with faults. */
type Ending = Either.Either<Faults, null>

/** Tells a team of one program's run, and listens until all have answered. */
const runTogether = (
  team: readonly Thread[],
  id: number,
  control: Int32Array,
  passed: ((instruction: number) => void) | null,
  lost: (reason: string) => void,
): Promise<void> =>
  new Promise((resolve) => {
    let left = team.length
    team.forEach((thread, member) => {
      thread.hold(true)
      thread.listen((answer) => {
        switch (answer.kind) {
          case 'passed':
            passed?.(answer.instruction)
            break
          case 'failed':
            lost(answer.reason)
            break
          case 'done':
            thread.hold(false)
            if (--left === 0) resolve()
        }
      })
      thread.send({ kind: 'run', id, control, tell: member === 0 && passed !== null })
    })
  })

/** The back end of a team that has started. */
const backendOf = (team: readonly Thread[], memory: WebAssembly.Memory, P: Primitives): Backend<'promise'> => {
  /** Programs that the threads know, by number. */
  const known = new Map<Code, number>()
  let next = 0
  /** Why there are no threads any more; null while there are. */
  let end: Faults | null = null
  let endRun: (faults: Faults) => void = () => undefined
  /** The last job's end; null where nothing runs or waits. */
  let last: Promise<unknown> | null = null

  const finish = (faults: Faults): void => {
    if (end !== null) return
    end = faults
    for (const thread of team) thread.stop()
    endRun(faults)
  }
  // A thread that failed leaves the others waiting for it: they all go.
  const lost = (reason: string): void => {
    finish(ended(`a thread failed (${reason}), and the others were closed with it`))
  }
  const listening = (): void => {
    for (const thread of team)
      thread.listen((answer) => {
        if (answer.kind === 'failed') lost(answer.reason)
      })
  }
  listening()

  const run = async (code: Code, { signal, progress }: Watch): Promise<Ending> => {
    if (end !== null) return Either.left(end)
    if (signal?.aborted === true) return Either.left(stopped)
    const id = known.get(code) ?? next++
    if (!known.has(code)) {
      const { instructions, bytes, scratch } = code
      for (const thread of team) thread.send({ kind: 'learn', id, code: { instructions, bytes, scratch } })
      known.set(code, id)
    }
    const control = new Int32Array(new SharedArrayBuffer(controlBytes(code)))
    let ending: Ending = Either.right(null)
    const halt = (faults: Faults): void => {
      ending = Either.left(faults)
      stop(control)
    }
    const abort = (): void => halt(stopped)
    const told = (instruction: number): void => {
      try {
        for (const path of code.instructions[instruction]!.done) progress?.(path)
      } catch (reason) {
        halt(unheard(reason))
      }
    }
    const interrupted = new Promise<void>((resolve) => {
      endRun = (faults) => {
        ending = Either.left(faults)
        resolve()
      }
    })
    signal?.addEventListener('abort', abort)
    await Promise.race([interrupted, runTogether(team, id, control, progress === undefined ? null : told, lost)])
    signal?.removeEventListener('abort', abort)
    listening()
    return ending
  }

  const work = async <A>(job: Job<A>, watch: Watch): Promise<Either.Either<Faults, A>> => {
    try {
      if (end !== null) return Either.left(end)
      for (let turn = job.next(); ; turn = job.next()) {
        if (turn.done === true) return turn.value
        const ending = await run(turn.value, watch)
        if (Either.isLeft(ending)) {
          job.return(ending)
          return ending
        }
      }
    } catch (reason) {
      return Either.left(thrown(reason))
    }
  }

  return {
    threads: team.length,
    memory: (bytes) =>
      within(bytes, () => {
        grow(memory, bytes)
        return P
      }),
    perform: (job, watch) => {
      const outcome = last === null ? work(job, watch) : last.then(() => work(job, watch))
      const settled = outcome.then(() => {
        if (last === settled) last = null
      })
      last = settled
      return outcome
    },
    busy: () => last !== null,
    evict: (code) => {
      const id = known.get(code)
      if (id === undefined) return
      known.delete(code)
      if (end === null) for (const thread of team) thread.send({ kind: 'forget', id })
    },
    close: () => finish(ended(CLOSED)),
  }
}

/** Starts threads, or gives the beginning of a sentence that says why there are none. */
export const teamBackend = async (
  members: number,
  limit: number,
): Promise<Either.Either<string, Backend<'promise'>>> => {
  if (members > MOST_THREADS) return Either.left(`A team has at most ${MOST_THREADS} threads`)
  const kernels = compiledKernels(true)
  if (Either.isLeft(kernels)) return kernels
  try {
    const memory = freshMemory(true)
    const P = primitivesOver(kernels.right, memory)
    return Either.right(backendOf(await startThreads(members, { module: kernels.right, memory }, limit), memory, P))
  } catch (reason) {
    return Either.left(`This engine refused to start threads (${reasonOf(reason)})`)
  }
}
