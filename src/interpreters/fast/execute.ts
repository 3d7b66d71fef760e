/** Running programs: the loops over tiles and blocks, the same for every set of primitives. @module */
import { readView, writeView } from './layout.js'
import type { Affine, Neurons, Primitives } from './primitives.js'
import type { DenseStep, Firing, Lane, LayerStep, MeanStep, Overlap, PackStep, PoolStep, Step, Sum } from './program.js'

/** Bytes a block of sixteen channels takes in a row of sums. */
const ROW = 64

const laneAt = (lane: Lane, batch: number, position: number, block: number): number =>
  lane.base + batch * lane.batchStride + position * lane.rowStride + lane.at[block]!

/** The input positions that the windows of a tile of output positions meet: whole lines, from `from` to `to`. */
const linesOf = (
  { height, width, kernelHeight, stride, padding, outWidth }: Overlap,
  first: number,
  count: number,
): readonly [from: number, to: number] => {
  const top = Math.max(0, Math.floor(first / outWidth) * stride - padding)
  const bottom = Math.min(height, Math.floor((first + count - 1) / outWidth) * stride - padding + kernelHeight)
  return [top * width, Math.max(top, bottom) * width]
}

/** Bytes for the events of so many rows if every neuron fires, and the starts of the lists. */
const listBytes = (rows: number, terms: number): number => (rows + 1) * 4 + rows * terms * 2 + 64

/** Scratch bytes of a layer: sums, starts and lists, for the case that every neuron fires. */
export const scratchOf = (step: Step): number => {
  if (step.kind === 'dense') return step.outWidth * ROW
  if (step.kind !== 'layer') return 0
  const rows = step.steps * step.tile
  if (step.source.kind === 'current') return rows * ROW
  const { groups, overlap } = step.source.sum
  const lists = groups.map((slabs) => slabs.reduce((bytes, slab) => bytes + listBytes(rows, slab.rows), 0))
  const bytes = rows * ROW + Math.max(...lists)
  if (overlap === null) return bytes
  const lines = Math.min(
    overlap.height,
    (Math.ceil(step.tile / overlap.outWidth) + 1) * overlap.stride + overlap.kernelHeight,
  )
  return bytes + listBytes(step.steps * lines * overlap.width, overlap.channels)
}

