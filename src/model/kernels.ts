/**
 * The dictionary of operations the network is written over: the normative text of the model's types.
 *
 * `S` are spike trains (values 0 and 1), `C` currents (reals). The operations that take an `S` only ever add, so the
 * type of the model is the proof that its attention and convolutions are spike-driven.
 *
 * Every value carries a leading time axis: `[T, B, C, H, W]`. A chunk of one step is streaming. Every operation is
 * curried, parameters first: applying the parameters is the compile step, applying the value is the run.
 * @module
 */
import type { State } from 'fp-ts/lib/State.js'
import type { Reals, Size, Tensor } from '../core/tensor.js'

/** A bias-free convolution, weight `[out, in / groups, kernel height, kernel width]`, zero padding. */
export interface Convolution {
  /** The authors' key: its tensor is `${key}.weight` in a checkpoint. */
  readonly key: string
  readonly weight: Tensor<Reals>
  readonly stride: number
  readonly padding: number
  readonly groups: number
}

/** Batch normalisation at inference: `y = (x - mean) / sqrt(variance + eps) * weight + bias`, one value a channel. */
export interface BatchNorm {
  /** The authors' key: its tensors are `${key}.weight`, `${key}.bias`, .. in a checkpoint. */
  readonly key: string
  readonly weight: Tensor<Reals>
  readonly bias: Tensor<Reals>
  readonly mean: Tensor<Reals>
  readonly variance: Tensor<Reals>
  readonly eps: number
}

/** What spikes go through on their way to the next neuron: `BN(Conv(s))`. */
export interface Synapse {
  readonly convolution: Convolution
  readonly norm: BatchNorm
}

/** The window of a max-pool; padding never wins. */
export interface Pool {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
}

/** The embedding of the image: `BN(Conv(image))`, then a max-pool where there is one. No neuron. */
export interface Stem extends Synapse {
  readonly pool: Pool | null
}

/** How a neuron charges: IF `h = v + x`; LIF `h = v + (x - v) / tau`; PLIF `h = v + (x - v) * sigmoid(w)`. */
export type Charge =
  | { readonly kind: 'IF' }
  | { readonly kind: 'LIF'; readonly tau: number }
  | { readonly kind: 'PLIF'; readonly w: number }

/** What a spike leaves behind: hard `v = value`, soft `v = h - threshold`. */
export type Reset = { readonly kind: 'hard'; readonly value: number } | { readonly kind: 'soft' }

/** A layer of spiking neurons. `key` is the authors' layer key; the membranes are kept under it. */
export interface Neuron {
  readonly key: string
  readonly charge: Charge
  readonly threshold: number
  readonly reset: Reset
}

/** The membrane potentials of a network between chunks, by the neurons' keys. A layer not in it is at rest. */
export type Membranes<C> = ReadonlyMap<string, C>

/** A computation that threads the membranes from chunk to chunk. */
export type Stateful<C, A> = State<Membranes<C>, A>

/** How many neighbouring inputs have their active terms added two by two: fixed by the specification, not a parameter. */
export const EIGHT = 8

/**
 * The operations.
 *
 * | operation | shapes | equation |
 * |---|---|---|
 * | `stem` | `[T, B, c, H, W] -> [T, B, C, H', W']` | `pool(BN(Conv(image)))`: multiplies |
 * | `hold` | `[1, ...] -> [T, ...]` | the same current at each of T steps |
 * | `fire` | same shape | the neuron, step by step; the state threads the membrane |
 * | `synapse` | `[T, B, C, H, W] -> [T, B, C', H', W']` | `BN(Conv(s))`: additions, then one affine map a channel |
 * | `splitHeads` | `[T, B, 2C, h, w] -> 2 x [T, B, heads, d, n]` | the first d rows of *each head*, and the last d |
 * | `dstT` | `([T, B, heads, d, n], [T, B, heads d, H, W]) -> [T, B, heads, n, HW]` | `(y^T x) * scale[head]` |
 * | `dst` | `([T, B, heads, d, n], [T, B, heads, n, HW]) -> [T, B, heads, d, HW]` | `(y attn) * scale[head]` |
 * | `mergeHeads` | `[T, B, heads, d, HW] -> [T, B, heads d, H, W]` | layout only |
 * | `add` | same shape twice | the residual |
 * | `meanPool` | `[T, B, C, H, W] -> [T, B, C]` | mean over the positions |
 * | `classify` | `[T, B, C] -> [T, B, classes]` | `weight x`: multiplies |
 * | `scope` | | names the place; the identity unless observed |
 *
 * **Order of summation** (part of the specification, so that float32 is defined to the bit). Every sum starts at 0;
 * each addition is rounded once.
 *
 * Where spikes pick the terms, they come *two by two* among eight neighbouring inputs: the first two active terms
 * are added to each other, and then to the sum; so the next two; an odd one alone. Neighbours are channels 0 to 7, 8 to
 * 15, .. of the group (`synapse`, by kernel row and kernel column, anew at each) or of the head (`dstT`), or tokens 0 to
 * 7, 8 to 15, .. (`dst`); the last may be fewer than eight, and none are of two kernel positions. With inputs 0, 1, 3, 5,
 * 6 and 9 active that is `(((0 + (w0 + w1)) + (w3 + w5)) + w6) + w9`. Positions in the padding are left out. (So an
 * interpreter may look the sum of two up among 28.)
 *
 * Where real numbers are summed, they come one by one: `stem` in the order (kernel row, kernel column, input channel),
 * `meanPool` over the positions in row-major order, `classify` over the channels.
 *
 * Source: the paper's section 4 (equations 7 to 13) and the authors' code, which decides where they differ.
 */
export interface Kernels<S, C> {
  /** The embedding `pool(BN(Conv(image)))`; with `classify`, the only operations that multiply by a real input. */
  readonly stem: (p: Stem) => (image: C) => C
  /** The same current at each of `steps` steps: a still image's stem runs once. */
  readonly hold: (steps: number) => (current: C) => C
  /** The neuron; a spike is `h >= threshold`, so a tie fires. */
  readonly fire: (p: Neuron) => (current: C) => Stateful<C, S>
  /** `BN(Conv(s))`, any kernel, stride, padding and groups. */
  readonly synapse: (p: Synapse) => (spikes: S) => C
  /** y1 and y2: the first and the last d rows of each head (not of the whole). */
  readonly splitHeads: (heads: number) => (y: C) => readonly [C, C]
  /** `DST_T(y, x) = y^T x`, scaled per head. */
  readonly dstT: (scale: readonly number[]) => (y: C, x: S) => C
  /** `DST(y, attn) = y attn`, scaled per head. */
  readonly dst: (scale: readonly number[]) => (y: C, attn: S) => C
  /** The heads side by side again, on a feature map of `size`. */
  readonly mergeHeads: (size: Size) => (y: C) => C
  /** The residual. */
  readonly add: (a: C, b: C) => C
  /** The mean over the positions: the sum, then one division by their number. */
  readonly meanPool: (x: C) => C
  /** The linear classifier, no bias. */
  readonly classify: (weight: Tensor<Reals>) => (x: C) => C
  /** The same kernels at a place inside the current one. */
  readonly scope: (label: string) => Kernels<S, C>
}
