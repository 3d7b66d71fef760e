/** Compiling the operations on real inputs: stem, pools, classifier. @module */
import type { Size } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { CurrentValue, NodeOf } from '../../interpreters/graph.js'
import type { Pool } from '../../model/kernels.js'
import type { Slab } from '../machine/events.js'
import { padded, runsOf, type View } from '../machine/layout.js'
import type { Lane, Place } from '../machine/program.js'
import { type Builder, weightsAt } from './builder.js'
import { asConvolution, packAffine, packConvolution, ungrouped } from './pack.js'

const mapView = (B: Builder, x: CurrentValue, byRows = false): View => {
  const [, , channels, height, width] = x.shape as readonly [number, number, number, number, number]
  return B.place(x, { channels, positions: height * width, layout: runsOf(1, channels), byRows })
}

/** An instruction that does one operation alone. */
const alone = (path: string): Place => ({ path, done: [path] })

const whole = (rows: number): readonly Slab[] => [{ first: 0, rows, pieces: [] }]

const withoutBlocks = ({ base, stepStride, batchStride, rowStride }: Lane): Omit<Lane, 'at'> => ({
  base,
  stepStride,
  batchStride,
  rowStride,
})

/** `BN(Conv(image))`, a row of positions a unit, and then the pool where there is one. */
export const emitStem = (B: Builder, { path, parameters: p, inputs: [x] }: NodeOf<'stem'>): View => {
  const { weight, stride, padding, groups } = p.convolution
  const [out, inGroup, kernelHeight, kernelWidth] = weight.shape as readonly [number, number, number, number]
  const channels = inGroup * groups
  const [steps, batch, , height, width] = x.shape as readonly [number, number, number, number, number]
  const [outHeight, outWidth] = [
    convolved(height, kernelHeight, stride, padding),
    convolved(width, kernelWidth, stride, padding),
  ]
  const from = mapView(B, x, true)
  const to = B.fresh('currents', { steps, batch, positions: outHeight * outWidth }, runsOf(1, out))
  const terms = kernelHeight * kernelWidth * channels
  const kept = weightsAt(B, path, p)
  const weights = kept('weights', padded(out) * terms * 4, () =>
    packConvolution(ungrouped(p.convolution), whole(terms), channels),
  )
  const gain = kept('gain', padded(out) * 4, () => packAffine(p.norm, to).gain)
  const shift = kept('shift', padded(out) * 4, () => packAffine(p.norm, to).shift)
  B.push([from.buffer, to.buffer], (at) => ({
    kind: 'dense',
    path,
    done: p.pool === null ? [path] : [],
    steps,
    batch,
    input: withoutBlocks(at.lane(from)),
    height,
    width,
    channels,
    kernelHeight,
    kernelWidth,
    stride,
    padding,
    outHeight,
    outWidth,
    weights,
    gain,
    shift,
    output: at.lane(to),
  }))
  return p.pool === null ? to : emitPool(B, path, p.pool, to, { height: outHeight, width: outWidth })
}

/** The stem's max-pool; where its output lies. */
const emitPool = (
  B: Builder,
  path: string,
  { kernel, stride, padding }: Pool,
  from: View,
  { height, width }: Size,
): View => {
  const { steps, batch, channels } = from
  const [outHeight, outWidth] = [convolved(height, kernel, stride, padding), convolved(width, kernel, stride, padding)]
  const to = B.fresh('currents', { steps, batch, positions: outHeight * outWidth }, runsOf(1, channels))
  B.push([from.buffer, to.buffer], (at) => ({
    kind: 'pool',
    ...alone(path),
    steps,
    batch,
    input: at.lane(from),
    height,
    width,
    kernel,
    stride,
    padding,
    outHeight,
    outWidth,
    output: at.lane(to),
  }))
  return to
}

/** The mean over the positions. */
export const emitMean = (B: Builder, { path, inputs: [x] }: NodeOf<'meanPool'>): View => {
  const from = mapView(B, x)
  const { steps, batch, positions, channels } = from
  const to = B.fresh('currents', { steps, batch, positions: 1 }, runsOf(1, channels))
  B.push([from.buffer, to.buffer], (at) => ({
    kind: 'mean',
    ...alone(path),
    steps,
    batch,
    positions,
    input: at.lane(from),
    output: at.lane(to),
  }))
  return to
}

/** The classifier: a dense convolution over one position. */
export const emitClassify = (B: Builder, { path, parameters: weight, inputs: [x] }: NodeOf<'classify'>): View => {
  const [classes, channels] = weight.shape as readonly [number, number]
  const from = B.place(x, { channels, positions: 1, layout: runsOf(1, channels), byRows: true })
  const { steps, batch } = from
  const to = B.fresh('currents', { steps, batch, positions: 1 }, runsOf(1, classes))
  const kept = weightsAt(B, path, weight)
  const row = padded(classes)
  const weights = kept('weights', row * channels * 4, () =>
    packConvolution(asConvolution(weight), whole(channels), channels),
  )
  const gain = kept('gain', row * 4, () => new Float32Array(row).fill(1))
  const shift = kept('shift', row * 4, () => new Float32Array(row).fill(-0))
  B.push([from.buffer, to.buffer], (at) => ({
    kind: 'dense',
    ...alone(path),
    steps,
    batch,
    input: withoutBlocks(at.lane(from)),
    height: 1,
    width: 1,
    channels,
    kernelHeight: 1,
    kernelWidth: 1,
    stride: 1,
    padding: 0,
    outHeight: 1,
    outWidth: 1,
    weights,
    gain,
    shift,
    output: at.lane(to),
  }))
  return to
}
