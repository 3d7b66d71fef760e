/**
 * Judging a subject in a thread of its own, so that whatever it does is a row: it may exit, hang, throw outside of any
 * call, or fill the memory; its thread is then ended, and a new one goes on with the next law.
 * @module
 */
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { type MessagePort, Worker } from 'node:worker_threads'
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import type { Operation } from '../laws/implementation.js'
import { type Outcome, rowOf, stopped, untried } from '../laws/judge.js'
import type { Law, Options, Row } from '../laws/law.js'
import type { Message, Order, Source, Start } from './judging-thread.js'
import { startRelay } from './relay.js'

/** What is judged, how it is called in a sentence, and what must be ended with each of its threads. */
export interface Judgable {
  readonly name: string
  /** Called anew for each thread. */
  readonly start: () => Started
}

/** What a thread is given, what is handed over to it for good, and how that is ended. */
interface Started {
  readonly source: Source
  readonly transfer: readonly MessagePort[]
  readonly stop: () => void
}

/** A module, judged as what it exports. */
export const moduleJudgable = (name: string, path: string): Judgable => ({
  name,
  start: () => ({ source: { kind: 'module', path }, transfer: [], stop: () => undefined }),
})

/** A command, judged as a process that answers; an answer may take so many seconds. */
export const processJudgable = (command: string, seconds: number): Judgable => ({
  name: command,
  start: () => {
    const { line, stop } = startRelay(command)
    return { source: { kind: 'process', line, seconds }, transfer: [line.port], stop }
  },
})

/** How the judging goes. */
export interface Judging {
  readonly options: Options
  /** Seconds a law may take, and a subject to load; 0 for no limit. */
  readonly limit: number
  /** What the subject prints, on either stream. */
  readonly heard: (text: string) => void
  /** Each row as it comes. */
  readonly row: (row: Row) => void
}

/** How a wait for a thread ended. */
type Ended = { readonly kind: 'late' } | { readonly kind: 'gone'; readonly how: string }

interface Thread {
  /** The next message that is not a find, or how the thread ended before it; finds go to `found`. */
  readonly next: (limit: number) => Promise<Exclude<Message, { kind: 'found' }> | Ended>
  readonly send: (order: Order) => void
  /** The first failing case of the law at hand, if one was found. */
  readonly found: () => { readonly index: number; readonly sentence: string } | undefined
  /** How many cases of it were begun. */
  readonly begun: () => number
  readonly stop: () => Promise<void>
}

/** The thread's text: beside this file once built, wherever this file runs from. */
const threadFile = (): URL =>
  new URL('../node/judging-thread.js', pathToFileURL(createRequire(import.meta.url).resolve('spikingresformer/laws')))

