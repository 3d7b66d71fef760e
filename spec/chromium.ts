/** A module of this repository in headless Chromium, in pages that may share memory with threads and in others. @module */
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether there is a Chromium; where there is none, that is said. */
export const there = existsSync(CHROMIUM)
if (!there) console.log(`${CHROMIUM} is not there: the browser tests did not run`)

/** The scripts of a module and all it needs, by file name; the module itself is `page.js`. */
const bundle = async (module: URL): Promise<ReadonlyMap<string, string>> => {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(module), formats: ['es'], fileName: 'page' },
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

/** A browser, and a server of one module at `/isolated/page.js` and at `/plain/page.js`, with pages beside them. */
export interface Site {
  readonly open: (path: '/isolated/' | '/plain/') => Promise<Page>
  readonly close: () => Promise<void>
}

/** Starts a browser for a module, with other scripts beside it. */
export const siteOf = async (module: URL, beside: Readonly<Record<string, string>> = {}): Promise<Site> => {
  const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync']
  const args = ['no-sandbox', 'disable-gpu', 'disable-quic', ...quiet].map((name) => `--${name}`)
  const server = await serve(new Map([...(await bundle(module)), ...Object.entries(beside)]))
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    open: async (path) => {
      const page = await browser.newPage()
      await page.goto(origin + path)
      return page
    },
    close: async () => {
      await browser.close()
      server.close()
    },
  }
}
