import { describe, expect, it } from 'vitest'
import {
  centre,
  centreCrop,
  type Image,
  imagenetDeviation,
  imagenetMean,
  imageOf,
  negative,
  normalise,
  toGrey,
} from '../../src/input/image.js'
import { right, sentences } from './golden.js'

const colour = (...pixels: number[]): Image => ({
  height: 1,
  width: pixels.length / 3,
  channels: 3,
  pixels: Uint8Array.from(pixels),
})

describe('an image', () => {
  it('holds the bytes it was given', () => {
    const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6)
    expect(right(imageOf({ height: 1, width: 2 }, 3, pixels))).toEqual({ height: 1, width: 2, channels: 3, pixels })
  })

  it('is refused without pixels or with the wrong number of bytes', () => {
    expect(sentences(imageOf({ height: 0, width: 2 }, 3, new Uint8Array(0)))).toEqual([
      'an image of height 0 and width 2 has no pixels; give at least one pixel',
    ])
    expect(sentences(imageOf({ height: 2, width: 2 }, 1, new Uint8Array(5)))).toEqual([
      '5 bytes are not an image of 2 x 2 with 1 channels; give 4 bytes',
    ])
    expect(sentences(imageOf({ height: Number.NaN, width: 2 }, 1, new Uint8Array(5)))).toHaveLength(1)
  })
})

describe('grey', () => {
  it('weighs red, green and blue by 19595, 38470 and 7471 of 65536 and rounds', () => {
    expect(Array.from(toGrey(colour(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255)).pixels)).toEqual([
      76, 150, 29, 255,
    ])
    expect(Array.from(toGrey(colour(1, 2, 3, 0, 0, 0)).pixels)).toEqual([2, 0])
  })

  it('of a grey image is the image', () => {
    const grey: Image = { height: 1, width: 2, channels: 1, pixels: Uint8Array.of(3, 200) }
    expect(toGrey(grey)).toBe(grey)
  })
})

describe('the negative', () => {
  it('turns v into 255 - v and undoes itself', () => {
    const source = colour(0, 128, 255)
    expect(Array.from(negative(source).pixels)).toEqual([255, 127, 0])
    expect(negative(negative(source))).toEqual(source)
  })
})

describe('the centre', () => {
  it('rounds halves to the even offset, as Python', () => {
    const left = (within: number, width: number) => centre({ height: 1, width: within }, { height: 1, width }).left
    // (353 - 224) / 2 = 64.5, (235 - 224) / 2 = 5.5, (5 - 4) / 2 = 0.5, (7 - 4) / 2 = 1.5
    expect([left(353, 224), left(235, 224), left(5, 4), left(7, 4), left(8, 4)]).toEqual([64, 6, 0, 2, 2])
  })

  it('is cut out whole', () => {
    const source: Image = { height: 3, width: 4, channels: 1, pixels: Uint8Array.from({ length: 12 }, (_, i) => i) }
    expect(Array.from(centreCrop({ height: 1, width: 2 })(source).pixels)).toEqual([5, 6])
    expect(centreCrop({ height: 3, width: 4 })(source)).toEqual(source)
  })
})

describe('normalisation', () => {
  it('is (v / 255 - mean) / deviation, channel by channel, planes apart', () => {
    const { shape, data } = normalise({ mean: imagenetMean, deviation: imagenetDeviation })(
      colour(0, 255, 51, 255, 0, 102),
    )
    expect(shape).toEqual([3, 1, 2])
    expect(Array.from(data)).toEqual([
      (0 - 0.485) / 0.229,
      (1 - 0.485) / 0.229,
      (1 - 0.456) / 0.224,
      (0 - 0.456) / 0.224,
      (51 / 255 - 0.406) / 0.225,
      (102 / 255 - 0.406) / 0.225,
    ])
  })

  it('of a grey image is that of three equal channels', () => {
    const grey: Image = { height: 1, width: 2, channels: 1, pixels: Uint8Array.of(9, 200) }
    expect(normalise({ mean: imagenetMean, deviation: imagenetDeviation })(grey)).toEqual(
      normalise({ mean: imagenetMean, deviation: imagenetDeviation })(colour(9, 9, 9, 200, 200, 200)),
    )
  })
})
