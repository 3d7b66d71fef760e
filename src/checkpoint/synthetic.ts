/** Synthetic checkpoints and inputs: the same numbers in every language, from a seed, nothing to download. @module */
import { sym } from '../core/random.js'
import { type Shape, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { type Config, stemOf } from '../model/config.js'
import type { Entry } from '../model/entry.js'
import { layout } from '../model/parameters.js'

/** What a uniform r in [-1, 1) becomes for an entry, in float64. */
const value = (config: Config, { key, shape, role }: Entry): ((r: number) => number) => {
  switch (role) {
    case 'mean':
      return (r) => 0.1 * r
    case 'variance': {
      const variance = key.startsWith('prologue') ? 1 : 0.1
      return (r) => variance * (1 + 0.5 * r)
    }
    case 'gain':
      return (r) => 1 + 0.25 * r
    case 'bias': {
      const lower = key.startsWith('prologue') && stemOf(config.stem).pool !== null ? 1 : 0
      return (r) => 0.25 * r - lower
    }
    case 'rate': {
      const rate = key.endsWith('_x') ? 0.1 : 0.05
      return (r) => rate * (1 + 0.5 * r)
    }
    case 'leak':
      return (r) => 0.5 * r
    case 'weight': {
      const bound = Math.sqrt(3 / sizeOf(shape.slice(1)))
      return (r) => r * bound
    }
    case 'counter':
      return () => 0
  }
}

/**
 * A checkpoint of the given network from a seed, in float32 under the authors' keys; the loads are much like a trained
 * network's, so it serves for golden vectors and benchmarks.
 *
 * @example
 * syntheticCheckpoint(variants.digits, 7).get('classifier.weight')?.shape // => [10, 64]
 */
export const syntheticCheckpoint = (config: Config, seed: number): ReadonlyMap<string, Tensor<Float32Array>> =>
  new Map(
    layout(config)
      .filter(({ role }) => role !== 'counter')
      .map((entry) => {
        const r = sym(entry.key, seed, sizeOf(entry.shape))
        return [entry.key, tensor(entry.shape, new Float32Array(r.map(value(config, entry))))]
      }),
  )

/**
 * The synthetic input of the given shape, `2 sym("image", seed)`: `[B, c, H, W]`, or `[B, T, c, H, W]` for frames.
 *
 * @example
 * syntheticInput([1, 1, 16, 16], 7).data[0] // => 2 * 0.6169610023498535
 */
export const syntheticInput = (shape: Shape, seed: number): Tensor<Float64Array> =>
  tensor(
    shape,
    sym('image', seed, sizeOf(shape)).map((r) => 2 * r),
  )
