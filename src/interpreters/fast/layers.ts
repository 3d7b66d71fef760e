/** Compiling layers: a sum, its affine map, a residual and a neuron become one step. @module */
import type { Size } from '../../core/tensor.js'
import type { Neuron, Synapse } from '../../model/kernels.js'
import { neuronNumbers } from '../affine.js'
import { type Builder, canonical, type Resolve } from './builder.js'
import { gatherTable, pieceTable, type Slab, slabsOf, type Window } from './geometry.js'
import { BLOCK, blocksOf, type Channels, channelAt, padded, runsOf, type View } from './layout.js'
import { packAffine, packConvolution } from './pack.js'
import type { Firing, LayerStep, SlabPlace, Sum } from './program.js'
import type { CurrentWire, SpikeWire, Wire } from './wires.js'

/** Rows of sums in a tile: enough to reuse a slab of weights many times, few enough to stay in the cache. */
const TILE_ROWS = 512

/** A source of currents with its extents, what it touches, and the step's part once addresses are known. */
interface Source {
  readonly steps: number
  readonly batch: number
  readonly positions: number
  readonly lie: Channels
  readonly touches: readonly number[]
  readonly part: (at: Resolve) => LayerStep['source']
}

/** The pieces of each group's slabs as tables in memory. */
const slabPlaces = (B: Builder, key: string, groups: readonly (readonly Slab[])[]): Sum['groups'] =>
  groups.map((slabs, g) =>
    slabs.map(({ first, rows, pieces }, s): SlabPlace => {
      const at = B.constants.place(key, `${g}.${s}`, pieces.length * 16, () => pieceTable(pieces))
      return { pieces: at, piecesEnd: at + pieces.length * 16, first, rows }
    }),
  )

const gatherPlace = (B: Builder, window: Window, rowStride: number): number => {
  const entries = window.outHeight * window.outWidth * window.kernelHeight * window.kernelWidth
  const key = `gather ${Object.values(window).join(' ')} ${rowStride}`
  return B.constants.place(key, '', entries * 4, () => gatherTable(window, rowStride))
}

/** A head's scale as an affine map: gains that are the factor, and shifts of -0, the one number whose sum changes nothing. */
const scalePlace = (B: Builder, scale: readonly number[], blocks: number): Pick<Sum, 'gain' | 'shift'> => {
  const width = blocks * BLOCK
  const rows = (value: (head: number) => number): Float32Array =>
    Float32Array.from({ length: scale.length * width }, (_, i) => value(Math.floor(i / width)))
  const bytes = scale.length * width * 4
  return {
    gain: B.constants.place(scale, `gain ${width}`, bytes, () => rows((head) => scale[head]!)),
    shift: B.constants.place(scale, `shift ${width}`, bytes, () => rows(() => -0)),
  }
}

const shapeKey = ({ channels, run, runStride }: Channels): string => `${channels}/${run}/${runStride}`

const synapseSource = (B: Builder, wire: CurrentWire, p: Synapse, x: SpikeWire): Source => {
  const { weight, stride, padding, groups } = p.convolution
  const [out, inGroup, kernelHeight, kernelWidth] = weight.shape as readonly [number, number, number, number]
  const [height, width] = x.shape.slice(3) as [number, number]
  const [outHeight, outWidth] = wire.shape.slice(3) as [number, number]
  const view = B.place(x, { channels: inGroup * groups, positions: height * width })
  const window = { height, width, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth }
  const taps = kernelHeight * kernelWidth
  const slabs = Array.from({ length: groups }, (_, g) => slabsOf(view, taps, g * inGroup, inGroup))
  const outGroup = out / groups
  const lie = outGroup % BLOCK === 0 ? runsOf(1, out) : runsOf(groups, outGroup)
  const width16 = groups * padded(outGroup)
  const terms = taps * inGroup
  const weights = B.constants.place(p, 'weights', width16 * terms * 4, () => packConvolution(p.convolution, slabs[0]!))
  const gain = B.constants.place(p, 'gain', width16 * 4, () => packAffine(p.norm, lie).gain)
  const shift = B.constants.place(p, 'shift', width16 * 4, () => packAffine(p.norm, lie).shift)
  const sum: Omit<Sum, 'spikes'> = {
    gather: gatherPlace(B, window, view.rowStride),
    gatherStride: taps * 4,
    groups: slabPlaces(B, `pieces ${taps} ${groups} ${shapeKey(view)}`, slabs),
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
    lie,
    touches: [view.buffer],
    part: (at) => ({ kind: 'sum', sum: { ...sum, spikes: { base: at.base(view), stepStride, batchStride } } }),
  }
}

