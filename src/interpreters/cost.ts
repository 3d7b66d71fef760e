/** What an operation costs: of its spikes how many there are and where, and of everything else only the shapes. @module */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { struct } from 'fp-ts/lib/Monoid.js'
import { MonoidSum } from 'fp-ts/lib/number.js'
import { type Shape, type Spikes, sizeOf } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import type { Charge, Convolution } from '../model/kernels.js'
import type { Call } from '../model/operation.js'

/**
 * What an operation costs, in whole numbers.
 *
 * - `sops`: synaptic operations, one a spike and neuron it reaches; padding cut off, groups respected. Each is one
 *   addition, and in the layers that consume spikes `additions` equals it.
 * - `macs`: multiply-accumulates on real inputs: the stem's convolution and the classifier.
 * - `affines`: batch norms, one `x * gain + shift` an output; they fold into the weights on a device.
 * - `additions`, `multiplications`, `comparisons`: everything else, by kind. A neuron and step: LIF and PLIF two
 *   additions, one multiplication (a halving at tau = 2), one comparison; IF one addition, one comparison.
 * - `spikes` of `neurons`: how many of the neuron-steps fired.
 */
export interface Cost {
  readonly sops: number
  readonly macs: number
  readonly affines: number
  readonly additions: number
  readonly multiplications: number
  readonly comparisons: number
  readonly spikes: number
  readonly neurons: number
}

/** What each operation of a run cost, by path. */
export type Costs = ReadonlyMap<string, Cost>

/** Costs add up, field by field. */
export const costs: Monoid<Cost> = struct({
  sops: MonoidSum,
  macs: MonoidSum,
  affines: MonoidSum,
  additions: MonoidSum,
  multiplications: MonoidSum,
  comparisons: MonoidSum,
  spikes: MonoidSum,
  neurons: MonoidSum,
})

/**
 * Spikes as a cost sees them: their shape, and how many there are at each position of the last two axes, row-major, over
 * all steps, samples and channels. Where only their number matters (attention), the counts may be split in any way.
 */
export interface Tally {
  readonly shape: Shape
  readonly counts: ArrayLike<number>
}

/**
 * The spikes of a tensor, counted.
 *
 * @example
 * tallyOf(tensor([1, 1, 2, 1, 2], Uint8Array.of(1, 0, 1, 1))).counts // => Float64Array.of(2, 1)
 */
export const tallyOf = ({ shape, data }: Spikes): Tally => {
  const positions = sizeOf(shape.slice(-2))
  const counts = new Float64Array(positions)
  for (let i = 0, p = 0; i < data.length; i++, p = p + 1 === positions ? 0 : p + 1) counts[p]! += data[i]!
  return { shape, counts }
}

/** How many spikes there are. */
const countOf = ({ counts }: Tally): number => {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]!
  return sum
}

/** How many outputs along one side an input at each place reaches. */
const reach = (size: number, kernel: number, stride: number, padding: number): Int32Array => {
  const last = convolved(size, kernel, stride, padding) - 1
  const reached = new Int32Array(size)
  for (let at = 0; at < size; at++) {
    const from = Math.max(0, Math.ceil((at + padding - kernel + 1) / stride))
    reached[at] = Math.max(0, Math.min(last, Math.floor((at + padding) / stride)) - from + 1)
  }
  return reached
}

/** How many positions of the output an input at each place of each line and column reaches. */
const reaches = (
  { weight, stride, padding }: Convolution,
  shape: Shape,
): readonly [rows: Int32Array, columns: Int32Array] => {
  const [, , kernelHeight, kernelWidth] = weight.shape as readonly [number, number, number, number]
  const [height, width] = shape.slice(-2) as [number, number]
  return [reach(height, kernelHeight, stride, padding), reach(width, kernelWidth, stride, padding)]
}

/**
 * The sum over spikes of the neurons each one reaches: `conv(spikes, ones)`, summed.
 *
 * @example
 * const weight = tensor([5, 1, 3, 3], new Float32Array(45))
 * const spikes = tensor([1, 1, 1, 2, 2], Uint8Array.of(1, 0, 0, 0))
 * fanOut({ key: 'conv', weight, stride: 1, padding: 1, groups: 1 }, tallyOf(spikes)) // => 4 * 5
 */
