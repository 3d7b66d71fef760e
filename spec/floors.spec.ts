import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../src/', import.meta.url))

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('assembly'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

const imports = (text: string): readonly string[] =>
  [/\bfrom '([^'\n]+)'$/gm, /\bimport\('([^'\n]+)'\)/g, /^import '([^'\n]+)'$/gm].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, path]) => path!),
  )

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'|`[^`]*`/gm, '')

/** Relative imports, as paths from src/. */
const inside = ({ file, text }: { readonly file: string; readonly text: string }): readonly string[] =>
  imports(text)
    .filter((path) => path.startsWith('.'))
    .map((path) => relative(root, normalize(join(root, dirname(file), path))))

const floorOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'entry')

/** What each floor may import from, besides itself. */
const below: Readonly<Record<string, readonly string[]>> = {
  core: [],
  input: ['core'],
  model: ['core'],
  checkpoint: ['core', 'model'],
  interpreters: ['core', 'model', 'observers'],
  observers: ['core', 'model'],
  compiled: ['core', 'model', 'interpreters'],
  laws: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers'],
  tasks: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers', 'compiled', 'laws'],
  node: ['core', 'input', 'checkpoint'],
  cli: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers', 'compiled', 'tasks', 'node', 'entry'],
  entry: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers', 'compiled', 'laws', 'node'],
}

describe('the floors of src/', () => {
  it('are all known, and there are sources to read', () => {
    expect(sources.length).toBeGreaterThan(20)
    expect([...new Set(sources.map(({ file }) => floorOf(file)))].filter((floor) => !(floor in below))).toEqual([])
  })

  it('a file imports only from lower floors', () => {
    const wrong = sources.flatMap((source) =>
      inside(source)
        .filter(
          (path) => floorOf(path) !== floorOf(source.file) && !below[floorOf(source.file)]!.includes(floorOf(path)),
        )
        .map((path) => `${source.file} imports ${path}`),
    )
    expect(wrong).toEqual([])
  })

  it('an interpreter knows the dictionary alone, of all the model', () => {
    const wrong = sources
      .filter(({ file }) => floorOf(file) === 'interpreters')
      .flatMap((source) =>
        inside(source)
          .filter((path) => floorOf(path) === 'model' && !['model/kernels.js', 'model/operation.js'].includes(path))
          .map((path) => `${source.file} imports ${path}`),
      )
    expect(wrong).toEqual([])
  })

  it('the core stands on fp-ts alone', () => {
    const wrong = sources
      .filter(({ file }) => ['core', 'model', 'interpreters'].includes(floorOf(file)))
      .flatMap(({ file, text }) =>
        imports(text)
          .filter((path) => !path.startsWith('.') && !/^fp-ts\/lib\/[A-Za-z]+\.js$/.test(path))
          .map((path) => `${file} imports ${path}`),
      )
    // The threads of the WebAssembly interpreter reach Node's workers by a dynamic import.
    expect(wrong.filter((line) => !/^compiled\/wasm\/.* imports node:worker_threads$/.test(line))).toEqual([])
  })

  it('has no default exports, no classes and no any', () => {
    const wrong = sources.flatMap(({ file, text }) =>
      [/\bexport default\b/, /^\s*(export )?(abstract )?class \w/m, /: any\b|<any>|as any\b/]
        .filter((pattern) => pattern.test(withoutComments(text)))
        .map((pattern) => `${file} has ${pattern.source}`),
    )
    expect(wrong).toEqual([])
  })

  it('network, attention and feed-forward fit on two screens', () => {
    const lines = ['model/network.ts', 'model/dssa.ts', 'model/gwsffn.ts'].map(
      (file) => readFileSync(join(root, file), 'utf8').split('\n').length,
    )
    expect(lines.reduce((x, y) => x + y)).toBeLessThan(180)
  })
})
