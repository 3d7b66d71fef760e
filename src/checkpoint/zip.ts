/** Zip archives at random access: untrusted ones read with bounds, our own written with aligned entries. @module */
import type { FileEntry, Reader } from '@zip.js/zip.js'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, reasonOf } from '../core/fault.js'
import type { Source } from './source.js'

/** An archive's files by name. */
export type Archive = ReadonlyMap<string, FileEntry>

/** The largest piece read of a directory, in bytes, and the most entries: a checkpoint has a few thousand. */
const LARGEST_READ = 1 << 22
const MOST_ENTRIES = 1 << 16

/** How much larger than its bytes in the archive a compressed entry may become: numbers do not compress further. */
const LARGEST_EXPANSION = 16

/** Small entries may expand at will, in bytes: a thousand equal numbers compress to almost nothing. */
const SMALL = 1 << 20

const STORED = 0
const DEFLATED = 8

const fault = (problem: string, advice: string): Fault => ({
  _tag: 'Format',
  format: 'PyTorch checkpoint',
  problem,
  advice,
})

const broken = (problem: string): Fault => fault(problem, 'the file is damaged or incomplete: fetch or save it again')

/** The library, loaded when an archive is met: most who read checkpoints never meet one. */
const library = () => import('@zip.js/zip.js')

const attempt = <A>(what: string, work: () => Promise<A>): TaskEither.TaskEither<Faults, A> =>
  TaskEither.tryCatch(work, (error) => [broken(`${what}: ${reasonOf(error)}`)])

/** The library's view of a source: what lies past the end is cut off, and no claimed length is believed. */
const readable = (reader: Reader<Source>, source: Source): Reader<Source> =>
  Object.assign(reader, {
    size: source.size,
    readUint8Array: async (offset: number, length: number): Promise<Uint8Array> => {
      const available = Math.max(0, Math.min(length, source.size - offset))
      return available > LARGEST_READ || offset < 0
        ? Promise.reject(new Error(`it asks for ${length} bytes at once`))
        : source.read(offset, available)
    },
  })

/**
 * The directory of an archive; no entry is read.
 * Refuses archives without a directory, with more entries or a longer directory than a checkpoint can have, with
 * names that leave the archive's folder, and with two entries of one name.
 */
export const openZip = (source: Source): TaskEither.TaskEither<Faults, Archive> =>
  pipe(
    attempt('its zip directory cannot be read', async (): Promise<Either.Either<Faults, Archive>> => {
      const options = { useWebWorkers: false, checkCrc32: true, checkOverlappingEntry: true }
      const archive = new Map<string, FileEntry>()
      let entries = 0
      const { Reader, ZipReader } = await library()
      const reader = readable(new Reader(source), source)
      for await (const entry of new ZipReader(reader, options).getEntriesGenerator()) {
        if (++entries > MOST_ENTRIES) return Either.left([broken(`it has more than ${MOST_ENTRIES} entries`)])
        if (archive.has(entry.filename)) return Either.left([broken(`it has two entries named ${entry.filename}`)])
        if (!entry.directory) archive.set(entry.filename, entry)
      }
      return Either.right(archive)
    }),
    TaskEither.chainEitherK((archive) => archive),
  )

/** What forbids reading an entry of `size` bytes, judged by the directory alone. */
const refusal = (
  name: string,
  entry: FileEntry,
  size: number,
  source: Source,
  expansion: number,
): Fault | undefined => {
  const { compressedSize, uncompressedSize, compressionMethod, encrypted } = entry
  if (uncompressedSize !== size)
    return broken(`its entry ${name} has ${uncompressedSize} bytes where ${size} are expected`)
  if (encrypted) return fault(`its entry ${name} is encrypted`, 'decrypt the archive first')
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    return fault(`its entry ${name} has compression method ${compressionMethod}`, 'save it again with torch.save')
  }
  const most = compressionMethod === STORED ? compressedSize : expansion * compressedSize + SMALL
  return size > most || compressedSize > source.size
    ? broken(`its entry ${name} claims ${size} bytes, too many for the ${compressedSize} it has in the archive`)
    : undefined
}

/** A place for exactly `size` bytes: writing more fails. */
const sink = (
  size: number,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly writable: WritableStream; readonly length: () => number } => {
  const bytes = new Uint8Array(size)
  let length = 0
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) => {
      bytes.set(chunk, length)
      length += chunk.length
    },
  })
  return { bytes, writable, length: () => length }
}

/**
 * The bytes of one entry that must have exactly `size` of them.
 * Refuses missing and encrypted entries, other sizes, wrong checksums, overlaps with entries read before, and
 * large compressed entries that expand more than sixteenfold.
 */
export const readEntry =
  (source: Source, archive: Archive, expansion = LARGEST_EXPANSION) =>
  (name: string, size: number): TaskEither.TaskEither<Faults, Uint8Array> => {
    const entry = archive.get(name)
    if (entry === undefined) return TaskEither.left([broken(`it has no entry ${name}`)])
    const refused = refusal(name, entry, size, source, expansion)
    return refused === undefined
      ? attempt(`its entry ${name} cannot be read`, async () => {
          const { bytes, writable } = sink(size)
          await entry.getData(writable)
          return bytes
        })
      : TaskEither.left([refused])
  }

/**
 * An archive of the given files, in order: stored without compression, every file's bytes beginning at a multiple of
 * 64, and dated 1980, so that equal contents make equal archives.
 */
export const writeZip = (files: ReadonlyMap<string, Uint8Array>): TaskEither.TaskEither<Faults, Uint8Array> =>
  attempt('it cannot be written', async () => {
    const overhead = (name: string): number => 512 + 2 * name.length
    const { bytes, writable, length } = sink(
      [...files].reduce((sum, [name, data]) => sum + data.length + overhead(name), 1024),
    )
    const { Uint8ArrayReader, ZipWriter } = await library()
    const writer = new ZipWriter(writable, {
      useWebWorkers: false,
      usdz: true,
      level: 0,
      dataDescriptor: false,
      extendedTimestamp: false,
      // eslint-disable-next-line no-restricted-globals -- a constant, so that the same tensors give the same bytes
      lastModDate: new Date(1980, 0, 1),
    })
    for (const [name, data] of files) await writer.add(name, new Uint8ArrayReader(data))
    await writer.close()
    return bytes.subarray(0, length())
  })
