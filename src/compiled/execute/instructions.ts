/** Running a program's instructions, the same for every set of primitives. @module */
import { readView, writeView } from '../machine/layout.js'
import { ROW } from '../machine/needs.js'
import type { Primitives } from '../machine/primitives.js'
import type {
  Code,
  DenseInstruction,
  Instruction,
  MeanInstruction,
  PackInstruction,
  PoolInstruction,
  TallyInstruction,
} from '../machine/program.js'
import { RECORDS } from '../machine/record.js'
import { laneAt, runLayer, writeAffine } from './layer.js'

/** Positions a unit of a tally. */
const TALLIED = 512

/** How many units an instruction has; units touch disjoint memory. */
export const unitsOf = (step: Instruction): number => {
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
    case 'tally':
      return Math.ceil(step.positions / TALLIED)
  }
}

/** Splits a unit into step, sample and the rest. */
const split = (unit: number, batch: number, rest: number): readonly [t: number, b: number, r: number] => [
  Math.floor(unit / (batch * rest)),
  Math.floor(unit / rest) % batch,
  unit % rest,
]

/** One row of output positions of a dense convolution. */
const runDense = (P: Primitives, step: DenseInstruction, unit: number, sums: number, record: number): void => {
  const bytes = P.bytes()
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
    writeAffine(bytes, record, [sums, 0, ROW], [outWidth, 1], [gain, shift], [0, 0, 0], [out, 0, output.rowStride])
    P.affine(record)
  }
}

const runPool = (P: Primitives, step: PoolInstruction, unit: number): void => {
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

const runMean = (P: Primitives, { input, output, batch, positions }: MeanInstruction, unit: number): void => {
  const [t, b] = split(unit, batch, 1)
  for (let block = 0; block < output.at.length; block++) {
    const from = laneAt(input, b, 0, block) + t * input.stepStride
    P.meanRows(from, input.rowStride, positions, laneAt(output, b, 0, block) + t * output.stepStride)
  }
}

const runPack = (P: Primitives, step: PackInstruction, unit: number): void => {
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

/** The counts of some positions, frame by frame. */
const runTally = (P: Primitives, { steps, batch, positions, spikes, counts }: TallyInstruction, unit: number): void => {
  const first = unit * TALLIED
  const count = Math.min(TALLIED, positions - first)
  const to = counts + first * 4
  for (let t = 0; t < steps; t++)
    for (let b = 0; b < batch; b++) {
      const from = spikes.base + t * spikes.stepStride + b * spikes.batchStride + first * spikes.rowStride
      P.tally(from, spikes.rowStride, count, to, t + b)
    }
}

/** Runs one unit of an instruction, with scratch memory and a record of one's own. */
export const runUnit = (P: Primitives, step: Instruction, unit: number, scratch: number, record: number): void => {
  switch (step.kind) {
    case 'layer':
      runLayer(P, step, unit, scratch, record)
      break
    case 'dense':
      runDense(P, step, unit, scratch, record)
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
      break
    }
    case 'tally':
      runTally(P, step, unit)
  }
}

/** Runs all units of an instruction on the calling thread. */
export const runWhole = (P: Primitives, instruction: Instruction, { bytes }: Pick<Code, 'bytes'>): void => {
  for (let unit = 0, units = unitsOf(instruction); unit < units; unit++) runUnit(P, instruction, unit, bytes, RECORDS)
}
