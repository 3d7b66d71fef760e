import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { decodeSafetensors } from '../src/checkpoint/safetensors.js'
import { syntheticCheckpoint, syntheticInput } from '../src/checkpoint/synthetic.js'
import { type Fault, describe as sentence } from '../src/core/fault.js'
import { type Currents, type Reals, type Tensor, tensor } from '../src/core/tensor.js'
import { type Config, variants } from '../src/model/config.js'
import { type NetworkParameters, parse } from '../src/model/parameters.js'
import type { Golden } from '../src/tasks/golden.js'

/** A row as `trace` prints it: with the hashes of everything. */
export type TracedRow = Golden & { readonly image: number }

/** A row of networks.json, which is in float64 and has none of the hashes of everything. */
export type GoldenRow = Omit<TracedRow, 'precision' | 'operations' | 'membranes'>

const here = (name: string): URL => new URL(`./golden/${name}`, import.meta.url)

export const goldenRows: readonly GoldenRow[] = JSON.parse(readFileSync(here('networks.json'), 'utf8'))

export const json = (name: string) => JSON.parse(readFileSync(here(name), 'utf8'))

/** The right side, or a failure that reads as its faults do. */
export const right = <A>(either: Either.Either<readonly Fault[], A>): A => {
  if (Either.isLeft(either)) throw new Error(either.left.map(sentence).join('\n'))
  return either.right
}

export const configOf = (row: GoldenRow): Config => ({
  ...variants[row.variant]!,
  image: { height: row.image, width: row.image },
  classes: row.classes,
  steps: row.T,
})

export const synthetic = (config: Config, seed = 7): NetworkParameters =>
  right(parse(config)(syntheticCheckpoint(config, seed)))

/** The synthetic input of a row, time axis first: [1, B, 3, H, W], or [T, B, 3, H, W] for frames. */
export const inputOf = ({ image, T, batch, seed, frames }: GoldenRow): Currents => {
  if (!frames) return tensor([1, batch, 3, image, image], syntheticInput([batch, 3, image, image], seed).data)
  return timeFirst(syntheticInput([batch, T, 3, image, image], seed))
}

/** [B, T, ...] to [T, B, ...]. */
export const timeFirst = ({ shape: [B, T, ...frame], data }: Tensor<Float64Array>): Tensor<Float64Array> => {
  const size = data.length / B! / T!
  const output = new Float64Array(data.length)
  for (let b = 0; b < B!; b++)
    for (let t = 0; t < T!; t++)
      output.set(data.subarray((b * T! + t) * size, (b * T! + t + 1) * size), (t * B! + b) * size)
  return tensor([T!, B!, ...frame], output)
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The tensors of ops/NAME.safetensors. */
export const operation = (name: string) =>
  right(decodeSafetensors(new Uint8Array(readFileSync(here(`ops/${name}.safetensors`)))))

/** A tensor of reals by key. */
export const reals = (tensors: ReadonlyMap<string, Tensor>, key: string): Tensor<Reals> => {
  const found = tensors.get(key)
  if (found === undefined || !(found.data instanceof Float64Array)) throw new Error(`${key}: not there, or not float64`)
  return tensor(found.shape, found.data)
}

/** The largest absolute difference, NaN if anything is NaN or the lengths differ. */
export const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? Array.from(a).reduce((max, x, i) => Math.max(max, Math.abs(x - b[i]!)), 0) : Number.NaN

/** The largest difference, as a part of the largest golden magnitude; NaN as in {@link worst}. */
export const off = (actual: ArrayLike<number>, golden: ArrayLike<number>): number =>
  worst(actual, golden) / (worst(golden, new Float64Array(golden.length)) || 1)
