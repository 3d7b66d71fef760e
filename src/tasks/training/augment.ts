/** A batch as training sees it: shifted, and mixed with itself. @module */

import type * as Either from 'fp-ts/lib/Either.js'
import { type Faults, unlessFaulty } from '../../core/fault.js'
import { type Currents, type Reals, type Shape, type Tensor, tensor } from '../../core/tensor.js'
import { beta, draws } from './draws.js'
import { type Batch, seedFaults } from './given.js'
import type { Recipe } from './recipe.js'
import { recipeFaults } from './rules.js'

/** `[1, B, c, H, W]`, or frames `[T, B, c, H, W]`. */
type Images = readonly [number, number, number, number, number]

/**
 * Each sample moved by whole positions, `[dy, dx]` of it; what comes in at the border is the border's own value.
 *
 * @example
 * shifted(tensor([1, 1, 1, 1, 3], Float32Array.of(1, 2, 3)), () => [0, 1]).data // => Float32Array.of(1, 1, 2)
 */
export const shifted = (
  { shape, data }: Currents,
  by: (sample: number) => readonly [dy: number, dx: number],
): Currents => {
  const [T, B, c, H, W] = shape as Images
  const moved = data.slice()
  const within = (at: number, side: number): number => Math.min(side - 1, Math.max(0, at))
  for (let plane = 0; plane < T * B * c; plane++) {
    const [dy, dx] = by(Math.floor(plane / c) % B)
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++)
        moved[(plane * H + y) * W + x] = data[(plane * H + within(y - dy, H)) * W + within(x - dx, W)]!
  }
  return tensor(shape, moved)
}

/** A box of a feature map: rows and columns, the ends not in it. */
interface Box {
  readonly rows: readonly [number, number]
  readonly columns: readonly [number, number]
}

/** `share` of each sample, and the rest of its partner's: the batch backwards. */
const blended = <D extends Reals>({ shape, data }: Tensor<D>, outer: number, share: number): Tensor<D> => {
  const B = shape[outer]!
  const size = shape.slice(outer + 1).reduce((a, b) => a * b, 1)
  return tensor(
    shape,
    data.map((value, at) => {
      const [group, sample, rest] = [Math.floor(at / size / B), Math.floor(at / size) % B, at % size]
      return share * value + (1 - share) * data[(group * B + (B - 1 - sample)) * size + rest]!
    }) as D,
  )
}

/** The partner's pixels inside the box. */
const pasted = ({ shape, data }: Currents, { rows, columns }: Box): Currents => {
  const [, B, c, H, W] = shape as Images
  const size = c * H * W
  const inside = (at: number): boolean => {
    const [y, x] = [Math.floor(at / W) % H, at % W]
    return y >= rows[0] && y < rows[1] && x >= columns[0] && x < columns[1]
  }
  return tensor(
    shape,
    data.map((value, at) => {
      const [group, sample] = [Math.floor(at / size / B), Math.floor(at / size) % B]
      return inside(at) ? data[(group * B + (B - 1 - sample)) * size + (at % size)]! : value
    }),
  )
}

/** A box of about `1 - share` of the map, around a point drawn, cut at the border. */
const boxOf = ([, , , H, W]: Shape, share: number, draw: (i: number) => number): Box => {
  const side = Math.sqrt(1 - share)
  const span = (extent: number, u: number): readonly [number, number] => {
    const [centre, half] = [Math.floor(u * extent), Math.floor((extent * side) / 2)]
    return [Math.max(0, centre - half), Math.min(extent, centre + half)]
  }
  return { rows: span(H!, draw(0)), columns: span(W!, draw(1)) }
}

/**
 * A batch mixed with itself backwards: mixup blends images and targets by a share of Beta(alpha, alpha); cutmix pastes a
 * box of the partner, and blends the targets by its area. With both, a coin decides.
 *
 * Source: timm's `FastCollateMixup`, mode `batch`, probability 1, as the authors use it.
 */
const mixed = ({ mixup, cutmix }: Recipe, { images, targets }: Batch, name: string, seed: number): Batch => {
  const cut = cutmix > 0 && (mixup === 0 || draws(`${name} coin`, seed)(0) < 0.5)
  const alpha = cut ? cutmix : mixup
  if (alpha === 0) return { images, targets }
  const share = beta(alpha, draws(`${name} share`, seed))
  if (!cut) return { images: blended(images, 1, share), targets: blended(targets, 0, share) }
  const box = boxOf(images.shape, share, draws(`${name} box`, seed))
  const area = (box.rows[1] - box.rows[0]) * (box.columns[1] - box.columns[0])
  const kept = 1 - area / (images.shape[3]! * images.shape[4]!)
  return { images: pasted(images, box), targets: blended(targets, 0, kept) }
}

/**
 * The `step`-th batch of an epoch, augmented as the recipe says: what is drawn depends on the seed and on these two.
 *
 * @example
 * const data = { shape: [1, 16, 16], data: Float32Array.from(syntheticInput([1, 1, 16, 16], 7).data), labels: [3] }
 * const plain = { ...recipes.digits, shift: 0 }
 * const batch = batchOf(variants.digits, plain.smoothing)(data, [0])
 * pipe(batch, Either.chain((own) => augmented(plain, 1)(0, 0, own))) // => batch
 */
export const augmented = (
  recipe: Recipe,
  seed: number,
): ((epoch: number, step: number, batch: Batch) => Either.Either<Faults, Batch>) => {
  const wrong = [...recipeFaults(recipe), ...seedFaults(seed)]
  return (epoch, step, batch) =>
    unlessFaulty(wrong, () => {
      const name = `epoch ${epoch} step ${step}`
      const draw = draws(`${name} shift`, seed)
      const way = (i: number): number => Math.floor(draw(i) * (2 * recipe.shift + 1)) - recipe.shift
      const images =
        recipe.shift === 0 ? batch.images : shifted(batch.images, (sample) => [way(2 * sample), way(2 * sample + 1)])
      return mixed(recipe, { ...batch, images }, name, seed)
    })
}
