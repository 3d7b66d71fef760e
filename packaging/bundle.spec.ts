/** Bundled for pages by four bundlers without options, and as one module: the bits of Node, on one thread and two. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import commonjs from '@rollup/plugin-commonjs'
import nodeResolve from '@rollup/plugin-node-resolve'
import * as esbuild from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { rollup } from 'rollup'
import { createLogger, build as viteBuild } from 'vite'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import webpack from 'webpack'
import { printed, run } from './tools.js'

const project = join(inject('folder'), 'bundles')
const out = join(project, 'out')
const entry = join(project, 'page.js')
const node = process.execPath

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const there = existsSync(CHROMIUM)
if (!there) console.log(`${CHROMIUM} is not there: the bundles were built, and did not run in a page`)

/** Each bundler writes a file that a page loads, and gives what it warned of. */
const bundlers: Readonly<
  Record<string, () => Promise<{ readonly file: string; readonly warnings: readonly string[] }>>
> = {
  esbuild: async () => {
    const file = join(out, 'esbuild.js')
    const { warnings } = await esbuild.build({ entryPoints: [entry], bundle: true, outfile: file, logLevel: 'silent' })
    return { file, warnings: warnings.map(({ text }) => text) }
  },
  webpack: async () => {
    const compiler = webpack({
      context: project,
      entry,
      mode: 'production',
      output: { path: out, filename: 'webpack.js' },
    })
    const stats = await new Promise<webpack.Stats | undefined>((done, fail) => {
      compiler.run((error, result) => (error ? fail(error) : done(result)))
    })
    const { errors, warnings } = stats!.toJson({ all: false, errors: true, warnings: true })
    return { file: join(out, 'webpack.js'), warnings: [...errors!, ...warnings!].map(({ message }) => message) }
  },
  rollup: async () => {
    const warnings: string[] = []
    const onwarn = ({ message }: { readonly message: string }): void => void warnings.push(message)
    const bundle = await rollup({ input: entry, plugins: [nodeResolve(), commonjs()], onwarn })
    await bundle.write({ file: join(out, 'rollup.js') })
    return { file: join(out, 'rollup.js'), warnings }
  },
  vite: async () => {
    const warnings: string[] = []
    const warn = (text: string): void => void warnings.push(text)
    writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="./page.js"></script>')
    const customLogger = { ...createLogger('silent'), warn, warnOnce: warn, error: warn }
    const built = await viteBuild({
      root: project,
      configFile: false,
      customLogger,
      build: { outDir: join(out, 'vite') },
    })
    if (!('output' in built)) throw new Error('vite built more than one bundle')
    return { file: join(out, 'vite', built.output.find(({ type }) => type === 'chunk')!.fileName), warnings }
  },
}

const built = new Map<string, { readonly file: string; readonly warnings: readonly string[] }>()

const serve = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(({ url = '/' }, response) => {
      const isolation = /^\/(isolated|strict)\//.test(url)
        ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
        : {}
      // Scripts of this origin and no others: neither WebAssembly nor a worker made of text.
      const policy = url.startsWith('/strict/')
        ? { 'Content-Security-Policy': "script-src 'self' 'unsafe-inline'" }
        : {}
      const file = built.get(url.split('/').at(-1)!)?.file
      response.writeHead(200, {
        'Content-Type': file === undefined ? 'text/html' : 'text/javascript',
        ...isolation,
        ...policy,
      })
      response.end(
        file === undefined
          ? `<!doctype html><link rel="icon" href="data:,"><title>page</title>
             <script type="importmap">{ "imports": { "spikingresformer": "./module" } }</script>`
          : readFileSync(file),
      )
    })
    server.listen(0, '127.0.0.1', () => {
      resolve(server)
    })
  })

let server: Server
let browser: Browser | null = null
let expected: readonly number[]

