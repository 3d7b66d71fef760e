import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A line of a metrics file, which `train` writes after each epoch. */
export interface Metrics {
  readonly epoch: number
  readonly rate: number
  readonly loss: number
  readonly accuracy: number
  readonly testAccuracy: number
}

/** The trainings that the page draws. */
export interface Trainings {
  readonly digits: readonly Metrics[]
  readonly fashion: readonly Metrics[]
}

declare const data: Trainings

export { data }

const files = ['digits', 'fashion-mnist'].map((name) =>
  fileURLToPath(new URL(`../../data/training-${name}.jsonl`, import.meta.url)),
)

const metricsOf = (file: string): readonly Metrics[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Metrics)

export default {
  watch: files,
  load: (): Trainings => {
    const [digits, fashion] = files.map(metricsOf)
    return { digits: digits!, fashion: fashion! }
  },
}
