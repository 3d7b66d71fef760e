/** Images of every kind that PIL reads from the formats that are read: PIL's bytes, or a refusal that names what it is. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Faults } from '../../src/core/fault.js'
import type { Image } from '../../src/input/image.js'
import { startsAsSafetensors } from '../../src/input/kind.js'
import { decodeImage } from '../../src/node/decode.js'
import { right, sentences } from '../right.js'

interface Read {
  readonly mode: string
  readonly size: readonly [number, number]
  readonly sha256: string
}

const golden = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../golden/${name}`, import.meta.url)))

const pil = (
  JSON.parse(new TextDecoder().decode(golden('images/pil.json'))) as {
    readonly images: Readonly<Record<string, Read | { readonly refusal: string }>>
  }
).images

const outcomeOf = (result: Either.Either<Faults, Image>): Omit<Read, 'mode'> | string => {
  if (Either.isLeft(result)) return sentences(result).join('\n')
  const { width, height, pixels } = result.right
  return { size: [width, height], sha256: createHash('sha256').update(pixels).digest('hex') }
}

const outcome = async (name: string): Promise<Omit<Read, 'mode'> | string> =>
  outcomeOf(await decodeImage(golden(`images/${name}`))())

const kind = (pixels: string, order = 'little'): string =>
  `not a readable TIFF: its pixels are ${pixels}, ${order}-endian, a kind that cannot be read as PIL does; convert it to PNG`

const lab = kind('CIELAB colours as 3 unsigned numbers of 8 bits')
const ycc = kind('YCbCr colours as 3 unsigned numbers of 8 bits')
const zstd = 'not a readable TIFF: its compression is Zstandard; convert it to PNG'
const wide = 'not a readable TIFF: it is a big-endian BigTIFF, which PIL does not read; convert it to PNG'

/** What is refused, and how. */
const refused: Readonly<Record<string, string>> = {
  'black-32-big.tif': kind('greys as 1 unsigned numbers of 32 bits', 'big'),
  'cmyk-16-big.tif': kind('CMYK inks as 4 unsigned numbers of 16 bits', 'big'),
  'dark-16-white-big.tif': kind('greys, white being zero as 1 unsigned numbers of 16 bits', 'big'),
  'dark-32-big.tif': kind('greys as 1 unsigned numbers of 32 bits', 'big'),
  'double-64.tif': kind('greys as 1 other numbers of 32 bits'),
  'grey-alpha-16-big.tif': kind('greys as 2 unsigned numbers of 16 bits, extra samples of kind 2', 'big'),
  'grey-alpha-16.tif': kind('greys as 2 unsigned numbers of 16 bits, extra samples of kind 2'),
  'grey-alpha-8-0.tif': kind('greys as 2 unsigned numbers of 8 bits, extra samples of kind 0'),
  'grey-alpha-8-1.tif': kind('greys as 2 unsigned numbers of 8 bits, extra samples of kind 1'),
  'grey-alpha-8-unsaid.tif': kind('greys as 2 unsigned numbers of 8 bits'),
  'lab-8.tif': lab,
  'orientation-9.tif': 'not a readable TIFF: its orientation is 9, which is none; convert it to PNG',
  'palette-8-bytes.tif': 'not a readable TIFF: its palette has numbers of 8 bits where 16 are due; convert it to PNG',
  'pil-l-zstd.tif': zstd,
  'pil-lab-packbits.tif': lab,
  'pil-lab-raw.tif': lab,
  'pil-lab-tiff_adobe_deflate.tif': lab,
  'pil-lab-tiff_lzw.tif': lab,
  'pil-rgb-zstd.tif': zstd,
  'pil-ycbcr-packbits.tif': ycc,
  'pil-ycbcr-raw.tif': ycc,
  'pil-ycbcr-tiff_adobe_deflate.tif': ycc,
  'pil-ycbcr-tiff_lzw.tif': ycc,
  'rgb-16-planes.tif': kind('RGB colours as 3 unsigned numbers of 16 bits in planes'),
  'white-16-big.tif': kind('greys, white being zero as 1 unsigned numbers of 16 bits', 'big'),
  'white-32-big.tif': kind('greys, white being zero as 1 unsigned numbers of 32 bits', 'big'),
  'white-32.tif': kind('greys, white being zero as 1 unsigned numbers of 32 bits'),
  'wide-cmyk-8-deflate-big.tif': wide,
  'wide-dark-16-big.tif': wide,
  'wide-palette-8-big.tif': wide,
  'wide-rgb-8-big.tif': wide,
  'ycc-8-deflate.tif': ycc,
  'ycc-8.tif': ycc,
}

