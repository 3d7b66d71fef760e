/** Threads: workers of Node or of a page, each started from text. @module */
import { WORKER } from './generated/module.js'
import type { Answer, Order } from './worker.js'

/** A started thread. */
export interface Thread {
  readonly send: (order: Order) => void
  /** Sets who hears the next answer, or that the thread died. */
  readonly listen: (hear: (answer: Answer) => void) => void
  /** Whether the process waits for this thread; threads at rest keep nothing alive. */
  readonly hold: (wait: boolean) => void
  readonly stop: () => void
}

type NodeWorkers = typeof import('node:worker_threads')

const nodeThread = ({ Worker }: NodeWorkers): Thread => {
  const worker = new Worker(WORKER, { eval: true })
  worker.unref()
  let hear: (answer: Answer) => void = () => undefined
  worker.on('message', (answer: Answer) => {
    hear(answer)
  })
  worker.on('error', (reason) => {
    hear({ kind: 'failed', reason: String(reason) })
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
    hear({ kind: 'failed', reason: message })
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

/** Waits until a thread answers; rejects where it cannot start. */
const greeted = (thread: Thread): Promise<void> =>
  new Promise((resolve, reject) => {
    thread.hold(true)
    thread.listen((answer) => {
      thread.hold(false)
      if (answer.kind === 'done') resolve()
      else reject(new Error(answer.reason))
    })
    thread.send({ kind: 'hello' })
  })

/** Starts threads; rejects where the engine refuses them. */
export const startThreads = async (count: number): Promise<readonly Thread[]> => {
  const inPage = typeof Worker === 'function'
  const node = inPage ? null : await import('node:worker_threads')
  const threads = Array.from({ length: count }, () => (node === null ? pageThread() : nodeThread(node)))
  try {
    await Promise.all(threads.map(greeted))
  } catch (reason) {
    for (const thread of threads) thread.stop()
    throw reason
  }
  return threads
}
