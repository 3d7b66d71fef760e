/** The network with every attention scale multiplied: what stays, what changes, where first. @module */
import { range } from './draw'
import { classOf, LAYERS } from './query'
import type { Recording } from './record'

/** A digit's run at a place of the dial. */
export interface Dialled {
  /** Of each step: the tokens that listen to each position, summed over the heads; from 0 to 1. */
  readonly maps: readonly (readonly number[])[]
  readonly side: number
  /** How many drives of the layer fall in each bin, over all steps. */
  readonly histogram: readonly number[]
  /** The share of the layer's attention neurons that fire. */
  readonly rate: number
  /** The mean and the variance of the layer's drive. */
  readonly mean: number
  readonly variance: number
  readonly answer: number
  /** The first layer of neurons whose spikes differ from the network's own; null: none does. */
  readonly differs: string | null
}

/** The bins of the histogram: from -4 to 4 by a quarter, what lies outside in the outermost. */
export const BINS = { from: -4, to: 4, count: 32 } as const

/** A dialled run, described beside the network's own. */
export const dialIn = (run: Recording, own: Recording, layer: number): Dialled => {
  const path = `${LAYERS[layer] ?? LAYERS[0]}.activation_attn`
  const calls = run.steps.map((step) => step.get(path))
  const histogram = range(BINS.count).map(() => 0)
  let [sum, squares, drives, spikes, side] = [0, 0, 0, 0, 1]
  const maps = calls.map((call) => {
    if (call?.operation !== 'fire') throw new Error(`no neuron at ${path}`)
    const [{ data: drive, shape }] = call.inputs
    const [{ data: fired }] = call.outputs
    const positions = shape[4] ?? 1
    side = Math.sqrt(positions)
    const listening = range(positions).map(() => 0)
    for (let i = 0; i < drive.length; i++) {
      const x = drive[i] ?? 0
      const bin = Math.floor(((x - BINS.from) / (BINS.to - BINS.from)) * BINS.count)
      const inside = Math.min(BINS.count - 1, Math.max(0, bin))
      histogram[inside] = (histogram[inside] ?? 0) + 1
      sum += x
      squares += x * x
      if (fired[i] === 1) {
        spikes++
        listening[i % positions] = (listening[i % positions] ?? 0) + 1
      }
    }
    drives += drive.length
    return listening.map((count) => Math.round((count * positions * 1000) / drive.length) / 1000)
  })
  const differs =
    [...(own.steps[0]?.entries() ?? [])].find(([key, call]) => {
      if (call.operation !== 'fire') return false
      return own.steps.some((step, t) => {
        const [mine, other] = [step.get(key), run.steps[t]?.get(key)]
        if (mine?.operation !== 'fire' || other?.operation !== 'fire') return true
        const theirs = other.outputs[0].data
        return mine.outputs[0].data.some((s, i) => s !== theirs[i])
      })
    })?.[0] ?? null
  const mean = sum / drives
  return {
    maps,
    side,
    histogram,
    rate: spikes / drives,
    mean,
    variance: squares / drives - mean * mean,
    answer: classOf(run.logits),
    differs,
  }
}
