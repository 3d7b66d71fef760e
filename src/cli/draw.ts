/** Results, drawn. @module */
import type { Result, Scored, Summary } from '../tasks/classification.js'
import { printable } from './io.js'
import { bar, beside, count, joules, percent, picture, softmax, table } from './render.js'

const LONGEST_LABEL = 32

/** What a class is called, safe for a terminal and not too long. */
export const shortLabel = (label: string): string => {
  const name = printable(label)
  return name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}…` : name
}

const nameOf = ({ class: k, label }: Scored): string => shortLabel(label ?? `class ${k}`)

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
