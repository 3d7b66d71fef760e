/** What is written where a path leads to a link, a device, a pipe, a mount, another's file, or nowhere. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { describe as sentence } from '../../src/core/fault.js'
import { writeFileAtomically } from '../../src/node/write.js'

const dist = resolve(import.meta.dirname, '../../dist')
const scratch = mkdtempSync(join(tmpdir(), 'spikingresformer-write-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let folder = ''
let count = 0
beforeEach(() => {
  folder = join(scratch, String(count++))
  mkdirSync(folder)
})
const at = (name: string): string => join(folder, name)

/** Paths are of the scratch folder only: as root, a mistake about a device would end the machine's. */
const write = async (name: string, content: Uint8Array | string = 'new'): Promise<string> => {
  const result = await writeFileAtomically(at(name), content)()
  return Either.isRight(result) ? 'written' : result.left.map(sentence).join('; ').replaceAll(folder, '.')
}
const text = (name: string): string => readFileSync(at(name), 'utf8')

const linux = process.platform === 'linux'
const root = process.getuid?.() === 0
/** Devices, mounts and another's files can only be made by root, and as here on Linux. */
const asRoot = root && linux ? it : it.skip
if (!root) console.log('not run by root: the tests of devices, mounts and owners did not run')

const mayMount = ((): boolean => {
  if (!root || !linux) return false
  const probe = join(scratch, 'probe')
  mkdirSync(probe)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', probe])
  if (status === 0) execFileSync('umount', [probe])
  else console.log('nothing may be mounted here: the tests of mounts and full disks did not run')
  return status === 0
})()
/** A full disk is a mount of its own, which not every root may make (in a container, say). */
const withMounts = mayMount ? it : it.skip

