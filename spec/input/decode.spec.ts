import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeImage, readImage } from '../../src/node/decode.js'
import { bytesOf, golden, goldenImage, right, sentences } from './golden.js'
import { chunk, colourType, png } from './png.js'

const decoded = async (bytes: Uint8Array) => Array.from(right(await decodeImage(bytes)()).pixels)
const refusal = async (bytes: Uint8Array) => (await decodeImage(bytes)().then(sentences)).join('\n')

describe('a JPEG', () => {
  it('decodes to the bytes that PIL decodes', async () => {
    const photo = await goldenImage('preprocess/photo.jpg')
    expect([photo.width, photo.height, photo.channels]).toEqual([120, 90, 3])
    expect(Buffer.compare(photo.pixels, (await goldenImage('preprocess/photo-decoded.png')).pixels)).toBe(0)
  })

  it('of greys becomes RGB', async () => {
    const greys = { raw: { width: 8, height: 8, channels: 1 } } as const
    const bytes = await sharp(new Uint8Array(64).fill(77), greys).toColourspace('b-w').jpeg().toBuffer()
    expect(await decoded(bytes)).toEqual(Array.from({ length: 192 }, () => 77))
  })

  it('is not turned by its EXIF orientation', async () => {
    const wide = { raw: { width: 16, height: 8, channels: 3 } } as const
    const bytes = await sharp(new Uint8Array(16 * 8 * 3), wide)
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const { width, height } = right(await decodeImage(bytes)())
    expect([width, height]).toEqual([16, 8])
  })

  it('cut short is refused, wherever it is cut', async () => {
    const photo = bytesOf('preprocess/photo.jpg')
    for (const length of [4, 30, 500, 3000, photo.length - 1]) {
      expect(await refusal(photo.subarray(0, length))).toMatch(/^not a readable JPEG: [^\n]*; is the file complete\?$/)
    }
  })

  it('of zero size is refused', async () => {
    const bytes = bytesOf('preprocess/photo.jpg').slice()
    const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0)
    bytes.fill(0, frame + 5, frame + 9)
    expect(await refusal(bytes)).toContain('Empty JPEG image')
  })
})

