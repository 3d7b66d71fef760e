/** Running a network on one sample, step by step: its logits and its ledger. @module */
import { type Currents, type Spikes, sizeOf, tensor } from '../core/tensor.js'
import type { NetworkInput } from '../input/network.js'
import { type Cost, costs, energy, ledger, plain, total } from '../interpreters/ledger.js'
import { type Notes, type Observed, unobserved } from '../interpreters/observe.js'
import type { Kernels, Membranes } from '../model/kernels.js'
import { network } from '../model/network.js'
import type { Parameters } from '../model/parameters.js'

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

/** Index `at` of the first axis, kept as an axis of one. */
const nth = ({ shape: [, ...rest], data }: Currents, at: number): Currents => {
  const size = sizeOf(rest)
  return tensor([1, ...rest], data.subarray(at * size, (at + 1) * size))
}

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

/**
 * Runs samples of one image or one sequence of frames from rest, a step at a time: the memory is that of one step, and
 * any chunking gives the same bits. A still image is held for the configuration's steps.
 *
 * Applying the kernels and the parameters compiles; the result is then applied to each sample.
 */
export const runner = (K: Kernels<Spikes, Currents>, parameters: Parameters): ((sample: NetworkInput) => Outcome) => {
  const { embed, hold, respond } = network(ledger(plain)(K))(parameters)
  const once = hold(1)
  return ({ kind, tensor: frames }) => {
    const steps = kind === 'still' ? parameters.config.steps : frames.shape[0]!
    const logits = new Float64Array(parameters.config.classes)
    let notes: Notes<Cost> = new Map()
    let membranes: Membranes<Observed<Currents, Cost>> = new Map()
    let embedded: Currents | null = null
    for (let t = 0; t < steps; t++) {
      if (embedded === null || kind === 'frames') {
        const stem = embed(unobserved(nth(frames, t)))
        embedded = stem.value
        notes = added(notes, stem.notes)
      }
      const [response, next] = respond(once(unobserved(embedded)))(membranes)
      for (let k = 0; k < logits.length; k++) logits[k]! += response.value.data[k]!
      notes = added(notes, response.notes)
      membranes = next
    }
    return { logits: Array.from(logits, (sum) => sum / steps), notes, steps }
  }
}

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
