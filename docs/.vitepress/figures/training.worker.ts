/** Trains in a worker: a step when it is asked for one. @module */
import { parseDigits } from 'spikingresformer'
import digits from '../../../data/digits.csv?url'
import { rightOf } from './record'
import { type Learnt, learning } from './training'

/** What the worker is asked: to begin, once, or to take a step. */
export type Asked = { readonly seed: number } | 'step'

/** What it says of each step. */
export type Said = { readonly learnt: Learnt } | { readonly problem: string }

let steps: Promise<Generator<Learnt, never>> | null = null

const begin = async (seed: number): Promise<Generator<Learnt, never>> => {
  const response = await fetch(digits)
  if (!response.ok) throw new Error(`the digits did not arrive: ${response.status}`)
  return learning(rightOf(parseDigits(await response.text())), seed)
}

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  if (data !== 'step') {
    steps = begin(data.seed)
    return
  }
  steps
    ?.then((running) => postMessage({ learnt: running.next().value } satisfies Said))
    .catch((error: unknown) =>
      postMessage({ problem: error instanceof Error ? error.message : String(error) } satisfies Said),
    )
})
