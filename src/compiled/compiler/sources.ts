/** Where the current of a layer comes from: a synapse, an attention product, or a value that is there already. @module */

import { type NodeOf, nodeOf, type SpikeValue, type Value } from '../../interpreters/graph.js'
import {
  cutsEights,
  gatherTable,
  inEights,
  pieceTable,
  SLAB_ROWS,
  type Slab,
  slabsOf,
  type Window,
} from '../machine/events.js'
import { BLOCK, type Channels, channelAt, padded, runsOf, type View } from '../machine/layout.js'
import type { LayerInstruction, SlabPlace, Sum } from '../machine/program.js'
import { type Builder, type Resolve, type Wanted, weightsAt } from './builder.js'
import { packAffine, packConvolution } from './pack.js'

/** A source of currents with its extents, what it touches, and the step's part once addresses are known. */
export interface Source {
  readonly steps: number
  readonly batch: number
  readonly positions: number
  /** Positions a line, where a tile should be of whole lines; 1 otherwise. */
  readonly line: number
  /** Groups of a convolution, or heads; each is a unit of its own. */
  readonly groups: number
  readonly layout: Channels
  readonly touches: readonly number[]
  readonly part: (at: Resolve) => LayerInstruction['source']
}

/** The pieces of each group's slabs as tables in memory. */
const slabPlaces = (B: Builder, key: string, groups: readonly (readonly Slab[])[]): Sum['groups'] =>
  groups.map((slabs, g) =>
    slabs.map(({ first, rows, pieces }, s): SlabPlace => {
      const at = B.constants.table(`${key} ${g}.${s}`, pieces.length * 16, () => pieceTable(pieces))
      return { pieces: at, piecesEnd: at + pieces.length * 16, first, rows }
    }),
  )

const gatherPlace = (B: Builder, window: Window, rowStride: number): number => {
  const entries = window.outHeight * window.outWidth * window.kernelHeight * window.kernelWidth
  const key = `gather ${Object.values(window).join(' ')} ${rowStride}`
  return B.constants.table(key, entries * 4, () => gatherTable(window, rowStride))
}

/** A head's scale as an affine map: gains that are the factor, and shifts of -0, the one number whose sum changes nothing. */
const scalePlace = (
  B: Builder,
  path: string,
  scale: readonly number[],
  blocks: number,
): Pick<Sum, 'gain' | 'shift'> => {
  const width = blocks * BLOCK
  const rows = (value: (head: number) => number): Float32Array =>
    Float32Array.from({ length: scale.length * width }, (_, i) => value(Math.floor(i / width)))
  const kept = weightsAt(B, path, scale)
  return {
    gain: kept(`gain ${width}`, scale.length * width * 4, () => rows((head) => scale[head]!)),
    shift: kept(`shift ${width}`, scale.length * width * 4, () => rows(() => -0)),
  }
}

const shapeKey = ({ channels, run, runStride }: Channels): string => `${channels}/${run}/${runStride}`

/** A window of one position. */
const lineOf = (positions: number): Window => ({
  height: 1,
  width: positions,
  kernelHeight: 1,
  kernelWidth: 1,
  stride: 1,
  padding: 0,
  outHeight: 1,
  outWidth: positions,
})

/** Where windows overlap, and a group's channels lie in one piece, an input position's events are listed once. */
const overlapOf = (B: Builder, window: Window, view: View, groups: number, inGroup: number): Sum['overlap'] => {
  const { height, width, kernelHeight, kernelWidth, stride, padding, outWidth } = window
  const alone = Array.from({ length: groups }, (_, g) => slabsOf(view, 1, g * inGroup, inGroup))
  const together = inEights(inGroup) <= SLAB_ROWS && alone.every(([slab]) => slab?.pieces.length === 1)
  if (!together || stride >= Math.min(kernelHeight, kernelWidth)) return null
  const places = slabPlaces(B, `alone ${groups} ${shapeKey(view)}`, alone)
  const rows = gatherPlace(B, lineOf(height * width), view.rowStride)
  const pieces = places.map(([slab]) => slab!.pieces)
  return { height, width, kernelHeight, stride, padding, outWidth, rows, pieces, channels: inGroup }
}

/** The spikes of a sum over groups of `count` channels, in a layout that cuts no eight of them. */
const placeSpikes = (B: Builder, x: SpikeValue, wanted: Wanted, count: number): View => {
  const view = B.place(x, wanted)
  return cutsEights(view, count) ? B.place(x, { ...wanted, layout: runsOf(1, wanted.channels) }) : view
}

