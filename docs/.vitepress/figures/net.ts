/** Asking the digits network, which lives in a worker that starts with the first question. @module */
import type { Answer, Question } from './question'

type Reply = { readonly id: number } & ({ readonly answer: Answer } | { readonly problem: string })

let worker: Promise<Worker> | null = null
let asked = 0

const start = async (): Promise<Worker> => {
  const { default: NetWorker } = await import('./net.worker?worker')
  return new NetWorker()
}

/** The network's answer; rejects with a sentence. */
export const ask = async <Q extends Question>(question: Q): Promise<Extract<Answer, { readonly kind: Q['kind'] }>> => {
  worker ??= start()
  const thread = await worker
  const id = ++asked
  return new Promise((resolve, reject) => {
    const listen = ({ data }: MessageEvent<Reply>): void => {
      if (data.id !== id) return
      thread.removeEventListener('message', listen)
      if ('answer' in data) resolve(data.answer as Extract<Answer, { readonly kind: Q['kind'] }>)
      else reject(new Error(data.problem))
    }
    thread.addEventListener('message', listen)
    thread.postMessage({ id, question })
  })
}

/**
 * Asks one question at a time and of those that waited only the newest: a slider moved fast asks for where it is.
 */
export const newest = <Q extends Question>(
  take: (answer: Extract<Answer, { readonly kind: Q['kind'] }>) => void,
  fail: (problem: string) => void,
): ((question: Q) => void) => {
  let busy = false
  let next: Q | null = null
  const go = (question: Q): void => {
    busy = true
    ask(question)
      .then(take, (error: unknown) => fail(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        busy = false
        const waiting = next
        next = null
        if (waiting !== null) go(waiting)
      })
  }
  return (question) => {
    if (busy) next = question
    else go(question)
  }
}
