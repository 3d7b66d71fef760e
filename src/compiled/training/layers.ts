/** Convolutions and their norms: of spikes, and of the image. @module */
import type { Shape } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { NodeOf } from '../../interpreters/graph.js'
import type { Pool } from '../../model/kernels.js'
import { type Builder, currentBytes, type Inner } from './builder.js'
import { argumentsOf, contractScratch, framesTogether, geometryOf, inputsScratch, weightsScratch } from './geometry.js'
import { normed } from './norm.js'
import {
  backwardLength,
  extentsOf,
  forwardLength,
  packBackward,
  packForward,
  packRows,
  rowsLength,
  unpackRows,
} from './pack.js'
import { type Back, batchOf, inShares, type Mode, made, stepsOf, weights } from './values.js'

export const synapse = (b: Builder, mode: Mode, node: NodeOf<'synapse'>): Back => {
  const { convolution, norm } = node.parameters
  const [[x], [y]] = [node.inputs, node.outputs]
  const [geometry, extents] = [geometryOf(convolution, x.shape, y.shape), extentsOf(convolution)]
  const [T, batch] = [stepsOf(x.shape), batchOf(x.shape)]
  const args = argumentsOf(geometry)
  const z: Inner = { carries: 'currents', shape: y.shape }
  const forward = weights(b, convolution.weight.data, extents, [forwardLength, packForward])
  b.held(z, (to) => {
    b.call('synapse', T, [b.placeOf(x).at, forward, to, ...args], contractScratch(geometry))
  })
  const map = normed(b, mode, norm, [T, batch, y.shape[3]! * y.shape[4]!, 1], z)
  made(b, y, map.forward)
  return () => {
    const dz = map.back(b.cotangentOf(y)!)
    b.release(y)
    const together = framesTogether(geometry, T * batch)
    inShares(
      b,
      batch,
      rowsLength(extents),
      (rows, share) => {
        b.call(
          'toWeights',
          1,
          [b.placeOf(x).at, dz, rows, share, T, together, ...args],
          weightsScratch(geometry, together),
        )
      },
      (sum) => [[`${convolution.key}.weight`, unpackRows(sum, extents)]],
    )
    const backward = weights(b, convolution.weight.data, extents, [backwardLength, packBackward])
    b.receive(x, (to, base) => {
      b.call('toInputs', T, [dz, backward, to, base, ...args], inputsScratch(geometry))
    })
    b.drop(dz)
  }
}

const poolArguments = ({ kernel, stride, padding }: Pool, from: readonly number[], to: Shape): readonly number[] => [
  ...from,
  ...[kernel, stride, padding, to[3]!, to[4]!],
]

export const stem = (b: Builder, mode: Mode, node: NodeOf<'stem'>): Back => {
  const { convolution, norm, pool } = node.parameters
  const [[image], [y]] = [node.inputs, node.outputs]
  const [T, batch, channels, height, width] = image.shape as readonly [number, number, number, number, number]
  const [outs, , kh, kw] = convolution.weight.shape as readonly [number, number, number, number]
  const { stride, padding } = convolution
  const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
  const extents = extentsOf(convolution)
  const args = [height, width, channels, outs, kh, kw, stride, padding, oh, ow]
  const shape = [T, batch, outs, oh, ow]
  const [z, whole]: readonly [Inner, Inner] = [
    { carries: 'currents', shape },
    { carries: 'currents', shape },
  ]
  const pixels = b.placeOf(image).at
  const rows = weights(b, convolution.weight.data, extents, [rowsLength, packRows])
  b.held(z, (to) => {
    b.call('stem', T, [pixels, rows, to, ...args])
  })
  const map = normed(b, mode, norm, [T, batch, oh * ow, mode.training.repeats], z)
  const pooling = pool === null ? [] : poolArguments(pool, [oh, ow, outs], y.shape)
  if (pool === null) b.held(y, map.forward)
  else {
    made(b, whole, map.forward)
    b.held(y, (to) => {
      b.call('pool', T, [b.placeOf(whole).at, to, ...pooling])
    })
  }
  return () => {
    const dy = b.cotangentOf(y)!
    const dwhole = pool === null ? dy : b.take(currentBytes(whole.shape))
    if (pool !== null) b.call('poolBack', T, [b.placeOf(whole).at, dy, dwhole, ...pooling])
    const dz = map.back(dwhole)
    if (pool !== null) b.give(dwhole as number)
    b.release(y)
    inShares(
      b,
      batch,
      rowsLength(extents),
      (found, share) => {
        b.call('stemWeights', 1, [pixels, dz, found, share, T, ...args])
      },
      (sum) => [[`${convolution.key}.weight`, unpackRows(sum, extents)]],
    )
    b.drop(dz)
  }
}
