/** Folders that are made, those that cannot be, and locks: whose process has ended counts as none. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { type Faults, describe as sentence } from '../../src/core/fault.js'
import { makeFolder } from '../../src/node/folder.js'
import { alone } from '../../src/node/lock.js'
import { cli } from '../cli/cli.js'

const dist = resolve(import.meta.dirname, '../../dist')
const scratch = mkdtempSync(join(tmpdir(), 'spikingresformer-folder-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let folder = ''
let count = 0
beforeEach(() => {
  folder = join(scratch, String(count++))
  mkdirSync(folder)
})
const at = (name: string): string => join(folder, name)
/** Only Linux has /proc, where no folder can be made, and which tells when a process began. */
const onLinux = process.platform === 'linux' ? it : it.skip

/** What work gives, or what it says. */
const outcome = async <A>(work: TaskEither.TaskEither<Faults, A>): Promise<A | string> => {
  const result = await work()
  return Either.isRight(result) ? result.right : result.left.map(sentence).join('; ').replaceAll(folder, '.')
}

describe('a folder', () => {
  it('is made, with those that it is in, and left as it is where it is there', async () => {
    for (const name of ['a', 'b/c/d/', 'e/../f/g', 'b/c']) {
      expect(await outcome(makeFolder(`${folder}/${name}`))).toBe(undefined)
      expect(statSync(`${folder}/${name}`).isDirectory()).toBe(true)
    }
    mkdirSync(at('real'))
    symlinkSync('real', at('link'))
    writeFileSync(at('real/x'), 'kept')
    expect(await outcome(makeFolder(at('link')))).toBe(undefined)
    expect(await outcome(makeFolder(at('link/y')))).toBe(undefined)
    expect(readdirSync(at('real')).sort()).toEqual(['x', 'y'])
  })

  it('is refused where something else is in its way', async () => {
    writeFileSync(at('file'), '')
    symlinkSync('nowhere', at('link'))
    expect(await outcome(makeFolder(at('file')))).toBe('./file: cannot write: it is no folder')
    expect(await outcome(makeFolder(at('file/x')))).toBe('./file/x: cannot write: a part of its path is not a folder')
    expect(await outcome(makeFolder(at('link')))).toBe('./link: cannot write: it is a link that leads nowhere')
    expect(await outcome(makeFolder(at('link/x')))).toBe('./link/x: cannot write: it is a link that leads nowhere')
    expect(await outcome(makeFolder(''))).toBe("'': cannot write: its name is empty")
    expect(await outcome(makeFolder(at('x'.repeat(300))))).toMatch(/its name is too long$/)
    expect(await outcome(makeFolder(at('a\0b')))).toMatch(/cannot write: .*null bytes/)
  })

  onLinux('is refused where none can be made, by every command that makes one', async () => {
    for (const path of ['/proc/x', '/proc/x/y/z', '/proc/self/fd/x'])
      expect(await outcome(makeFolder(path))).toMatch(/: cannot write: no folder can be made in \/proc/)
    for (const argv of [
      ['vectors', '/proc/x'],
      ['train', 'digits', '--epochs', '1', '--out', '/proc/x'],
    ])
      expect(await cli(...argv)).toEqual({
        code: 1,
        out: '',
        err: 'error: /proc/x: cannot write: no folder can be made in /proc\n',
      })
  })
})

