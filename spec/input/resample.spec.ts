import { describe, expect, it } from 'vitest'
import { evaluationInput, evaluationPixels, resizedSize } from '../../src/input/evaluation.js'
import { centreCrop, type Image, toGrey } from '../../src/input/image.js'
import { resizeBicubic, resizeBox } from '../../src/input/resample.js'
import { goldenImage, goldenTensor, right, sentences } from './golden.js'

const square = (side: number) => ({ height: side, width: side })
const row = (...pixels: number[]): Image => ({
  height: 1,
  width: pixels.length,
  channels: 1,
  pixels: Uint8Array.from(pixels),
})
const pixelsOf = ({ pixels }: Image) => Array.from(pixels)

/** Interleaved [H, W, 3] to planar [3, H, W]. */
const planar = ({ height, width, pixels }: Image): number[] =>
  Array.from(
    { length: 3 * height * width },
    (_, i) => pixels[(i % (height * width)) * 3 + Math.floor(i / (height * width))]!,
  )

describe.each([
  ['landscape', 224],
  ['portrait', 96],
  ['small', 64],
] as const)('evaluation preprocessing of %s.png to %i', (name, size) => {
  it('gives the PNG that PIL gives, byte for byte', async () => {
    const seen = right(evaluationPixels(square(size))(await goldenImage(`preprocess/${name}.png`)))
    const expected = await goldenImage(`preprocess/${name}-${size}.png`)
    expect(seen.height).toBe(size)
    expect(seen.width).toBe(size)
    expect(Buffer.compare(seen.pixels, expected.pixels)).toBe(0)
  })

  it('gives the golden bytes `pixels` and, bit for bit, the golden float64 `input`', async () => {
    const source = await goldenImage(`preprocess/${name}.png`)
    const pixels = goldenTensor(`preprocess/${name}-${size}.safetensors`, 'pixels')
    const input = goldenTensor(`preprocess/${name}-${size}.safetensors`, 'input')
    expect(planar(right(evaluationPixels(square(size))(source)))).toEqual(pixels.data)
    const seen = right(evaluationInput(square(size))(source))
    expect(seen.shape).toEqual(input.shape)
    expect(Array.from(seen.data)).toEqual(input.data)
  })

  it('is the whole image resized, then cropped', async () => {
    const source = await goldenImage(`preprocess/${name}.png`)
    const whole = resizeBicubic(resizedSize(source, square(size)))(source)
    expect(right(evaluationPixels(square(size))(source))).toEqual(centreCrop(square(size))(whole))
  })

  it("gives PIL's grey and box resize to 8 x 8", async () => {
    const seen = resizeBox(square(8))(toGrey(await goldenImage(`preprocess/${name}.png`)))
    const expected = await goldenImage(`preprocess/${name}-grey-box-8.png`)
    expect(pixelsOf(seen)).toEqual(Array.from(expected.pixels).filter((_, i) => i % 3 === 0))
  })
})

describe('the size before the crop', () => {
  it('has the shorter side floor(size / 0.95) and the longer truncated', () => {
    expect(resizedSize({ height: 207, width: 311 }, square(224))).toEqual({ height: 235, width: 353 })
    expect(resizedSize({ height: 160, width: 97 }, square(96))).toEqual({ height: 166, width: 101 })
    expect(resizedSize({ height: 50, width: 50 }, square(288))).toEqual(square(303))
  })

  it('covers a rectangular target and no more', () => {
    expect(resizedSize({ height: 100, width: 100 }, { height: 95, width: 190 })).toEqual({ height: 200, width: 200 })
    expect(resizedSize({ height: 100, width: 400 }, { height: 95, width: 190 })).toEqual({ height: 100, width: 400 })
  })

  it('refuses a size that is none', () => {
    const bad = (height: number, width: number) => sentences(evaluationInput({ height, width })(row(1)))
    expect(bad(0, 224)).toEqual(['an image cannot be resized to 0 x 224; give sides that are integers from 1 to 4096'])
    expect(bad(224, 1.5)).toHaveLength(1)
    expect(bad(1e9, 224)).toHaveLength(1)
    expect(bad(Number.NaN, 224)).toHaveLength(1)
  })

  it('takes an image of one pixel, and a line of 65535', () => {
    expect(right(evaluationPixels(square(4))(row(7))).pixels).toEqual(new Uint8Array(16).fill(7))
    const line: Image = { height: 1, width: 65535, channels: 3, pixels: new Uint8Array(3 * 65535).fill(9) }
    expect(right(evaluationPixels(square(224))(line)).pixels).toEqual(new Uint8Array(3 * 224 * 224).fill(9))
  })
})

describe('resizing by hand', () => {
  it('averages areas with a box, halves upward', () => {
    expect(pixelsOf(resizeBox({ height: 1, width: 2 })(row(10, 20, 30, 41)))).toEqual([15, 36])
    expect(pixelsOf(resizeBox({ height: 1, width: 1 })(row(0, 0, 255)))).toEqual([85])
  })

  it('repeats pixels with a box when it enlarges', () => {
    expect(pixelsOf(resizeBox({ height: 2, width: 4 })(row(3, 9)))).toEqual([3, 3, 9, 9, 3, 3, 9, 9])
  })

  it('weighs two pixels with the bicubic kernel at 1/4 and 3/4, scaled to sum 1', () => {
    // 2 -> 4: outputs lie at -1/4, 1/4, 3/4, 5/4 of the pixels 0 and 1; k(1/4) = 0.8671875, k(3/4) = 0.2265625,
    // k(5/4) = -0.0703125. Output 0: k(1/4), k(5/4) scaled: 1.0882.. and -0.0882..; output 1: 0.7928.. and 0.2071..
    const near = 0.8671875 / (0.8671875 + 0.2265625)
    const out = 0.8671875 / (0.8671875 - 0.0703125)
    const mixed = (w: number) => Math.floor(100 * w + 200 * (1 - w) + 0.5)
    expect(pixelsOf(resizeBicubic({ height: 1, width: 4 })(row(100, 200)))).toEqual([
      mixed(out),
      mixed(near),
      mixed(1 - near),
      mixed(1 - out),
    ])
    expect([mixed(out), mixed(near), mixed(1 - near), mixed(1 - out)]).toEqual([91, 121, 179, 209])
  })

  it('clips the overshoot at an edge', () => {
    expect(pixelsOf(resizeBicubic({ height: 1, width: 4 })(row(0, 255)))).toEqual([0, 53, 202, 255])
  })

  it('works on columns as on rows', () => {
    const line = row(1, 50, 200, 30, 90)
    const column = { ...line, height: 5, width: 1 }
    expect(pixelsOf(resizeBicubic({ height: 3, width: 1 })(column))).toEqual(
      pixelsOf(resizeBicubic({ height: 1, width: 3 })(line)),
    )
  })

  it('keeps channels apart', () => {
    const colours: Image = { height: 1, width: 2, channels: 3, pixels: Uint8Array.of(0, 100, 7, 10, 200, 7) }
    expect(pixelsOf(resizeBox({ height: 1, width: 1 })(colours))).toEqual([5, 150, 7])
  })

  it('does not change its argument', () => {
    const source = row(1, 2, 3, 4)
    resizeBicubic({ height: 2, width: 3 })(source)
    expect(pixelsOf(source)).toEqual([1, 2, 3, 4])
  })
})