describe.each(['png', 'jpg', 'gif', 'webp', 'tif'])('every golden image in .%s', (extension) => {
  const images = Object.entries(pil).filter(([name]) => name.endsWith(`.${extension}`))

  it('is PIL’s, byte for byte, or refused by what it is', async () => {
    const expected = images.map(([name, known]) => [
      name,
      refused[name] ??
        ('mode' in known ? { size: known.size, sha256: known.sha256 } : 'a refusal that is listed above'),
    ])
    const found: (readonly [string, unknown])[] = []
    for (const [name] of images) found.push([name, await outcome(name)])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
    expect(images.length).toBeGreaterThan(15)
  })

  it('cut short is refused in one sentence, unless its first frame is whole', async () => {
    for (const [name, known] of images.filter((_, i) => i % 7 === 0)) {
      if (name in refused || 'refusal' in known) continue
      const bytes = golden(`images/${name}`)
      for (const part of [0, 1 / 100, 0.2, 0.5, 0.8]) {
        const found = outcomeOf(await decodeImage(bytes.subarray(0, Math.floor(bytes.length * part)))())
        const whole = name.startsWith('animated') && typeof found !== 'string'
        expect([name, part, found]).toEqual([
          name,
          part,
          whole ? { size: known.size, sha256: known.sha256 } : expect.stringMatching(/^not a readable [^\n]+; [^\n]+$/),
        ])
      }
    }
  })
})

describe('the images of public reports', () => {
  it('a JPEG of CMYK inks is converted by PIL’s formula', async () => {
    const { pixels } = right(await decodeImage(golden('borders/imagenet-cmyk.jpg'))())
    expect(Array.from(pixels.subarray(0, 3))).toEqual([147, 126, 106])
    expect(pixels.reduce((sum, value) => sum + value, 0)).toBe(2180713)
  })

  it('a PNG of 16-bit greys with a transparent one is clipped', async () => {
    const { pixels, width, height } = right(await decodeImage(golden('borders/grey16-trns.png'))())
    const greys = pixels.filter((_, i) => i % 3 === 0)
    expect([width * height, greys.filter((grey) => grey === 255).length]).toEqual([600, 597])
  })
})

const ascii = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0))

it.each<[string, readonly number[], string]>([
  ['AVIF', [0, 0, 0, 0x1c, ...ascii('ftypavif')], 'an AVIF image; convert it to PNG or JPEG'],
  ['HEIC', [0, 0, 0, 0x1c, ...ascii('ftypheic')], 'a HEIC image; convert it to PNG or JPEG'],
  ['BMP', [...ascii('BM'), 70, 0, 0, 0, 0, 0, 0, 0, 54], 'a BMP image; convert it to PNG or JPEG'],
  ['JPEG XL', [0xff, 0x0a], 'a JPEG XL image; convert it to PNG or JPEG'],
  ['JPEG 2000', [0, 0, 0, 0x0c, ...ascii('jP  ')], 'a JPEG 2000 image; convert it to PNG or JPEG'],
  ['IDX', [0, 0, 8, 3, 0, 0, 0, 1], 'images in IDX, as MNIST has them; convert it to PNG or JPEG'],
  ['zip', ascii('PK\u0003\u0004'), 'a zip archive; unpack it, and give what is inside'],
  [
    'CIFAR-10',
    Array.from(golden('borders/cifar10-test_batch.bin')),
    'a batch of CIFAR-10, in its binary form; write its pictures as PNG files, and give these',
  ],
  [
    'CIFAR-100',
    Array.from({ length: 3074 * 2 }, (_, i) => (i % 3074 === 0 ? 19 : i % 3074 === 1 ? 99 : 200)),
    'a batch of CIFAR-100, in its binary form; write its pictures as PNG files, and give these',
  ],
])('%s is refused by name', async (_, bytes, what) => {
  expect(sentences(await decodeImage(Uint8Array.from(bytes))())).toEqual([`not a readable image: it is ${what}`])
})

it('an image whose ninth byte is a brace is an image, not a header’s length', () => {
  const tiff = Uint8Array.from([...ascii('II*'), 0, 200, 0, 0, 0, 0x7b])
  const gif = Uint8Array.from([...ascii('GIF89a'), 9, 0, 0x7b, 0])
  const header = Uint8Array.from([...ascii('II*'), 0, 0, 0, 0, 0, 0x7b])
  const lying = Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 127, 0x7b])
  expect([tiff, gif, header, lying].map(startsAsSafetensors)).toEqual([false, false, true, true])
})