describe('a PNG', () => {
  it('of each colour type and depth becomes 8-bit RGB as PIL makes it', async () => {
    const { grey, rgb, palette, greyAlpha, rgba } = colourType
    expect(await decoded(png(2, 1, 8, rgb, [0, 1, 2, 3, 250, 251, 252]))).toEqual([1, 2, 3, 250, 251, 252])
    expect(await decoded(png(2, 1, 8, grey, [0, 1, 200]))).toEqual([1, 1, 1, 200, 200, 200])
    expect(await decoded(png(2, 1, 1, grey, [0, 0b10000000]))).toEqual([255, 255, 255, 0, 0, 0])
    expect(await decoded(png(4, 1, 2, grey, [0, 0b00011011])).then((p) => p.filter((_, i) => i % 3 === 0))).toEqual([
      0, 85, 170, 255,
    ])
    expect(await decoded(png(2, 1, 4, grey, [0, 0x1f]))).toEqual([17, 17, 17, 255, 255, 255])
    const colours = chunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6))
    expect(await decoded(png(2, 1, 8, palette, [0, 1, 0], [colours]))).toEqual([4, 5, 6, 1, 2, 3])
    expect(await decoded(png(1, 1, 16, rgb, [0, 1, 255, 127, 255, 128, 0]))).toEqual([1, 127, 128])
    expect(await decoded(png(1, 1, 16, greyAlpha, [0, 9, 255, 200, 200]))).toEqual([9, 9, 9])
    expect(await decoded(png(1, 1, 16, rgba, [0, 1, 255, 127, 255, 128, 0, 0, 1]))).toEqual([1, 127, 128])
  })

  it('loses its alpha, whatever it is: colours are not blended', async () => {
    const { rgb, palette, greyAlpha, rgba } = colourType
    expect(await decoded(png(2, 1, 8, rgba, [0, 1, 2, 3, 0, 250, 251, 252, 7]))).toEqual([1, 2, 3, 250, 251, 252])
    expect(await decoded(png(1, 1, 8, greyAlpha, [0, 40, 0]))).toEqual([40, 40, 40])
    const key = chunk('tRNS', Uint8Array.of(0, 1, 0, 2, 0, 3))
    expect(await decoded(png(1, 1, 8, rgb, [0, 1, 2, 3], [key]))).toEqual([1, 2, 3])
    const extra = [chunk('PLTE', Uint8Array.of(1, 2, 3)), chunk('tRNS', Uint8Array.of(0))]
    expect(await decoded(png(1, 1, 8, palette, [0, 0], extra))).toEqual([1, 2, 3])
  })

  it('keeps its bytes under a gamma and a colour profile', async () => {
    const gamma = chunk('gAMA', Uint8Array.of(0, 1, 0x86, 0xa0))
    expect(await decoded(png(1, 1, 8, colourType.rgb, [0, 10, 100, 200], [gamma]))).toEqual([10, 100, 200])
    const red = sharp(Uint8Array.of(255, 0, 0), { raw: { width: 1, height: 1, channels: 3 } })
    // Display P3 writes sRGB's red as 234, 51, 35; a decoder that heeds the profile gives 255, 0, 0 back.
    const bytes = await red.withIccProfile('p3').png().toBuffer()
    const [r, g] = await decoded(bytes)
    expect([r, g]).toEqual([234, 51])
  })

  it('of zero size is refused by name', async () => {
    const advice = 'not a readable PNG: it says to have no pixels; give an image of at least one pixel'
    expect(await refusal(png(0, 1, 8, colourType.rgb, [0]))).toBe(advice)
    expect(await refusal(png(1, 0, 8, colourType.rgb, [0]))).toBe(advice)
  })

  it('that promises more pixels than the limit is refused before it is decoded', async () => {
    const limit = 'more than 65535 a side or 100 megapixels; make it smaller'
    expect(await refusal(png(60000, 60000, 8, colourType.rgb, [0]))).toBe(
      `not a readable PNG: it says to be 60000 x 60000 pixels, ${limit}`,
    )
    expect(await refusal(png(70000, 1, 8, colourType.rgb, [0]))).toContain(limit)
  })

  it('that promises more pixels than it holds, is cut short or is damaged, is refused', async () => {
    const small = bytesOf('preprocess/small.png')
    expect(await refusal(png(900, 900, 8, colourType.rgb, [0, 1, 2, 3]))).toContain('is the file complete?')
    for (const length of [8, 20, 33, 100, 700]) {
      expect(await refusal(small.subarray(0, length))).toMatch(/^not a readable PNG: [^\n]+; is the file complete\?$/)
    }
    const damaged = small.slice()
    damaged[600]! ^= 1
    expect(await refusal(damaged)).toContain('is the file complete?')
  })
})

describe('other bytes', () => {
  it('are refused by their signature, whatever sharp could read', async () => {
    expect(await refusal(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe(
      'not a readable image: it is an XML text; convert it to PNG or JPEG',
    )
    expect(await refusal(Uint8Array.of(0xff, 0xd8))).toBe(
      'not a readable image: it starts as none of PNG, JPEG, WebP, TIFF and GIF; convert it to PNG or JPEG',
    )
    expect(await refusal(new Uint8Array(0))).toBe('not a readable image: it is an empty file; fetch or save it again')
  })
})

describe('a file', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'image-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is read by its path', async () => {
    const path = fileURLToPath(golden('preprocess/small.png'))
    expect(right(await readImage(path)())).toEqual(await goldenImage('preprocess/small.png'))
  })

  it('names itself in its faults', async () => {
    const path = join(folder, 'notes.png')
    writeFileSync(path, 'not an image')
    expect(sentences(await readImage(path)())).toEqual([
      `${path}: not a readable image: it is a text; convert it to PNG or JPEG`,
    ])
  })

  it('that is missing, or a folder, is a fault', async () => {
    const missing = join(folder, 'missing.png')
    expect(sentences(await readImage(missing)())).toEqual([`${missing}: cannot read: there is no such file or folder`])
    expect(sentences(await readImage(folder)())).toEqual([`${folder}: cannot read: it is not a file`])
    expect(sentences(await readImage('a\0b')())).toHaveLength(1)
  })
})

describe('a sharp that does not load', () => {
  it('is said to be there, with its own reason', async () => {
    vi.resetModules()
    vi.doMock('sharp', () => {
      throw new Error('a library is missing')
    })
    const { decodeImage: decodeWithout } = await import('../../src/node/decode.js')
    const result = await decodeWithout(bytesOf('preprocess/small.png'))()
    vi.doUnmock('sharp')
    vi.resetModules()
    expect(sentences(result)).toEqual([
      expect.stringMatching(/^the package sharp is installed and does not load: .+; install it again/),
    ])
  })
})
