import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { digitsInput } from 'spikingresformer'
import { LAYERS } from '../figures/query'
import { type Measured, measure } from '../figures/random'
import { imageOf, record, rightOf } from '../figures/record'
import { type Dialled, dialIn } from '../figures/scale'
import { bundledNetwork, samples } from './network'

/** A place of the dial, as `scripts/scale-curve.mjs` measured it. */
export interface Place {
  readonly by: number
  readonly accuracy: number
  readonly verdict: readonly { readonly id: string; readonly status: string; readonly sentence: string }[]
}

export interface ScaleData {
  readonly digits: number
  readonly places: readonly Place[]
  readonly start: Dialled
  readonly measured: readonly Measured[]
  /** Of the trained network, on the ten digits to pick: mean and variance of both drives in each attention layer. */
  readonly own: readonly { readonly layer: string; readonly scores: Moments; readonly mix: Moments }[]
}

export interface Moments {
  readonly mean: number
  readonly variance: number
}

declare const data: ScaleData

export { data }

const moments = (all: readonly ArrayLike<number>[]): Moments => {
  let [sum, squares, count] = [0, 0, 0]
  for (const values of all)
    for (let i = 0; i < values.length; i++) {
      sum += values[i]!
      squares += values[i]! ** 2
      count++
    }
  return { mean: sum / count, variance: squares / count - (sum / count) ** 2 }
}

const curve = fileURLToPath(new URL('../../data/scale.json', import.meta.url))

export default {
  watch: [curve],
  load: async (): Promise<ScaleData> => {
    const parameters = await bundledNetwork()
    const runs = (await samples()).map(({ values }) => record(parameters)(imageOf(rightOf(digitsInput(values)).data)))
    const drives = (path: string): readonly ArrayLike<number>[] =>
      runs.flatMap(({ steps }) =>
        steps.map((calls) => {
          const call = calls.get(path)
          if (call?.operation !== 'dstT' && call?.operation !== 'dst') throw new Error(`no product at ${path}`)
          return call.outputs[0].data
        }),
      )
    return {
      ...(JSON.parse(readFileSync(curve, 'utf8')) as Pick<ScaleData, 'digits' | 'places'>),
      start: dialIn(runs[2]!, runs[2]!, 0),
      measured: measure({ rate: 1 / 8, width: 32, tokens: 64, seed: 1 }),
      own: LAYERS.map((layer) => ({
        layer,
        scores: moments(drives(`${layer}.matmul1`)),
        mix: moments(drives(`${layer}.matmul2`)),
      })),
    }
  },
}
