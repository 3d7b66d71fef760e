/** What the plans of all nodes are made with: where values lie, weights, and gradients that shares add up. @module */
import type { Shape } from '../../core/tensor.js'
import { shareSize } from '../../interpreters/gradient/bilinear.js'
import type { NodeOf } from '../../interpreters/graph.js'
import type { Spot } from '../machine/stages.js'
import type { Builder } from './builder.js'

/** Plans a node's way back: from the cotangents of what it gave to those of what it took. */
export type Back = () => void

export const stepsOf = (shape: Shape): number => shape[0]!

export const batchOf = (shape: Shape): number => shape[1]!

/** So many bytes further. */
export const beyond = (spot: Spot, bytes: number): Spot =>
  typeof spot === 'number' ? spot + bytes : { ...spot, beyond: spot.beyond + bytes }

/** A convolution's weights as they are, written before each run: there to be packed. */
export const weightsOf = (b: Builder, node: NodeOf<'synapse'> | NodeOf<'stem'>): number => {
  const { length } = node.parameters.convolution.weight.data
  const at = b.early(4 * length)
  b.before(({ floats }, run) => {
    floats(at, length).set(run.node(node).parameters.convolution.weight.data)
  })
  return at
}

/** A place for so many numbers of weights as a kernel packs them, before all else. */
export const packed = (
  b: Builder,
  kernel: 'packForward' | 'packBackward' | 'packRows',
  weights: number,
  length: number,
  extents: readonly number[],
): number => {
  const at = b.keep(4 * length)
  b.ahead(kernel, [weights, at, ...extents])
  return at
}

/** Plans the gradient of a weight: each share's, and then their sum as the weight lies. */
export const inShares = (
  b: Builder,
  [batch, key]: readonly [batch: number, key: string],
  [rowsLength, length]: readonly [rows: number, weight: number],
  plan: (rows: number, share: number) => void,
  join: (rows: number, shares: number, sum: number) => readonly [kernel: string, args: readonly number[]],
): void => {
  const share = shareSize(batch)
  const shares = Math.ceil(batch / share)
  const [rows, sum] = [b.take(4 * rowsLength * shares), b.take(4 * length)]
  plan(rows, share)
  b.later(...join(rows, shares, sum), () => {
    b.give(rows)
  })
  b.learnt(({ floats }) => [[key, floats(sum, length).slice()]])
}