beforeAll(async () => {
  mkdirSync(project)
  symlinkSync(join(inject('folder'), 'npm/node_modules'), join(project, 'node_modules'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  for (const name of ['page.js', 'reference.js', 'files.js'])
    writeFileSync(join(project, name), readFileSync(join(import.meta.dirname, 'programs', name)))
  expected = JSON.parse(await printed(project, [node, 'reference.js']))
  for (const [name, build] of Object.entries(bundlers)) built.set(name, await build())
  built.set('page.js', { file: entry, warnings: [] })
  built.set('module', {
    file: join(project, 'node_modules/spikingresformer/dist/browser/spikingresformer.js'),
    warnings: [],
  })
  server = await serve()
  if (!there) return
  const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync']
  const args = ['no-sandbox', 'disable-gpu', 'disable-quic', ...quiet].map((name) => `--${name}`)
  browser = await chromium.launch({ executablePath: CHROMIUM, args })
})
afterAll(async () => {
  await browser?.close()
  server.close()
})

interface Outcome {
  readonly logits: readonly (readonly number[])[]
  readonly threads: readonly number[]
  readonly kernels: readonly string[]
  readonly notice: string | null
}

const inPage = async (folder: string, script: string): Promise<Outcome> => {
  const page = await browser!.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}/`)
  // As text, since the test runner rewrites imports inside functions.
  const outcome = await page.evaluate<Outcome>(`import('./${script}').then(() => runAll())`)
  await page.close()
  expect(complaints).toEqual([])
  return outcome
}

describe.each([...Object.keys(bundlers), 'page.js'])('%s', (name) => {
  it('bundles without a warning', () => {
    expect(built.get(name)!.warnings).toEqual([])
  })

  it.skipIf(!there)('runs in a page on one thread and on two, bit for bit', async () => {
    expect(await inPage('isolated', name)).toEqual({
      logits: [expected, expected],
      threads: [1, 2],
      kernels: ['wasm', 'wasm'],
      notice: null,
    })
  })

  it.skipIf(!there)('runs in a page that may not share memory on one, and says so', async () => {
    const { logits, threads, notice } = await inPage('plain', name)
    expect({ logits, threads }).toEqual({ logits: [expected, expected], threads: [1, 1] })
    expect(notice).toMatch(/^This page may not share memory with threads/)
  })
})

describe.each(['esbuild', 'page.js'])('under a strict policy, %s', (name) => {
  it.skipIf(!there)('runs in plain TypeScript on one thread, bit for bit, and says so', async () => {
    const { logits, threads, kernels, notice } = await inPage('strict', name)
    expect({ logits, threads, kernels }).toEqual({
      logits: [expected, expected],
      threads: [1, 1],
      kernels: ['fast', 'fast'],
    })
    expect(notice).toMatch(/WebAssembly/)
  })
})

describe('bundled for Node', () => {
  const behind = (name: string): string =>
    `data/${name} of the package spikingresformer was left behind when this program was bundled; keep spikingresformer/node out of the bundle (external), or read a copy of the file`

  it.each(['esm', 'cjs'] as const)(
    'as %s, it loads, says what was left behind, and reads the user’s files',
    async (format) => {
      const outfile = join(out, format, 'deep', `files.${format === 'esm' ? 'mjs' : 'cjs'}`)
      await esbuild.build({
        entryPoints: [join(project, 'files.js')],
        bundle: true,
        platform: 'node',
        format,
        outfile,
        external: ['sharp'],
        logLevel: 'silent',
      })
      const own = join(project, 'node_modules/spikingresformer/data/digits.safetensors')
      expect((await printed(join(out, format), [node, outfile, own])).split('\n')).toEqual([
        'loaded',
        behind('digits.safetensors'),
        behind('digits.csv'),
        '211',
        'written',
        '',
      ])
    },
  )

  it('does not take another project’s folder for its own', async () => {
    const other = join(project, 'other')
    for (const name of ['data', 'dist/deep']) mkdirSync(join(other, name), { recursive: true })
    writeFileSync(join(other, 'package.json'), '{ "name": "other", "type": "module" }')
    writeFileSync(join(other, 'data/digits.csv'), 'something else')
    const outfile = join(other, 'dist/deep/files.js')
    await esbuild.build({
      entryPoints: [join(project, 'files.js')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      external: ['sharp'],
      logLevel: 'silent',
    })
    expect((await run(other, [node, outfile, 'absent'])).out).toContain(behind('digits.csv'))
  })
})