/** `dstT`: rows are channels, blocks are tokens. `dst`: rows are tokens, blocks are channels. */
const productSource = (
  B: Builder,
  { op, scale, y, x }: Extract<CurrentWire['from'], { readonly op: 'dstT' | 'dst' }>,
): Source => {
  const transpose = op === 'dstT'
  const [steps, batch, heads, d, n] = y.shape as readonly [number, number, number, number, number]
  const [terms, width] = transpose ? [d, n] : [n, d]
  const positions = transpose ? x.shape[3]! * x.shape[4]! : x.shape[4]!
  const found = B.place(y, {
    channels: heads * d,
    positions: n,
    byRows: true,
    ...(B.given(y) ? { lie: runsOf(heads, d) } : {}),
  })
  const rows =
    found.run % d === 0 ? found : B.place(y, { channels: heads * d, positions: n, lie: runsOf(heads, d), byRows: true })
  const view = B.place(x, {
    channels: heads * terms,
    positions,
    ...(B.given(x) ? { lie: runsOf(heads, terms) } : {}),
  })
  const slabs = Array.from({ length: heads }, (_, head) => slabsOf(view, 1, head * terms, terms))
  const blocks = padded(width) / BLOCK
  const headBytes = padded(width) * terms * 4
  const packed = B.buffer(steps * batch * heads * headBytes)
  const at0 = { carries: 'currents', buffer: packed, offset: 0 } as View
  B.push([rows.buffer, packed], (at) => {
    const { base, stepStride, batchStride, rowStride } = at.lane(rows)
    return {
      kind: 'pack',
      transpose,
      steps,
      batch,
      heads,
      width,
      input: { base, stepStride, batchStride, rowStride },
      headAt: Array.from({ length: heads }, (_, head) => channelAt(rows, head * d) * 4),
      slabs: slabs[0]!.map(({ first, rows: count }) => ({ first, rows: count })),
      blocks,
      output: at.base(at0),
      headBytes,
    }
  })
  const line: Window = {
    height: 1,
    width: positions,
    kernelHeight: 1,
    kernelWidth: 1,
    stride: 1,
    padding: 0,
    outHeight: 1,
    outWidth: positions,
  }
  const sum: Omit<Sum, 'spikes' | 'weights'> = {
    gather: gatherPlace(B, line, view.rowStride),
    gatherStride: 4,
    groups: slabPlaces(B, `heads ${heads} ${shapeKey(view)}`, slabs),
    blocksPerGroup: blocks,
    groupStride: headBytes,
    weightsStepStride: batch * heads * headBytes,
    weightsBatchStride: heads * headBytes,
    ...scalePlace(B, scale, blocks),
  }
  const spikes = { stepStride: view.stepStride, batchStride: view.batchStride }
  return {
    steps,
    batch,
    positions,
    lie: runsOf(heads, width),
    touches: [view.buffer, packed],
    part: (at) => ({
      kind: 'sum',
      sum: { ...sum, weights: at.base(at0), spikes: { base: at.base(view), ...spikes } },
    }),
  }
}

/** The affine map that changes nothing: times 1, plus -0. */
export const identityPlace = ({ constants }: Builder): Pick<Sum, 'gain' | 'shift'> => ({
  gain: constants.place('identity', 'gain', BLOCK * 4, () => new Float32Array(BLOCK).fill(1)),
  shift: constants.place('identity', 'shift', BLOCK * 4, () => new Float32Array(BLOCK).fill(-0)),
})

const currentSource = (B: Builder, view: View): Source => {
  const identity = identityPlace(B)
  return {
    steps: view.steps,
    batch: view.batch,
    positions: view.positions,
    lie: view.run === view.channels ? runsOf(1, view.channels) : runsOf(view.channels / view.run, view.run),
    touches: [view.buffer],
    part: (at) => ({ kind: 'current', lane: at.lane(view), ...identity }),
  }
}

const sourceOf = (B: Builder, wire: Wire): Source => {
  const { from } = wire
  if (from.op === 'synapse') return synapseSource(B, wire as CurrentWire, from.parameters, from.x)
  if (from.op === 'dstT' || from.op === 'dst') return productSource(B, from)
  return currentSource(B, B.place(wire))
}

