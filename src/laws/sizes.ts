/**
 * Generators beyond the published sizes: extents around the eights and past the largest published ones, on numbers from a
 * seed, so that a case is a few whole numbers and shrinks in them. Spikes are sparse where sums are long.
 * @module
 */
import fc, { type Arbitrary } from 'fast-check'
import { fnv1a, hash32 } from '../core/random.js'
import { type Currents, type Reals, type Shape, type Spikes, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import type { BatchNorm } from '../model/kernels.js'
import type { Dyadic } from './budget.js'
import { whole } from './given.js'

/** Words of 32 random bits: the i-th of a name and a seed. */
const words = (name: string, seed: number): ((i: number) => number) => {
  const start = fnv1a(name) ^ hash32(seed)
  return (i) => hash32(start ^ hash32(i))
}

/** Dyadic numbers from a name and a seed. */
export const numbers = (name: string, seed: number, shape: Shape, { exponent, largest }: Dyadic): Tensor<Reals> => {
  const word = words(name, seed)
  const [k, unit] = [largest / 2 ** exponent, 2 ** exponent]
  const data = new Float32Array(sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = ((word(i) % (2 * k + 1)) - k) * unit
  return tensor(shape, data)
}

/** Spikes that fire with a chance of so many 256ths, and the last channel of all a little more often: tails are lost there. */
export const sparse = (name: string, seed: number, shape: Shape, chance: number): Spikes => {
  const word = words(name, seed)
  const data = new Uint8Array(sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = (word(i) & 255) < chance ? 1 : 0
  return tensor(shape, data)
}

/** The chance, in 256ths, that about `wanted` of so many neighbours fire. */
export const chanceOf = (neighbours: number, wanted: number): number =>
  Math.max(2, Math.min(128, Math.round((256 * wanted) / neighbours)))

/** A batch norm of dyadic gain and shift, as `norm` of `given.ts`, from a seed. */
export const seededNorm = (name: string, seed: number, channels: number): BatchNorm => {
  const word = words(name, seed)
  const eps = seed % 2 === 0 ? 2 ** -4 : 2 ** -6
  const part = (of: string, set: Dyadic): Tensor<Reals> => numbers(`${name}.${of}`, seed, [channels], set)
  return {
    key: 'norm',
    weight: part('weight', { exponent: -1, largest: 1 }),
    bias: part('bias', { exponent: -2, largest: 1 }),
    mean: part('mean', { exponent: -2, largest: 1 }),
    variance: tensor(
      [channels],
      Float32Array.from({ length: channels }, (_, c) => [1, 4, 0.25][word(c) % 3]! - eps),
    ),
    eps,
  }
}

/** The most weights of a row of {@link sparseRows} that are not zero. */
export const MOST = 8

/** Rows of dyadic weights, of which at most {@link MOST} each are not zero, wherever they fall. */
export const sparseRows = (name: string, seed: number, shape: Shape, set: Dyadic): Tensor<Reals> => {
  const [rows, each] = [shape[0]!, sizeOf(shape.slice(1))]
  const place = words(`${name}.places`, seed)
  const values = numbers(name, seed, [rows * MOST], set).data
  const data = new Float32Array(rows * each)
  for (let i = 0; i < values.length; i++) data[Math.floor(i / MOST) * each + (place(i) % each)] = values[i]!
  return tensor(shape, data)
}

/** Around the eights, and whole numbers of them. */
const EIGHTS = [7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33, 40, 63, 64, 65] as const

/** An extent of a few. */
const few = whole(1, 5)

/** An extent around an eight, or beyond the largest published one. */
const many = (beyond: readonly number[]): Arbitrary<number> =>
  fc.oneof(fc.constantFrom(...EIGHTS), fc.constantFrom(...beyond))

/** Steps and samples: up to 33 and 5, rarely both. */
export const frames: Arbitrary<readonly [T: number, B: number]> = fc.constantFrom(
  [1, 1],
  [1, 3],
  [1, 5],
  [2, 3],
  [3, 1],
  [5, 1],
  [17, 1],
)

/** Convolutions, by what is large of them. Each stays under about 10^5 products a frame. */
export const CONVOLUTIONS = {
  'input channels': fc.record({
    inGroup: many([100, 193, 385, 1025, 4097]),
    outGroup: whole(1, 2),
    groups: whole(1, 2),
    kernel: fc.constantFrom(1, 1, 2),
    stride: fc.constant(1),
    padding: fc.constant(0),
    height: whole(1, 2),
    width: whole(1, 3),
  }),
  'output channels': fc.record({
    inGroup: whole(1, 3),
    outGroup: many([100, 193, 385, 1025, 4097]),
    groups: whole(1, 2),
    kernel: whole(1, 2),
    stride: fc.constant(1),
    padding: fc.constant(0),
    height: whole(1, 3),
    width: whole(1, 2),
  }),
  groups: fc.record({
    inGroup: fc.constantFrom(1, 2, 9),
    outGroup: whole(1, 3),
    groups: fc.constantFrom(3, 4, 6, 8, 16, 32, 64, 65),
    kernel: fc.constantFrom(1, 3),
    stride: fc.constant(1),
    padding: whole(0, 1),
    height: whole(3, 5),
    width: whole(3, 4),
  }),
  'kernel and stride': fc.record({
    inGroup: few,
    outGroup: few,
    groups: whole(1, 2),
    kernel: whole(1, 9),
    stride: whole(1, 9),
    padding: whole(0, 4),
    height: whole(9, 17),
    width: whole(9, 13),
  }),
  'feature map': fc.record({
    inGroup: whole(1, 2),
    outGroup: whole(1, 2),
    groups: fc.constant(1),
    kernel: fc.constantFrom(1, 3, 4),
    stride: fc.constantFrom(1, 2, 4),
    padding: whole(0, 1),
    height: many([57, 113]),
    width: fc.constantFrom(4, 5, 7, 33),
  }),
} as const

/** Attention products, by what is large of them: `d` channels a head, `n` tokens, `P` positions. */
export const PRODUCTS = {
  'head width': fc.record({
    heads: whole(1, 3),
    d: many([100, 129]),
    n: whole(1, 4),
    height: whole(1, 2),
    width: whole(1, 3),
  }),
  tokens: fc.record({
    heads: whole(1, 2),
    d: whole(1, 4),
    n: many([49, 196, 197, 325]),
    height: whole(1, 2),
    width: whole(1, 3),
  }),
  heads: fc.record({
    heads: fc.constantFrom(4, 6, 8, 12, 16, 17),
    d: whole(1, 9),
    n: whole(1, 4),
    height: whole(1, 2),
    width: whole(1, 2),
  }),
  positions: fc.record({
    heads: whole(1, 2),
    d: whole(1, 3),
    n: whole(1, 3),
    height: many([57]),
    width: fc.constantFrom(1, 5, 7),
  }),
} as const

/** Layers `[C, H, W]`, by what is large of them. */
export const LAYERS: Arbitrary<Shape> = fc.oneof(
  fc.tuple(many([193, 385, 1025, 4097]), whole(1, 2), whole(1, 2)),
  fc.tuple(few, many([57, 113]), whole(1, 3)),
  fc.tuple(few, whole(1, 3), many([57, 113])),
)

/** Classes beyond the published 1000. */
export const CLASSES = many([100, 101, 1000, 1001])

export { many }

/** Currents of a shape. */
export const currentsOf = (
  name: string,
  seed: number,
  shape: Shape,
  set: Dyadic = { exponent: -2, largest: 2 },
): Currents => numbers(name, seed, shape, set)
