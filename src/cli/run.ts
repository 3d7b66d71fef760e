/** Running a network on one sample: its logits, and what it cost. @module */
import { sizeOf, tensor } from '../core/tensor.js'
import type { NetworkInput } from '../input/batch.js'
import type { Parameters } from '../model/parameters.js'
import { type Cost, costs, energy, total } from '../observers/ledger.js'
import type { Notes } from '../observers/observe.js'
import type { Some } from './kernels.js'
import { observed, type Wanted } from './observed.js'

/** What a run gave. */
export interface Outcome {
  /** The mean over the steps, a number a class. */
  readonly logits: readonly number[]
  /** The cost of every operation over all steps, by path. */
  readonly notes: Notes<Cost>
  readonly steps: number
}

/** Ledgers of consecutive chunks, added up path by path. */
const added = (a: Notes<Cost>, b: Notes<Cost>): Notes<Cost> =>
  [...b].reduce((sum, [path, cost]) => sum.set(path, costs.concat(sum.get(path) ?? costs.empty, cost)), new Map(a))

/** The samples of a batch, each with a batch axis of one. */
export const samplesOf = ({ kind, tensor: { shape, data } }: NetworkInput): readonly NetworkInput[] => {
  const [T, B, ...frame] = shape as readonly [number, number, ...number[]]
  const size = sizeOf(frame)
  return Array.from({ length: B }, (_, b) => {
    const sample = data.slice(0, T * size)
    for (let t = 0; t < T; t++) sample.set(data.subarray((t * B + b) * size, (t * B + b + 1) * size), t * size)
    return { kind, tensor: tensor([T, 1, ...frame], sample) }
  })
}

/** Steps computed together by an interpreter that gains by it. */
const CHUNK = 8

/**
 * Runs samples of one image or one sequence of frames from rest.
 *
 * Applying the interpreter and the parameters compiles; the result is then applied to each sample.
 */
export const runner = (
  interpreter: Some,
  parameters: Parameters,
  tick: Wanted['tick'],
): ((sample: NetworkInput) => Promise<Outcome>) =>
  interpreter((I) => {
    const run = observed(I, parameters, { chunk: I.force === null ? 1 : CHUNK, keep: () => false, tick })
    const { classes } = parameters.config
    return async (sample) => {
      const chunks = await run(sample)
      const steps = chunks.reduce((sum, { logits }) => sum + logits.shape[0]!, 0)
      const sums = new Float64Array(classes)
      for (const { logits } of chunks)
        for (let i = 0; i < logits.data.length; i++) sums[i % classes]! += logits.data[i]!
      return {
        logits: Array.from(sums, (sum) => sum / steps),
        notes: chunks.map(({ costs: notes }) => notes).reduce(added, new Map<string, Cost>()),
        steps,
      }
    }
  })

/** Spikes, their mean rate over neurons and steps, and synaptic operations. */
export interface Activity {
  readonly spikes: number
  readonly firingRate: number
  readonly sops: number
}

const activity = ({ spikes, neurons, sops }: Cost): Activity => ({ spikes, firingRate: spikes / neurons, sops })

/** What a run cost: of the whole network, its energy in joules, and stage by stage. */
export interface Summary extends Activity {
  /** Multiply-accumulates of the stem and the classifier. */
  readonly macs: number
  /** Of the synaptic operations alone. */
  readonly energyJoules: number
  /** With the multiply-accumulates of the stem and the classifier. */
  readonly energyWithStemJoules: number
  /** Stage by stage, numbered from 1. */
  readonly stages: readonly (Activity & { readonly stage: number })[]
}

/** The summary of a ledger, for a network of so many stages. */
export const summary = (notes: Notes<Cost>, stages: number): Summary => {
  const all = total(notes)
  const { synaptic, withStem } = energy(all)
  return {
    ...activity(all),
    macs: all.macs,
    energyJoules: synaptic,
    energyWithStemJoules: withStem,
    stages: Array.from({ length: stages }, (_, stage) => ({
      stage: stage + 1,
      ...activity(total(new Map([...notes].filter(([path]) => path.startsWith(`layers.${stage}.`))))),
    })),
  }
}
