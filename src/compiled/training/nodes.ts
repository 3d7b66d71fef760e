/** The nodes of a graph, planned forward; each gives how it is planned back. @module */
import { sigmoid } from '../../core/functions.js'
import { type Reals, type Shape, sizeOf } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import { shareSize } from '../../interpreters/gradient/bilinear.js'
import { chargeSlopes, resetNumbers, type Slopes } from '../../interpreters/gradient/neuron.js'
import { fixedScale, movedMoments, rateKey, type Training } from '../../interpreters/gradient/training.js'
import { type CurrentValue, type Node, type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import type { BatchNorm, Charge, Pool, Reset } from '../../model/kernels.js'
import { ADD, DIVIDE, HARD, MULTIPLY, SOFT } from '../machine/shared.js'
import type { Local, Spot } from '../machine/stages.js'
import { type Builder, currentBytes, type Found, type Place, sampleBytes } from './builder.js'
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

const stepsOf = (shape: Shape): number => shape[0]!

const batchOf = (shape: Shape): number => shape[1]!

/** Samples, and steps, one after the other. */
const inOrder = (at: Spot, shape: Shape): Place => ({
  at,
  sample: sampleBytes(shape),
  step: sampleBytes(shape) / stepsOf(shape),
})

/** A place of its own for a value of currents. */
const fresh = (b: Builder, value: Value): number => {
  const at = b.take(currentBytes(value.shape))
  b.stored(value, inOrder(at, value.shape))
  return at
}

/** A norm that was planned: how `y` is made of z, and `dz` of `dy`. */
interface Normed {
  readonly forward: (y: Spot) => void
  /** Gives where `dz` lies: in the stage after all samples met. */
  readonly back: (dy: Spot) => Local
}

/** Plans `y = BN(z)` by the batch's statistics, z `[T, B, positions, channels]`. */
const normed = (
  b: Builder,
  { training }: Mode,
  p: BatchNorm,
  [steps, batch, positions, repeats]: readonly [number, number, number, number],
  z: number,
): Normed => {
  const channels = p.weight.data.length
  const frames = steps * batch
  const sizes = [positions, channels]
  const given = b.keep(16 * channels)
  const [norm, back] = [b.take(32 * channels), b.take(32 * channels)]
  b.before(({ doubles }) => {
    doubles(given, channels).set(p.weight.data)
    doubles(given + 8 * channels, channels).set(p.bias.data)
  })
  const parts = b.take(16 * channels * frames)
  b.call('moments', steps, [z, parts, ...sizes])
  b.meet('joinMoments', [parts, given, norm, p.eps, steps, batch, ...sizes])
  b.give(parts)
  b.statistics(({ doubles }) => {
    const [mean, variance] = [doubles(norm, channels), doubles(norm + 8 * channels, channels)]
    return movedMoments('float32', training, p, { mean, variance }, frames * positions * repeats)
  })
  return {
    forward: (y) => {
      b.call('affine', steps, [z, norm, y, ...sizes])
    },
    back: (dy) => {
      const sums = b.take(16 * channels * frames)
      b.call('cotangentSums', steps, [z, dy, norm, sums, ...sizes])
      b.meet('joinSums', [sums, given, norm, back, steps, batch, ...sizes])
      b.give(sums)
      const dz = b.local(4 * steps * positions * channels)
      b.call('normBack', steps, [z, dy, norm, back, dz, ...sizes])
      b.learnt(({ floats }) => [
        [`${p.key}.weight`, floats(back + 4 * channels, channels).slice()],
        [`${p.key}.bias`, floats(back, channels).slice()],
      ])
      return dz
    },
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

/** Plans the gradient of a weight: each share's, in so many numbers, and then their sum. */
const inShares = (
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

const synapse = (b: Builder, mode: Mode, node: NodeOf<'synapse'>): Back => {
  const { convolution, norm } = node.parameters
  const [[x], [y]] = [node.inputs, node.outputs]
  const [geometry, extents] = [geometryOf(convolution, x.shape, y.shape), extentsOf(convolution)]
  const [T, batch] = [stepsOf(x.shape), batchOf(x.shape)]
  const args = argumentsOf(geometry)
  const spikes = b.placeOf(x).at
  const z = b.take(currentBytes(y.shape))
  const forward = weights(b, convolution.weight.data, extents, [forwardLength, packForward])
  b.call('synapse', T, [spikes, forward, z, ...args], contractScratch(geometry))
  const map = normed(b, mode, norm, [T, batch, y.shape[3]! * y.shape[4]!, 1], z)
  b.made(y, () => {
    const at = b.local(sampleBytes(y.shape))
    map.forward(at)
    return inOrder(at, y.shape)
  })
  return () => {
    const dz = map.back(b.cotangentOf(y)!)
    b.release(y)
    const together = framesTogether(geometry, T * batch)
    inShares(
      b,
      batch,
      rowsLength(extents),
      (rows, share) => {
        b.call('toWeights', 1, [spikes, dz, rows, share, T, together, ...args], weightsScratch(geometry, together))
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

const stem = (b: Builder, mode: Mode, node: NodeOf<'stem'>): Back => {
  const { convolution, norm, pool } = node.parameters
  const [[image], [y]] = [node.inputs, node.outputs]
  const [T, batch, channels, height, width] = image.shape as readonly [number, number, number, number, number]
  const [outs, , kh, kw] = convolution.weight.shape as readonly [number, number, number, number]
  const { stride, padding } = convolution
  const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
  const extents = extentsOf(convolution)
  const args = [height, width, channels, outs, kh, kw, stride, padding, oh, ow]
  const inside = currentBytes([T, batch, outs, oh, ow])
  const [pixels, z] = [b.placeOf(image).at, b.take(inside)]
  const rows = weights(b, convolution.weight.data, extents, [rowsLength, packRows])
  b.call('stem', T, [pixels, rows, z, ...args])
  const map = normed(b, mode, norm, [T, batch, oh * ow, mode.training.repeats], z)
  const whole = pool === null ? fresh(b, y) : b.take(inside)
  map.forward(whole)
  const pooling = pool === null ? [] : poolArguments(pool, [oh, ow, outs], y.shape)
  if (pool !== null) b.call('pool', T, [whole, fresh(b, y), ...pooling])
  return () => {
    const dy = b.cotangentOf(y)!
    const dwhole = pool === null ? dy : b.take(inside)
    if (pool !== null) b.call('poolBack', T, [whole, dy, dwhole, ...pooling])
    const dz = map.back(dwhole)
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
  const [T, batch] = [stepsOf(spikes.shape), batchOf(spikes.shape)]
  const neurons = sizeOf(spikes.shape.slice(2))
  const [kind, k] = chargeNumbers(charge)
  const { rest } = resetNumbers('float32', node.parameters)
  const after = [resetNumber(node.parameters.reset), rest, threshold]
  const at = b.take(sizeOf(spikes.shape))
  b.stored(spikes, { at, sample: T * neurons, step: neurons })
  const x = b.placeOf(current)
  b.call('fire', 1, [x.at, x.sample, x.step, at, T, neurons, kind, k, ...after], 64 + 20 * T)
  return () => {
    const ds = b.cotangentOf(spikes)
    if (ds === null) return
    const { byX, byV, byW } = chargeSlopes(charge)
    const again = b.placeOf(current)
    const parts = charge.kind === 'PLIF' ? b.take(8 * batch) : 0
    const channels = channelsOf(spikes)
    b.receive(current, (to, base) => {
      b.call(
        'fireBack',
        1,
        [
          ...[again.at, again.sample, again.step, ds, to, base, parts, T, neurons / channels, channels],
          ...[kind, k, byX, byV, ...after, attachment(reset)],
        ],
        256 + 80 * T + 8 * neurons,
      )
    })
    b.release(spikes)
    if (parts === 0) return
    const dw = b.take(4)
    b.later('joinLeak', [parts, batch, byW, dw], () => {
      b.give(parts)
    })
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

/** So many bytes further. */
const beyond = (spot: Spot, bytes: number): Spot =>
  typeof spot === 'number' ? spot + bytes : { ...spot, beyond: spot.beyond + bytes }

const product = (b: Builder, { training }: Mode, node: NodeOf<'dstT'> | NodeOf<'dst'>): Back => {
  const [[half, x], [output]] = [node.inputs, node.outputs]
  const [T, batch, heads, d, n] = half.shape as readonly [number, number, number, number, number]
  const [frames, positions] = [T * batch, output.shape[4]!]
  const [terms, width] = node.operation === 'dstT' ? [d, n] : [n, d]
  const [whole, offset] = halfOf(half)
  const row = 8 * heads * d
  const [byTerm, byLane] = node.operation === 'dstT' ? [4, row] : [row, 4]
  const strides = [n * row, 8 * d, byTerm, byLane]
  const spikes = b.placeOf(x).at
  const [recorded, counts, scales] = [b.keep(8 * heads), b.take(4 * heads * frames), b.take(8 * heads)]
  const key = rateKey(node.operation, node.path)
  b.before(({ doubles }) => {
    const known = training.rates.get(key)
    if (known === undefined) doubles(recorded, heads).fill(0)
    else doubles(recorded, heads).set(known)
  })
  b.call('countSpikes', T, [spikes, counts, positions, heads, terms])
  const length = frames * positions * heads * terms
  b.meet('joinRates', [counts, recorded, scales, training.rateMomentum, frames, heads, length, terms])
  b.statistics(({ floats }) => [[key, floats(scales, heads).slice()]])
  const geometry = productGeometry(positions, heads, terms, width)
  const packed = 64 * heads * blocksOf(width, BLOCK) * blocksOf(terms, 8) * 9
  const [to, sizes] = [fresh(b, output), [positions, heads, terms, width]]
  const scale = factors(b, fixedScale(training.scaling, heads)) ?? scales + 4 * heads
  const factor = (): Spot => beyond(b.placeOf(whole).at, offset)
  b.call('product', T, [spikes, factor(), ...strides, scale, to, ...sizes], 64 + packed + contractScratch(geometry))
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
        T,
        [spikes, factor(), ...strides, scale, dy, inputs, base, beyond(into, offset), ...sizes],
        160 + 4 * positions * heads * width + table,
      )
    })
    b.release(output)
  }
}

/** A place for the cotangent of a whole, which its two halves fill. */
const startHalves = (b: Builder, whole: CurrentValue): Spot => {
  b.receive(whole, () => undefined)
  return b.cotangentOf(whole)!
}

/** The same values under another shape. */
const merge = (b: Builder, node: NodeOf<'mergeHeads'>): Back => {
  const [[from], [to]] = [node.inputs, node.outputs]
  b.stored(to, b.placeOf(from))
  return () => {
    b.pass(to, from)
    b.release(to)
  }
}

const hold = (b: Builder, node: NodeOf<'hold'>): Back => {
  const [[current], [held]] = [node.inputs, node.outputs]
  const { at, sample } = b.placeOf(current)
  b.stored(held, { at, sample, step: 0 })
  return () => {
    const dy = b.cotangentOf(held)!
    b.receive(current, (to) => {
      b.call('sumSteps', 1, [dy, to, stepsOf(held.shape), sampleBytes(current.shape) / 4])
    })
    b.release(held)
  }
}

const add = (b: Builder, node: NodeOf<'add'>, isRead: (value: Value) => boolean): Back => {
  const [[first, second], [sum]] = [node.inputs, node.outputs]
  const length = sizeOf(sum.shape.slice(2))
  const into = (to: Spot): void => {
    const [one, two] = [b.placeOf(first), b.placeOf(second)]
    b.call('add', 1, [
      ...[one.at, one.sample, one.step, two.at, two.sample, two.step, to],
      ...[stepsOf(sum.shape), length],
    ])
  }
  if (isRead(sum)) into(fresh(b, sum))
  else
    b.made(sum, () => {
      const at = b.local(sampleBytes(sum.shape))
      into(at)
      return inOrder(at, sum.shape)
    })
  return () => {
    b.pass(sum, first)
    b.pass(sum, second)
    b.release(sum)
  }
}

const meanPool = (b: Builder, node: NodeOf<'meanPool'>): Back => {
  const [[x], [mean]] = [node.inputs, node.outputs]
  const sizes = [x.shape[3]! * x.shape[4]!, x.shape[2]!]
  b.call('mean', stepsOf(x.shape), [b.placeOf(x).at, fresh(b, mean), ...sizes])
  return () => {
    const dy = b.cotangentOf(mean)!
    b.receive(x, (to) => {
      b.call('meanBack', stepsOf(x.shape), [dy, to, ...sizes])
    })
    b.release(mean)
  }
}

const classify = (b: Builder, node: NodeOf<'classify'>): Back => {
  const [[x], [logits], { shape, data }] = [node.inputs, node.outputs, node.parameters]
  const [classes, channels] = shape as readonly [number, number]
  const [T, batch] = [stepsOf(x.shape), batchOf(x.shape)]
  const weight = b.keep(4 * data.length)
  b.before(({ floats }) => {
    floats(weight, data.length).set(data)
  })
  const from = b.placeOf(x).at
  b.call('classify', T, [from, weight, fresh(b, logits), channels, classes])
  return () => {
    const dy = b.cotangentOf(logits)!
    inShares(
      b,
      batch,
      data.length,
      (rows, share) => {
        b.call('classifyWeights', 1, [from, dy, rows, share, T, channels, classes])
      },
      (sum) => [[`${node.path}.weight`, sum.slice()]],
    )
    b.receive(x, (to) => {
      b.call('classifyBack', T, [dy, weight, to, channels, classes])
    })
    b.release(logits)
  }
}

/** Plans a node; `readers` are the nodes that read a value. */
export const planNode = (b: Builder, mode: Mode, node: Node, readers: (value: Value) => readonly Node[]): Back => {
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
      return merge(b, node)
    case 'add':
      return add(b, node, (value) => readers(value).some(({ operation }) => operation !== 'fire'))
    case 'meanPool':
      return meanPool(b, node)
    case 'classify':
      return classify(b, node)
  }
}

/** Whether the cotangent of a value comes and goes before all samples meet: one reader gives it, and its maker takes it. */
export const isPassing = (value: Value, readers: (value: Value) => readonly Node[]): boolean => {
  const node = nodeOf(value)
  if (readers(value).length !== 1) return false
  return ['fire', 'dstT', 'dst', 'mergeHeads'].includes(node?.operation ?? '')
}
