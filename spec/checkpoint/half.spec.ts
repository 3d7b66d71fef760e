import { describe, expect, it } from 'vitest'
import { widenBfloat16, widenHalf } from '../../src/checkpoint/half.js'

describe('widenHalf', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x83ff, -1023 * 2 ** -24],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('%i is %d', (bits, value) => {
    expect(widenHalf(Uint16Array.of(bits))[0]).toBe(value)
  })

  it('gives every finite pattern the value of its definition', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
    const defined = Array.from(bits, (half) => {
      const exponent = (half >> 10) & 31
      const fraction = (half & 1023) / 1024
      const magnitude = exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction)
      return half >= 0x8000 ? -magnitude : magnitude
    })
    const finite = (half: number) => ((half >> 10) & 31) !== 31
    expect(Array.from(widenHalf(bits)).filter((_, i) => finite(i))).toEqual(defined.filter((_, i) => finite(i)))
  })
})

describe('widenBfloat16', () => {
  it('takes the bits as the upper half of a float32', () => {
    expect([...widenBfloat16(Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7f80, 0x0001))]).toEqual([
      1,
      -2,
      3.140625,
      Number.POSITIVE_INFINITY,
      2 ** -133,
    ])
  })
})