describe('a file', () => {
  it('is made, and nothing beside it', async () => {
    expect(await write('file')).toBe('written')
    expect([text('file'), readdirSync(folder)]).toEqual(['new', ['file']])
    expect(statSync(at('file')).mode & 0o777).toBe(0o666 & ~process.umask())
  })

  it('is replaced whole, and keeps its mode', async () => {
    for (const mode of [0o600, 0o644, 0o755, 0o4711]) {
      writeFileSync(at('file'), 'a longer text than the new one')
      chmodSync(at('file'), mode)
      expect(await write('file')).toBe('written')
      expect([text('file'), statSync(at('file')).mode & 0o7777]).toEqual(['new', mode])
    }
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('leaves its other hard links as they were', async () => {
    writeFileSync(at('file'), 'old')
    linkSync(at('file'), at('other'))
    expect(await write('file')).toBe('written')
    expect([text('file'), text('other')]).toEqual(['new', 'old'])
  })

  asRoot('keeps its owner and group', async () => {
    writeFileSync(at('file'), 'old')
    chownSync(at('file'), 65_534, 65_533)
    chmodSync(at('file'), 0o640)
    expect(await write('file')).toBe('written')
    const { uid, gid, mode } = statSync(at('file'))
    expect([uid, gid, mode & 0o7777]).toEqual([65_534, 65_533, 0o640])
  })

  asRoot('of another user, or that may not be written, is refused to who is not root', async () => {
    chmodSync(folder, 0o777)
    chmodSync(scratch, 0o755)
    mkdirSync(at('closed'), { mode: 0o755 })
    for (const [name, mode] of [
      ['shared', 0o666],
      ['fixed', 0o644],
      ['closed/file', 0o666],
    ] as const) {
      writeFileSync(at(name), 'old')
      chmodSync(at(name), mode)
    }
    const program = `
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      for (const name of ['shared', 'fixed', 'closed/file', 'closed/new']) {
        const result = await writeFileAtomically(${JSON.stringify(folder)} + '/' + name, 'new')()
        console.log(result.left[0].reason)
      }`
    const { stdout, stderr } = ran(program)
    expect(stderr).toBe('')
    expect(stdout.replaceAll(folder, '.').trim().split('\n')).toEqual([
      'it belongs to another user or group, which a new file in its place would not; remove it first, or write beside it',
      'permission is denied',
      'nothing may be written in its folder ./closed, where a temporary file would be',
      'nothing may be written in its folder ./closed, where a temporary file would be',
    ])
    expect(['shared', 'fixed', 'closed/file'].map(text)).toEqual(['old', 'old', 'old'])
    expect(readdirSync(folder).sort()).toEqual(['closed', 'fixed', 'shared'])
  })
})

describe('a symbolic link', () => {
  it('stays, and what it leads to is written', async () => {
    mkdirSync(at('real'))
    writeFileSync(at('real/file'), 'old')
    symlinkSync('real', at('folder'))
    symlinkSync('folder/file', at('first'))
    symlinkSync(at('first'), at('second'))
    expect(await write('second')).toBe('written')
    expect([readlinkSync(at('second')), readlinkSync(at('first')), text('real/file')]).toEqual([
      at('first'),
      'folder/file',
      'new',
    ])
    expect([readdirSync(at('real')), readdirSync(folder).sort()]).toEqual([
      ['file'],
      ['first', 'folder', 'real', 'second'],
    ])
  })

  it('that leads to no file makes it, where its folder is', async () => {
    symlinkSync('made', at('link'))
    symlinkSync('nowhere/file', at('lost'))
    expect(await write('link')).toBe('written')
    expect([readlinkSync(at('link')), text('made')]).toEqual(['made', 'new'])
    expect(await write('lost')).toBe('./lost: cannot write: there is no folder ./nowhere')
  })

  it('to a folder above goes by the folder it leads to, not by its name', async () => {
    mkdirSync(at('a/b'), { recursive: true })
    symlinkSync('a/b', at('link'))
    const result = await writeFileAtomically(`${folder}/link/../file`, 'new')()
    expect([result, text('a/file')]).toEqual([Either.right(undefined), 'new'])
  })

  it('that leads to itself is refused', async () => {
    symlinkSync('two', at('one'))
    symlinkSync('one', at('two'))
    expect(await write('one')).toBe('./one: cannot write: its links lead in a circle')
  })
})

describe('what is no file', () => {
  it('is not replaced where it is a folder, or is to be one', async () => {
    mkdirSync(at('taken/inside'), { recursive: true })
    writeFileSync(at('file'), 'old')
    expect(await write('taken')).toBe('./taken: cannot write: it is a folder')
    expect((await writeFileAtomically(`${at('new')}/`, 'new')())._tag).toBe('Left')
    expect(await write('absent/file')).toBe('./absent/file: cannot write: there is no folder ./absent')
    expect(await write('file/file')).toBe('./file/file: cannot write: a part of its path is not a folder')
    expect(await write('x'.repeat(300))).toMatch(/cannot write: its name is too long$/)
    expect(await writeFileAtomically('', 'new')()).toEqual(
      Either.left([{ _tag: 'File', path: '', action: 'write', reason: 'its name is empty' }]),
    )
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken'])
  })

  it('is not replaced where it is a socket', async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(at('socket'), done))
    expect(await write('socket')).toBe('./socket: cannot write: it is a socket')
    expect(statSync(at('socket')).isSocket()).toBe(true)
    server.close()
  })

  it.runIf(linux)('is written through where it is a pipe that is read, and refused where nothing reads', async () => {
    execFileSync('mkfifo', [at('pipe')])
    expect(await write('pipe')).toBe('./pipe: cannot write: nothing reads from it; start its reader first')
    const reader = spawn('cat', [at('pipe')])
    const chunks: Buffer[] = []
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const closed = new Promise((done) => reader.on('close', done))
    const content = Uint8Array.from({ length: 300_000 }, (_, i) => i)
    await expect.poll(() => write('pipe', content)).toBe('written')
    await closed
    expect([Buffer.concat(chunks).equals(content), statSync(at('pipe')).isFIFO()]).toEqual([true, true])
  })

  asRoot('is written through where it is a device; a disk is refused', async () => {
    mkdirSync(at('dev'))
    for (const [name, ...numbers] of [
      ['null', 'c', '1', '3'],
      ['full', 'c', '1', '7'],
      ['disk', 'b', '7', '99'],
    ] as const)
      execFileSync('mknod', [at(`dev/${name}`), ...numbers])
    symlinkSync('dev/null', at('link'))
    expect(await write('dev/null', new Uint8Array(100_000))).toBe('written')
    expect(await write('link')).toBe('written')
    expect(await write('dev/full')).toBe('./dev/full: cannot write: no space is left')
    expect(await write('dev/disk')).toBe('./dev/disk: cannot write: it is a block device, which holds a file system')
    expect([statSync(at('dev/null')), statSync(at('dev/full'))].map((s) => s.isCharacterDevice())).toEqual([true, true])
    expect(readdirSync(at('dev')).sort()).toEqual(['disk', 'full', 'null'])
  })

  it.runIf(linux)('is one of the process’s own descriptors, whatever stands behind it', () => {
    const path = JSON.stringify(at('out'))
    const program = `
      import { closeSync, openSync, writeSync } from 'node:fs'
      const file = openSync(${path}, 'w')
      writeSync(file, 'before ')
      for (const to of ['/dev/stdout', '/dev/fd/' + file]) console.error((await writeFileAtomically(to, 'values ')())._tag)
      writeSync(file, 'after')
      console.log('printed')`
    expect(ran(program)).toEqual({ status: 0, stdout: 'values printed\n', stderr: 'Right\nRight\n' })
    expect(text('out')).toBe('before values after')
    writeFileSync(at('print'), 'old')
    const { status } = spawnSync('sh', ['-c', `exec "$0" "$@" > ${at('print')}`, ...argvOf(program)])
    expect([status, text('print')]).toEqual([0, 'values printed\n'])
  })
})

