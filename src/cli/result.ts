/** What `classify` says of a sample, as data and drawn. @module */
import type { Precision } from '../core/tensor.js'
import type { Sample } from './inputs.js'
import { printable } from './io.js'
import type { Chosen } from './kernels.js'
import type { KernelsName } from './options.js'
import { bar, beside, count, joules, percent, picture, softmax, table } from './render.js'
import { type Outcome, type Summary, summary } from './run.js'

/** One sample's result, as `--json` prints it. */
export interface Result extends Summary {
  readonly input: string
  /** The best classes, best first; `label` null where nobody named the classes. */
  readonly top: readonly { readonly class: number; readonly label: string | null; readonly logit: number }[]
  /** The true class, null where the data do not say it. */
  readonly truth: number | null
  readonly steps: number
  readonly precision: Precision
  readonly kernels: KernelsName
  readonly threads: number
}

/** The classes of the largest logits, largest first; of equal ones the lower class first. */
export const topOf = (logits: readonly number[], most: number, labels: readonly string[] | null): Result['top'] =>
  logits
    .map((logit, k) => ({ class: k, label: labels?.[k] ?? null, logit }))
    .sort((a, b) => b.logit - a.logit || a.class - b.class)
    .slice(0, most)

/** The result of a sample's run. */
export const resultOf = (
  { name, truth }: Sample,
  { logits, notes, steps }: Outcome,
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

const LONGEST_LABEL = 32

const nameOf = ({ class: k, label }: Result['top'][number]): string => {
  const name = printable(label ?? `class ${k}`)
  return name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}…` : name
}

/** Spikes, firing rate and SOPs, stage by stage and of the whole network. */
export const drawActivity = (result: Summary): readonly string[] =>
  table(
    [['stage'], ['spikes', 'right'], ['firing rate', 'right'], ['SOPs', 'right']],
    [
      ...result.stages.map(({ stage, spikes, firingRate, sops }) => [
        String(stage),
        count(spikes),
        percent(firingRate),
        count(sops),
      ]),
      ['all', count(result.spikes), percent(result.firingRate), count(result.sops)],
    ],
  )

/** The energy, with and without the stem and the classifier. */
export const drawEnergy = ({ energyJoules, energyWithStemJoules }: Summary): string =>
  `energy ${joules(energyJoules)}, ${joules(energyWithStemJoules)} with the stem and the classifier`

/** A sample's result as lines: the digit where it is one, the best classes, spikes and energy. */
export const drawResult =
  (colour: boolean) =>
  (result: Result, logits: readonly number[], digit: readonly number[] | null): readonly string[] => {
    const probabilities = softmax(logits)
    const names = result.top.map(nameOf)
    const width = Math.max(...names.map((name) => name.length))
    const verdict =
      result.truth === null
        ? ''
        : `, ${result.truth === result.top[0]?.class ? 'right' : `wrong: it is ${result.truth}`}`
    const scores = result.top.map(
      ({ class: k, logit }, i) =>
        `${names[i]!.padEnd(width)}  ${bar(probabilities[k]!, 24)}  ${logit.toFixed(2).padStart(6)}`,
    )
    const panel = [
      `${printable(result.input)}: ${names[0]}${verdict}`,
      ...scores,
      '',
      ...drawActivity(result),
      drawEnergy(result),
    ]
    return digit === null ? panel : beside(picture(digit, colour), 16, panel)
  }