const startThread = (judgable: Judgable, heard: (text: string) => void): Thread => {
  const { source, transfer, stop } = judgable.start()
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const workerData: Start = { source, begun }
  const worker = new Worker(threadFile(), { workerData, transferList: [...transfer], stdout: true, stderr: true })
  for (const stream of [worker.stdout, worker.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard(text)
    })
  let found: { readonly index: number; readonly sentence: string } | undefined
  const waiting: Exclude<Message, { kind: 'found' }>[] = []
  let ended: Ended | undefined
  let wake = (): void => undefined
  worker.on('message', (message: Message) => {
    if (message.kind === 'found') found = message
    else waiting.push(message)
    wake()
  })
  worker.on('error', (error: Error) => {
    const how =
      (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? 'ran out of memory'
        : `threw outside of any call: ${String(error)}`
    ended ??= { kind: 'gone', how: how.replace(/\s*\p{Cc}+\s*/gu, ' ') }
    wake()
  })
  worker.on('exit', (code) => {
    ended ??= { kind: 'gone', how: `ended its process with exit code ${code}` }
    wake()
  })
  return {
    next: (limit) =>
      new Promise((resolve) => {
        const timer =
          limit === 0
            ? undefined
            : setTimeout(() => {
                ended ??= { kind: 'late' }
                wake()
              }, limit * 1000)
        wake = () => {
          const answer = waiting.shift() ?? ended
          if (answer === undefined) return
          clearTimeout(timer)
          wake = () => undefined
          resolve(answer)
        }
        wake()
      }),
    send: (order) => {
      found = undefined
      worker.postMessage(order)
    },
    found: () => found,
    begun: () => begun[0]!,
    stop: async () => {
      await worker.terminate()
      stop()
    },
  }
}

/** What a subject that stopped answering did, as the outcome of the law it was at. */
const cutShort = (law: Law, thread: Thread, ended: Ended, { options, limit }: Judging): Outcome => {
  const what = ended.kind === 'late' ? `did not end within ${limit} s` : ended.how
  const found = thread.found()
  if (found !== undefined)
    return stopped(
      law,
      options,
      found.index,
      `${found.sentence} (the case as first found: looking for a smaller one, it ${what})`,
    )
  const index = Math.max(0, thread.begun() - 1)
  return stopped(law, options, index, `${what}, in case ${index + 1}`)
}

/** A thread whose subject is loaded, or why there is none. */
const loaded = async (
  judgable: Judgable,
  { limit, heard }: Judging,
): Promise<Either.Either<string, { readonly thread: Thread; readonly operations: readonly Operation[] }>> => {
  const thread = startThread(judgable, heard)
  // Only the subject's own loading is limited.
  const started = await thread.next(0)
  const answer = started.kind === 'started' ? await thread.next(limit) : started
  if (answer.kind === 'ready') return Either.right({ thread, operations: answer.operations })
  await thread.stop()
  switch (answer.kind) {
    case 'refused':
      return Either.left(`${answer.problem}; ${answer.advice}`)
    case 'late':
      return Either.left(`did not load within ${limit} s; --limit gives it more`)
    case 'gone':
      return Either.left(`${answer.how} while it was loaded; name a module that loads`)
    case 'judged':
    case 'started':
      return Either.left('answered before it was asked')
  }
}

/**
 * Judges a subject by laws, in threads: the rows, each with the seconds it took. A subject that cannot be loaded is a
 * fault; one that later cannot be loaded again fails the laws that are left.
 */
export const judgeInThread = async (
  judgable: Judgable,
  laws: readonly Law[],
  judging: Judging,
): Promise<Either.Either<Faults, readonly Row[]>> => {
  const first = await loaded(judgable, judging)
  if (Either.isLeft(first))
    return Either.left([{ _tag: 'Input', problem: `${judgable.name} ${first.left}`, advice: 'nothing was judged' }])
  const { operations } = first.right
  const has = (operation: Operation): boolean => operations.includes(operation)
  const earlier = new Map<string, Row>()
  let current: typeof first | Either.Left<string> = first
  for (const law of laws) {
    const skipped = untried(law, has, earlier, judging.options)
    let row = skipped
    if (row === undefined) {
      if (Either.isLeft(current)) current = await loaded(judgable, judging)
      if (Either.isLeft(current))
        row = rowOf(
          law,
          stopped(law, judging.options, 0, `could not be tried: the subject ${current.left}`),
          judging.options,
        )
      else {
        const { thread } = current.right
        const start = performance.now()
        thread.send({ id: law.id, options: judging.options })
        const answer = await thread.next(judging.limit)
        if (answer.kind === 'judged') row = { ...rowOf(law, answer.outcome, judging.options), seconds: answer.seconds }
        else {
          const ended: Ended =
            answer.kind === 'late' || answer.kind === 'gone' ? answer : { kind: 'gone', how: 'answered out of turn' }
          row = {
            ...rowOf(law, cutShort(law, thread, ended, judging), judging.options),
            seconds: (performance.now() - start) / 1000,
          }
          await thread.stop()
          current = Either.left('was ended')
        }
      }
    }
    earlier.set(law.id, row)
    judging.row(row)
  }
  if (Either.isRight(current)) await current.right.thread.stop()
  return Either.right([...earlier.values()])
}
