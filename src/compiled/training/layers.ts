/** Convolutions and their norms: of spikes, and of the image. @module */
import type { Shape } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { NodeOf } from '../../interpreters/graph.js'
import type { Pool } from '../../model/kernels.js'
import { type Builder, currentBytes, type Inner } from './builder.js'
import { argumentsOf, contractScratch, framesTogether, geometryOf, inputsScratch, weightsScratch } from './geometry.js'
import { normed } from './norm.js'
import { backwardLength, type Extents, extentsOf, forwardLength, rowsLength } from './pack.js'
import type { Mode } from './runs.js'
import { type Back, batchOf, inShares, packed, stepsOf, weightsOf } from './values.js'

/** In the order of the parameters of the kernels that pack weights, and of the one that gives their gradient. */
const sizesOf = ({ groups, inGroup, outGroup, taps }: Extents): readonly number[] => [groups, inGroup, outGroup, taps]

/** Plans the gradient of a convolution's weights. */
const gradient = (
  b: Builder,
  node: NodeOf<'synapse'> | NodeOf<'stem'>,
  extents: Extents,
  plan: (rows: number, share: number) => void,
): void => {
  const { key, weight } = node.parameters.convolution
  const lengths = [rowsLength(extents), weight.data.length] as const
  inShares(b, [batchOf(node.inputs[0].shape), `${key}.weight`], lengths, plan, (rows, shares, sum) => [
    'joinRows',
    [rows, shares, sum, ...sizesOf(extents)],
  ])
}

export const synapse = (b: Builder, mode: Mode, node: NodeOf<'synapse'>): Back => {
  const { convolution } = node.parameters
  const [[x], [y]] = [node.inputs, node.outputs]
  const [geometry, extents] = [geometryOf(convolution, x.shape, y.shape), extentsOf(convolution)]
  const [T, batch] = [stepsOf(x.shape), batchOf(x.shape)]
  const args = argumentsOf(geometry)
  const z: Inner = { carries: 'currents', shape: y.shape }
  const { groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding } = extents
  const sizes = [groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding]
  const weights = weightsOf(b, node)
  const forward = packed(b, 'packForward', weights, forwardLength(extents), sizesOf(extents))
  const backward = packed(b, 'packBackward', weights, backwardLength(extents), sizes)
  b.held(z, (to) => {
    b.call('synapse', T, [b.placeOf(x).at, forward, to, ...args], contractScratch(geometry))
  })
  const map = normed(b, mode, node, [T, batch, y.shape[3]! * y.shape[4]!, 1], z)
  b.summed(y, () => [map.term()])
  return () => {
    const dz = map.back(b.cotangentOf(y)!)
    b.release(y)
    const together = framesTogether(geometry, T * batch)
    gradient(b, node, extents, (rows, share) => {
      const own = [b.placeOf(x).at, dz, rows, share, T, together, ...args]
      b.call('toWeights', 1, own, weightsScratch(geometry, together))
    })
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
  const { convolution, pool } = node.parameters
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
  const weights = weightsOf(b, node)
  const rows = packed(b, 'packRows', weights, rowsLength(extents), sizesOf(extents))
  b.held(z, (to) => {
    b.call('stem', T, [pixels, rows, to, ...args])
  })
  const map = normed(b, mode, node, [T, batch, oh * ow, mode.training.repeats], z)
  const pooling = pool === null ? [] : poolArguments(pool, [oh, ow, outs], y.shape)
  if (pool === null)
    b.held(y, (to) => {
      b.add([map.term()], shape, to)
    })
  else {
    b.summed(whole, () => [map.term()])
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
    gradient(b, node, extents, (found, share) => {
      b.call('stemWeights', 1, [pixels, dz, found, share, T, ...args])
    })
    b.drop(dz)
  }
}
