/** Running layers: a tile's events are listed once, then each block of sixteen channels is summed, mapped and fired. @module */
import type { Bytes } from '../machine/layout.js'
import { largestTable, ROW } from '../machine/needs.js'
import { chargeNumbers, resetNumbers } from '../machine/neuron.js'
import type { Primitives } from '../machine/primitives.js'
import type { Firing, Lane, LayerInstruction, Overlap, Sum } from '../machine/program.js'
import {
  AFTER,
  AFTER_ROW,
  BEFORE,
  BEFORE_ROW,
  BY,
  CHARGE,
  GAIN,
  MASK,
  OUT,
  OUT_ROW,
  OUT_STEP,
  POSITIONS,
  RESET,
  RESIDUAL,
  RESIDUAL_ROW,
  RESIDUAL_STEP,
  REST,
  SHIFT,
  SPIKES,
  SPIKES_ROW,
  SPIKES_STEP,
  STEPS,
  THRESHOLD,
  X,
  X_ROW,
  X_STEP,
} from '../machine/record.js'

/** The address of a block of a lane. */
export const laneAt = (lane: Lane, batch: number, position: number, block: number): number =>
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

/** Lists the events of a tile, slab by slab; returns where each slab's starts are. */
const listEvents = (
  { extract, concat }: Primitives,
  { spikes, overlap, gather, gatherStride, groups }: Sum,
  { steps }: LayerInstruction,
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
  free = extract(lines, 4, to - from, steps, base, spikes.stepStride, all, all + 16, own, free)
  slabs.forEach(({ pieces, piecesEnd }, s) => {
    const step = (to - from) * 4
    free = concat(table, gatherStride, count, steps, own - from * 4, step, pieces, piecesEnd, starts[s]!, free)
  })
  return starts
}

/** Adds to `rows` sums what their events pick from a slab of weights. */
const sumSlab = (
  P: Primitives,
  [starts, rows]: readonly [number, number],
  [weights, weightRows]: readonly [number, number],
  table: number,
  sums: number,
  resume: number,
): void => {
  P.pairs(starts, rows, weights, weightRows, table)
  P.accumulate(starts, rows, table, sums, resume)
}

/** Sums one block of a tile over all slabs. */
const sumBlock = (
  P: Primitives,
  sum: Sum,
  steps: number,
  [batch, group, count, j]: readonly [number, number, number, number],
  starts: readonly number[],
  [table, sums]: readonly [number, number],
): void => {
  const slabs = sum.groups[group]!
  const weights = sum.weights + group * sum.groupStride + batch * sum.weightsBatchStride
  for (let s = 0; s < slabs.length; s++) {
    const { first, rows } = slabs[s]!
    const slab = weights + (first * sum.blocksPerGroup + j * rows) * ROW
    if (sum.weightsStepStride === 0) sumSlab(P, [starts[s]!, steps * count], [slab, rows], table, sums, s)
    else
      for (let t = 0; t < steps; t++) {
        const weightsOfStep = slab + t * sum.weightsStepStride
        sumSlab(P, [starts[s]! + t * count * 4, count], [weightsOfStep, rows], table, sums + t * count * ROW, s)
      }
  }
}

/** Writes the second half of a record: the neurons of a block. */
const writeNeurons = (
  { i32, f32 }: Bytes,
  record: number,
  fire: Firing,
  [batch, position, block]: readonly [number, number, number],
): void => {
  const [charging, by] = chargeNumbers(fire.charging)
  const [reset, rest] = resetNumbers(fire.reset)
  const { membraneIn, membraneOut, spikes } = fire
  i32[(record + BEFORE) >> 2] = membraneIn === null ? 0 : laneAt(membraneIn, batch, position, block)
  i32[(record + BEFORE_ROW) >> 2] = membraneIn === null ? 0 : membraneIn.rowStride
  i32[(record + AFTER) >> 2] = membraneOut === null ? 0 : laneAt(membraneOut, batch, position, block)
  i32[(record + AFTER_ROW) >> 2] = membraneOut === null ? 0 : membraneOut.rowStride
  i32[(record + SPIKES) >> 2] = laneAt(spikes, batch, position, block)
  i32[(record + SPIKES_STEP) >> 2] = spikes.stepStride
  i32[(record + SPIKES_ROW) >> 2] = spikes.rowStride
  i32[(record + MASK) >> 2] = fire.masks[block]!
  i32[(record + CHARGE) >> 2] = charging
  f32[(record + BY) >> 2] = by
  f32[(record + THRESHOLD) >> 2] = fire.threshold
  i32[(record + RESET) >> 2] = reset
  f32[(record + REST) >> 2] = rest
}