/** Whether an operation makes its current in a layer's step. */
export const isSummed = ({ from }: Wire): boolean => ['synapse', 'dstT', 'dst', 'add'].includes(from.op)

/** Whether a wire is a sum that nobody else reads, so that a step may begin with it. */
const isFusible = (B: Builder, wire: Wire): boolean =>
  isSummed(wire) && wire.from.op !== 'add' && !B.given(wire) && B.uses(wire) === 1 && !B.views.has(wire)

const neuronCodes = (neuron: Neuron): Pick<Firing, 'charge' | 'leak' | 'threshold' | 'rest' | 'soft'> => {
  const { kind, leak, threshold, rest, soft } = neuronNumbers('float32')(neuron)
  // Dividing by a power of two and multiplying by its inverse are the same function.
  const exact = kind === 'LIF' && Number.isInteger(Math.log2(leak))
  const common = !soft && Object.is(rest, 0)
  const charge = kind === 'IF' ? 0 : kind === 'LIF' && !exact ? 1 : common ? 3 : 2
  return { charge, leak: exact ? 1 / leak : leak, threshold, rest, soft }
}

/** Positions a tile: {@link TILE_ROWS} rows over all steps, and the same number of tiles for every thread. */
const tileOf = ({ steps, batch, positions }: Source, threads: number): number => {
  const tiles = Math.ceil(positions / Math.max(1, Math.floor(TILE_ROWS / steps)))
  const shared = batch % threads === 0 ? tiles : Math.ceil(tiles / threads) * threads
  return Math.ceil(positions / shared)
}

/**
 * Emits the step that makes `wire`, which is a sum, an `add`, or anything where only `neuron` is wanted of it. The
 * current is stored where more than one neuron reads it.
 */
export const emitLayer = (B: Builder, wire: Wire, neuron: SpikeWire | null, membrane: Wire | undefined): void => {
  const { from } = wire
  const stored = B.views.has(wire) || B.given(wire) || !isSummed(wire)
  let [core, other]: readonly [Wire, Wire | null] = [wire, null]
  if (from.op === 'add' && !stored) {
    const [a, b] = [canonical(from.a), canonical(from.b)]
    ;[core, other] = isFusible(B, a) || !isFusible(B, b) ? [a, b] : [b, a]
  }
  const source = stored || (core !== wire && !isFusible(B, core)) ? currentSource(B, B.place(core)) : sourceOf(B, core)
  const { steps, batch, positions, lie } = source
  const wanted = { channels: lie.channels, positions, lie }
  const residual = other === null ? null : B.place(other, wanted)
  const extents = { steps, batch, positions }
  const store =
    stored || (neuron !== null && B.uses(wire) === 1) ? null : B.fresh('currents', extents, lie, B.byRows(wire))
  if (store !== null) B.views.set(wire, store)
  const spikes = neuron === null ? null : B.fresh('spikes', extents, lie)
  const before =
    neuron?.from.op === 'fire' && neuron.from.membrane !== null
      ? B.place(neuron.from.membrane, { ...wanted, steps: 1 })
      : null
  const after = membrane === undefined ? null : B.fresh('currents', { ...extents, steps: 1 }, lie)
  if (neuron !== null && spikes !== null) B.views.set(neuron, spikes)
  if (membrane !== undefined && after !== null) B.views.set(membrane, after)
  const views = [residual, store, spikes, before, after].filter((view) => view !== null)
  const masks = blocksOf(lie).map(([, real]) => (1 << real) - 1)
  const fire = (at: Resolve): Firing | null =>
    neuron?.from.op !== 'fire' || spikes === null
      ? null
      : {
          ...neuronCodes(neuron.from.neuron),
          spikes: at.lane(spikes),
          membraneIn: before && at.lane(before),
          membraneOut: after && at.lane(after),
          masks,
        }
  B.push([...source.touches, ...views.map(({ buffer }) => buffer)], (at) => ({
    kind: 'layer',
    ...extents,
    tile: tileOf(source, B.threads),
    blocks: masks.length,
    source: source.part(at),
    residual: residual && at.lane(residual),
    store: store && at.lane(store),
    fire: fire(at),
  }))
}

/** The side lengths of a feature map `[T, B, C, H, W]`. */
export const sizeOfMap = (wire: Wire): Size => ({ height: wire.shape[3]!, width: wire.shape[4]! })
