/** A network compiled for WebAssembly on a team of threads. @module */
import type { Tensor } from '../../core/tensor.js'
import { controlBytes } from '../execute/share.js'
import {
  type Compiled,
  type Drawing,
  enter,
  leave,
  library,
  type Outcome,
  type Potentials,
  type Request,
} from '../runner.js'
import { binary, grow, MOST_PAGES, primitivesOver } from './instance.js'
import { startThreads, type Thread } from './threads.js'

/** Sends a team through one run of the program it knows by `id`. */
export const runTogether = (
  team: readonly Thread[],
  id: number,
  { program }: Pick<Compiled, 'program'>,
): Promise<void> => {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes(program)))
  return new Promise((resolve, reject) => {
    let left = team.length
    for (const thread of team) {
      thread.hold(true)
      thread.listen((answer) => {
        thread.hold(false)
        if (answer.kind === 'failed') reject(new Error(answer.reason))
        else if (--left === 0) resolve()
      })
      thread.send({ kind: 'run', id, control })
    }
  })
}

/** A network on threads: runs queue, and `close` stops the threads. */
export interface ThreadedEngine {
  readonly execute: (request: Request, image: Tensor, state: Potentials | null) => Promise<Outcome>
  readonly close: () => void
}

/** Runs on `count` threads that share one memory; the calling thread only waits. */
export const threadedEngine = async (draw: (request: Request) => Drawing, count: number): Promise<ThreadedEngine> => {
  const { compiled, writeConstants } = library(draw, count)
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })
  const module = new WebAssembly.Module(binary(true))
  const P = primitivesOver(module, memory)
  const team = await startThreads(count)
  team.forEach((thread, member) => {
    thread.send({ kind: 'join', module, memory, member, members: count })
  })
  const taught = new Map<Compiled, number>()
  const idOf = (plan: Compiled): number => {
    const known = taught.get(plan)
    if (known !== undefined) return known
    const id = taught.size
    const { steps, bytes, scratch } = plan.program
    for (const thread of team) thread.send({ kind: 'learn', id, program: { steps, bytes, scratch } })
    taught.set(plan, id)
    return id
  }
  const run = async (request: Request, image: Tensor, state: Potentials | null): Promise<Outcome> => {
    const plan = compiled(request)
    grow(memory, plan.program.bytes + count * plan.program.scratch)
    writeConstants(P.bytes())
    enter(P.bytes(), plan, image, state)
    await runTogether(team, idOf(plan), plan)
    return leave(P.bytes(), plan)
  }
  const close = (): void => {
    for (const thread of team) thread.stop()
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    execute: (request, image, state) => {
      const outcome = last.then(() => run(request, image, state))
      // A thread that failed leaves the others waiting for it; they go with it, and later runs are refused.
      last = outcome.catch((reason: unknown) => {
        close()
        throw reason
      })
      last.catch(() => undefined)
      return outcome
    },
    close,
  }
}
