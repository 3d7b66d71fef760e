/** Running programs, the same for every set of primitives. @module */
import { readView, writeView } from '../machine/layout.js'
import type { Primitives } from '../machine/primitives.js'
import type { DenseStep, MeanStep, PackStep, PoolStep, Step } from '../machine/program.js'
import { laneAt, layerScratch, ROW, runLayer } from './layer.js'

/** Scratch bytes a thread needs for a step. */
export const scratchOf = (step: Step): number =>
  step.kind === 'layer' ? layerScratch(step) : step.kind === 'dense' ? step.outWidth * ROW : 0

/** How many units a step has; units touch disjoint memory. */
export const unitsOf = (step: Step): number => {
  switch (step.kind) {
    case 'layer': {
      const groups = step.source.kind === 'sum' ? step.source.sum.groups.length : 1
      return step.batch * Math.ceil(step.positions / step.tile) * groups * step.chunks
    }
    case 'dense':
    case 'pool':
      return step.steps * step.batch * step.outHeight
    case 'mean':
      return step.steps * step.batch
    case 'pack':
      return step.steps * step.batch * step.heads
    case 'copy':
      return 1
  }
}

/** Splits a unit into step, sample and the rest. */
const split = (unit: number, batch: number, rest: number): readonly [t: number, b: number, r: number] => [
  Math.floor(unit / (batch * rest)),
  Math.floor(unit / rest) % batch,
  unit % rest,
]

/** One row of output positions of a dense convolution. */
const runDense = (P: Primitives, step: DenseStep, unit: number, sums: number): void => {
  const { input, output, kernelHeight, kernelWidth, stride, padding, width, height, channels, outWidth } = step
  const [t, b, oy] = split(unit, step.batch, step.outHeight)
  const top = oy * stride - padding
  const [from, to] = [Math.max(0, -top), Math.min(kernelHeight, height - top)]
  const rowBytes = width * input.rowStride
  const start = input.base + t * input.stepStride + b * input.batchStride + (top + from) * rowBytes
  const tapRow = kernelWidth * channels * ROW
  for (let block = 0; block < output.at.length; block++) {
    const weights = step.weights + block * kernelHeight * tapRow + from * tapRow
    P.dense(
      start,
      rowBytes,
      input.rowStride,
      width,
      to - from,
      kernelWidth,
      stride,
      padding,
      channels,
      weights,
      outWidth,
      sums,
    )
    const out = laneAt(output, b, oy * outWidth, block) + t * output.stepStride
    const [gain, shift] = [step.gain + block * ROW, step.shift + block * ROW]
    P.affine(sums, 0, ROW, outWidth, 1, gain, shift, 0, 0, 0, out, 0, output.rowStride)
  }
}

const runPool = (P: Primitives, step: PoolStep, unit: number): void => {
  const { input, output, kernel, stride, padding, width, height, outWidth } = step
  const [t, b, oy] = split(unit, step.batch, step.outHeight)
  const [from, to] = [Math.max(0, oy * stride - padding), Math.min(height, oy * stride - padding + kernel)]
  const rowBytes = width * input.rowStride
  const start = input.base + t * input.stepStride + b * input.batchStride + from * rowBytes
  for (let block = 0; block < output.at.length; block++) {
    const out = laneAt(output, b, oy * outWidth, block) + t * output.stepStride
    P.maxPool(
      start + input.at[block]!,
      rowBytes,
      input.rowStride,
      width,
      to - from,
      kernel,
      stride,
      padding,
      outWidth,
      out,
      output.rowStride,
    )
  }
}

const runMean = (P: Primitives, { input, output, batch, positions }: MeanStep, unit: number): void => {
  const [t, b] = split(unit, batch, 1)
  for (let block = 0; block < output.at.length; block++) {
    const from = laneAt(input, b, 0, block) + t * input.stepStride
    P.meanRows(from, input.rowStride, positions, laneAt(output, b, 0, block) + t * output.stepStride)
  }
}

const runPack = (P: Primitives, step: PackStep, unit: number): void => {
  const { input, transpose, width, headAt, slabs, blocks, output, headBytes } = step
  const [t, b, head] = split(unit, step.batch, step.heads)
  const from = input.base + t * input.stepStride + b * input.batchStride + headAt[head]!
  const to = output + unit * headBytes
  for (const { first, rows, terms } of slabs) {
    const at = to + first * blocks * ROW
    const skip = (rows - terms) * ROW
    if (transpose) P.packColumns(from + first * 4, input.rowStride, width, terms, skip, at)
    else P.packRows(from + first * input.rowStride, input.rowStride, width, terms, skip, at)
  }
}

/** Runs one unit of a step. */
export const runUnit = (P: Primitives, step: Step, unit: number, scratch: number): void => {
  switch (step.kind) {
    case 'layer':
      runLayer(P, step, unit, scratch)
      break
    case 'dense':
      runDense(P, step, unit, scratch)
      break
    case 'pool':
      runPool(P, step, unit)
      break
    case 'mean':
      runMean(P, step, unit)
      break
    case 'pack':
      runPack(P, step, unit)
      break
    case 'copy': {
      const bytes = P.bytes()
      writeView(bytes, step.to, step.toBase, readView(bytes, step.from, step.fromBase))
    }
  }
}

/** Runs all steps on the calling thread. */
export const runSteps = (P: Primitives, steps: readonly Step[], scratch: number): void => {
  for (const step of steps) for (let unit = 0, n = unitsOf(step); unit < n; unit++) runUnit(P, step, unit, scratch)
}