describe('what keeps a file from being written', () => {
  withMounts('is a mount of its own, which is named', async () => {
    writeFileSync(at('source'), 'old')
    writeFileSync(at('file'), '')
    execFileSync('mount', ['--bind', at('source'), at('file')])
    symlinkSync('file', at('link'))
    try {
      for (const name of ['file', 'link'])
        expect(await write(name)).toBe(
          `./${name}: cannot write: ./file is a mount of its own, which no other file can replace; mount its folder, or write beside it`,
        )
      expect(text('source')).toBe('old')
    } finally {
      execFileSync('umount', [at('file')])
    }
    expect(readdirSync(folder).sort()).toEqual(['file', 'link', 'source'])
  })

  withMounts('is a full disk, which keeps what it had and gets nothing', async () => {
    mkdirSync(at('disk'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', at('disk')])
    try {
      writeFileSync(at('disk/file'), 'old')
      expect(await write('disk/file', new Uint8Array(2 ** 20))).toBe('./disk/file: cannot write: no space is left')
      expect(await write('disk/other', new Uint8Array(2 ** 20))).toBe('./disk/other: cannot write: no space is left')
      expect([text('disk/file'), readdirSync(at('disk'))]).toEqual(['old', ['file']])
      execFileSync('mount', ['-o', 'remount,ro', at('disk')])
      expect(await write('disk/file')).toMatch(/cannot write: nothing may be written in its folder \.\/disk, /)
    } finally {
      execFileSync('umount', [at('disk')])
    }
  })

  it.runIf(linux).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is %s, after which no temporary file stays',
    async (signal) => {
      writeFileSync(at('file'), 'old')
      const program = `
      const large = new Uint8Array(400_000_000)
      console.log('ready')
      await writeFileAtomically(${JSON.stringify(at('file'))}, large)()
      console.log('written')`
      const child = spawn(process.execPath, argvOf(program).slice(1))
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += chunk
      })
      const ended = new Promise((done) => child.on('close', (_code, by) => done(by)))
      await expect.poll(() => readdirSync(folder).length, { interval: 2, timeout: 20_000 }).toBe(2)
      child.kill(signal)
      expect([await ended, out, text('file'), readdirSync(folder)]).toEqual([signal, 'ready\n', 'old', ['file']])
    },
  )

  it('is the end of the process itself', () => {
    const program = `
      void writeFileAtomically(${JSON.stringify(at('file'))}, new Uint8Array(100_000_000))()
      setTimeout(() => process.exit(3), 20)`
    expect([ran(program).status, readdirSync(folder)]).toEqual([3, []])
  })
})

describe('the standard streams of the command', () => {
  const command = `exec '${process.execPath}' '${join(dist, 'cli/main.js')}'`
  const shell = (line: string) => {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: folder, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  it.runIf(linux)('that are full, or not open for writing, end it with one sentence', () => {
    const full = { status: 1, stdout: '', stderr: 'error: standard output: cannot write: no space is left\n' }
    expect(shell(`${command} trace digits --synthetic 7 > /dev/full`)).toEqual(full)
    expect(shell(`${command} laws > /dev/full`)).toEqual(full)
    expect(shell(`${command} trace digits --synthetic 7 --values /dev/stdout > /dev/full`)).toEqual(full)
    expect(shell(`${command} trace digits --synthetic 7 1< /dev/null`)).toEqual({
      ...full,
      stderr: 'error: standard output: cannot write: it is not open for that\n',
    })
  })

  it.runIf(linux)('that nobody reads end it quietly, and notices that nobody can read do not', () => {
    expect(shell(`set -o pipefail; (${command} inspect ti --json) | head -c 1`)).toEqual({
      status: 0,
      stdout: '{',
      stderr: '',
    })
    expect(shell(`${command} trace digits --synthetic 7 2> /dev/full`)).toMatchObject({ status: 0 })
    expect(shell(`${command} inspect nothing 2> /dev/full`)).toMatchObject({ status: 1 })
  })

  it('stay empty where the file could not be written', () => {
    for (const line of ['laws --json no/file', 'trace digits --synthetic 7 --values no/file'])
      expect(shell(`${command} ${line}`)).toEqual({
        status: 1,
        stdout: '',
        stderr: 'error: no/file: cannot write: there is no folder no\n',
      })
    expect(readdirSync(folder)).toEqual([])
  })
})

/** The arguments of Node for a program that may use the writer. */
const argvOf = (program: string): readonly [string, ...string[]] => [
  process.execPath,
  '--input-type=module',
  '-e',
  `import { writeFileAtomically } from ${JSON.stringify(join(dist, 'node/write.js'))}\n${program}`,
]

const ran = (program: string) => {
  const [node, ...argv] = argvOf(program)
  const { status, stdout, stderr } = spawnSync(node, argv, { encoding: 'utf8' })
  return { status, stdout, stderr }
}