/** Rows of sixteen channels: address, step stride and row stride; zeros where there are none. */
export type Rows = readonly [at: number, step: number, row: number]

const NONE: Rows = [0, 0, 0]

/** The rows of a block of a lane. */
const rowsOf = (lane: Lane | null, batch: number, position: number, block: number): Rows =>
  lane === null ? NONE : [laneAt(lane, batch, position, block), lane.stepStride, lane.rowStride]

/** Writes the first half of a record: from which rows to which, and what they go through. */
export const writeAffine = (
  { i32 }: Bytes,
  record: number,
  [x, xStep, xRow]: Rows,
  [positions, steps]: readonly [positions: number, steps: number],
  [gain, shift]: readonly [gain: number, shift: number],
  [residual, residualStep, residualRow]: Rows,
  [out, outStep, outRow]: Rows,
): void => {
  i32[(record + X) >> 2] = x
  i32[(record + X_STEP) >> 2] = xStep
  i32[(record + X_ROW) >> 2] = xRow
  i32[(record + POSITIONS) >> 2] = positions
  i32[(record + STEPS) >> 2] = steps
  i32[(record + GAIN) >> 2] = gain
  i32[(record + SHIFT) >> 2] = shift
  i32[(record + RESIDUAL) >> 2] = residual
  i32[(record + RESIDUAL_STEP) >> 2] = residualStep
  i32[(record + RESIDUAL_ROW) >> 2] = residualRow
  i32[(record + OUT) >> 2] = out
  i32[(record + OUT_STEP) >> 2] = outStep
  i32[(record + OUT_ROW) >> 2] = outRow
}

/** Runs a layer on a tile of one sample, all steps, and one group: events once, then block by block. */
export const runLayer = (
  P: Primitives,
  step: LayerInstruction,
  unit: number,
  scratch: number,
  record: number,
): void => {
  const { source, residual, store, fire, steps, positions, tile, chunks, blocks } = step
  const sum = source.kind === 'sum' ? source.sum : null
  const groups = sum === null ? 1 : sum.groups.length
  const tiles = Math.ceil(positions / tile)
  const chunk = unit % chunks
  const group = Math.floor(unit / chunks) % groups
  const first = (Math.floor(unit / (chunks * groups)) % tiles) * tile
  const batch = Math.floor(unit / (chunks * groups * tiles))
  const count = Math.min(tile, positions - first)
  const bytes = P.bytes()
  const sums = scratch + (sum === null ? 0 : largestTable(sum))
  const lists = sums + steps * count * ROW
  const starts = sum === null ? [] : listEvents(P, sum, step, [batch, group, first, count], lists)
  const perGroup = sum === null ? blocks : sum.blocksPerGroup
  const [from, to] = [Math.floor((chunk * perGroup) / chunks), Math.floor(((chunk + 1) * perGroup) / chunks)]
  for (let j = from; j < to; j++) {
    const block = group * perGroup + j
    if (sum !== null) sumBlock(P, sum, steps, [batch, group, count, j], starts, [scratch, sums])
    const x = source.kind === 'current' ? rowsOf(source.lane, batch, first, block) : ([sums, count * ROW, ROW] as const)
    const { gain, shift } = source.kind === 'current' ? source : source.sum
    const at = sum === null ? 0 : block * ROW
    const [residuals, stored] = [rowsOf(residual, batch, first, block), rowsOf(store, batch, first, block)]
    writeAffine(bytes, record, x, [count, steps], [gain + at, shift + at], residuals, stored)
    if (fire === null) P.affine(record)
    else {
      writeNeurons(bytes, record, fire, [batch, first, block])
      P.affineFire(record)
    }
  }
}
