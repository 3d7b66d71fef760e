/** The nodes of a graph, planned forward; each gives how it is planned back. @module */
import { sigmoid } from '../../core/functions.js'
import { type Reals, type Shape, sizeOf } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import { chargeSlopes, resetNumbers, type Slopes } from '../../interpreters/gradient/neuron.js'
import { fixedScale, movedMoments, rateKey, type Training } from '../../interpreters/gradient/training.js'
import { type CurrentValue, type Node, type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import type { BatchNorm, Charge, Pool, Reset } from '../../model/kernels.js'
import { ADD, DIVIDE, HARD, MULTIPLY, SOFT } from '../machine/shared.js'
import { type Builder, currentBytes, type Place } from './builder.js'
import {
  argumentsOf,
  contractScratch,
  framesTogether,
  geometryOf,
  inputsScratch,
  productGeometry,
  weightsScratch,
} from './geometry.js'
import {
  BLOCK,
  backwardLength,
  blocksOf,
  type Extents,
  extentsOf,
  forwardLength,
  packBackward,
  packForward,
  packRows,
  rowsLength,
  unpackRows,
} from './pack.js'

/** How a network is trained, beside its parameters. */
export interface Mode {
  readonly training: Training
  readonly reset: Slopes['reset']
}

/** Plans a node's way back: from the cotangents of what it gave to those of what it took. */
type Back = () => void

const framesOf = (shape: Shape): number => shape[0]! * shape[1]!

const stepBytes = (shape: Shape): number => currentBytes(shape.slice(1))

/** A place of its own for a value of currents. */
const fresh = (b: Builder, value: Value): number => {
  const at = b.take(currentBytes(value.shape))
  b.put(value, { at, step: stepBytes(value.shape) })
  return at
}

/** Plans `y = BN(z)` by the batch's statistics; gives how `dz` comes from `dy`. */
const normed = (
  b: Builder,
  { training }: Mode,
  p: BatchNorm,
  [frames, positions, repeats]: readonly [number, number, number],
  z: number,
  y: number,
): ((dy: number, dz: number) => void) => {
  const channels = p.weight.data.length
  const given = b.keep(16 * channels)
  const [norm, back] = [b.take(32 * channels), b.take(32 * channels)]
  b.before(({ doubles }) => {
    doubles(given, channels).set(p.weight.data)
    doubles(given + 8 * channels, channels).set(p.bias.data)
  })
  const parts = b.take(16 * channels * frames)
  b.call('moments', frames, [z, parts, positions, channels])
  b.call('joinMoments', 1, [parts, given, norm, p.eps, frames, positions, channels])
  b.give(parts)
  b.call('affine', frames, [z, norm, y, positions, channels])
  b.statistics(({ doubles }) => {
    const [mean, variance] = [doubles(norm, channels), doubles(norm + 8 * channels, channels)]
    return movedMoments('float32', training, p, { mean, variance }, frames * positions * repeats)
  })
  return (dy, dz) => {
    const sums = b.take(16 * channels * frames)
    b.call('cotangentSums', frames, [z, dy, norm, sums, positions, channels])
    b.call('joinSums', 1, [sums, given, norm, back, frames, positions, channels])
    b.give(sums)
    b.call('normBack', frames, [z, dy, norm, back, dz, positions, channels])
    b.learnt(({ floats }) => [
      [`${p.key}.weight`, floats(back + 4 * channels, channels).slice()],
      [`${p.key}.bias`, floats(back, channels).slice()],
    ])
  }
}

/** Plans a place for a weight in some order, written before each run. */
const weights = (
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

const rowsFound = (b: Builder, key: string, extents: Extents): number => {
  const rows = b.take(4 * rowsLength(extents))
  b.learnt(({ floats }) => [[`${key}.weight`, unpackRows(floats(rows, rowsLength(extents)), extents)]])
  return rows
}

const synapse = (b: Builder, mode: Mode, node: NodeOf<'synapse'>): Back => {
  const { convolution, norm } = node.parameters
  const [[x], [y]] = [node.inputs, node.outputs]
  const [geometry, extents, frames] = [
    geometryOf(convolution, x.shape, y.shape),
    extentsOf(convolution),
    framesOf(x.shape),
  ]
  const args = argumentsOf(geometry)
  const spikes = b.placeOf(x).at
  const z = b.take(currentBytes(y.shape))
  const forward = weights(b, convolution.weight.data, extents, [forwardLength, packForward])
  b.call('synapse', frames, [spikes, forward, z, ...args], contractScratch(geometry))
  const normBack = normed(b, mode, norm, [frames, y.shape[3]! * y.shape[4]!, 1], z, fresh(b, y))
  return () => {
    const dz = b.take(currentBytes(y.shape))
    normBack(b.cotangentOf(y)!, dz)
    b.release(y)
    const together = framesTogether(geometry, frames)
    const rows = rowsFound(b, convolution.key, extents)
    const units = extents.groups * blocksOf(extents.inGroup, BLOCK)
    b.call('toWeights', units, [spikes, dz, rows, frames, together, ...args], weightsScratch(geometry, together))
    const backward = weights(b, convolution.weight.data, extents, [backwardLength, packBackward])
    b.receive(x, (to, base) => {
      b.call('toInputs', frames, [dz, backward, to, base, ...args], inputsScratch(geometry))
    })
    b.give(dz)
  }
}

const poolArguments = ({ kernel, stride, padding }: Pool, from: readonly number[], to: Shape): readonly number[] => [
  ...from,
  ...[kernel, stride, padding, to[3]!, to[4]!],
]

const stem = (b: Builder, mode: Mode, node: NodeOf<'stem'>): Back => {
  const { convolution, norm, pool } = node.parameters
  const [[image], [y]] = [node.inputs, node.outputs]
  const [T, B, channels, height, width] = image.shape as readonly [number, number, number, number, number]
  const [outs, , kh, kw] = convolution.weight.shape as readonly [number, number, number, number]
  const { stride, padding } = convolution
  const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
  const [frames, extents] = [T * B, extentsOf(convolution)]
  const args = [height, width, channels, outs, kh, kw, stride, padding, oh, ow]
  const inside = currentBytes([frames, outs, oh, ow])
  const [pixels, z] = [b.placeOf(image).at, b.take(inside)]
  const rows = weights(b, convolution.weight.data, extents, [rowsLength, packRows])
  b.call('stem', frames, [pixels, rows, z, ...args])
  const whole = pool === null ? fresh(b, y) : b.take(inside)
  const normBack = normed(b, mode, norm, [frames, oh * ow, mode.training.repeats], z, whole)
  const pooling = pool === null ? [] : poolArguments(pool, [oh, ow, outs], y.shape)
  if (pool !== null) b.call('pool', frames, [whole, fresh(b, y), ...pooling])
  return () => {
    const [dz, found] = [b.take(inside), rowsFound(b, convolution.key, extents)]
    if (pool === null) normBack(b.cotangentOf(y)!, dz)
    else {
      const dwhole = b.take(inside)
      b.call('poolBack', frames, [whole, b.cotangentOf(y)!, dwhole, ...pooling])
      normBack(dwhole, dz)
      b.give(dwhole)
    }
    b.release(y)
    b.call('stemWeights', blocksOf(outs, BLOCK), [pixels, dz, found, frames, ...args])
    b.give(dz)
  }
}

/** A charge as the kernels are told. Dividing by a power of two is multiplying by its inverse, to the bit. */
const chargeNumbers = (charge: Charge): readonly [kind: number, k: number] => {
  switch (charge.kind) {
    case 'IF':
      return [ADD, 1]
    case 'LIF':
      return [1, 2, 4, 8, 16].includes(charge.tau) ? [MULTIPLY, 1 / charge.tau] : [DIVIDE, charge.tau]
    case 'PLIF':
      return [MULTIPLY, sigmoid(charge.w)]
  }
}

const resetNumber = (reset: Reset): number => {
  switch (reset.kind) {
    case 'hard':
      return HARD
    case 'soft':
      return SOFT
  }
}

const attachment = (reset: Slopes['reset']): number => {
  switch (reset) {
    case 'detached':
      return 0
    case 'attached':
      return 1
  }
}

const fire = (b: Builder, { reset }: Mode, node: NodeOf<'fire'>): Back => {
  const { key, charge, threshold } = node.parameters
  const [[current], [spikes]] = [node.inputs, node.outputs]
  const [T, B, ...layer] = current.shape as readonly [number, number, number, number, number]
  const neurons = sizeOf(layer)
  const { at: x, step } = b.placeOf(current)
  const [kind, k] = chargeNumbers(charge)
  const { rest } = resetNumbers('float32', node.parameters)
  const after = [resetNumber(node.parameters.reset), rest, threshold]
  const at = b.take(sizeOf(current.shape))
  b.put(spikes, { at, step: B * neurons })
  b.call('fire', B, [x, step, at, T, B, neurons, kind, k, ...after], 64 + 20 * T)
  return () => {
    const ds = b.cotangentOf(spikes)
    if (ds === null) return
    const { byX, byV, byW } = chargeSlopes(charge)
    const parts = charge.kind === 'PLIF' ? b.take(8 * B) : 0
    const channels = channelsOf(spikes)
    b.receive(current, (to, base) => {
      b.call(
        'fireBack',
        B,
        [
          ...[x, step, ds, to, base, parts, T, B, neurons / channels, channels],
          ...[kind, k, byX, byV, ...after, attachment(reset)],
        ],
        256 + 80 * T + 8 * neurons,
      )
    })
    b.release(spikes)
    if (parts === 0) return
    const dw = b.take(4)
    b.call('joinLeak', 1, [parts, B, byW, dw])
    b.give(parts)
    b.learnt(({ floats }) => [[`${key}.w`, floats(dw, 1).slice()]])
  }
}

/** Channels of a value as it lies: an attention map's are its heads' tokens. */
const channelsOf = (value: Value): number => {
  const node = nodeOf(value)
  const made = node?.operation === 'fire' ? nodeOf(node.inputs[0]) : node
  const [, , channels, rows] = value.shape as readonly [number, number, number, number]
  return made?.operation === 'dstT' || made?.operation === 'dst' ? channels * rows : channels
}

/** The whole of which a value is a half, and how many bytes of a head come before it. */
const halfOf = (value: CurrentValue): readonly [whole: CurrentValue, before: number] => {
  const node = nodeOf(value) as NodeOf<'splitHeads'>
  return [node.inputs[0], value === node.outputs[0] ? 0 : 4 * value.shape[3]!]
}

/** A place for the scale of each head where it is fixed, written before each run. */
const factors = (b: Builder, fixed: readonly number[] | null): number | null => {
  if (fixed === null) return null
  const at = b.keep(4 * fixed.length)
  b.before(({ floats }) => {
    floats(at, fixed.length).set(fixed)
  })
  return at
}

const product = (b: Builder, { training }: Mode, node: NodeOf<'dstT'> | NodeOf<'dst'>): Back => {
  const [[half, x], [output]] = [node.inputs, node.outputs]
  const [T, B, heads, d, n] = half.shape as readonly [number, number, number, number, number]
  const [frames, positions] = [T * B, output.shape[4]!]
  const [terms, width] = node.operation === 'dstT' ? [d, n] : [n, d]
  const [whole, offset] = halfOf(half)
  const row = 8 * heads * d
  const [byTerm, byLane] = node.operation === 'dstT' ? [4, row] : [row, 4]
  const strides = [n * row, 8 * d, byTerm, byLane]
  const [spikes, factor] = [b.placeOf(x).at, b.placeOf(whole).at + offset]
  const [recorded, counts, scales] = [b.keep(8 * heads), b.take(4 * heads * frames), b.take(8 * heads)]
  const key = rateKey(node.operation, node.path)
  b.before(({ doubles }) => {
    const known = training.rates.get(key)
    if (known === undefined) doubles(recorded, heads).fill(0)
    else doubles(recorded, heads).set(known)
  })
  b.call('countSpikes', frames, [spikes, counts, positions, heads, terms])
  const length = frames * positions * heads * terms
  b.call('joinRates', 1, [counts, recorded, scales, training.rateMomentum, frames, heads, length, terms])
  b.statistics(({ floats }) => [[key, floats(scales, heads).slice()]])
  const geometry = productGeometry(positions, heads, terms, width)
  const packed = 64 * heads * blocksOf(width, BLOCK) * blocksOf(terms, 8) * 9
  const [to, sizes] = [fresh(b, output), [positions, heads, terms, width]]
  const scale = factors(b, fixedScale(training.scaling, heads)) ?? scales + 4 * heads
  b.call('product', frames, [spikes, factor, ...strides, scale, to, ...sizes], 64 + packed + contractScratch(geometry))
  return () => {
    const dy = b.cotangentOf(output)!
    const table = Math.max(
      4 * heads * blocksOf(terms, 8) * 8 * width + inputsScratch(geometry),
      4 * heads * terms * blocksOf(width, BLOCK) * BLOCK + weightsScratch(geometry, 1),
    )
    const into = b.cotangentOf(whole) ?? startHalves(b, whole)
    b.receive(x, (inputs, base) => {
      b.call(
        'productBack',
        frames,
        [spikes, factor, ...strides, scale, dy, inputs, base, into + offset, ...sizes],
        160 + 4 * positions * heads * width + table,
      )
    })
    b.release(output)
  }
}

/** A place for the cotangent of a whole, which its two halves fill. */
const startHalves = (b: Builder, whole: CurrentValue): number => {
  b.receive(whole, () => undefined)
  return b.cotangentOf(whole)!
}

/** The same values under another shape or name: forward, and back. */
const renamed = (b: Builder, from: Value, to: Value): Back => {
  b.put(to, b.placeOf(from))
  return () => {
    b.pass(to, from)
    b.release(to)
  }
}

const hold = (b: Builder, node: NodeOf<'hold'>): Back => {
  const [[current], [held]] = [node.inputs, node.outputs]
  b.put(held, { at: b.placeOf(current).at, step: 0 })
  const [T, B, ...layer] = held.shape as readonly [number, number, ...number[]]
  return () => {
    const dy = b.cotangentOf(held)!
    b.receive(current, (to) => {
      b.call('sumSteps', B, [dy, to, T, B, sizeOf(layer)])
    })
    b.release(held)
  }
}

const add = (b: Builder, node: NodeOf<'add'>): Back => {
  const [[first, second], [sum]] = [node.inputs, node.outputs]
  const [one, two]: readonly [Place, Place] = [b.placeOf(first), b.placeOf(second)]
  const length = sizeOf(sum.shape.slice(1))
  b.call('add', sum.shape[0]!, [one.at, one.step, two.at, two.step, fresh(b, sum), length])
  return () => {
    b.pass(sum, first)
    b.pass(sum, second)
    b.release(sum)
  }
}

const meanPool = (b: Builder, node: NodeOf<'meanPool'>): Back => {
  const [[x], [mean]] = [node.inputs, node.outputs]
  const sizes = [x.shape[3]! * x.shape[4]!, x.shape[2]!]
  b.call('mean', framesOf(x.shape), [b.placeOf(x).at, fresh(b, mean), ...sizes])
  return () => {
    const dy = b.cotangentOf(mean)!
    b.receive(x, (to) => {
      b.call('meanBack', framesOf(x.shape), [dy, to, ...sizes])
    })
    b.release(mean)
  }
}

const classify = (b: Builder, node: NodeOf<'classify'>): Back => {
  const [[x], [logits], { shape, data }] = [node.inputs, node.outputs, node.parameters]
  const [classes, channels] = shape as readonly [number, number]
  const frames = framesOf(x.shape)
  const weight = b.keep(4 * data.length)
  b.before(({ floats }) => {
    floats(weight, data.length).set(data)
  })
  const from = b.placeOf(x).at
  b.call('classify', frames, [from, weight, fresh(b, logits), channels, classes])
  return () => {
    const [dy, rows] = [b.cotangentOf(logits)!, b.take(4 * data.length)]
    b.call('classifyWeights', classes, [from, dy, rows, frames, channels, classes])
    b.learnt(({ floats }) => [[`${node.path}.weight`, floats(rows, data.length).slice()]])
    b.receive(x, (to) => {
      b.call('classifyBack', frames, [dy, weight, to, channels, classes])
    })
    b.release(logits)
  }
}

/** Plans a node. */
export const planNode = (b: Builder, mode: Mode, node: Node): Back => {
  switch (node.operation) {
    case 'stem':
      return stem(b, mode, node)
    case 'hold':
      return hold(b, node)
    case 'fire':
      return fire(b, mode, node)
    case 'synapse':
      return synapse(b, mode, node)
    case 'splitHeads':
      return () => undefined
    case 'dstT':
    case 'dst':
      return product(b, mode, node)
    case 'mergeHeads':
      return renamed(b, node.inputs[0], node.outputs[0])
    case 'add':
      return add(b, node)
    case 'meanPool':
      return meanPool(b, node)
    case 'classify':
      return classify(b, node)
  }
}
