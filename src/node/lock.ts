/** A lock, in Node: a file that says which process works here, and counts no more once that process has ended. @module */
import { closeSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import process from 'node:process'
import { setTimeout as after } from 'node:timers/promises'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { codeOf, type Faults, fileFaults, refuse, shortened } from '../core/fault.js'

/** A process: its number, on which machine, and when it began, for numbers are given again; null where nobody tells. */
interface Owner {
  readonly pid: number
  readonly host: string
  readonly began: string | null
}

/** What Linux tells of a process: its state, and when it began, in ticks since the machine did; null where it does not. */
const statusOf = (pid: number): { readonly state: string; readonly began: string } | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state: fields[0]!, began: fields[19]! }
  } catch {
    return null
  }
}

const self = (): Owner => ({ pid: process.pid, host: hostname(), began: statusOf(process.pid)?.began ?? null })

/** Whether a process runs: not one that has ended and whose number is another's now; one of another machine may. */
const runs = ({ pid, host, began }: Owner): boolean => {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const status = statusOf(pid)
  return status === null || (status.state !== 'Z' && (began === null || status.began === began))
}

const ownerIn = (text: string): Owner | null => {
  try {
    const { pid, host, began } = JSON.parse(text) as Owner
    return Number.isInteger(pid) &&
      pid > 0 &&
      pid < 2 ** 31 &&
      typeof host === 'string' &&
      (began === null || typeof began === 'string')
      ? { pid, host, began }
      : null
  } catch {
    return null
  }
}

/** What is in a file; null where there is none. */
const textOf = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Makes a file with a text where there is none; where a text cannot be written, there is no file. */
const make = (path: string, text: string): void => {
  const descriptor = openSync(path, 'wx')
  try {
    writeSync(descriptor, text)
  } catch (error) {
    rmSync(path)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Whether it was done; false where a file was there. */
const unlessThere = (act: () => void): boolean => {
  try {
    act()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Makes a file where there is none: with its text from the beginning, for it is written under another name first. Where the
 * file system has no second names for a file, it is there before its text.
 */
const create = (path: string, text: string): boolean => {
  const own = `${path}.${process.pid}`
  rmSync(own, { force: true })
  make(own, text)
  try {
    return unlessThere(() => {
      linkSync(own, path)
    })
  } catch {
    return unlessThere(() => {
      make(path, text)
    })
  } finally {
    rmSync(own, { force: true })
  }
}

/** Takes a file away, where it has this text. */
const remove = (path: string, text: string): void => {
  if (textOf(path) === text) rmSync(path)
}

/**
 * Takes away the lock of a process that has ended; false where another is about to. It is done by one at a time, for
 * between the look and the deed a second could take away what the first has made meanwhile.
 */
const clear = (path: string, text: string): boolean => {
  const guard = `${path}.old`
  if (!create(guard, '')) return false
  try {
    remove(path, text)
  } finally {
    rmSync(guard)
  }
  return true
}

/** How long a process may take that is about to write its lock, or to take another's away, in milliseconds. */
const SOON = 200
const OFTEN = 25

/** Of a machine that lost its power a lock may stay without its text. */
const isBlank = (text: string): boolean => /^\0*$/.test(text)

/** Takes the lock, or says what runs that has it. */
const take = async (path: string, text: string): Promise<Owner | null> => {
  let waits = 0
  while (!create(path, text)) {
    const found = textOf(path)
    if (found === null) {
      // It is gone, or it is a link that leads nowhere: that stays.
      if (++waits > OFTEN) throw new Error('it is there and cannot be read; remove it')
      await after(waits)
      continue
    }
    const owner = ownerIn(found)
    if (owner === null && !isBlank(found)) throw new Error('it is there and no lock; remove it')
    if (owner !== null && runs(owner)) return owner
    if (owner === null) await after(SOON)
    if (clear(path, found)) continue
    if (++waits > OFTEN) throw new Error(`${path}.old is there; remove it`)
    await after(SOON)
  }
  return null
}

const taken = (path: string, { pid, host }: Owner): Faults =>
  refuse(
    `process ${pid}${host === hostname() ? '' : ` of ${shortened(host)}`} works in ${dirname(path)} already`,
    `wait for its end, or choose another folder; if it does no such work, remove ${basename(path)} from there`,
  )

/** Gives the lock back when the work ends, well or not. One that stays counts as none once this process has ended. */
const released =
  (path: string, text: string) =>
  <A>(work: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> =>
  async () => {
    try {
      return await work()
    } finally {
      try {
        remove(path, text)
      } catch {}
    }
  }

/**
 * Does work that no other process may do at the same time: those that ask with the same path of a file. The file is there
 * as long as the work goes on. One that was left by a process that has ended, however it ended, counts as none; of a process
 * on another machine nobody here can tell. Faults: `File`; another process that has it (`Input`).
 *
 * @example
 * const second = alone('a.lock')(TaskEither.right(2))
 * pipe(await alone('a.lock')(second)(), Either.isLeft) // => true
 * await second() // => Either.right(2)
 */
export const alone =
  (path: string) =>
  <A>(work: TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> => {
    const text = JSON.stringify(self())
    return pipe(
      TaskEither.tryCatch(() => take(path, text), fileFaults(path, 'write')),
      TaskEither.chain((owner) => (owner === null ? released(path, text)(work) : TaskEither.left(taken(path, owner)))),
    )
  }
