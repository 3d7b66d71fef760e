import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mistake } from './mistakes.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Whether a program is there and runs. */
const runs = (program: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The system's C compiler, where it has one; the tests of the port in C say in their names that they need it. */
export const hasCompiler = runs('cc', '--version')

/** Debian's Python with numpy, where the machine has it. */
export const hasNumpy = runs('/usr/bin/python3', '-c', 'import numpy')

/** The flags that keep every operation's rounding. */
export const FLAGS: readonly string[] = ['-std=c99', '-O2', '-ffp-contract=off']

/** Folders that are removed when the process ends. */
const folders: string[] = []
const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ports-c-'))
  if (folders.push(folder) === 1)
    process.on('exit', () => {
      for (const each of folders) rmSync(each, { recursive: true, force: true })
    })
  return folder
}

const compiled = (source: string, flags: readonly string[]): string => {
  const program = join(temporary(), 'spikingresformer')
  execFileSync('cc', [...flags, '-o', program, source, '-lm'], { stdio: 'pipe' })
  return program
}

/** Compiles the port in C into a folder that is removed when the process ends, and gives the program's path. */
export const builtC = (flags: readonly string[] = FLAGS): string => compiled(join(root, 'ports/c/main.c'), flags)

/** Compiles the port in C with a mistake in it. */
export const builtWith = ([name, , from, to, flags = FLAGS]: Mistake): string => {
  const folder = temporary()
  cpSync(join(root, 'ports/c'), folder, { recursive: true })
  const header = join(folder, 'spikingresformer.h')
  const text = readFileSync(header, 'utf8')
  if (!text.includes(from)) throw new Error(`${name}: its place is not in spikingresformer.h`)
  if (from !== '')
    writeFileSync(
      header,
      text.replaceAll(from, () => to),
    )
  return compiled(join(folder, 'main.c'), [...flags, '-w'])
}