/** How many units a step has; units touch disjoint memory. */
export const unitsOf = (step: Step): number => {
  switch (step.kind) {
    case 'layer': {
      const groups = step.source.kind === 'sum' ? step.source.sum.groups.length : 1
      return step.batch * Math.ceil(step.positions / step.tile) * groups
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

/** Lists the events of a tile, slab by slab; returns where each slab's starts are. */
const listEvents = (
  { extract, concat }: Primitives,
  { spikes, overlap, gather, gatherStride, groups }: Sum,
  { steps }: LayerStep,
  [batch, group, first, count]: readonly [number, number, number, number],
  at: number,
): readonly number[] => {
  const rows = steps * count
  const slabs = groups[group]!
  const base = spikes.base + batch * spikes.batchStride
  const table = gather + first * gatherStride
  const starts = slabs.map((_, s) => at + s * (rows + 1) * 4)
  let free = at + slabs.length * (rows + 1) * 4
  if (overlap === null) {
    slabs.forEach(({ pieces, piecesEnd }, s) => {
      free = extract(table, gatherStride, count, steps, base, spikes.stepStride, pieces, piecesEnd, starts[s]!, free)
    })
    return starts
  }
  const [from, to] = linesOf(overlap, first, count)
  const own = free
  const all = overlap.pieces[group]!
  const lines = overlap.rows + from * 4
  free = own + (steps * (to - from) + 1) * 4
  free = extract(lines, 4, to - from, steps, base, spikes.stepStride, all, all + 16, own, free) + 16
  slabs.forEach(({ pieces, piecesEnd }, s) => {
    const step = (to - from) * 4
    free = concat(table, gatherStride, count, steps, own - from * 4, step, pieces, piecesEnd, starts[s]!, free)
  })
  return starts
}

/** Sums one block of a tile over all slabs. */
const sumBlock = (
  P: Primitives,
  sum: Sum,
  steps: number,
  [batch, group, count, j]: readonly [number, number, number, number],
  starts: readonly number[],
  sums: number,
): void => {
  const slabs = sum.groups[group]!
  const weights = sum.weights + group * sum.groupStride + batch * sum.weightsBatchStride
  for (let s = 0; s < slabs.length; s++) {
    const { first, rows } = slabs[s]!
    const slab = weights + (first * sum.blocksPerGroup + j * rows) * ROW
    if (sum.weightsStepStride === 0) {
      P.touch(slab, rows * ROW)
      P.accumulate(starts[s]!, steps * count, slab, sums, s)
    } else
      for (let t = 0; t < steps; t++)
        P.accumulate(starts[s]! + t * count * 4, count, slab + t * sum.weightsStepStride, sums + t * count * ROW, s)
  }
}

const neurons = (fire: Firing, batch: number, position: number, block: number): Neurons => [
  fire.membraneIn === null ? 0 : laneAt(fire.membraneIn, batch, position, block),
  fire.membraneIn?.rowStride ?? 0,
  fire.membraneOut === null ? 0 : laneAt(fire.membraneOut, batch, position, block),
  fire.membraneOut?.rowStride ?? 0,
  laneAt(fire.spikes, batch, position, block),
  fire.spikes.stepStride,
  fire.spikes.rowStride,
  fire.masks[block]!,
  fire.charge,
  fire.leak,
  fire.threshold,
  fire.rest,
  fire.soft ? 1 : 0,
]

/** Address, step stride and row stride of a block of a lane; zeros where there is none. */
const rowsOf = (
  lane: Lane | null,
  batch: number,
  position: number,
  block: number,
): readonly [number, number, number] =>
  lane === null ? [0, 0, 0] : [laneAt(lane, batch, position, block), lane.stepStride, lane.rowStride]

const runLayer = (P: Primitives, step: LayerStep, unit: number, sums: number): void => {
  const { source, residual, store, fire, steps, positions, tile, blocks } = step
  const sum = source.kind === 'sum' ? source.sum : null
  const groups = sum === null ? 1 : sum.groups.length
  const tiles = Math.ceil(positions / tile)
  const group = unit % groups
  const batch = Math.floor(unit / (groups * tiles))
  const first = (Math.floor(unit / groups) % tiles) * tile
  const count = Math.min(tile, positions - first)
  const lists = sums + steps * count * ROW
  const starts = sum === null ? [] : listEvents(P, sum, step, [batch, group, first, count], lists)
  const perGroup = sum === null ? blocks : sum.blocksPerGroup
  for (let j = 0; j < perGroup; j++) {
    const block = group * perGroup + j
    if (sum !== null) sumBlock(P, sum, steps, [batch, group, count, j], starts, sums)
    const x = source.kind === 'current' ? rowsOf(source.lane, batch, first, block) : ([sums, count * ROW, ROW] as const)
    const { gain, shift } = source.kind === 'current' ? source : source.sum
    const at = sum === null ? 0 : block * ROW
    const rows: Affine = [
      ...x,
      count,
      steps,
      gain + at,
      shift + at,
      ...rowsOf(residual, batch, first, block),
      ...rowsOf(store, batch, first, block),
    ]
    if (fire === null) P.affine(...rows)
    else P.affineFire(...rows, ...neurons(fire, batch, first, block))
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
  for (const { first, rows } of slabs) {
    const at = to + first * blocks * ROW
    if (transpose) P.packColumns(from + first * 4, input.rowStride, width, rows, at)
    else P.packRows(from + first * input.rowStride, input.rowStride, width, rows, at)
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
