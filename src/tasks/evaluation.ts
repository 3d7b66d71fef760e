/** How good a network is on a data set, and what that costs. @module */

import type { Cost } from '../interpreters/cost.js'
import type { NetworkParameters } from '../model/parameters.js'
import { energy } from '../observers/ledger.js'
import type { Chosen } from './choice.js'
import { topOf } from './classification.js'

/** A sample's class, the logits of its run, and what that cost in all. */
export interface Evaluated {
  readonly truth: number
  readonly logits: readonly number[]
  readonly cost: Cost
}

/**
 * How often each class was taken for each: row the truth, column the prediction.
 *
 * @example
 * confusionOf(2, [0, 0, 1], [0, 1, 1]) // => [[1, 1], [0, 1]]
 */
export const confusionOf = (
  classes: number,
  truths: readonly number[],
  predictions: readonly number[],
): readonly (readonly number[])[] => {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  truths.forEach((truth, i) => {
    matrix[truth]![predictions[i]!]! += 1
  })
  return matrix
}

/** The evaluation of the runs of a data set's samples, one by one. */
export const evaluation = (
  dataset: string,
  names: readonly string[] | null,
  parameters: NetworkParameters,
  chosen: Chosen,
  runs: readonly Evaluated[],
) => {
  const predictions = runs.map(({ logits }) => topOf(logits, 1, null)[0]!.class)
  const labels = runs.map(({ truth }) => truth)
  const correct = predictions.filter((k, i) => k === labels[i]).length
  const mean = (of: (cost: Cost) => number): number => runs.reduce((sum, { cost }) => sum + of(cost), 0) / runs.length
  return {
    dataset,
    accuracy: correct / runs.length,
    correct,
    total: runs.length,
    /** What the classes are called; null where nobody says it. */
    names,
    predictions,
    labels,
    confusion: confusionOf(parameters.config.classes, labels, predictions),
    meanSpikes: mean(({ spikes }) => spikes),
    firingRate: mean(({ spikes, neurons }) => spikes / neurons),
    meanSops: mean(({ sops }) => sops),
    meanEnergyJoules: mean((cost) => energy(cost).synaptic),
    meanEnergyWithStemJoules: mean((cost) => energy(cost).withStem),
    steps: parameters.config.steps,
    precision: chosen.precision,
    kernels: chosen.name,
    threads: chosen.threads,
    logits: runs.map(({ logits }) => logits),
  }
}

/** What an evaluation says. */
export type Evaluation = ReturnType<typeof evaluation>
