/** What a file is by its first bytes, whatever its name: so that a refusal can say what was given. @module */

const ascii = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0))

/** First bytes, at an offset, and what files that have them are. */
const SIGNATURES: readonly (readonly [bytes: readonly number[], offset: number, what: string])[] = [
  [[0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a], 0, 'a PNG image'],
  [[0xff, 0xd8, 0xff], 0, 'a JPEG image'],
  [ascii('GIF8'), 0, 'a GIF image'],
  [ascii('WEBP'), 8, 'a WebP image'],
  [ascii('II*\0'), 0, 'a TIFF image'],
  [ascii('MM\0*'), 0, 'a TIFF image'],
  [ascii('II+\0'), 0, 'a TIFF image of the big kind'],
  [ascii('MM\0+'), 0, 'a TIFF image of the big kind'],
  [ascii('ftypavif'), 4, 'an AVIF image'],
  [ascii('ftypavis'), 4, 'an AVIF image'],
  [ascii('ftyphei'), 4, 'a HEIC image'],
  [ascii('ftypmif1'), 4, 'a HEIF image'],
  [[0xff, 0x0a], 0, 'a JPEG XL image'],
  [[0, 0, 0, 0x0c, ...ascii('JXL ')], 0, 'a JPEG XL image'],
  [[0, 0, 0, 0x0c, ...ascii('jP  ')], 0, 'a JPEG 2000 image'],
  [ascii('qoif'), 0, 'a QOI image'],
  [ascii('8BPS'), 0, 'a Photoshop file'],
  [ascii('%PDF'), 0, 'a PDF document'],
  [[0x1f, 0x8b], 0, 'a gzip archive'],
  [ascii('BZh'), 0, 'a bzip2 archive'],
  [[0xfd, ...ascii('7zXZ')], 0, 'an xz archive'],
  [[0x28, 0xb5, 0x2f, 0xfd], 0, 'a zstd archive'],
  [[...ascii('7z'), 0xbc, 0xaf], 0, 'a 7z archive'],
  [ascii('Rar!'), 0, 'a rar archive'],
  [[0, 0, 8, 3], 0, 'images in IDX, as MNIST has them'],
  [[0, 0, 8, 1], 0, 'labels in IDX, as MNIST has them'],
  [ascii('MATLAB 5.0 MAT'), 0, 'a MATLAB file'],
  [ascii('ustar'), 257, 'a tar archive'],
  [ascii('PK'), 0, 'a zip archive'],
  [[0x89, ...ascii('HDF')], 0, 'an HDF5 file'],
  [[0x93, ...ascii('NUMPY')], 0, 'a NumPy array (.npy)'],
  [ascii('GGUF'), 0, 'a GGUF file'],
  [ascii('#!AER-DAT'), 0, 'an AER recording (.aedat)'],
  [ascii('version https://git-lfs'), 0, 'a Git LFS pointer, which stands for the file'],
]

/** The most bytes that any kind is told by. */
export const kindBytes = 512

const pickled = (start: Uint8Array): boolean => start[0] === 0x80 && start[1]! >= 1 && start[1]! <= 5

/** Two letters, and four zeros that no text has. */
const isBitmap = (start: Uint8Array): boolean =>
  start[0] === 0x42 && start[1] === 0x4d && [6, 7, 8, 9].every((i) => start[i] === 0)

const textOf = (start: Uint8Array): string | null => {
  const text = new TextDecoder('utf-8').decode(new Uint8Array(start))
  return /\p{Cc}/u.test(text.replace(/[\r\n\t]/g, '')) || text.includes('\u{fffd}') ? null : text.trimStart()
}

const signatureOf = (start: Uint8Array): string | undefined =>
  SIGNATURES.find(([bytes, offset]) => bytes.every((byte, i) => start[offset + i] === byte))?.[2]

/**
 * Whether a file starts as safetensors do: the length of a header in 8 bytes, and the header's brace. A TIFF or a GIF may
 * have a brace there too, but never the four zeros before it that a length has.
 *
 * @example
 * startsAsSafetensors(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d)) // => true
 */
export const startsAsSafetensors = (start: Uint8Array): boolean =>
  start[8] === 0x7b && (start.subarray(4, 8).every((byte) => byte === 0) || signatureOf(start) === undefined)

/**
 * What a file is, as a noun with its article, by its first `kindBytes` bytes; null where they tell nothing.
 *
 * @example
 * kindOf(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)) // => 'a JPEG image'
 * kindOf(new TextEncoder().encode('<!DOCTYPE html>')) // => 'a web page'
 */
export const kindOf = (start: Uint8Array): string | null => {
  if (start.length === 0) return 'an empty file'
  const known = signatureOf(start)
  if (known !== undefined) return known
  if (isBitmap(start)) return 'a BMP image'
  if (pickled(start)) return 'a Python pickle'
  const text = textOf(start.subarray(0, kindBytes - 4))
  if (text === null || text === '') return null
  if (/^(<!doctype html|<html|<head)/i.test(text)) return 'a web page'
  if (/^<\?xml|^<svg/i.test(text)) return 'an XML text'
  return /^[{[]/.test(text) ? 'a JSON text' : 'a text'
}

/** Data sets of records without a header: the bytes of one record, and how many labels of each kind it starts with. */
const RECORDS = [
  { what: 'a batch of CIFAR-10, in its binary form', length: 3073, labels: [10] },
  { what: 'a batch of CIFAR-100, in its binary form', length: 3074, labels: [20, 100] },
] as const

/**
 * The same of a whole file, which may also be told by its length: CIFAR's records have no header, only labels that are
 * small.
 *
 * @example
 * kindOfAll(new Uint8Array(3073 * 2)) // => 'a batch of CIFAR-10, in its binary form'
 */
export const kindOfAll = (bytes: Uint8Array): string | null =>
  kindOf(bytes.subarray(0, kindBytes)) ??
  RECORDS.find(
    ({ length, labels }) =>
      bytes.length % length === 0 &&
      Array.from({ length: bytes.length / length }, (_, record) =>
        labels.every((count, i) => bytes[record * length + i]! < count),
      ).every(Boolean),
  )?.what ??
  null

/**
 * What to do with a file that is not the one that was meant.
 *
 * @example
 * adviceFor('a web page') // => 'download the file itself: its raw or direct link'
 */
export const adviceFor = (kind: string | null): string | null =>
  kind === null
    ? null
    : kind.startsWith('a Git LFS pointer')
      ? 'fetch the file itself with git lfs pull'
      : kind === 'a web page'
        ? 'download the file itself: its raw or direct link'
        : kind.startsWith('a batch of CIFAR')
          ? 'write its pictures as PNG files, and give these'
          : kind.endsWith('archive')
            ? 'unpack it, and give what is inside'
            : kind === 'an empty file'
              ? 'fetch or save it again'
              : null