const synapseSource = (B: Builder, { path, parameters: p, inputs: [x], outputs: [y] }: NodeOf<'synapse'>): Source => {
  const { weight, stride, padding, groups } = p.convolution
  const [out, inGroup, kernelHeight, kernelWidth] = weight.shape as readonly [number, number, number, number]
  const [height, width] = x.shape.slice(3) as [number, number]
  const [outHeight, outWidth] = y.shape.slice(3) as [number, number]
  const view = placeSpikes(B, x, { channels: inGroup * groups, positions: height * width }, inGroup)
  const window = { height, width, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth }
  const taps = kernelHeight * kernelWidth
  const slabs = Array.from({ length: groups }, (_, g) => slabsOf(view, taps, g * inGroup, inGroup))
  const outGroup = out / groups
  const layout = outGroup % BLOCK === 0 ? runsOf(1, out) : runsOf(groups, outGroup)
  const width16 = groups * padded(outGroup)
  const tapRows = inEights(inGroup)
  const terms = taps * tapRows
  const kept = weightsAt(B, path, p)
  const weights = kept('weights', width16 * terms * 4, () => packConvolution(p.convolution, slabs[0]!, tapRows))
  const gain = kept('gain', width16 * 4, () => packAffine(p.norm, layout).gain)
  const shift = kept('shift', width16 * 4, () => packAffine(p.norm, layout).shift)
  const pieces = `pieces ${taps} ${groups} ${shapeKey(view)}`
  const overlap = overlapOf(B, window, view, groups, inGroup)
  const sum: Omit<Sum, 'spikes'> = {
    overlap,
    gather: gatherPlace(B, window, overlap === null ? view.rowStride : 4),
    gatherStride: taps * 4,
    groups: slabPlaces(B, pieces, slabs),
    blocksPerGroup: padded(outGroup) / BLOCK,
    weights,
    groupStride: padded(outGroup) * terms * 4,
    weightsStepStride: 0,
    weightsBatchStride: 0,
    gain,
    shift,
  }
  const { steps, batch, stepStride, batchStride } = view
  return {
    steps,
    batch,
    positions: outHeight * outWidth,
    line: overlap === null ? 1 : outWidth,
    groups,
    layout,
    touches: [view.buffer],
    part: (at) => ({ kind: 'sum', sum: { ...sum, spikes: { base: at.base(view), stepStride, batchStride } } }),
  }
}

/** `dstT`: rows are channels, blocks are tokens. `dst`: rows are tokens, blocks are channels. */
const productSource = (
  B: Builder,
  { operation, path, parameters: scale, inputs: [y, x] }: NodeOf<'dstT' | 'dst'>,
): Source => {
  const transpose = operation === 'dstT'
  const [steps, batch, heads, d, n] = y.shape as readonly [number, number, number, number, number]
  const [terms, width] = transpose ? [d, n] : [n, d]
  const positions = transpose ? x.shape[3]! * x.shape[4]! : x.shape[4]!
  const found = B.place(y, {
    channels: heads * d,
    positions: n,
    byRows: true,
    ...(B.given(y) ? { layout: runsOf(heads, d) } : {}),
  })
  const rows =
    found.run % d === 0
      ? found
      : B.place(y, { channels: heads * d, positions: n, layout: runsOf(heads, d), byRows: true })
  const layout = B.given(x) ? { layout: runsOf(heads, terms) } : {}
  const view = placeSpikes(B, x, { channels: heads * terms, positions, ...layout }, terms)
  const slabs = Array.from({ length: heads }, (_, head) => slabsOf(view, 1, head * terms, terms))
  const blocks = padded(width) / BLOCK
  const headBytes = padded(width) * inEights(terms) * 4
  const packed = B.buffer(steps * batch * heads * headBytes)
  const at0 = { carries: 'currents', buffer: packed, offset: 0 } as View
  B.push([rows.buffer, packed], (at) => {
    const { base, stepStride, batchStride, rowStride } = at.lane(rows)
    return {
      kind: 'pack',
      path,
      done: [],
      transpose,
      steps,
      batch,
      heads,
      width,
      input: { base, stepStride, batchStride, rowStride },
      headAt: Array.from({ length: heads }, (_, head) => channelAt(rows, head * d) * 4),
      slabs: slabs[0]!.map(({ first, rows: count }) => ({ first, rows: count, terms: Math.min(count, terms - first) })),
      blocks,
      output: at.base(at0),
      headBytes,
    }
  })
  const sum: Omit<Sum, 'spikes' | 'weights'> = {
    overlap: null,
    gather: gatherPlace(B, lineOf(positions), view.rowStride),
    gatherStride: 4,
    groups: slabPlaces(B, `heads ${heads} ${shapeKey(view)}`, slabs),
    blocksPerGroup: blocks,
    groupStride: headBytes,
    weightsStepStride: batch * heads * headBytes,
    weightsBatchStride: heads * headBytes,
    ...scalePlace(B, path, scale, blocks),
  }
  const spikes = { stepStride: view.stepStride, batchStride: view.batchStride }
  return {
    steps,
    batch,
    positions,
    line: 1,
    groups: heads,
    layout: runsOf(heads, width),
    touches: [view.buffer, packed],
    part: (at) => ({
      kind: 'sum',
      sum: { ...sum, weights: at.base(at0), spikes: { base: at.base(view), ...spikes } },
    }),
  }
}

/** The affine map that changes nothing: times 1, plus -0. */
const identityPlace = ({ constants }: Builder): Pick<Sum, 'gain' | 'shift'> => ({
  gain: constants.table('identity gain', BLOCK * 4, () => new Float32Array(BLOCK).fill(1)),
  shift: constants.table('identity shift', BLOCK * 4, () => new Float32Array(BLOCK).fill(-0)),
})

/** A value that is there already. */
export const currentSource = (B: Builder, view: View): Source => {
  const identity = identityPlace(B)
  return {
    steps: view.steps,
    batch: view.batch,
    positions: view.positions,
    line: 1,
    groups: 1,
    layout: view.run === view.channels ? runsOf(1, view.channels) : runsOf(view.channels / view.run, view.run),
    touches: [view.buffer],
    part: (at) => ({ kind: 'current', lane: at.lane(view), ...identity }),
  }
}

/** The source that a value is made from: a sum's own, or the value that is there. */
export const sourceOf = (B: Builder, value: Value): Source => {
  const node = nodeOf(value)
  switch (node?.operation) {
    case 'synapse':
      return synapseSource(B, node)
    case 'dstT':
    case 'dst':
      return productSource(B, node)
    case undefined:
    case 'stem':
    case 'hold':
    case 'fire':
    case 'splitHeads':
    case 'mergeHeads':
    case 'add':
    case 'meanPool':
    case 'classify':
      return currentSource(B, B.place(value))
  }
}
