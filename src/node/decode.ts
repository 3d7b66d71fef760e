/**
 * Image files to images, as PIL's `Image.open(path).convert('RGB')`. Node only.
 *
 * PNG, JPEG, WebP, TIFF and GIF, of which the first page or frame counts. The decoder is sharp (libpng, libjpeg-turbo,
 * libwebp, libtiff), an optional dependency loaded when the first image is decoded. Alpha is dropped, not blended; greys
 * and palettes become RGB; 16-bit colours keep their high byte and 16-bit greys are clipped at 255; CMYK becomes RGB by
 * PIL's formula. Gamma and colour profiles are ignored, and so is EXIF orientation, but in TIFF, which PIL turns. What
 * cannot be made equal to PIL's bytes is refused by name.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile, reasonOf } from '../core/fault.js'
import type { Size } from '../core/tensor.js'
import { fromInks, type Image, imageOf, placed } from '../input/image.js'
import { adviceFor, kindOfAll } from '../input/kind.js'
import { type Format, malformed, plain, type Reading, type Samples } from './formats/format.js'
import { readingOfGif } from './formats/gif.js'
import { readingOfPng } from './formats/png.js'
import { readingOfTiff } from './formats/tiff.js'

/** Images of more pixels are refused before any is decoded: 100 megapixels are 300 MB. */
export const maxPixels = 100_000_000

/** The longest side of an image: what a JPEG can have. */
export const maxSide = 65_535

/** The longest file that is read: no image of `maxPixels` is larger in a sane encoding. */
const maxBytes = 512 * 1024 * 1024

type Sharp = typeof import('sharp').default

const ascii = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0))

/** The bytes that files of each format start with; a WebP has its length among them. */
const signatures: readonly (readonly [Format, readonly (number | null)[]])[] = [
  ['PNG', [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]],
  ['JPEG', [0xff, 0xd8, 0xff]],
  ['WebP', [...ascii('RIFF'), null, null, null, null, ...ascii('WEBPVP8')]],
  ['TIFF', ascii('II*\0')],
  ['TIFF', ascii('MM\0*')],
  ['TIFF', ascii('II+\0')],
  ['TIFF', ascii('MM\0+')],
  ['GIF', ascii('GIF87a')],
  ['GIF', ascii('GIF89a')],
]

/** The format by the file's first bytes, whatever its name is. */
const formatOf = (bytes: Uint8Array): Either.Either<Faults, Format> => {
  const found = signatures.find(([, start]) => start.every((byte, i) => byte === null || bytes[i] === byte))
  if (found !== undefined) return Either.right(found[0])
  const kind = kindOfAll(bytes)
  return Either.left(
    malformed(
      'image',
      kind === null ? 'it starts as none of PNG, JPEG, WebP, TIFF and GIF' : `it is ${kind}`,
      adviceFor(kind) ?? 'convert it to PNG or JPEG',
    ),
  )
}

/** How a file is to be read, from its own bytes. */
const readingOf = (format: Format, bytes: Uint8Array): Either.Either<Faults, Reading> => {
  switch (format) {
    case 'PNG':
      return readingOfPng(bytes)
    case 'TIFF':
      return readingOfTiff(bytes)
    case 'GIF':
      return readingOfGif(bytes)
    case 'JPEG':
    case 'WebP':
      return Either.right(plain(bytes))
  }
}

/** Whether the loader found no sharp at all, as opposed to one that lacks something itself. */
const isAbsent = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') &&
  /find (?:package|module) '(?:[^']*[\\/])?sharp(?:[\\/][^']*)?'/.test(reasonOf(error).split('\n')[0]!)

const loadSharp: TaskEither.TaskEither<Faults, Sharp> = TaskEither.tryCatch(
  async () => (await import('sharp')).default,
  (error): Faults => [
    isAbsent(error)
      ? { _tag: 'Unavailable', what: 'images need the optional package sharp', advice: 'run `npm install sharp`' }
      : {
          _tag: 'Unavailable',
          what: `the package sharp is installed and does not load: ${reason(error)}`,
          advice: 'install it again on this machine: `npm install sharp`',
        },
  ],
)

/** The decoder's own words, on one line and once: it repeats itself. */
const reason = (error: unknown): string => {
  const lines = reasonOf(error).split('\n')
  return lines[0]!.replace(/^Input buffer has /, '').replace(/:\s*$/, '')
}

const undecodable =
  (format: Format) =>
  (error: unknown): Faults =>
    malformed(format, reason(error), 'is the file complete?')

/** What the header promises, checked before anything is decoded. */
const admit = (format: Format, { width, height }: Size): Either.Either<Faults, void> =>
  width > maxSide || height > maxSide || width * height > maxPixels
    ? Either.left(
        malformed(
          format,
          `it says to be ${width} x ${height} pixels, more than ${maxSide} a side or ${maxPixels / 1e6} megapixels`,
          'make it smaller',
        ),
      )
    : Either.right(undefined)

/** The decoder's pipeline that gives samples of a kind as they are in the file. */
const pipelineFor = (samples: Samples, image: ReturnType<Sharp>): ReturnType<Sharp> => {
  switch (samples) {
    case 'bytes':
      return image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' })
    case 'multiplied':
      return image.toColourspace('srgb').raw({ depth: 'uchar' })
    case 'greys':
    case 'negativeGreys':
      return image.toColourspace('grey16').raw({ depth: 'ushort' })
    case 'inks':
      return image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' })
    case 'deepInks':
      return image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'ushort' })
  }
}

