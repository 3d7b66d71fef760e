/** Packs the package once, and installs it with npm and with pnpm, each into a fresh folder. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bin } from './tools.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with the tarball, and the projects `npm` and `pnpm` with nothing but the package. */
    readonly folder: string
  }
}

export const setup = ({ provide }: TestProject): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'spikingresformer-install-'))
  const run = (cwd: string, command: string, ...args: readonly string[]): string => {
    const environment = { ...process.env, npm_config_store_dir: join(folder, 'store'), CI: 'true' }
    return execFileSync(command, args, { cwd, encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  }
  const root = resolve(import.meta.dirname, '..')
  const [{ filename }] = JSON.parse(
    run(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder),
  )
  renameSync(join(folder, filename), join(folder, 'spikingresformer.tgz'))
  for (const name of ['npm', 'pnpm']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'package.json'), '{ "private": true, "type": "module" }\n')
  }
  run(join(folder, 'npm'), 'npm', 'install', '--no-audit', '--no-fund', '../spikingresformer.tgz')
  run(join(folder, 'pnpm'), process.execPath, bin('pnpm', 'bin/pnpm.cjs'), 'add', '../spikingresformer.tgz')
  provide('folder', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
