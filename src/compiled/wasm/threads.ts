/** Threads: workers of Node or of a page, each started from text. @module */
import { nodeWorker } from '#worker_threads'
import { reasonOf } from '../../core/fault.js'
import { WORKER } from './generated/worker.js'
import type { Answer, Order } from './worker.js'

/** A thread. */
export interface Thread {
  readonly send: (order: Order) => void
  /** Sets who hears its answers, and that it died. */
  readonly listen: (hear: (answer: Answer) => void) => void
  /** Whether the process waits for this thread; threads at rest keep nothing alive. */
  readonly hold: (wait: boolean) => void
  readonly stop: () => void
}

type NodeWorker = NonNullable<ReturnType<typeof nodeWorker>>

const nodeThread = (Worker: NodeWorker): Thread => {
  const worker = new Worker(WORKER, { eval: true })
  worker.unref()
  let hear: (answer: Answer) => void = () => undefined
  worker.on('message', (answer: Answer) => {
    hear(answer)
  })
  worker.on('error', (reason) => {
    hear({ kind: 'failed', reason: reasonOf(reason) })
  })
  worker.on('exit', (code) => {
    hear({ kind: 'failed', reason: `it exited with code ${code}` })
  })
  return {
    send: (order) => {
      worker.postMessage(order)
    },
    listen: (next) => {
      hear = next
    },
    hold: (wait) => {
      if (wait) worker.ref()
      else worker.unref()
    },
    stop: () => void worker.terminate(),
  }
}

const pageThread = (): Thread => {
  const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }))
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  let hear: (answer: Answer) => void = () => undefined
  worker.onmessage = ({ data }) => {
    hear(data as Answer)
  }
  worker.onerror = ({ message }) => {
    hear({ kind: 'failed', reason: message === '' ? 'the page does not allow it' : message })
  }
  return {
    send: (order) => {
      worker.postMessage(order)
    },
    listen: (next) => {
      hear = next
    },
    hold: () => undefined,
    stop: () => {
      worker.terminate()
    },
  }
}

/** Settles when the thread has joined, or with why it could not. */
const joined = (thread: Thread, order: Order): Promise<void> =>
  new Promise((resolve, reject) => {
    thread.hold(true)
    thread.listen((answer) => {
      thread.hold(false)
      if (answer.kind === 'failed') reject(new Error(answer.reason))
      else resolve()
    })
    thread.send(order)
  })

/** What a promise comes to, or a rejection after so many milliseconds. */
const within = async <A>(milliseconds: number, work: Promise<A>): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`a thread did not answer within ${milliseconds} ms`))
    }, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Starts so many threads over a memory; rejects where the engine refuses them, or one does not answer in time. */
export const startThreads = async (
  members: number,
  { module, memory }: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory },
  limit: number,
): Promise<readonly Thread[]> => {
  const node = nodeWorker()
  const threads: Thread[] = []
  try {
    while (threads.length < members) threads.push(node === null ? pageThread() : nodeThread(node))
    const join = (thread: Thread, member: number): Promise<void> =>
      joined(thread, { kind: 'join', module, memory, member: { member, members } })
    await within(limit, Promise.all(threads.map(join)))
    return threads
  } catch (reason) {
    for (const thread of threads) thread.stop()
    throw reason
  }
}
