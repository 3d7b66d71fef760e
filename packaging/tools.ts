/** Where this folder's tools are, and how a program is run with one. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const modules = join(import.meta.dirname, 'node_modules')

/** A file of an installed tool. */
export const bin = (name: string, path: string): string => join(modules, name, path)

/** The first of a scope's packages that has the file: engines come as a package a platform. */
const platform = (scope: string, path: string): string | null => {
  const folders = existsSync(join(modules, scope)) ? readdirSync(join(modules, scope)) : []
  return folders.map((name) => join(modules, scope, name, path)).find(existsSync) ?? null
}

/** What runs a module, by name; an engine has no build for every platform. */
export const engines: readonly (readonly [name: string, command: readonly string[] | null])[] = [
  ['node', [process.execPath]],
  ['bun', ((found) => (found === null ? null : [found, 'run']))(platform('@oven', 'bin/bun'))],
  [
    'deno',
    ((found) => (found === null ? null : [found, 'run', '--no-prompt', '--allow-all']))(platform('@deno', 'deno')),
  ],
]

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command, without the colours and the look-ups of a terminal. */
export const run = (cwd: string, [command, ...args]: readonly string[]): Promise<Ran> =>
  new Promise((done, fail) => {
    const environment = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DENO_DIR: join(cwd, '.deno') }
    const child = spawn(command!, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    child.on('error', fail)
    child.on('close', (code) => done({ code, out, err }))
  })

/** What a command printed; fails with what it complained of. */
export const printed = async (cwd: string, command: readonly string[]): Promise<string> => {
  const { code, out, err } = await run(cwd, command)
  if (code !== 0 || err !== '') throw new Error(`${command.join(' ')} exited with ${code}:\n${out}${err}`)
  return out
}
