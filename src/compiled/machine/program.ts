/**
 * Programs: a network compiled to instructions over one linear memory. Plain data, so a worker can be sent one.
 *
 * All addresses are bytes from the start of the memory. An instruction is cut into units that touch disjoint memory, so
 * any number of threads may share them out; each unit does the same arithmetic whoever runs it.
 * @module
 */
import type { Shape } from '../../core/tensor.js'
import type { Reset } from '../../model/kernels.js'
import { blocksOf, currentAt, type View } from './layout.js'
import type { Charging } from './neuron.js'
import { MOST_THREADS, RECORD, RECORDS } from './record.js'

/** Rows of a value as an instruction walks them; `at` has the byte offset of each block inside a row. */
export interface Lane {
  readonly base: number
  readonly stepStride: number
  readonly batchStride: number
  readonly rowStride: number
  readonly at: readonly number[]
}

/** The lane of a view whose buffer starts at `base`. */
export const laneOf = (view: View, base: number): Lane => ({
  base: base + view.offset,
  stepStride: view.stepStride,
  batchStride: view.batchStride,
  rowStride: view.rowStride,
  at: blocksOf(view).map(([at]) => (view.carries === 'currents' ? currentAt(view, at) : at / 8)),
})

/** One slab of a sum: its piece table, and its rows among all rows of weights. */
export interface SlabPlace {
  readonly pieces: number
  readonly piecesEnd: number
  readonly first: number
  readonly rows: number
}

/** Overlapping windows over an input of `width` positions a line; `rows` has the byte offset of every input position. */
export interface Overlap {
  readonly height: number
  readonly width: number
  readonly kernelHeight: number
  readonly stride: number
  readonly padding: number
  readonly outWidth: number
  readonly rows: number
  /** Per group, the piece that is all its channels. */
  readonly pieces: readonly number[]
  readonly channels: number
}

/** Sums of rows of weights, picked by spikes: a synapse, or one of the attention products. */
export interface Sum {
  readonly spikes: { readonly base: number; readonly stepStride: number; readonly batchStride: number }
  /** Where windows overlap: how an input position's events are listed once for all the windows it is in. */
  readonly overlap: Overlap | null
  /**
   * For each output position and tap the byte offset of its input row, or where windows overlap four times its input
   * position; -1 in the padding.
   */
  readonly gather: number
  readonly gatherStride: number
  /** Per group (of a convolution) or head: the slabs of its sum. */
  readonly groups: readonly (readonly SlabPlace[])[]
  readonly blocksPerGroup: number
  /** Weights by group, slab, block, row; for the attention products also by step and sample (zero strides otherwise). */
  readonly weights: number
  readonly groupStride: number
  readonly weightsStepStride: number
  readonly weightsBatchStride: number
  /** Gains and shifts of the map after the sum, sixteen of each a block; the scale of a head has shifts of -0. */
  readonly gain: number
  readonly shift: number
}

/** The neuron at the end of a layer. `membraneIn` null starts at rest, `membraneOut` null forgets. */
export interface Firing {
  readonly spikes: Lane
  readonly membraneIn: Lane | null
  readonly membraneOut: Lane | null
  readonly charging: Charging
  readonly threshold: number
  readonly reset: Reset
  /** Which of a block's sixteen channels are real, one bit each. */
  readonly masks: readonly number[]
}

/** Where in the network an instruction stands. */
export interface Place {
  /** The path of the operation it is for, of fused ones the last. */
  readonly path: string
  /** The paths of the operations that are done when it is. */
  readonly done: readonly string[]
}

/** A fused layer: a current (summed, or read), a residual, and what becomes of it. */
export interface LayerInstruction extends Place {
  readonly kind: 'layer'
  readonly steps: number
  readonly batch: number
  readonly positions: number
  /** Output positions a tile. */
  readonly tile: number
  /** Into how many chunks the blocks of a group are cut. */
  readonly chunks: number
  readonly blocks: number
  readonly source:
    | { readonly kind: 'sum'; readonly sum: Sum }
    | { readonly kind: 'current'; readonly lane: Lane; readonly gain: number; readonly shift: number }
  readonly residual: Lane | null
  readonly store: Lane | null
  readonly fire: Firing | null
}

/** A convolution of currents, which multiplies: the stem, and the classifier as a kernel of one. */
export interface DenseInstruction extends Place {
  readonly kind: 'dense'
  readonly steps: number
  readonly batch: number
  readonly input: Omit<Lane, 'at'>
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly stride: number
  readonly padding: number
  readonly outHeight: number
  readonly outWidth: number
  readonly weights: number
  readonly gain: number
  readonly shift: number
  readonly output: Lane
}

/** The maximum over windows. */
export interface PoolInstruction extends Place {
  readonly kind: 'pool'
  readonly steps: number
  readonly batch: number
  readonly input: Lane
  readonly height: number
  readonly width: number
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  readonly outHeight: number
  readonly outWidth: number
  readonly output: Lane
}

/** The mean over all positions. */
export interface MeanInstruction extends Place {
  readonly kind: 'mean'
  readonly steps: number
  readonly batch: number
  readonly positions: number
  readonly input: Lane
  readonly output: Lane
}

/**
 * Lays currents out as weights for an attention product, `[step, sample, head, block, row, 16]`. For `dstT` a row is a
 * channel and a block sixteen tokens (`transpose`), for `dst` a row is a token and a block sixteen channels.
 */
export interface PackInstruction extends Place {
  readonly kind: 'pack'
  readonly transpose: boolean
  readonly steps: number
  readonly batch: number
  readonly heads: number
  /** What a block runs over: tokens n to transpose, channels d otherwise. */
  readonly width: number
  readonly input: Omit<Lane, 'at'>
  /** Byte offset of each head's first channel in a row. */
  readonly headAt: readonly number[]
  /** The slabs of the product's sum (those of a slab's rows that are terms, the others fill its last eight), and its blocks. */
  readonly slabs: readonly { readonly first: number; readonly rows: number; readonly terms: number }[]
  readonly blocks: number
  readonly output: number
  readonly headBytes: number
}

/** Moves a value to another layout; a network never needs it, a lone operation may. */
export interface CopyInstruction extends Place {
  readonly kind: 'copy'
  readonly from: View
  readonly fromBase: number
  readonly to: View
  readonly toBase: number
}

/** Counts spikes where they lie: at each position, how many fired over all steps, samples and channels. */
export interface TallyInstruction extends Place {
  readonly kind: 'tally'
  readonly steps: number
  readonly batch: number
  readonly positions: number
  readonly spikes: Omit<Lane, 'at'>
  /** One 32-bit word a position. */
  readonly counts: number
}

export type Instruction =
  | LayerInstruction
  | DenseInstruction
  | PoolInstruction
  | MeanInstruction
  | PackInstruction
  | CopyInstruction
  | TallyInstruction

/** A value that enters or leaves a program. */
export interface Port {
  readonly view: View
  readonly base: number
  readonly shape: Shape
}

/** Where the spikes of a neuron are counted: one 32-bit word a position. */
export interface Tallied {
  readonly at: number
  readonly positions: number
}

/** What a thread must know of a program to run it. */
export interface Code {
  readonly instructions: readonly Instruction[]
  /** Where the threads' scratch begins: constants and values lie below. */
  readonly bytes: number
  /** Bytes of one thread's scratch. */
  readonly scratch: number
}

/** A compiled graph. */
export interface Program extends Code {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

/** The first address programs may use. */
export const FIRST_FREE = RECORDS + MOST_THREADS * RECORD