/** The decoder's samples, of one byte or two. */
interface Decoded extends Size {
  readonly channels: number
  readonly data: Uint8Array
}

/** Numbers of 16 bits, in the machine's own order, as the decoder writes them. */
const wide = (bytes: Uint8Array): Uint16Array => new Uint16Array(new Uint8Array(bytes).buffer)

/** A grey of 16 bits, of the first of the channels, as three equal bytes: clipped, as PIL does. */
const clipped = ({ channels, data }: Decoded, grey: (sample: number) => number): Uint8Array => {
  const samples = wide(data)
  return Uint8Array.from({ length: (3 * samples.length) / channels }, (_, i) =>
    Math.min(255, grey(samples[Math.floor(i / 3) * channels]!)),
  )
}

/** Colours divided by the alpha they were multiplied by: `255 c / a`, rounded down and clipped, or 0 where `a` is 0. */
const divided = ({ channels, data }: Decoded): Uint8Array =>
  Uint8Array.from({ length: (3 * data.length) / channels }, (_, i) => {
    const pixel = Math.floor(i / 3) * channels
    const alpha = data[pixel + 3]!
    return alpha === 0 ? 0 : Math.min(255, Math.floor((255 * data[pixel + (i % 3)]!) / alpha))
  })

/** PIL's RGB from samples of each kind. */
const coloursOf = (samples: Samples, decoded: Decoded): Uint8Array => {
  switch (samples) {
    case 'bytes':
      return Uint8Array.from(decoded.data)
    case 'multiplied':
      return divided(decoded)
    case 'greys':
      return clipped(decoded, (sample) => sample)
    case 'negativeGreys':
      return clipped(decoded, (sample) => 65535 - sample)
    case 'inks':
      return fromInks(decoded.channels, decoded.data)
    case 'deepInks':
      return fromInks(
        decoded.channels,
        Uint8Array.from(wide(decoded.data), (sample) => sample >> 8),
      )
  }
}

const decodeWith =
  (sharp: Sharp, format: Format) =>
  ({ bytes, samples, turned, canvas }: Reading): TaskEither.TaskEither<Faults, Image> => {
    const options = { failOn: 'error', ignoreIcc: true } as const
    return pipe(
      TaskEither.tryCatch(() => sharp(bytes, { ...options, limitInputPixels: false }).metadata(), undecodable(format)),
      TaskEither.chainFirstEitherK((metadata) => admit(format, canvas ?? metadata)),
      TaskEither.chain(({ space }) => {
        const kind = format === 'JPEG' && space === 'cmyk' ? 'inks' : samples
        return pipe(
          TaskEither.tryCatch(() => {
            const opened = sharp(bytes, { ...options, limitInputPixels: maxPixels })
            return pipelineFor(kind, turned ? opened.autoOrient() : opened).toBuffer({ resolveWithObject: true })
          }, undecodable(format)),
          TaskEither.chainEitherK(({ data, info: { width, height, channels } }) =>
            imageOf({ height, width }, 3, coloursOf(kind, { width, height, channels, data })),
          ),
        )
      }),
      TaskEither.map((picture) => (canvas === null ? picture : placed(canvas, canvas.picture, canvas.colour)(picture))),
    )
  }

/**
 * The RGB image in the bytes of a PNG, JPEG, WebP, TIFF or GIF file, byte for byte PIL's.
 *
 * Fails with `Format` for bytes that are not such a file, are cut short, promise too many pixels or none, or are kept in a
 * way that PIL does not read, and with `Unavailable` where sharp is not installed.
 *
 * @example
 * import { readFile } from 'node:fs/promises'
 * pipe(await decodeImage(await readFile('photo.png'))(), Either.map(({ height, width }) => [height, width]))
 * // => Either.right([48, 64])
 */
export const decodeImage = (bytes: Uint8Array): TaskEither.TaskEither<Faults, Image> =>
  pipe(
    formatOf(bytes),
    Either.bindTo('format'),
    Either.bind('reading', ({ format }) => readingOf(format, bytes)),
    TaskEither.fromEither,
    TaskEither.chain(({ format, reading }) =>
      pipe(
        loadSharp,
        TaskEither.chain((sharp) => decodeWith(sharp, format)(reading)),
      ),
    ),
  )

const unreadable = (path: string, reason: string): Faults => [{ _tag: 'File', path, action: 'read', reason }]

/** The bytes of a regular file of a sane length; a pipe or a device, which may never end, is not opened. */
const readBytes = (path: string): TaskEither.TaskEither<Faults, Uint8Array> =>
  pipe(
    TaskEither.tryCatch(() => stat(path), fileFaults(path, 'read')),
    TaskEither.filterOrElse(
      (status) => status.isFile(),
      () => unreadable(path, 'it is not a file'),
    ),
    TaskEither.filterOrElse(
      (status) => status.size <= maxBytes,
      (status) => unreadable(path, `it has ${status.size} bytes, too many for an image`),
    ),
    TaskEither.chain(() => TaskEither.tryCatch(() => readFile(path), fileFaults(path, 'read'))),
  )

/**
 * The RGB image in an image file: `decodeImage` of its bytes, its faults said to be inside the file.
 *
 * @example
 * await pipe(readImage('photo.png'), TaskEither.map(({ height, width }) => [height, width]))()
 * // => Either.right([48, 64])
 */
export const readImage = (path: string): TaskEither.TaskEither<Faults, Image> =>
  pipe(
    readBytes(path),
    TaskEither.chain((bytes) => pipe(decodeImage(bytes), TaskEither.mapLeft(inFile(path)))),
  )
