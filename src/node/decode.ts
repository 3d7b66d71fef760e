/**
 * PNG and JPEG files to images, as PIL's `Image.open(path).convert('RGB')`. Node only.
 *
 * The decoder is sharp (libpng, libjpeg-turbo), an optional dependency loaded when the first image is decoded. Alpha is
 * dropped, grey and palette images become RGB, 16-bit colours keep their high byte; EXIF orientation, gamma and colour
 * profiles are ignored. What PIL itself turns into nonsense or converts in its own way is refused by name: 16-bit grey
 * PNGs (PIL clips them to white) and CMYK JPEGs.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile, reasonOf } from '../core/fault.js'
import { type Image, image } from '../input/image.js'

/** Images of more pixels are refused before any is decoded: 100 megapixels are 300 MB. */
export const maxPixels = 100_000_000

/** The longest side of an image: what a JPEG can have. */
export const maxSide = 65_535

/** The longest file that is read: no image of `maxPixels` is larger in a sane encoding. */
const maxBytes = 512 * 1024 * 1024

type Sharp = typeof import('sharp').default
type Metadata = Awaited<ReturnType<ReturnType<Sharp>['metadata']>>

/** The formats that are read, with the bytes their files start with. */
const signatures = [
  ['PNG', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['JPEG', [0xff, 0xd8, 0xff]],
] as const

type Format = (typeof signatures)[number][0]

const malformed = (format: string, problem: string, advice: string): Faults => [
  { _tag: 'Format', format, problem, advice },
]

/** The format by the file's first bytes, whatever its name is. */
const formatOf = (bytes: Uint8Array): Either.Either<Faults, Format> => {
  if (bytes.length === 0) return Either.left(malformed('image', 'it is empty', 'give a PNG or JPEG image'))
  const found = signatures.find(([, start]) => start.every((byte, i) => bytes[i] === byte))
  return found === undefined
    ? Either.left(malformed('image', 'it starts neither as a PNG nor as a JPEG', 'convert it to PNG or JPEG'))
    : Either.right(found[0])
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
const admit =
  (format: Format) =>
  ({ width, height, channels, depth, space }: Metadata): Either.Either<Faults, void> => {
    if (width > maxSide || height > maxSide || width * height > maxPixels) {
      return Either.left(
        malformed(
          format,
          `it says to be ${width} x ${height} pixels, more than ${maxSide} a side or ${maxPixels / 1e6} megapixels`,
          'make it smaller',
        ),
      )
    }
    if (space === 'cmyk') {
      return Either.left(malformed(format, 'its colours are CMYK', 'convert it to RGB'))
    }
    if (format === 'PNG' && depth === 'ushort' && channels === 1) {
      return Either.left(malformed(format, 'its greys have 16 bits', 'convert it to 8 bits'))
    }
    return Either.right(undefined)
  }

/** A PNG that says to have no columns or no rows: the one fault of a header that the decoder does not name. */
const sized = (format: Format, bytes: Uint8Array): Either.Either<Faults, Format> =>
  format === 'PNG' &&
  bytes.length >= 24 &&
  [bytes.subarray(16, 20), bytes.subarray(20, 24)].some((extent) => extent.every((byte) => byte === 0))
    ? Either.left(malformed(format, 'it says to have no pixels', 'give an image of at least one pixel'))
    : Either.right(format)

const decodeWith =
  (sharp: Sharp, bytes: Uint8Array) =>
  (format: Format): TaskEither.TaskEither<Faults, Image> => {
    const options = { failOn: 'error', ignoreIcc: true } as const
    return pipe(
      TaskEither.tryCatch(() => sharp(bytes, { ...options, limitInputPixels: false }).metadata(), undecodable(format)),
      TaskEither.chainEitherK(admit(format)),
      TaskEither.chain(() =>
        TaskEither.tryCatch(
          () =>
            sharp(bytes, { ...options, limitInputPixels: maxPixels })
              .removeAlpha()
              .toColourspace('srgb')
              .raw({ depth: 'uchar' })
              .toBuffer({ resolveWithObject: true }),
          undecodable(format),
        ),
      ),
      TaskEither.chainEitherK(({ data, info }) =>
        image({ height: info.height, width: info.width }, 3, Uint8Array.from(data)),
      ),
    )
  }

/**
 * The RGB image in the bytes of a PNG or JPEG file.
 *
 * Fails with `Format` for bytes that are not such a file, are cut short, or promise too many pixels or none, and with
 * `Unavailable` where sharp is not installed.
 *
 * @example
 * import { readFile } from 'node:fs/promises'
 * pipe(await decodeImage(await readFile('photo.png'))(), Either.map(({ height, width }) => [height, width]))
 * // => Either.right([48, 64])
 */
export const decodeImage = (bytes: Uint8Array): TaskEither.TaskEither<Faults, Image> =>
  pipe(
    TaskEither.fromEither(
      pipe(
        formatOf(bytes),
        Either.chain((format) => sized(format, bytes)),
      ),
    ),
    TaskEither.chain((format) =>
      pipe(
        loadSharp,
        TaskEither.chain((sharp) => decodeWith(sharp, bytes)(format)),
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
 * The RGB image in a PNG or JPEG file: `decodeImage` of its bytes, its faults said to be inside the file.
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