export const fanOut = (convolution: Convolution, { shape, counts }: Tally): number => {
  const [rows, columns] = reaches(convolution, shape)
  let sum = 0
  for (let y = 0, i = 0; y < rows.length; y++) {
    let line = 0
    for (let x = 0; x < columns.length; x++, i++) line += counts[i]! * columns[x]!
    sum += line * rows[y]!
  }
  return sum * (convolution.weight.shape[0]! / convolution.groups)
}

const total = (numbers: Int32Array): number => numbers.reduce((sum, n) => sum + n, 0)

/** What a neuron adds and multiplies in a step. */
const chargeCost = (charge: Charge): Pick<Cost, 'additions' | 'multiplications'> => {
  switch (charge.kind) {
    case 'IF':
      return { additions: 1, multiplications: 0 }
    case 'LIF':
    case 'PLIF':
      return { additions: 2, multiplications: 1 }
  }
}

/**
 * The cost of one call, whose spikes are tallies and whose currents are shapes.
 *
 * Source: the paper's section 5.1 (SOPs); the stem and the classifier are not synaptic operations.
 *
 * @example
 * const fired = { shape: [1, 1, 1, 1, 3], counts: [1, 0, 1] }
 * const call = { operation: 'fire', path: 'a', parameters: neurons(parameters)[0] } as const
 * costOf({ ...call, inputs: [fired.shape, null], outputs: [fired, [1, 1, 1, 3]] }).spikes // => 2
 */
export const costOf = (call: Call<Tally, Shape>): Cost => {
  switch (call.operation) {
    case 'stem': {
      const { convolution, pool } = call.parameters
      const [image] = call.inputs
      const [T, B, channels, height, width] = image as readonly [number, number, number, number, number]
      const [out, , kernelHeight, kernelWidth] = convolution.weight.shape as readonly [number, number, number, number]
      const { stride, padding, groups } = convolution
      const [rows, columns] = reaches(convolution, image)
      const positions =
        convolved(height, kernelHeight, stride, padding) * convolved(width, kernelWidth, stride, padding)
      return {
        ...costs.empty,
        macs: T * B * channels * total(rows) * total(columns) * (out / groups),
        affines: T * B * out * positions,
        comparisons: pool === null ? 0 : sizeOf(call.outputs[0]) * (pool.kernel * pool.kernel - 1),
      }
    }
    case 'synapse': {
      const sops = fanOut(call.parameters.convolution, call.inputs[0])
      return { ...costs.empty, sops, additions: sops, affines: sizeOf(call.outputs[0]) }
    }
    case 'dstT':
    case 'dst': {
      const [y, spikes] = call.inputs
      const [, , , d, n] = y as readonly [number, number, number, number, number]
      const sops = countOf(spikes) * (call.operation === 'dstT' ? n : d)
      return { ...costs.empty, sops, additions: sops, multiplications: sizeOf(call.outputs[0]) }
    }
    case 'fire': {
      const [spikes] = call.outputs
      const neurons = sizeOf(spikes.shape)
      const { additions, multiplications } = chargeCost(call.parameters.charge)
      return {
        ...costs.empty,
        additions: additions * neurons,
        multiplications: multiplications * neurons,
        comparisons: neurons,
        spikes: countOf(spikes),
        neurons,
      }
    }
    case 'add':
      return { ...costs.empty, additions: sizeOf(call.outputs[0]) }
    case 'meanPool':
      return { ...costs.empty, additions: sizeOf(call.inputs[0]), multiplications: sizeOf(call.outputs[0]) }
    case 'classify':
      return { ...costs.empty, macs: sizeOf(call.outputs[0]) * call.parameters.shape[1]! }
    case 'hold':
    case 'splitHeads':
    case 'mergeHeads':
      return costs.empty
  }
}

/**
 * The costs of consecutive chunks together, path by path.
 *
 * @example
 * const [a, b] = [new Map([['W', { ...costs.empty, sops: 2 }]]), new Map([['W', { ...costs.empty, sops: 3 }]])]
 * together(a, b).get('W')?.sops // => 5
 */
export const together = (a: Costs, b: Costs): Costs =>
  [...b].reduce((sum, [path, cost]) => sum.set(path, costs.concat(sum.get(path) ?? costs.empty, cost)), new Map(a))
