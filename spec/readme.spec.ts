import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Currents } from '../src/core/tensor.js'
import * as index from '../src/index.js'

const api = new Map<string, unknown>(Object.entries(index))

const root = fileURLToPath(new URL('../', import.meta.url))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

describe('what the documentation says', () => {
  it.each(pages)('%s links to files that are there', (page) => {
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, link]) => link!,
    )
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)))
    expect(missing).toEqual([])
  })

  it('the README’s program runs as it stands', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const imported = /import \{ ([^}]+) \} from 'spikingresformer'/.exec(block)?.[1]?.split(', ') ?? []
    expect(imported.filter((name) => !api.has(name))).toEqual([])
    const body = block.replace(/^import .*$/gm, '')
    const run = new Function('Either', ...imported, `${body}\nreturn logits`)
    const logits = run(Either, ...imported.map((name) => api.get(name))) as Currents
    expect(logits.shape).toEqual([4, 1, 10])
    expect(logits.data.every(Number.isFinite)).toBe(true)
  })
})
