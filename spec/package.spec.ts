import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Package {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

const root = resolve(import.meta.dirname, '..')
const about: Package = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'spikingresformer-package-'))
const unpacked = join(folder, 'package')

/** When the youngest file of a folder of sources was written. */
const youngest = (path: string): number =>
  Math.max(
    ...readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => statSync(join(root, path, name)).mtimeMs),
  )

/** An empty project with the packed package and the named dependencies, as npm would lay them out. */
const project = (name: string, dependencies: readonly string[]): string => {
  const modules = join(folder, name, 'node_modules')
  cpSync(unpacked, join(modules, 'spikingresformer'), { recursive: true })
  for (const dependency of dependencies) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true })
    symlinkSync(join(root, 'node_modules', dependency), join(modules, dependency))
  }
  writeFileSync(join(folder, name, 'package.json'), '{"type": "module"}')
  return join(folder, name)
}

const names = (...groups: readonly Readonly<Record<string, string>>[]): readonly string[] => groups.flatMap(Object.keys)
const everything = () => join(folder, 'everything')

beforeAll(() => {
  // A fresh clone was built by `npm ci`; during development the build may be older than its sources.
  const built = statSync(join(root, 'dist/cli/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (Math.max(youngest('src'), youngest('properties')) > built)
    execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'pipe' })
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(
    execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder])
  const { dependencies, optionalDependencies, peerDependencies } = about
  project('everything', names(dependencies, optionalDependencies, peerDependencies))
  const required = project('required', names(dependencies))
  for (const name of Object.keys(optionalDependencies)) {
    // An empty package, so that none from a folder further up is found in its place.
    mkdirSync(join(required, 'node_modules', name), { recursive: true })
    writeFileSync(join(required, 'node_modules', name, 'package.json'), '{}')
  }
  project('core', ['fp-ts'])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs plain Node in a project. */
const node = (cwd: string, ...argv: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const bin = join('node_modules/spikingresformer', about.bin['spikingresformer']!)
const imports = (cwd: string, name: string) =>
  node(cwd, '--input-type=module', '-e', `console.log(Object.keys(await import('${name}')).length)`)

describe('the packed package', () => {
  it('holds the build and the data, and no sources', () => {
    const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' })
    expect(files).toContain('LICENSE')
    expect(files).toContain(join('data', 'digits.safetensors'))
    expect(files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
    expect(files.filter((name) => /^(src|spec|properties|node_modules)\b/.test(name))).toEqual([])
  })

  it.each(Object.keys(about.exports).filter((name) => !name.endsWith('.json')))('exports %s to plain Node', (name) => {
    const { status, stdout, stderr } = imports(everything(), join('spikingresformer', name))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  it('needs fp-ts alone for its core', () => {
    expect(imports(join(folder, 'core'), 'spikingresformer')).toMatchObject({ status: 0, stderr: '' })
  })

  it('computes from the core what the command line prints', () => {
    const script = `
      import { forward, network, parse, reference, syntheticCheckpoint, syntheticInput, tensor, variants } from 'spikingresformer'
      const parameters = parse(variants.digits)(syntheticCheckpoint(variants.digits, 3)).right
      const image = tensor([1, 1, 1, 16, 16], syntheticInput([1, 1, 16, 16], 3).data)
      const { data } = forward(network(reference('float64'))(parameters))(4)(image)
      console.log(JSON.stringify(Array.from({ length: 10 }, (_, k) => (data[k] + data[10 + k] + data[20 + k] + data[30 + k]) / 4)))`
    const { stdout } = node(join(folder, 'core'), '--input-type=module', '-e', script)
    const printed = node(everything(), bin, 'trace', 'digits', '--synthetic', '3', '--batch', '1').stdout
    expect(JSON.parse(printed).meanLogits).toEqual([JSON.parse(stdout)])
  })
})

describe('the installed command', () => {
  it('classifies the bundled digits', () => {
    const { status, stdout, stderr } = node(everything(), bin, 'classify', '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout).map(({ top }: { top: { class: number }[] }) => top[0]!.class)).toEqual([2, 3, 4, 5])
    expect(readFileSync(join(everything(), bin), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('runs on threads, and ends', () => {
    const { status, stdout, stderr } = node(everything(), bin, 'classify', '--json', '--threads', '2')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const one = node(everything(), bin, 'classify', '--json').stdout
    expect(stdout.replaceAll('"threads": 2', '"threads": 1')).toBe(one)
  })

  it('draws without control sequences where there is no terminal', () => {
    const { stdout, stderr } = node(everything(), bin, 'classify', '--count', '1')
    expect(stdout).toMatch(/test digit 0: 2, right/)
    expect(stdout + stderr).not.toContain('\u001b')
  })

  it('works without the optional packages, until an image is to be decoded', () => {
    const cwd = join(folder, 'required')
    expect(node(cwd, bin, 'classify', '--count', '1')).toMatchObject({ status: 0, stderr: '' })
    const photo = join(root, 'spec/golden/preprocess/photo.jpg')
    expect(node(cwd, bin, 'classify', photo)).toEqual({
      status: 1,
      stdout: '',
      stderr: `error: ${photo}: images need the optional package sharp; run \`npm install sharp\`\n`,
    })
  })

  it('says why an optional package that is there does not load', () => {
    const sharp = join(folder, 'required/node_modules/sharp')
    const photo = join(root, 'spec/golden/preprocess/photo.jpg')
    const classified = () => node(join(folder, 'required'), bin, 'classify', photo).stderr
    const about = 'the package sharp is installed and does not load'
    writeFileSync(join(sharp, 'index.js'), "throw new Error('it was built for another machine')")
    expect(classified()).toContain(`${about}: it was built for another machine; install it again on this machine`)
    writeFileSync(join(sharp, 'index.js'), "require('@img/nothing')")
    expect(classified()).toContain(`${about}: Cannot find module '@img/nothing'`)
    rmSync(join(sharp, 'index.js'))
    expect(classified()).toContain('images need the optional package sharp')
  })

  it('lists the laws without fast-check, and says how to judge by them', () => {
    const cwd = join(folder, 'required')
    const list = node(everything(), bin, 'laws').stdout
    expect(list).toMatch(/^fire\./m)
    expect(node(cwd, bin, 'laws')).toEqual({ status: 0, stdout: list, stderr: '' })
    for (const options of [['--markdown'], ['--json'], ['--only', 'fire.*']])
      expect(node(cwd, bin, 'laws', ...options)).toEqual(node(everything(), bin, 'laws', ...options))
    expect(node(cwd, bin, 'laws', '--kernels', 'mine.js')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: the laws cannot be loaded: .*fast-check.*; they need fast-check: run `npm install fast-check` .*\n$/,
      ),
    })
  })

  it('exits with 1 where the work failed and with 2 on bad usage', () => {
    expect(node(everything(), bin, 'inspect', 'missing.pth')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: missing\.pth is not a variant, and no file: .*\n$/),
    })
    expect(node(everything(), bin, 'classify', '--nonsense')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: unknown option '--nonsense'\n/),
    })
    expect(node(everything(), bin, '--version')).toEqual({ status: 0, stdout: `${about.version}\n`, stderr: '' })
  })

  it('ends quietly when the reader of its output has gone', async () => {
    const child = spawn(process.execPath, [bin, 'inspect', 'ti', '--json'], { cwd: everything() })
    child.stdout.destroy()
    let complaints = ''
    child.stderr.on('data', (data) => {
      complaints += data
    })
    const code = await new Promise((done) => child.on('close', done))
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
  })
})
