/** The built site as files, and a server for it. @module */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where `npm run docs` puts the site. */
export const dist = fileURLToPath(new URL('../../docs/.vitepress/dist/', import.meta.url))

if (!existsSync(dist)) throw new Error('there is no built site: run npm run docs first')

/** The pages, as paths below the site's base. */
export const pages: readonly string[] = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.html') && file !== '404.html')
  .sort()

/** A file of the site as text. */
export const read = (file: string): string => readFileSync(join(dist, file), 'utf8')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
}

/** Serves what `find` finds by a path (null: nothing) on a free port of this machine. */
export const serveFiles = (
  find: (path: string) => Uint8Array | string | null,
  headers: Readonly<Record<string, string>> = {},
): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(({ url = '/' }, response) => {
      const path = decodeURIComponent(url.replace(/[?#].*/, '')).replace(/\/$/, '/index.html')
      const found = find(path)
      response.writeHead(found === null ? 404 : 200, {
        'Content-Type': types[extname(path)] ?? 'application/octet-stream',
        // Hashed names: a browser keeps them, and what it compiled of them.
        ...(path.startsWith('/assets/') ? { 'Cache-Control': 'max-age=3600, immutable' } : {}),
        ...headers,
      })
      response.end(found ?? '')
    })
    server.listen(0, '127.0.0.1', () => {
      resolve(server)
    })
  })

/** The file at a path below a folder. */
export const fileIn =
  (folder: string) =>
  (path: string): Uint8Array | null => {
    const file = join(folder, path)
    return file.startsWith(folder) && existsSync(file) ? readFileSync(file) : null
  }

/** Serves the site; isolated, its pages may share memory with threads. */
export const serve = ({ isolated = false } = {}): Promise<Server> =>
  serveFiles(
    fileIn(dist),
    isolated ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } : {},
  )
