/** The digits network in a worker: answers what the figures ask. @module */
import { decodeSafetensors, digitsInput, type NetworkParameters, parse, variants } from 'spikingresformer'
import weights from '../../../data/digits.safetensors?url'
import { classOf, queryIn, runOf } from './query'
import type { Answer, Question } from './question'
import { measure } from './random'
import { imageOf, record, rightOf } from './record'
import { dialIn } from './scale'

const load = async (): Promise<NetworkParameters> => {
  const response = await fetch(weights)
  if (!response.ok) throw new Error(`the weights did not arrive: ${response.status}`)
  return rightOf(
    parse(variants.digits)(rightOf(decodeSafetensors(new Uint8Array(await response.arrayBuffer()))).tensors),
  )
}

let loading: Promise<NetworkParameters> | null = null
let last: { readonly key: string; readonly run: ReturnType<ReturnType<typeof runOf>> } | null = null

const answer = async (question: Question): Promise<Answer> => {
  if (question.kind === 'random') return { kind: 'random', measured: measure(question.drawn) }
  loading ??= load()
  const parameters = await loading
  const image = imageOf(rightOf(digitsInput(question.values)).data)
  const key = question.values.join()
  if (last?.key !== key) last = { key, run: runOf(parameters)(image) }
  const { recording, sops } = last.run
  switch (question.kind) {
    case 'query':
      return { kind: 'query', query: queryIn(recording, question.cell), sops, answer: classOf(recording.logits) }
    case 'dial':
      return {
        kind: 'dial',
        dialled: dialIn(record(parameters, question.dial)(image), recording, question.layer),
      }
  }
}

addEventListener('message', ({ data: { id, question } }: MessageEvent<{ id: number; question: Question }>) => {
  answer(question).then(
    (given) => postMessage({ id, answer: given }),
    (error: unknown) => postMessage({ id, problem: error instanceof Error ? error.message : String(error) }),
  )
})
