/** The package as npm and pnpm install it: its programs, its types, its command, and other engines. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { bin, engines, printed, run } from './tools.js'

const folder = inject('folder')
const at = (...names: readonly string[]): string => join(folder, ...names)
const program = (name: string): string => readFileSync(join(import.meta.dirname, 'programs', name), 'utf8')
const managers = ['npm', 'pnpm'] as const
const node = process.execPath

beforeAll(() => {
  for (const manager of managers)
    for (const name of ['page.js', 'run.js', 'reference.js', 'files.js'])
      writeFileSync(at(manager, name), program(name))
})

describe('installed with', () => {
  it.each(managers)('%s, the package runs and reads its files', async (manager) => {
    expect((await printed(at(manager), [node, 'files.js'])).split('\n')).toEqual([
      'loaded',
      'data/digits.safetensors',
      '1797',
      '211',
      'written',
      '',
    ])
    const command = at(manager, 'node_modules/.bin/spikingresformer')
    expect(JSON.parse(await printed(at(manager), [command, 'classify', '--count', '1', '--json']))).toHaveLength(1)
  })
})

describe('the program in the README', () => {
  it('finds fp-ts where pnpm was told of it beside the package, as the README says, and only there', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    const [, text] = /```ts\n(import \* as Either from 'fp-ts[\s\S]*?)```/.exec(readme)!
    const said = /`pnpm add spikingresformer (fp-ts)`/.exec(readme)!
    writeFileSync(at('pnpm', 'readme.mjs'), text!)
    const { code, err } = await run(at('pnpm'), [node, 'readme.mjs'])
    expect([code, err]).toEqual([1, expect.stringContaining("Cannot find package 'fp-ts'")])
    mkdirSync(at('beside'))
    writeFileSync(at('beside', 'package.json'), '{ "private": true, "type": "module" }\n')
    writeFileSync(at('beside', 'readme.mjs'), text!)
    const pnpm = [node, bin('pnpm', 'bin/pnpm.cjs'), '--store-dir', at('store'), 'add']
    expect((await run(at('beside'), [...pnpm, '../spikingresformer.tgz', said[1]!])).code).toBe(0)
    expect(await printed(at('beside'), [node, 'readme.mjs'])).toBe('')
  })
})

describe('the engine', () => {
  let reference: readonly number[] = []
  beforeAll(async () => {
    reference = JSON.parse(await printed(at('npm'), [node, 'reference.js']))
    expect(reference).toHaveLength(40)
  })

  it.each(engines)('%s gives the bits of the reference, on one thread and on two', async (name, command) => {
    if (command === null) {
      console.log(`there is no ${name} for this platform: it was not tried`)
      return
    }
    const ran = JSON.parse(await printed(at('npm'), [...command, 'run.js']))
    expect(ran.logits).toEqual([reference, reference])
    // Where an engine refuses threads, one line says so.
    expect([ran.threads, ran.notice === null]).toEqual([[1, ran.notice === null ? 2 : 1], ran.threads[1] === 2])
    const files = await printed(at('npm'), [...command, 'files.js'])
    expect(files).toMatch(/^loaded\ndata.digits\.safetensors\n1797\n211\nwritten\n$/)
  })
})

describe('every bit of float32', () => {
  const root = resolve(import.meta.dirname, '..')
  const golden = readFileSync(join(root, 'spec/golden/float32.json'), 'utf8')
  const cifar = 'trace cifar --synthetic 7 --image-size 32 --steps 4 --classes 10 --batch 2 --precision float32'

  it.each(engines.filter(([name]) => name !== 'node'))(
    '%s computes the golden trace, and the reference keeps the laws there',
    async (name, command) => {
      if (command === null) {
        console.log(`there is no ${name} for this platform: it was not tried`)
        return
      }
      const main = join(root, 'dist/cli/main.js')
      expect(await printed(root, [...command, main, ...cifar.split(' ')])).toBe(golden)
      const { passed, wrong } = JSON.parse(await printed(root, [...command, join(root, 'packaging/programs/laws.js')]))
      expect(wrong).toEqual([])
      expect(passed).toBeGreaterThan(200)
    },
  )
})

describe('the declarations', () => {
  const versions = ['5.4', '5.6', '5.7', '5.9', '6.0']
  // No types but those that are imported: a folder above may have some of its own.
  const strict = [
    '--strict',
    '--skipLibCheck',
    'false',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--typeRoots',
    'none',
  ]
  const entries = [
    'spikingresformer',
    'spikingresformer/browser',
    'spikingresformer/node',
    'spikingresformer/pytorch',
    'spikingresformer/training',
  ]
  const compiler = (version: string) => [node, bin(`typescript-${version}`, 'bin/tsc'), ...strict]

  beforeAll(async () => {
    // Every exported value again, with nothing but inferred types: what a program that wraps it would declare.
    for (const entry of entries) {
      const listing = `console.log(JSON.stringify(Object.keys(await import('${entry}'))))`
      const names: readonly string[] = JSON.parse(
        await printed(at('pnpm'), [node, '--input-type=module', '-e', listing]),
      )
      expect(names.length).toBeGreaterThan(1)
      const again = names.map((name) => `export const my_${name} = it.${name}`)
      writeFileSync(
        at('pnpm', `${entry.replace('/', '-')}.ts`),
        [`import * as it from '${entry}'`, ...again].join('\n'),
      )
    }
    mkdirSync(at('pnpm', 'used'))
    writeFileSync(at('pnpm/used/page.ts'), program('used.ts'))
  })

  it.each(versions)(
    'compile with TypeScript %s and the library ES2022 alone, and can be named again',
    async (version) => {
      const files = entries.map((entry) => `${entry.replace('/', '-')}.ts`)
      const options = ['--lib', 'es2022', '--declaration', '--outDir', `out-${version}`]
      expect(await printed(at('pnpm'), [...compiler(version), ...options, ...files, 'used/page.ts'])).toBe('')
      const declared = readFileSync(at('pnpm', `out-${version}`, 'spikingresformer.d.ts'), 'utf8')
      expect(declared).toContain('export declare const my_parse:')
    },
  )

  it('compile beside the types of a page', async () => {
    const options = ['--lib', 'es2022,dom', '--noEmit']
    expect(await printed(at('pnpm'), [...compiler('5.9'), ...options, 'spikingresformer.ts', 'used/page.ts'])).toBe('')
  })
})
