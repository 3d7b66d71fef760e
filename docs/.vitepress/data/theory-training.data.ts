import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A product of attention on the test digits, as `npm run theory` measured it. */
export interface Product {
  readonly path: string
  /** The firing rate of its spikes, and the moving average that the scale is taken from. */
  readonly rate: number
  readonly recorded: number
  /** The mean square of its currents. */
  readonly power: number
  /** Of what charges the neurons behind it. */
  readonly mean: number
  readonly variance: number
  /** Its mean square, were spikes and currents independent. */
  readonly independent: number
}

/** After an epoch; before the first there is no loss. */
export interface Row {
  readonly epoch: number
  readonly loss: number | null
  readonly accuracy: number | null
  readonly testAccuracy: number
  readonly products: readonly Product[]
}

export interface Run {
  readonly scale: 'rates' | 'constant' | 'none'
  readonly seed: number
  readonly rows: readonly Row[]
}

export interface TheoryTraining {
  readonly epochs: number
  readonly batch: number
  readonly rate: number
  readonly training: number
  readonly test: number
  readonly runs: readonly Run[]
}

declare const data: TheoryTraining

export { data }

const file = fileURLToPath(new URL('../../data/theory-training.json', import.meta.url))

export default {
  watch: [file],
  load: (): TheoryTraining => JSON.parse(readFileSync(file, 'utf8')) as TheoryTraining,
}
