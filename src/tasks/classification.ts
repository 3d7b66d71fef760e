/** What is said of a sample's run: its classes, and what it cost. @module */
import type { Precision } from '../core/tensor.js'
import type { Cost } from '../interpreters/cost.js'
import { energy, total } from '../observers/ledger.js'
import type { Notes } from '../observers/observe.js'
import type { Chosen, KernelsName } from './choice.js'
import type { Run } from './run.js'
import type { Sample } from './samples.js'

/** A class, what it is called (null where nobody named it), and its logit. */
export interface Scored {
  readonly class: number
  readonly label: string | null
  readonly logit: number
}

/**
 * The classes of the largest logits, largest first; of equal ones the lower class first.
 *
 * @example
 * topOf([0, 2, 1], 2, ['cat', 'dog', 'owl'])
 * // => [{ class: 1, label: 'dog', logit: 2 }, { class: 2, label: 'owl', logit: 1 }]
 */
export const topOf = (logits: readonly number[], most: number, labels: readonly string[] | null): readonly Scored[] =>
  logits
    .map((logit, k) => ({ class: k, label: labels?.[k] ?? null, logit }))
    .sort((a, b) => b.logit - a.logit || a.class - b.class)
    .slice(0, most)

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

/**
 * The summary of a ledger, for a network of so many stages.
 *
 * @example
 * const notes = new Map([['layers.0.0.W', { ...costs.empty, sops: 3, neurons: 1 }]])
 * summary(notes, 1).stages[0]?.sops // => 3
 */
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

/** One sample's result, as `classify --json` prints it. */
export interface Result extends Summary {
  readonly input: string
  /** The best classes, best first. */
  readonly top: readonly Scored[]
  /** The true class, null where the data do not say it. */
  readonly truth: number | null
  readonly steps: number
  readonly precision: Precision
  readonly kernels: KernelsName
  readonly threads: number
}

/** The result of a sample's run. */
export const resultOf = (
  { name, truth }: Sample,
  { logits, notes, steps }: Run,
  labels: readonly string[] | null,
  { top, stages, chosen }: { readonly top: number; readonly stages: number; readonly chosen: Chosen },
): Result => ({
  input: name,
  top: topOf(logits, top, labels),
  truth,
  ...summary(notes, stages),
  steps,
  precision: chosen.precision,
  kernels: chosen.name,
  threads: chosen.threads,
})
