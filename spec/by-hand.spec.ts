import { describe, expect, it } from 'vitest'
import { tensor } from '../src/core/tensor.js'
import { reference } from '../src/interpreters/reference.js'
import type { Neuron } from '../src/model/kernels.js'
import { fromRest } from '../src/model/network.js'
import { headScale } from '../src/model/scaling.js'

const K = reference('float64')

describe('worked by hand', () => {
  // LIF, tau = 2, threshold 1, hard reset to 0: h = v + (x - v) / 2.
  //
  //   t    x      v before   h                    spike   v after
  //   1    1      0          0 + 1/2    = 0.5     0       0.5
  //   2    1      0.5        .5 + .25   = 0.75    0       0.75
  //   3    1.25   0.75       .75 + .25  = 1       1       0        a tie fires
  //   4    3      0          0 + 1.5    = 1.5     1       0        the reset is hard: nothing of the 0.5 is kept
  //   5   -1      0          0 - 0.5    = -0.5    0      -0.5
  //   6    2     -0.5        -.5 + 1.25 = 0.75    0       0.75     the input decays too: x / 2, not x
  //   7    0.75   0.75       .75 + 0    = 0.75    0       0.75
  //   8    1.5    0.75       .75 + .375 = 1.125   1       0
  const drive = tensor([8, 1, 1, 1, 1], Float64Array.of(1, 1, 1.25, 3, -1, 2, 0.75, 1.5))
  const lif: Neuron = { key: 'n', charge: { kind: 'LIF', tau: 2 }, threshold: 1, reset: { kind: 'hard', value: 0 } }

  it('one LIF neuron over eight steps, with a tie', () => {
    const [spikes, membranes] = K.fire(lif)(drive)(new Map())
    expect([...spikes.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1])
    expect(membranes.get('n')).toEqual(tensor([1, 1, 1, 1], Float64Array.of(0)))
  })

  // The same with a soft reset: at step 4, h = 0 + 1.5 leaves v = 0.5; then
  //   5: .5 + (-1 - .5) / 2 = -.25;  6: -.25 + 1.125 = .875;  7: .875 - .0625 = .8125;  8: .8125 + .34375 = 1.15625
  it('with a soft reset', () => {
    const [spikes, membranes] = K.fire({ ...lif, reset: { kind: 'soft' } })(drive)(new Map())
    expect([...spikes.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1])
    expect(membranes.get('n')?.data[0]).toBe(0.15625)
  })

  // A reset to r = -1 is also where the membrane starts and what it leaks towards: h = v + (x - (v + 1)) / 2.
  //   1: -1 + (3 - 0) / 2 = .5;  2: .5 + (3 - 1.5) / 2 = 1.25, a spike, v = -1;  3: -1 + (1 - 0) / 2 = -.5
  it('with a reset below zero', () => {
    const [spikes, membranes] = K.fire({ ...lif, reset: { kind: 'hard', value: -1 } })(
      tensor([3, 1], Float64Array.of(3, 3, 1)),
    )(new Map())
    expect([...spikes.data]).toEqual([0, 1, 0])
    expect(membranes.get('n')?.data[0]).toBe(-0.5)
  })

  // One head, d = 2 channels, n = 2 tokens, 2 positions; IF neurons.
  //
  //   y1 = [ 1/4  -1/4 ]    x = [ 1 0 ]    y1^T x = [ 1/4+1/4   1/4 ] = [  1/2   1/4 ]
  //        [ 1/4   1/8 ]        [ 1 1 ]             [ -1/4+1/8  1/8 ]   [ -1/8   1/8 ]
  //
  //   f_X = 1/8, d = 2:  c1 = 1 / sqrt(1/8 * 2) = 2, so the neurons see [1 1/2; -1/4 1/4]: one tie, one spike.
  //
  //   y2 = [  2  5 ]  attn = [ 1 0 ]   y2 attn = [  2 0 ],  f_Attn = 1/8, n = 2: c2 = 2, current [4 0; -2 0].
  //        [ -1  7 ]         [ 0 0 ]             [ -1 0 ]
  it('a 2 x 2 attention with its scaling', () => {
    const scale = headScale(1 / 8, 2)
    expect(scale).toBe(2)
    const integrate: Neuron = { ...lif, charge: { kind: 'IF' } }
    const y1 = tensor([1, 1, 1, 2, 2], Float64Array.of(1 / 4, -1 / 4, 1 / 4, 1 / 8))
    const y2 = tensor([1, 1, 1, 2, 2], Float64Array.of(2, 5, -1, 7))
    const x = tensor([1, 1, 2, 1, 2], Uint8Array.of(1, 0, 1, 1))

    const scores = K.dstT([scale])(y1, x)
    expect(scores).toEqual(tensor([1, 1, 1, 2, 2], Float64Array.of(1, 1 / 2, -1 / 4, 1 / 4)))
    const attn = fromRest(K.fire(integrate)(scores))
    expect([...attn.data]).toEqual([1, 0, 0, 0])
    const mixed = K.mergeHeads({ height: 1, width: 2 })(K.dst([scale])(y2, attn))
    expect(mixed).toEqual(tensor([1, 1, 2, 1, 2], Float64Array.of(4, 0, -2, 0)))
    expect([...fromRest(K.fire(integrate)(mixed)).data]).toEqual([1, 0, 0, 0])
  })

  // y has 2C = 8 channels, heads = 2, so d = 2: head 0 owns channels 0..3 (y1 = 0, 1; y2 = 2, 3), head 1 owns 4..7.
  it('y is split per head, not into global halves', () => {
    const [y1, y2] = K.splitHeads(2)(tensor([1, 1, 8, 1, 1], Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7)))
    expect([...y1.data]).toEqual([0, 1, 4, 5])
    expect([...y2.data]).toEqual([2, 3, 6, 7])
  })

  // Terms in float32, where 1 is followed by 1 + 2^-23, so that 1 + 2^-24 is a tie and rounds to 1; e = 2^-24.
  // Of ten neighbours 0, 2, 4, 8 and 9 are active, 1 e e | e e, and the eight ends after the third:
  //
  //   two by two among eight    ((1 + e) + e) + (e + e) = 1 + 2^-23
  //   two by two among all      ((1 + e) + (e + e)) + e = 1 + 2^-22, a tie that rounds to the even number
  //   one by one                (((1 + e) + e) + e) + e = 1
  const e = 2 ** -24
  const single = reference('float32')
  const ones = tensor([1], Float32Array.of(1))
  const none = tensor([1], Float32Array.of(0))
  const norm = { key: 'norm', weight: ones, bias: none, mean: none, variance: ones, eps: 0 }

  it('the terms of eight neighbours are added two by two', () => {
    const weights = Float32Array.of(1, 9, e, 9, e, 9, 9, 9, e, e)
    const spikes = Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 0, 1, 1)
    const sum = 1 + 2 ** -23
    const convolution = { key: 'convolution', weight: tensor([1, 10, 1, 1], weights), stride: 1, padding: 0, groups: 1 }
    expect(single.synapse({ convolution, norm })(tensor([1, 1, 10, 1, 1], spikes)).data[0]).toBe(sum)
    const rows = tensor([1, 1, 1, 10, 1], weights)
    expect(single.dstT([1])(rows, tensor([1, 1, 10, 1, 1], spikes)).data[0]).toBe(sum)
    const row = tensor([1, 1, 1, 1, 10], weights)
    expect(single.dst([1])(row, tensor([1, 1, 1, 10, 1], spikes)).data[0]).toBe(sum)
  })

  // A kernel of 1 x 2 over three channels, all active: terms 1 0 e at the first position, e 0 0 at the second.
  //
  //   anew at each position     (((1 + 0) + e) + (e + 0)) + 0 = 1
  //   two by two through both   ((1 + 0) + (e + e)) + (0 + 0) = 1 + 2^-23
  it('the neighbours at one kernel position are none of those at another', () => {
    const weight = tensor([1, 3, 1, 2], Float32Array.of(1, e, 0, 0, e, 0))
    const convolution = { key: 'convolution', weight, stride: 1, padding: 0, groups: 1 }
    const spikes = tensor([1, 1, 3, 1, 2], new Uint8Array(6).fill(1))
    expect(single.synapse({ convolution, norm })(spikes).data[0]).toBe(1)
  })
})
