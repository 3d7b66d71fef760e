/** Judges a reader's kernels; whoever started this worker ends it where it does not answer. @module */
import {
  type Currents,
  decodeSafetensors,
  digitsInput,
  forward,
  type Kernels,
  network,
  parse,
  reference,
  type Spikes,
  tensor,
  variants,
} from 'spikingresformer'
import { laws, type Row, runLaws, select, showCase } from 'spikingresformer/laws'
import weights from '../../../data/digits.safetensors?url'
import { rightOf } from './record'

/** What the worker is asked. */
export interface Judge {
  readonly code: string
  readonly laws: string
  /** Three digits, to see what the first one's logits owe to the others; empty: not asked. */
  readonly batch: readonly (readonly number[])[]
}

/** What it answers: a row a law, and how far the logits of a sample alone are from those it has among others. */
export interface Judged {
  readonly rows: readonly {
    readonly id: string
    readonly statement: string
    readonly status: Row['status']
    readonly text: string
  }[]
  readonly owed: number | null
}

const textOf = (row: Row): string => {
  switch (row.status) {
    case 'pass':
      return `${row.runs} cases`
    case 'fail':
      return `${row.sentence}\nsmallest case: ${showCase(row.counterexample)}\nreplay: --only '${row.id}' --seed ${row.seed} --path ${row.path}`
    case 'missing':
      return `lacks ${row.operations.join(', ')}`
    case 'blocked':
      return `builds on ${row.by.join(', ')}`
    default:
      return ''
  }
}

/** The largest difference of the first sample's logits, alone and in the batch. */
const owedIn = async (mine: object, batch: Judge['batch']): Promise<number> => {
  const response = await fetch(weights)
  const parameters = rightOf(
    parse(variants.digits)(rightOf(decodeSafetensors(new Uint8Array(await response.arrayBuffer()))).tensors),
  )
  const own = { ...reference('float64'), ...mine }
  const kernels: Kernels<Spikes, Currents> = { ...own, scope: () => kernels }
  const run = forward(network(kernels)(parameters))(4)
  const pixels = batch.map((values) => rightOf(digitsInput(values)).data)
  const input = (samples: readonly Float64Array[]): Currents =>
    tensor([1, samples.length, 1, 16, 16], Float64Array.from(samples.flatMap((sample) => [...sample])))
  const [alone, among] = [run(input(pixels.slice(0, 1))), run(input(pixels))]
  const differences = Array.from({ length: 40 }, (_, i) => {
    const [t, k] = [Math.floor(i / 10), i % 10]
    return Math.abs((alone.data[i] ?? 0) - (among.data[t * 10 * batch.length + k] ?? 0))
  })
  return Math.max(...differences)
}

/** What the worker says: what it found, and whether that is all. */
export type Found = { readonly judged: Judged; readonly done: boolean } | { readonly problem: string }

const say = (found: Found): void => postMessage(found)

const judge = async ({ code, laws: pattern, batch }: Judge): Promise<void> => {
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  const { kernels } = (await import(/* @vite-ignore */ url)) as { readonly kernels?: object }
  if (kernels === undefined) throw new Error('the module exports no kernels')
  const rows = runLaws({ kernels: { ...reference('float64'), ...kernels } }, select(pattern)(laws)).map((row) => ({
    id: row.id,
    statement: row.statement,
    status: row.status,
    text: textOf(row),
  }))
  say({ judged: { rows, owed: null }, done: batch.length === 0 })
  if (batch.length > 0) say({ judged: { rows, owed: await owedIn(kernels, batch) }, done: true })
}

addEventListener('message', ({ data }: MessageEvent<Judge>) => {
  judge(data).catch((error: unknown) =>
    say({ problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }),
  )
})
postMessage({ ready: true })
