import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluationPixels, resizedSize } from '../../src/input/evaluation.js'
import { centreCrop, type Image, negative, toGrey } from '../../src/input/image.js'
import { resizeBicubic, resizeBox } from '../../src/input/resample.js'

const side = fc.integer({ min: 1, max: 24 })
const size = fc.record({ height: side, width: side })
const channels = fc.constantFrom<1 | 3>(1, 3)

const images: fc.Arbitrary<Image> = fc
  .tuple(size, channels)
  .chain(([{ height, width }, c]) =>
    fc
      .uint8Array({ minLength: height * width * c, maxLength: height * width * c })
      .map((pixels) => ({ height, width, channels: c, pixels })),
  )

/** The image mirrored left to right. */
const mirror = ({ height, width, channels: c, pixels }: Image): Image => ({
  height,
  width,
  channels: c,
  pixels: pixels.map((_, i) => {
    const column = Math.floor(i / c) % width
    return pixels[i + (width - 1 - 2 * column) * c]!
  }),
})

/** Rows for columns. */
const transpose = ({ height, width, channels: c, pixels }: Image): Image => ({
  height: width,
  width: height,
  channels: c,
  pixels: pixels.map((_, i) => {
    const row = Math.floor(i / c / height)
    const column = Math.floor(i / c) % height
    return pixels[(column * width + row) * c + (i % c)]!
  }),
})

/** One channel of an image. */
const plane = ({ height, width, channels: c, pixels }: Image, k: number): Image => ({
  height,
  width,
  channels: 1,
  pixels: Uint8Array.from({ length: height * width }, (_, i) => pixels[i * c + k]!),
})

describe.each([
  ['bicubic', resizeBicubic],
  ['box', resizeBox],
] as const)('%s resizing', (_, resize) => {
  it('keeps a constant image constant', () => {
    fc.assert(
      fc.property(size, size, channels, fc.nat(255), (from, to, c, value) => {
        const pixels = new Uint8Array(from.height * from.width * c).fill(value)
        const seen = resize(to)({ ...from, channels: c, pixels })
        expect(seen.pixels).toEqual(new Uint8Array(to.height * to.width * c).fill(value))
      }),
    )
  })

  it('to the same size is the identity', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(resize({ height: image.height, width: image.width })(image)).toEqual(image)
      }),
    )
  })

  it('treats channels alike and apart', () => {
    fc.assert(
      fc.property(images, size, (image, to) => {
        const seen = resize(to)(image)
        for (let k = 0; k < image.channels; k++) expect(plane(seen, k)).toEqual(resize(to)(plane(image, k)))
      }),
    )
  })

  it('of a window is the window of the resized image', () => {
    fc.assert(
      fc.property(images, size, fc.nat(), fc.nat(), (image, to, a, b) => {
        const inner = { height: 1 + (a % to.height), width: 1 + (b % to.width) }
        const whole = resize(to)(image)
        const top = to.height - inner.height
        const seen = resize(to, { ...inner, top, left: 0 })(image)
        const expected = Array.from({ length: inner.height }, (_, y) =>
          Array.from(
            whole.pixels.subarray((top + y) * to.width * image.channels).subarray(0, inner.width * image.channels),
          ),
        ).flat()
        expect(Array.from(seen.pixels)).toEqual(expected)
      }),
    )
  })

  it('goes over rows as over columns: a line lying is a line standing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), side, (pixels, to) => {
        const lying: Image = { height: 1, width: pixels.length, channels: 1, pixels }
        const seen = resize({ height: 1, width: to })(lying)
        expect(transpose(resize({ height: to, width: 1 })(transpose(lying)))).toEqual(seen)
      }),
    )
  })

  it('of a mirrored image is the mirrored result, at factors whose taps are exact in binary', () => {
    // At others float64 rounds the middle of a pixel, and PIL's rounding of halves takes the taps of one side.
    fc.assert(
      fc.property(images, fc.constantFrom(1, 2, 4), (image, factor) => {
        const to = { height: image.height * factor, width: image.width * factor }
        expect(resize(to)(mirror(image))).toEqual(mirror(resize(to)(image)))
      }),
    )
  })
})

describe('a box', () => {
  it('stays within the extremes of the image', () => {
    fc.assert(
      fc.property(images, size, (image, to) => {
        const seen = resizeBox(to)(image).pixels
        const low = image.pixels.reduce((a, b) => Math.min(a, b))
        const high = image.pixels.reduce((a, b) => Math.max(a, b))
        expect(seen.every((value) => value >= low && value <= high)).toBe(true)
      }),
    )
  })

  it('of whole blocks is their mean, halves upward', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.constantFrom(1, 2, 4), (pixels, block) => {
        const seen = resizeBox({ height: 1, width: 12 / block })({ height: 1, width: 12, channels: 1, pixels })
        const means = Array.from({ length: 12 / block }, (_, i) => {
          const part = pixels.subarray(i * block, (i + 1) * block)
          return Math.floor(part.reduce((a, b) => a + b, 0) / block + 0.5)
        })
        expect(Array.from(seen.pixels)).toEqual(means)
      }),
    )
  })
})

describe('the evaluation pixels', () => {
  it('are the middle of the resized image, of the size asked for', () => {
    fc.assert(
      fc.property(images, size, (image, target) => {
        const whole = resizeBicubic(resizedSize(image, target))(image)
        expect(evaluationPixels(target)(image)).toEqual({ _tag: 'Right', right: centreCrop(target)(whole) })
      }),
    )
  })

  it('come from an image that covers the target', () => {
    const any = fc.integer({ min: 1, max: 65535 })
    const target = fc.integer({ min: 1, max: 4096 })
    fc.assert(
      fc.property(any, any, target, target, (h, w, height, width) => {
        const seen = resizedSize({ height: h, width: w }, { height, width })
        expect(seen.height).toBeGreaterThanOrEqual(height)
        expect(seen.width).toBeGreaterThanOrEqual(width)
      }),
    )
  })
})

describe('grey', () => {
  it('of three equal channels is the channel', () => {
    fc.assert(
      fc.property(fc.nat(255), (value) => {
        const pixels = Uint8Array.of(value, value, value)
        expect(toGrey({ height: 1, width: 1, channels: 3, pixels }).pixels[0]).toBe(value)
      }),
    )
  })

  it('of a negative is the negative of the grey, to one level', () => {
    fc.assert(
      fc.property(images, (image) => {
        const there = toGrey(negative(image)).pixels
        const back = negative(toGrey(image)).pixels
        expect(there.every((value, i) => Math.abs(value - back[i]!) <= 1)).toBe(true)
      }),
    )
  })
})