/** Another process that takes the lock at a time, says whether it has it, and keeps it until it is killed. */
const another = (at: number): ChildProcess & { readonly said: Promise<string> } => {
  const program = `
    import { alone } from '${dist}/node/lock.js'
    await new Promise((go) => setTimeout(go, ${at} - Date.now()))
    const work = () => { console.log('has it'); return new Promise((end) => setTimeout(end, 60_000)) }
    console.log((await alone(process.argv[1])(work)())._tag)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, lock()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = new Promise<string>((tell) => child.stdout!.once('data', (text) => tell(String(text).trim())))
  return Object.assign(child, { said })
}

const killed = (child: ChildProcess): Promise<unknown> => {
  if (child.exitCode !== null) return Promise.resolve()
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGKILL')
  return ended
}

const lock = (): string => at('a.lock')
const busy = (owner: string): string =>
  `process ${owner} works in . already; wait for its end, or choose another folder; if it does no such work, remove a.lock from there`
const work = TaskEither.fromIO(() => readFileSync(lock(), 'utf8'))
const first = () => outcome(alone(lock())(work))

describe('a lock', () => {
  it('is there while the work goes on, and keeps all others out', async () => {
    const own = JSON.parse(await first())
    expect(own).toMatchObject({ pid: process.pid, host: hostname() })
    expect(readdirSync(folder)).toEqual([])
    expect(await outcome(alone(lock())(alone(lock())(work)))).toBe(busy(`${process.pid}`))
    expect(await alone(lock())(() => Promise.reject(new Error('lost')))().catch(({ message }) => message)).toBe('lost')
    expect(await outcome(alone(lock())(TaskEither.left([{ _tag: 'Input', problem: 'a', advice: 'b' }])))).toBe('a; b')
    expect(readdirSync(folder)).toEqual([])
  })

  it('of a process that runs is respected, of one that was killed taken over', async () => {
    const other = another(0)
    expect(await other.said).toBe('has it')
    expect(await first()).toBe(busy(`${other.pid}`))
    await killed(other)
    expect(existsSync(lock())).toBe(true)
    expect(JSON.parse(await first()).pid).toBe(process.pid)
    expect(readdirSync(folder)).toEqual([])
  })

  it('that was left is taken over by one of many that ask at once', async () => {
    writeFileSync(lock(), JSON.stringify({ pid: 2 ** 30, host: hostname(), began: null }))
    const go = Date.now() + 1500
    const others = Array.from({ length: 6 }, () => another(go))
    const said = await Promise.all(others.map((other) => other.said))
    await Promise.all(others.map(killed))
    expect(said.sort()).toEqual(['Left', 'Left', 'Left', 'Left', 'Left', 'has it'])
  }, 30_000)

  onLinux('of a process whose number is now another counts as none', async () => {
    const own = JSON.parse(await first())
    writeFileSync(lock(), JSON.stringify({ ...own, began: '1' }))
    expect(JSON.parse(await first())).toEqual(own)
    writeFileSync(lock(), JSON.stringify({ ...own, began: null }))
    expect(await first()).toBe(busy(`${process.pid}`))
  })

  it('of another machine is respected', async () => {
    writeFileSync(lock(), JSON.stringify({ pid: 2 ** 30, host: 'elsewhere', began: null }))
    expect(await first()).toBe(busy(`${2 ** 30} of elsewhere`))
    expect(existsSync(lock())).toBe(true)
  })

  it.each(['', '\0\0\0'])(
    'without a text (%j), as a machine leaves it that lost its power, counts as none',
    async (text) => {
      writeFileSync(lock(), text)
      expect(JSON.parse(await first()).pid).toBe(process.pid)
    },
  )

  it.each(['mine', '{}', '{"pid":-1,"host":"x","began":null}', '{"pid":1,"host":"x"}', 'null'])(
    'that is no lock is left alone: %s',
    async (text) => {
      writeFileSync(lock(), text)
      expect(await first()).toBe('./a.lock: cannot write: it is there and no lock; remove it')
      expect(readFileSync(lock(), 'utf8')).toBe(text)
    },
  )

  it('is not cleared by two at once', async () => {
    writeFileSync(lock(), JSON.stringify({ pid: 2 ** 30, host: hostname(), began: null }))
    writeFileSync(at('a.lock.old'), '')
    const waiting = first()
    await new Promise((go) => setTimeout(go, 300))
    rmSync(at('a.lock.old'))
    expect(JSON.parse(await waiting).pid).toBe(process.pid)
    writeFileSync(lock(), JSON.stringify({ pid: 2 ** 30, host: hostname(), began: null }))
    writeFileSync(at('a.lock.old'), '')
    expect(await first()).toBe('./a.lock: cannot write: ./a.lock.old is there; remove it')
  }, 30_000)

  it('that cannot be made says so', async () => {
    expect(await outcome(alone(at('nowhere/a.lock'))(work))).toBe(
      './nowhere/a.lock: cannot write: there is no such file or folder',
    )
    mkdirSync(lock())
    expect(await first()).toBe('./a.lock: cannot write: it is a folder')
    rmdirSync(lock())
    symlinkSync('nowhere', lock())
    expect(await first()).toBe('./a.lock: cannot write: it is there and cannot be read; remove it')
    rmSync(lock())
    writeFileSync(lock(), JSON.stringify({ pid: 2 ** 40, host: hostname(), began: null }))
    expect(await first()).toBe('./a.lock: cannot write: it is there and no lock; remove it')
    expect(readdirSync(folder).filter((name) => name.includes(`.${process.pid}`))).toEqual([])
  })
})
