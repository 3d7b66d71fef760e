/** Synapses at the ends of their range: everything fires, nothing fires, sums longer than a slab, windows of every kind. */
import { describe, expect, it } from 'vitest'
import { fast, wasm } from '../../src/compiled/interpreter.js'
import { sym } from '../../src/core/random.js'
import { type Spikes, sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import { tensorKernels } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Synapse } from '../../src/model/kernels.js'
import { sameBits } from './same.js'

const reals = (name: string, ...shape: number[]): Tensor<Float64Array> => tensor(shape, sym(name, 7, sizeOf(shape)))

const synapse = (
  [out, inGroup, kernel]: readonly [number, number, number],
  { stride = 1, padding = 0, groups = 1 } = {},
): Synapse => ({
  convolution: { key: 'convolution', weight: reals('weight', out, inGroup, kernel, kernel), stride, padding, groups },
  norm: {
    key: 'norm',
    weight: reals('gain', out),
    bias: reals('bias', out),
    mean: reals('mean', out),
    variance: tensor(
      [out],
      reals('variance', out).data.map((r) => 1 + r / 2),
    ),
    eps: 1e-5,
  },
})

/** Spikes with the given probability. */
const spikes = (rate: number, ...shape: number[]): Spikes =>
  tensor(
    shape,
    Uint8Array.from(sym('spikes', 7, sizeOf(shape)), (r) => (r < 2 * rate - 1 ? 1 : 0)),
  )

const windows: readonly (readonly [string, Synapse, readonly number[]])[] = [
  ['1x1', synapse([48, 40, 1]), [3, 2, 40, 6, 5]],
  ['1x1 of more channels than a slab has rows', synapse([20, 1500, 1]), [2, 1, 1500, 3, 3]],
  ['3x3, overlapping', synapse([16, 96, 3], { padding: 1 }), [3, 1, 96, 20, 20]],
  ['3x3 of many tiles', synapse([16, 17, 3], { padding: 1 }), [4, 1, 17, 40, 37]],
  ['3x3 stride 2 of many tiles', synapse([16, 11, 3], { stride: 2, padding: 1 }), [4, 1, 11, 61, 43]],
  ['3x3 in groups', synapse([64, 16, 3], { padding: 1, groups: 4 }), [4, 2, 64, 9, 7]],
  ['3x3 in groups of no whole byte', synapse([9, 5, 3], { padding: 1, groups: 3 }), [2, 2, 15, 6, 6]],
  ['3x3 stride 2', synapse([32, 24, 3], { stride: 2, padding: 1 }), [2, 1, 24, 15, 14]],
  ['3x3 of long sums', synapse([16, 700, 3], { stride: 2, padding: 1 }), [1, 1, 700, 5, 5]],
  ['patches of 4', synapse([32, 64, 4], { stride: 4 }), [4, 1, 64, 8, 12]],
  ['5x5 stride 3, wider than the image', synapse([7, 3, 5], { stride: 3, padding: 2 }), [2, 1, 3, 4, 2]],
]

describe.each(windows)('%s', (_, p, shape) => {
  it.each([1, 0.2, 0])('has the reference’s bits at a firing rate of %d', (rate) => {
    const s = spikes(rate, ...shape)
    const expected = reference('float32').synapse(p)(s)
    expect(sameBits(tensorKernels(wasm()).synapse(p)(s), expected)).toBe(true)
    expect(sameBits(tensorKernels(fast()).synapse(p)(s), expected)).toBe(true)
  })
})

describe('the attention products', () => {
  it.each([
    [1, 64, 49, 100],
    [0.1, 8, 1300, 30],
    [0, 16, 16, 16],
  ])('have the reference’s bits at a firing rate of %d, d = %i, n = %i, HW = %i', (rate, d, n, positions) => {
    const [T, B, heads] = [2, 2, 3]
    const scale = [0.3, 0.7, 1.1]
    const y = tensor([T, B, heads, d, n], Float32Array.from(sym('y', 7, T * B * heads * d * n)))
    const x = spikes(rate, T, B, heads * d, positions, 1)
    const attn = spikes(rate, T, B, heads, n, positions)
    const R = reference('float32')
    for (const interpreter of [wasm(), fast()]) {
      const K = tensorKernels(interpreter)
      expect(sameBits(K.dstT(scale)(y, x), R.dstT(scale)(y, x))).toBe(true)
      expect(sameBits(K.dst(scale)(y, attn), R.dst(scale)(y, attn))).toBe(true)
    }
  })
})
