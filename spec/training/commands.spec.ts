/** The commands about training: what they measured is what they measure, and what is missing is said in one sentence. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const run = (...args: readonly string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })

interface Measured {
  readonly runs: readonly { readonly scale: string; readonly seed: number; readonly rows: readonly unknown[] }[]
}

const read = (file: string): Measured => JSON.parse(readFileSync(file, 'utf8')) as Measured

describe('npm run theory', () => {
  it('measures of a network before its first epoch what the page has of it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'theory-'))
    try {
      const out = join(folder, 'measured.json')
      const { status, stderr } = run(
        ...['scripts/theory.mjs', '--epochs', '0', '--seeds', '1', '--scales', 'constant', '--folder', folder],
        ...['--out', out],
      )
      expect([status, stderr]).toEqual([0, ''])
      const [found] = read(out).runs
      const drawn = read(join(root, 'docs/data/theory-training.json')).runs.find(
        ({ scale, seed }) => scale === 'constant' && seed === 1,
      )
      expect(found).toEqual({ scale: 'constant', seed: 1, rows: drawn!.rows.slice(0, 1) })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 120_000)
})

describe('npm run transfer', () => {
  it('says where its images should be', () => {
    const { status, stderr } = run('scripts/transfer.mjs', '--from', '/nowhere')
    expect([status, stderr]).toEqual([
      1,
      "/nowhere is not there: install Debian's dataset-fashion-mnist, or say where its files are with --from\n",
    ])
  }, 60_000)
})
