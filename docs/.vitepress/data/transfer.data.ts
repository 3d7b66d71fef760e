import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Transferred against from scratch, as `npm run transfer` measured it. */
export interface Transfer {
  /** After how many steps it was tested. */
  readonly steps: readonly number[]
  readonly batch: number
  readonly tested: number
  readonly runs: readonly {
    readonly seed: number
    readonly from: 'digits' | 'scratch'
    readonly accuracies: readonly number[]
  }[]
}

declare const data: Transfer

export { data }

const file = fileURLToPath(new URL('../../data/transfer.json', import.meta.url))

export default {
  watch: [file],
  load: (): Transfer => JSON.parse(readFileSync(file, 'utf8')) as Transfer,
}
