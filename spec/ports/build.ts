import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** Compiles the port in C into a folder that is removed when the process ends, and gives the program's path. */
export const builtC = ({ flags = FLAGS, source = join(root, 'ports/c/main.c') } = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ports-c-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'spikingresformer')
  execFileSync('cc', [...flags, '-o', program, source, '-lm'], { stdio: 'pipe' })
  return program
}
