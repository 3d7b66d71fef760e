/** The ledger: what each layer of a run costs, in operations and in energy. @module */
import { type Currents, type Spikes, sizeOf } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import { type Cost, costs } from '../interpreters/cost.js'
import type { Convolution, Kernels } from '../model/kernels.js'
import { type Event, type Notes, type Observed, observe } from './observe.js'

export { type Cost, costs }

/** How an observer sees an interpreter's own carriers as tensors. */
export interface Readers<S, C> {
  /** A spike carrier as a tensor of bytes. */
  readonly spikes: (spikes: S) => Spikes
  /** A current carrier as a tensor of reals. */
  readonly currents: (currents: C) => Currents
}

/** The readers of an interpreter whose carriers are tensors. */
export const plain: Readers<Spikes, Currents> = { spikes: (s) => s, currents: (c) => c }

/** How many outputs along one side an input at each place reaches. */
const reach = (size: number, kernel: number, stride: number, padding: number): readonly number[] =>
  Array.from({ length: size }, (_, at) => {
    const last = convolved(size, kernel, stride, padding) - 1
    const from = Math.max(0, Math.ceil((at + padding - kernel + 1) / stride))
    const to = Math.min(last, Math.floor((at + padding) / stride))
    return Math.max(0, to - from + 1)
  })

const count = (spikes: Uint8Array): number => {
  let n = 0
  for (let i = 0; i < spikes.length; i++) n += spikes[i]!
  return n
}

/**
 * The sum over spikes of the neurons each one reaches: `conv(spikes, ones)`, summed.
 *
 * @example
 * const weight = tensor([5, 1, 3, 3], new Float32Array(45))
 * fanOut({ weight, stride: 1, padding: 1, groups: 1 }, tensor([1, 1, 1, 2, 2], Uint8Array.of(1, 0, 0, 0))) // => 4 * 5
 */
export const fanOut = ({ weight, stride, padding, groups }: Convolution, { shape, data }: Spikes): number => {
  const [out, , kh, kw] = weight.shape as readonly [number, number, number, number]
  const [height, width] = shape.slice(-2) as [number, number]
  const rows = reach(height, kh, stride, padding)
  const columns = reach(width, kw, stride, padding)
  let positions = 0
  for (let i = 0; i < data.length; i++)
    if (data[i] !== 0) positions += rows[Math.floor(i / width) % height]! * columns[i % width]!
  return positions * (out / groups)
}

/**
 * The cost of one operation: the numbers of its spikes, and of everything else only the shapes.
 *
 * @example
 * const output = tensor([1, 1, 1, 1, 3], Uint8Array.of(1, 0, 1))
 * costOf(plain)({ operation: 'fire', parameters: neurons(parameters)[0], input: image, output }).spikes // => 2
 */
export const costOf =
  <S, C>(read: Readers<S, C>) =>
  (event: Event<S, C>): Cost => {
    const elements = (c: C): number => sizeOf(read.currents(c).shape)
    switch (event.operation) {
      case 'stem': {
        const { convolution, pool } = event.parameters
        const { shape } = read.currents(event.input)
        const everywhere = { shape, data: new Uint8Array(sizeOf(shape)).fill(1) }
        const outputs = elements(event.output)
        const [T, B, , H, W] = shape as readonly [number, number, number, number, number]
        const [out, , kh, kw] = convolution.weight.shape as readonly [number, number, number, number]
        const { stride, padding } = convolution
        return {
          ...costs.empty,
          macs: fanOut(convolution, everywhere),
          affines: T * B * out * convolved(H, kh, stride, padding) * convolved(W, kw, stride, padding),
          comparisons: pool === null ? 0 : outputs * (pool.kernel * pool.kernel - 1),
        }
      }
      case 'synapse': {
        const sops = fanOut(event.parameters.convolution, read.spikes(event.input))
        return { ...costs.empty, sops, additions: sops, affines: elements(event.output) }
      }
      case 'dstT':
      case 'dst': {
        const [, , , d, n] = read.currents(event.y).shape
        const sops = count(read.spikes(event.spikes).data) * (event.operation === 'dstT' ? n! : d!)
        return { ...costs.empty, sops, additions: sops, multiplications: elements(event.output) }
      }
      case 'fire': {
        const { data } = read.spikes(event.output)
        const leaky = event.parameters.charge.kind !== 'IF'
        return {
          ...costs.empty,
          additions: (leaky ? 2 : 1) * data.length,
          multiplications: leaky ? data.length : 0,
          comparisons: data.length,
          spikes: count(data),
          neurons: data.length,
        }
      }
      case 'add':
        return { ...costs.empty, additions: elements(event.output) }
      case 'meanPool':
        return { ...costs.empty, additions: elements(event.input), multiplications: elements(event.output) }
      case 'classify':
        return { ...costs.empty, macs: elements(event.output) * event.weight.shape[1]! }
      default:
        return costs.empty
    }
  }

/**
 * Wraps kernels so that every value carries the cost of each operation in its past, by path. A chunk has its own
 * ledger; the ledgers of consecutive chunks add up with {@link costs}.
 *
 * Source: the paper's section 5.1 (SOPs); the stem and the classifier are not synaptic operations.
 *
 * @example
 * const K = ledger(plain)(reference('float64'))
 * const { notes } = forward(network(K)(parameters))(4)(unobserved(image))
 * total(notes).sops // => 3962720
 */
export const ledger =
  <S, C>(read: Readers<S, C>) =>
  (K: Kernels<S, C>): Kernels<Observed<S, Cost>, Observed<C, Cost>> =>
    observe<S, C, Cost>((_, event) => costOf(read)(event))(K)

/**
 * The sum of a ledger.
 *
 * @example
 * total(new Map([['a', { ...costs.empty, sops: 2 }], ['b', { ...costs.empty, sops: 3 }]])).sops // => 5
 */
export const total = (notes: Notes<Cost>): Cost => [...notes.values()].reduce(costs.concat, costs.empty)

/** Energy of one synaptic operation (an addition) in joules. Source: the paper's section 5.1, 45 nm. */
export const JOULES_PER_SOP = 0.9e-12

/** Energy of one multiply-accumulate in joules. Source: the paper's section 5.1, 45 nm. */
export const JOULES_PER_MAC = 4.6e-12

/**
 * Energy in joules: of the synaptic operations alone (the paper's figure), and with stem and classifier.
 *
 * @example
 * energy({ ...costs.empty, sops: 1e6, macs: 1e6 }) // => { synaptic: 0.9e-6, withStem: 5.5e-6 }
 */
export const energy = ({ sops, macs }: Cost): { readonly synaptic: number; readonly withStem: number } => ({
  synaptic: sops * JOULES_PER_SOP,
  withStem: sops * JOULES_PER_SOP + macs * JOULES_PER_MAC,
})
