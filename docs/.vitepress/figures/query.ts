/** One cell of an attention map over the steps: the numbers that made it. @module */
import type { Currents, NetworkParameters, Spikes } from 'spikingresformer'
import type { Call } from 'spikingresformer/interpreters'
import { range } from './draw'
import { type Calls, operations, type Recording, record } from './record'

/** The attention layers of the digits network. */
export const LAYERS = ['layers.0.0', 'layers.1.1', 'layers.1.3', 'layers.2.1', 'layers.2.3', 'layers.2.5'] as const

/** Which cell: a head's token, listening to a position. */
export interface Cell {
  readonly layer: number
  readonly head: number
  readonly token: number
  readonly position: number
}

/** What a step did to the cell. */
export interface CellStep {
  /** Which of the head's channels fired at the position. */
  readonly fired: readonly boolean[]
  /** The token's currents, one a channel. */
  readonly y1: readonly number[]
  readonly sum: number
  /** The sum times the head's scale: the drive. */
  readonly drive: number
  readonly before: number
  readonly h: number
  readonly spike: boolean
  readonly after: number
  /** The positions the token attends to. */
  readonly map: readonly number[]
  /** The column of y2 that the spike picks, one a channel. */
  readonly y2: readonly number[]
  /** Additions of the layer's scores in this step: spikes times tokens. */
  readonly additions: number
}

export interface Query {
  readonly cell: Cell
  readonly side: number
  readonly tokens: number
  readonly width: number
  readonly heads: number
  readonly scale: number
  readonly steps: readonly CellStep[]
  /** Multiplications a dense attention needs for the layer's scores in one step. */
  readonly dense: number
  readonly logits: readonly (readonly number[])[]
}

type CallNamed<N extends string> = Extract<Call<Spikes, Currents>, { readonly operation: N }>

const callAt = <N extends Call<Spikes, Currents>['operation']>(calls: Calls, path: string, name: N): CallNamed<N> => {
  const call = calls.get(path)
  if (call?.operation !== name) throw new Error(`no ${name} at ${path}`)
  return call as unknown as CallNamed<N>
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN

/** The numbers of a cell in a recording; the cell is brought inside the layer. */
export const queryIn = ({ steps, logits }: Recording, asked: Cell): Query => {
  const layer = Math.min(Math.max(0, asked.layer), LAYERS.length - 1)
  const base = LAYERS[layer] ?? LAYERS[0]
  const shapeOf = callAt(steps[0] ?? new Map(), `${base}.matmul1`, 'dstT').outputs[0].shape
  const [heads, tokens, positions] = [at(shapeOf, 2), at(shapeOf, 3), at(shapeOf, 4)]
  const inside = (value: number, size: number): number => ((Math.trunc(value) % size) + size) % size
  const cell = {
    layer,
    head: inside(asked.head, heads),
    token: inside(asked.token, tokens),
    position: inside(asked.position, positions),
  }
  const { head, token, position } = cell
  const index = (head * tokens + token) * positions + position
  const found = steps.map((calls): CellStep & { readonly width: number; readonly scale: number } => {
    const x = callAt(calls, `${base}.activation_in`, 'fire').outputs[0]
    const [y1, y2] = callAt(calls, `${base}.split`, 'splitHeads').outputs
    const scale = at(callAt(calls, `${base}.matmul1`, 'dstT').parameters, head)
    const neuron = callAt(calls, `${base}.activation_attn`, 'fire')
    const [drives, membrane] = neuron.inputs
    const [spikes, after] = neuron.outputs
    const width = at(y1.shape, 3)
    const fired = range(width).map((c) => at(x.data, (head * width + c) * positions + position) === 1)
    const row = range(width).map((c) => at(y1.data, (head * width + c) * tokens + token))
    const before = membrane === null ? 0 : at(membrane.data, index)
    const drive = at(drives.data, index)
    const spike = at(spikes.data, index) === 1
    return {
      fired,
      y1: row,
      sum: fired.reduce((sum, fires, c) => (fires ? sum + at(row, c) : sum), 0),
      drive,
      before,
      h: before + (drive - before) / 2,
      spike,
      after: at(after.data, index),
      map: range(positions).filter((p) => at(spikes.data, (head * tokens + token) * positions + p) === 1),
      y2: range(width).map((c) => at(y2.data, (head * width + c) * tokens + token)),
      additions: x.data.reduce((sum: number, s: number) => sum + s, 0) * tokens,
      width,
      scale,
    }
  })
  const width = found[0]?.width ?? 0
  return {
    cell,
    side: Math.sqrt(positions),
    tokens,
    width,
    heads,
    scale: found[0]?.scale ?? 0,
    steps: found,
    dense: heads * tokens * width * positions,
    logits,
  }
}

/** A run of a digit: its recording, and the synaptic operations of each block and step. */
export const runOf =
  (parameters: NetworkParameters) =>
  (image: Currents): { readonly recording: Recording; readonly sops: readonly Readonly<Record<string, number>>[] } => ({
    recording: record(parameters)(image),
    sops: operations(parameters)(image),
  })

/** The class a network answers: the largest mean of the logits over the steps. */
export const classOf = (logits: readonly (readonly number[])[]): number => {
  const sums = (logits[0] ?? []).map((_, k) => logits.reduce((sum, row) => sum + at(row, k), 0))
  return sums.indexOf(Math.max(...sums))
}

/** A cell worth seeing first: it fires, not at once, and its membrane carries over. */
export const tellingCell = (recording: Recording): Cell => {
  for (const position of range(256).map((i) => (i * 37 + 100) % 256))
    for (const token of range(16)) {
      const { cell, steps } = queryIn(recording, { layer: 0, head: 0, token, position })
      const fired = steps.map(({ spike }) => spike)
      const terms = steps.every((step) => step.fired.filter(Boolean).length >= 2)
      if (terms && !fired[0] && !fired[1] && fired[2] && Math.abs(steps[1]?.before ?? 0) > 0.3) return cell
    }
  return { layer: 0, head: 0, token: 5, position: 100 }
}
