/** Writing files, in Node: whole or not at all, to what a path stands for and never in the place of it. @module */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, fchmod, fchown, fstat, fsync, openSync, rmSync, type Stats, writeFile } from 'node:fs'
import { access, lstat, open, readlink, realpath, rename } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { onExit } from 'signal-exit'
import { codeOf, type Faults, fileFaults } from '../core/fault.js'

type Content = Uint8Array | string

/** What a path stands for once its links are followed. */
type Place =
  | { readonly kind: 'file'; readonly path: string; readonly replaced: Stats | null }
  /** A device or a pipe. */
  | { readonly kind: 'stream'; readonly path: string }
  /** One of the descriptors that this process was started with. */
  | { readonly kind: 'descriptor'; readonly descriptor: number }

/** As many links as Linux follows. */
const MOST_LINKS = 40

/** Runs an action of the file system; where it fails with one of the codes, says what that means here. */
const saying = async <A>(action: Promise<A>, codes: readonly string[], meaning: string): Promise<A> => {
  try {
    return await action
  } catch (error) {
    throw codes.includes(String(codeOf(error))) ? new Error(meaning, { cause: error }) : error
  }
}

/** The status of a path itself, a link's as a link; null where nothing is there. */
const statusOf = async (path: string): Promise<Stats | null> => {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

const placeOf = async (path: string, links = 0): Promise<Place> => {
  if (path === '') throw new Error('its name is empty')
  if (links > MOST_LINKS) throw new Error('its links lead in a circle')
  const folder = await saying(realpath(dirname(path)), ['ENOENT'], `there is no folder ${dirname(path)}`)
  const place = join(folder, basename(path))
  const descriptor = /^\/(?:dev|proc\/\d+)\/fd\/(\d+)$/.exec(place)?.[1]
  const status = await statusOf(place)
  if (status === null) {
    if (/[/\\]$/.test(path)) throw new Error(`there is no folder ${path}`)
    return { kind: 'file', path: place, replaced: null }
  }
  if (descriptor !== undefined && (await realpath('/dev/fd').catch(() => null)) === folder)
    return { kind: 'descriptor', descriptor: Number(descriptor) }
  if (status.isSymbolicLink()) return placeOf(resolve(folder, await readlink(place)), links + 1)
  if (status.isDirectory()) throw new Error('it is a folder')
  if (status.isSocket()) throw new Error('it is a socket')
  if (status.isBlockDevice()) throw new Error('it is a block device, which holds a file system')
  return status.isFile() ? { kind: 'file', path: place, replaced: status } : { kind: 'stream', path: place }
}

/** Gives the new file the owner and the mode of the one it replaces. */
const resemble = async (descriptor: number, replaced: Stats): Promise<void> => {
  const own = await promisify(fstat)(descriptor)
  if (own.uid !== replaced.uid || own.gid !== replaced.gid)
    await saying(
      promisify(fchown)(descriptor, replaced.uid, replaced.gid),
      ['EPERM'],
      'it belongs to another user or group, which a new file in its place would not; remove it first, or write beside it',
    )
  if (own.mode !== replaced.mode) await promisify(fchmod)(descriptor, replaced.mode & 0o7777)
}

/** Beside the file, so that one file system has both and the name changes in one step. */
const replace = async (path: string, replaced: Stats | null, content: Content): Promise<void> => {
  const folder = dirname(path)
  await saying(
    access(folder, constants.W_OK),
    ['EACCES', 'EPERM', 'EROFS'],
    `nothing may be written in its folder ${folder}, where a temporary file would be`,
  )
  if (replaced !== null) await access(path, constants.W_OK)
  const temporary = join(folder, `.spikingresformer-${randomUUID()}.tmp`)
  const release = onExit(() => rmSync(temporary, { force: true }))
  try {
    // At once: a signal finds either no file, or one that is removed.
    const descriptor = openSync(temporary, 'wx', replaced === null ? 0o666 : 0o600)
    try {
      await promisify(writeFile)(descriptor, content)
      if (replaced !== null) await resemble(descriptor, replaced)
      await promisify(fsync)(descriptor)
    } finally {
      closeSync(descriptor)
    }
    await saying(
      rename(temporary, path),
      ['EBUSY', 'EXDEV'],
      `${path} is a mount of its own, which no other file can replace; mount its folder, or write beside it`,
    )
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    release()
  }
}

/** To a device, or to a pipe that is read: a process that waits for a reader would look like one that computes. */
const pass = async (path: string, content: Content): Promise<void> => {
  const { O_WRONLY, O_NOCTTY, O_NONBLOCK } = constants
  const found = await saying(
    open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK),
    ['ENXIO'],
    'nothing reads from it; start its reader first',
  )
  try {
    const handle = await open(path, O_WRONLY | O_NOCTTY)
    try {
      await saying(handle.writeFile(content), ['EPIPE'], 'its reader has gone')
    } finally {
      await handle.close()
    }
  } finally {
    await found.close()
  }
}

/** The standard streams do not wait where they are sockets or pipes, so the process's own writers are used for them. */
const toDescriptor = (descriptor: number, content: Content): Promise<void> => {
  const stream = descriptor === 1 ? process.stdout : descriptor === 2 ? process.stderr : null
  return stream === null
    ? promisify(writeFile)(descriptor, content)
    : new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.write(content, (error) => {
          if (error) return
          stream.off('error', reject)
          resolve()
        })
      })
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, which then takes its name; on any failure, and
 * where a signal ends the process, the temporary file is removed and an existing file stays as it was.
 *
 * A symbolic link stays, and the file it leads to is written, or made; mode and owner stay. Other hard links keep the old
 * file. What is no file is never replaced: a device and a pipe are written to, the descriptors `/dev/fd/N` too; a
 * folder, a socket, a block device and a pipe that nothing reads are refused. Faults: `File`.
 *
 * @example
 * await writeFileAtomically('three.bin', Uint8Array.of(1, 2, 3))() // => Either.right(undefined)
 */
export const writeFileAtomically = (path: string, content: Uint8Array | string): TaskEither.TaskEither<Faults, void> =>
  TaskEither.tryCatch(
    async () => {
      const place = await placeOf(path)
      switch (place.kind) {
        case 'file':
          return replace(place.path, place.replaced, content)
        case 'stream':
          return pass(place.path, content)
        case 'descriptor':
          return toDescriptor(place.descriptor, content)
      }
    },
    fileFaults(path, 'write'),
  )
