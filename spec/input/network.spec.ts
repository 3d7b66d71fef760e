import { describe, expect, it } from 'vitest'
import { tensor } from '../../src/core/tensor.js'
import { networkInput } from '../../src/input/batch.js'
import { right, sentences } from './golden.js'

const input = networkInput({ channels: 1, height: 1, width: 2 })

describe("a network's input", () => {
  it('[B, C, H, W] is a batch of still images: one step', () => {
    const data = Float64Array.of(1, 2, 3, 4, 5, 6)
    expect(right(input(tensor([3, 1, 1, 2], data)))).toEqual({
      kind: 'still',
      tensor: tensor([1, 3, 1, 1, 2], data),
    })
  })

  it('[B, T, C, H, W] are frames: time comes first', () => {
    // Image 0 at steps 0, 1, 2, then image 1.
    const data = Float64Array.of(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121)
    const seen = right(input(tensor([2, 3, 1, 1, 2], data)))
    expect(seen.kind).toBe('frames')
    expect(seen.tensor.shape).toEqual([3, 2, 1, 1, 2])
    expect(Array.from(seen.tensor.data)).toEqual([0, 1, 100, 101, 10, 11, 110, 111, 20, 21, 120, 121])
    expect(data[1]).toBe(1)
  })

  it('keeps its precision, and integers become float64', () => {
    const single = Float32Array.of(0.1, 0.2)
    expect(right(input(tensor([1, 1, 1, 2], single))).tensor.data).toEqual(single)
    expect(right(input(tensor([1, 1, 1, 2], Uint8Array.of(0, 1)))).tensor.data).toEqual(Float64Array.of(0, 1))
    expect(right(input(tensor([1, 1, 1, 2], BigInt64Array.of(-3n, 4n)))).tensor.data).toEqual(Float64Array.of(-3, 4))
  })

  it('of any other shape is refused with the shapes that fit', () => {
    const fit = 'give [B, 1, 1, 2] for still images or [B, T, 1, 1, 2] for frames'
    const refusal = (...shape: number[]) =>
      sentences(input(tensor(shape, new Float64Array(shape.reduce((a, b) => a * b, 1))))).join('\n')
    expect(refusal(1, 1, 2)).toBe(`an input of shape [1, 1, 2] is not one of this network; ${fit}`)
    expect(refusal(1, 3, 1, 2)).toContain('[1, 3, 1, 2] is not')
    expect(refusal(1, 1, 2, 1)).toContain('[1, 1, 2, 1] is not')
    expect(refusal(1, 1, 1, 1, 1, 2)).toContain('[1, 1, 1, 1, 1, 2] is not')
    expect(refusal(0, 1, 1, 2)).toContain('[0, 1, 1, 2] is not')
    expect(refusal(1, 0, 1, 1, 2)).toContain('[1, 0, 1, 1, 2] is not')
    expect(refusal()).toContain('shape [] is not')
  })

  it('with a number that is not finite is refused by its place', () => {
    const data = Float64Array.of(0, 1, 2, Number.NaN)
    expect(sentences(input(tensor([2, 1, 1, 2], data)))).toEqual([
      'input: element 3 is NaN; every number must be finite',
    ])
    expect(sentences(input(tensor([1, 1, 1, 2], Float32Array.of(0, -Infinity))))).toEqual([
      'input: element 1 is -Infinity; every number must be finite',
    ])
  })
})
