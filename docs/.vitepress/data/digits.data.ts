import { digitsInput } from 'spikingresformer'
import { classOf, type Query, queryIn, runOf, tellingCell } from '../figures/query'
import { imageOf, rightOf } from '../figures/record'
import { bundledNetwork, samples } from './network'

/** What the figures show before a worker runs: one recorded digit, and one test digit of each class to pick. */
export interface DigitData {
  readonly samples: readonly { readonly label: number; readonly values: readonly number[] }[]
  readonly query: Query
  readonly sops: readonly Readonly<Record<string, number>>[]
  readonly answer: number
}

declare const data: DigitData

export { data }

export default {
  load: async (): Promise<DigitData> => {
    const digits = await samples()
    const image = imageOf(rightOf(digitsInput(digits[2]!.values)).data)
    const { recording, sops } = runOf(await bundledNetwork())(image)
    return {
      samples: digits.map(({ label, values }) => ({ label, values })),
      query: queryIn(recording, tellingCell(recording)),
      sops,
      answer: classOf(recording.logits),
    }
  },
}
