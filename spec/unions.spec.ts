/** A union that grows is a compile error wherever it is not handled: tried, by growing each. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile).config,
  ts.sys,
  root,
)
const options: ts.CompilerOptions = { ...config.options, noEmit: true }
const host = ts.createCompilerHost(options)
const parsed = new Map<string, ts.SourceFile | undefined>()

/** The files of `src/` that do not compile where `file` reads as `change` makes it. */
const broken = (file: string, change: (text: string) => string): readonly string[] => {
  const path = join(root, file)
  const text = change(readFileSync(path, 'utf8'))
  const program = ts.createProgram(config.fileNames, options, {
    ...host,
    getSourceFile: (name, version) => {
      if (name === path) return ts.createSourceFile(name, text, version, true)
      if (!parsed.has(name)) parsed.set(name, host.getSourceFile(name, version))
      return parsed.get(name)
    },
  })
  const wrong = ts.getPreEmitDiagnostics(program).flatMap(({ file: found }) => (found ? [found.fileName] : []))
  return [...new Set(wrong.map((name) => relative(root, name)))].sort()
}

/** The same text with one thing put for another that must be there. */
const swapped =
  (from: string, to: string) =>
  (text: string): string => {
    expect(text.split(from)).toHaveLength(2)
    return text.replace(from, to)
  }

describe('a union that grows fails to compile wherever it is not handled', () => {
  it('nothing fails as it is', () => {
    expect(broken('src/model/kernels.ts', (text) => text)).toEqual([])
  }, 120_000)

  it('a fourth charge', () => {
    const grown = swapped("  | { readonly kind: 'IF' }", "  | { readonly kind: 'IF' }\n  | { readonly kind: 'QIF' }")
    expect(broken('src/model/kernels.ts', grown)).toEqual(
      expect.arrayContaining([
        'src/checkpoint/configuration.ts',
        'src/cli/inspect.ts',
        'src/compiled/machine/neuron.ts',
        'src/interpreters/cost.ts',
        'src/interpreters/gradient/neuron.ts',
        'src/interpreters/multiplier-free/neuron.ts',
        'src/interpreters/reference/neuron.ts',
        'src/laws/bits/specification.ts',
        'src/laws/model/tree.ts',
        'src/laws/operations/neuron.ts',
        'src/model/config.ts',
        'src/model/parameters.ts',
      ]),
    )
  }, 120_000)

  it('a third reset', () => {
    const grown = swapped("| { readonly kind: 'soft' }", "| { readonly kind: 'soft' } | { readonly kind: 'none' }")
    expect(broken('src/model/kernels.ts', grown)).toEqual(
      expect.arrayContaining([
        'src/checkpoint/configuration.ts',
        'src/compiled/machine/neuron.ts',
        'src/interpreters/multiplier-free/neuron.ts',
        'src/interpreters/reference/neuron.ts',
        'src/laws/operations/neuron.ts',
        'src/model/config.ts',
      ]),
    )
  }, 120_000)

  it('a third stem', () => {
    const grown = swapped("| { readonly kind: 'plain' }", "| { readonly kind: 'plain' } | { readonly kind: 'patches' }")
    expect(broken('src/model/config.ts', grown)).toEqual(
      expect.arrayContaining([
        'src/checkpoint/configuration.ts',
        'src/laws/given-network.ts',
        'src/laws/model/tree.ts',
        'src/model/config.ts',
      ]),
    )
  }, 120_000)

  it('a third scale of attention in training', () => {
    const grown = swapped("{ readonly kind: 'rates' } |", "{ readonly kind: 'rates' } | { readonly kind: 'learnt' } |")
    expect(broken('src/interpreters/gradient/training.ts', grown)).toEqual(
      expect.arrayContaining(['src/interpreters/gradient/training.ts', 'src/tasks/training/epoch.ts']),
    )
  }, 120_000)

  it('another operation of the dictionary', () => {
    const grown = swapped(
      '  readonly meanPool: Signature',
      '  readonly relu: Signature<null, readonly [x: C], readonly [y: C]>\n  readonly meanPool: Signature',
    )
    expect(broken('src/model/operation.ts', grown)).toEqual(
      expect.arrayContaining([
        'src/compiled/compiler/layers.ts',
        'src/compiled/compiler/lower.ts',
        'src/compiled/compiler/sources.ts',
        'src/compiled/training/nodes.ts',
        'src/interpreters/cost.ts',
        'src/model/operation.ts',
        'src/observers/architecture.ts',
        'src/observers/progress.ts',
      ]),
    )
  }, 120_000)
})
