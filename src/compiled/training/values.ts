/** What the plans of all nodes are made with: where values lie, weights, and gradients that shares add up. @module */
import type { Reals, Shape } from '../../core/tensor.js'
import { shareSize } from '../../interpreters/gradient/bilinear.js'
import type { Slopes } from '../../interpreters/gradient/neuron.js'
import type { Training } from '../../interpreters/gradient/training.js'
import type { Spot } from '../machine/stages.js'
import { type Builder, type Found, type Inner, inOrder, sampleBytes } from './builder.js'
import type { Extents } from './pack.js'

/** How a network is trained, beside its parameters. */
export interface Mode {
  readonly training: Training
  readonly reset: Slopes['reset']
}

/** Plans a node's way back: from the cotangents of what it gave to those of what it took. */
export type Back = () => void

export const stepsOf = (shape: Shape): number => shape[0]!

export const batchOf = (shape: Shape): number => shape[1]!

/** Plans currents that calls make in local memory wherever they are read. */
export const made = (b: Builder, value: Inner, make: (to: Spot) => void): void => {
  b.made(value, () => {
    const at = b.local(sampleBytes(value.shape))
    make(at)
    return inOrder(at, value)
  })
}

/** So many bytes further. */
export const beyond = (spot: Spot, bytes: number): Spot =>
  typeof spot === 'number' ? spot + bytes : { ...spot, beyond: spot.beyond + bytes }

/** Plans a place for a weight in some order, written before each run. */
export const weights = (
  b: Builder,
  data: Reals,
  extents: Extents,
  [length, pack]: readonly [(of: Extents) => number, (data: Reals, of: Extents, to: Float32Array) => void],
): number => {
  const count = length(extents)
  const at = b.keep(4 * count)
  b.before(({ floats }) => {
    pack(data, extents, floats(at, count))
  })
  return at
}

/** Plans the gradient of a weight: each share's, in so many numbers, and then their sum. */
export const inShares = (
  b: Builder,
  batch: number,
  length: number,
  plan: (rows: number, share: number) => void,
  found: (sum: Float32Array) => Found,
): void => {
  const share = shareSize(batch)
  const [shares, padded] = [Math.ceil(batch / share), Math.ceil(length / 4) * 4]
  const [rows, sum] = [b.take(4 * padded * shares), b.take(4 * padded)]
  plan(rows, share)
  b.later('joinShares', [rows, shares, padded, sum], () => {
    b.give(rows)
  })
  b.learnt(({ floats }) => found(floats(sum, length)))
}
