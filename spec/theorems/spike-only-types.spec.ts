import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const file = fileURLToPath(new URL('spike-only.types.ts', import.meta.url))
const config = fileURLToPath(new URL('../../tsconfig.json', import.meta.url))
const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(config, ts.sys.readFile).config, ts.sys, '.')
const text = ts.sys.readFile(file) ?? ''
const marked = /^\s*\/\/ @ts-expect-error .*$/gm

/** The lines (from 1) on which the compiler reports errors, with the file's text replaced. */
const errorLines = (source: string): readonly number[] => {
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram([file], options, {
    ...host,
    getSourceFile: (name, language) =>
      name === file ? ts.createSourceFile(name, source, language) : host.getSourceFile(name, language),
  })
  const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(file))
  return [...new Set(diagnostics.map(({ start = 0 }) => source.slice(0, start).split('\n').length))]
}

describe('theorem 1 (a): spikes only, by type', () => {
  it('every marked line is an error, and no other line is', () => {
    expect(errorLines(text)).toEqual([])
  })

  it('without the marks the compiler rejects exactly the lines after them', () => {
    const lines = text.split('\n').flatMap((line, i) => (line.trim().startsWith('// @ts-expect-error') ? [i + 2] : []))
    expect(lines).toHaveLength(15)
    expect(errorLines(text.replaceAll(marked, '//'))).toEqual(lines)
  })
})
