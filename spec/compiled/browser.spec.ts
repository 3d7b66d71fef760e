/** The fast paths in headless Chromium: the hashes of Node, with threads where the page is cross-origin isolated. */
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runAll } from './page.js'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const there = existsSync(CHROMIUM)
if (!there) console.log(`${CHROMIUM} is not there: the browser tests did not run`)

/** The scripts of the page, by file name. */
const bundle = async (): Promise<ReadonlyMap<string, string>> => {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('page.ts', import.meta.url)), formats: ['es'], fileName: 'page' },
    },
  })) as Rolldown.RolldownOutput[]
  return new Map(
    built
      .flatMap(({ output }) => output)
      .flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code]] : [])),
  )
}

const serve = (scripts: ReadonlyMap<string, string>): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(({ url = '/' }, response) => {
      const isolation = url.startsWith('/isolated/')
        ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
        : {}
      const script = scripts.get(url.slice(url.lastIndexOf('/') + 1))
      const type = script === undefined ? 'text/html' : 'text/javascript'
      response.writeHead(200, { 'Content-Type': type, ...isolation })
      response.end(script ?? '<!doctype html><link rel="icon" href="data:,"><title>page</title>')
    })
    server.listen(0, '127.0.0.1', () => {
      resolve(server)
    })
  })

describe.skipIf(!there)('in Chromium', () => {
  let browser: Browser
  let server: Server
  let expected: readonly Ran[]
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  beforeAll(async () => {
    const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync']
    const args = ['no-sandbox', 'disable-gpu', 'disable-quic', ...quiet].map((name) => `--${name}`)
    server = await serve(await bundle())
    browser = await chromium.launch({ executablePath: CHROMIUM, args })
    expected = await runAll()
  })

  afterAll(async () => {
    await browser.close()
    server.close()
  })

  const inPage = async (path: string): Promise<{ readonly ran: readonly Ran[]; readonly isolated: boolean }> => {
    const page = await browser.newPage()
    await page.goto(origin() + path)
    // As text, since the test runner rewrites imports inside functions.
    const outcome = await page.evaluate<{ readonly ran: readonly Ran[]; readonly isolated: boolean }>(
      `import('${path}page.js').then(({ runAll }) => runAll()).then((ran) => ({ ran, isolated: crossOriginIsolated }))`,
    )
    await page.close()
    return outcome
  }

  it('gives one hash in Node, whatever runs', () => {
    expect(expected.map(({ kernels, threads }) => [kernels, threads])).toEqual([
      ['fast', 1],
      ['wasm', 1],
      ['wasm', 2],
    ])
    expect(new Set(expected.map(({ hash }) => hash)).size).toBe(1)
  })

  it('gives the same in a cross-origin isolated page, threads included', async () => {
    const { ran, isolated } = await inPage('/isolated/')
    expect(isolated).toBe(true)
    expect(ran).toEqual(expected)
  })

  it('reads a checkpoint in shared memory, where there is some', async () => {
    const page = await browser.newPage()
    await page.goto(`${origin()}/isolated/`)
    expect(await page.evaluate(`import('/isolated/page.js').then(({ readShared }) => readShared())`)).toEqual([
      [1, 2],
      [1, 2],
    ])
    await page.close()
  })

  it('gives the same in any other page, on one thread and with a notice', async () => {
    const { ran, isolated } = await inPage('/plain/')
    expect(isolated).toBe(false)
    expect(ran.slice(0, 2)).toEqual(expected.slice(0, 2))
    expect(ran[2]).toEqual({
      kernels: 'wasm',
      threads: 1,
      notice: 'This page may not share memory with threads; running on one.',
      hash: expected[0]!.hash,
    })
  })
})
