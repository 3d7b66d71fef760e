import { bundledDigits } from 'spikingresformer/node'
import { rightOf } from '../figures/record'
import { type Learnt, learning, STEPS } from '../figures/training'

declare const data: readonly Learnt[]

export { data }

/** The steps of the figure, from seed 1, as Node computes them. */
export default {
  load: async (): Promise<readonly Learnt[]> => {
    const running = await learning(rightOf(await bundledDigits()), 1)
    return Array.from({ length: STEPS }, () => running.next().value)
  },
}
