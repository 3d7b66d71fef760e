/** The workflow that docs/port.md gives a porter: each of its commands, in a folder with a port and nothing else. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { parse } from 'yaml'
import { builtC, builtWith, hasCompiler } from '../spec/ports/build.js'
import { mistakes } from '../spec/ports/mistakes.js'
import { type Ran, run } from './tools.js'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: { readonly 'node-version'?: number; readonly path?: string }
}

const root = resolve(import.meta.dirname, '..')
const { version, engines, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const page = readFileSync(join(root, 'docs/port.md'), 'utf8')
const text = /^```yaml\n([\s\S]*?)^```$/m.exec(page)![1]!
const { jobs } = parse(text) as { readonly jobs: { readonly [name: string]: { readonly steps: readonly Step[] } } }
const steps = Object.values(jobs).flatMap((job) => job.steps)
const commands = steps.flatMap(({ run: command }) => (command === undefined ? [] : [command]))

/**
 * Runs the commands as the runner does, each whatever became of the ones before, with the packed package as the pinned one;
 * the laws with options that make them shorter, as every law judges the port in C in `spec/ports`.
 */
const ran = async (name: string, program: string, shorter: string): Promise<readonly Ran[]> => {
  const folder = join(inject('folder'), name)
  mkdirSync(folder)
  copyFileSync(program, join(folder, 'port'))
  for (const does of ['serve', 'replay'])
    writeFileSync(join(folder, does), `#!/bin/sh\nexec ./port ${does} "$@"\n`, { mode: 0o755 })
  const results: Ran[] = []
  for (const command of commands)
    results.push(
      await run(folder, [
        'bash',
        '-e',
        '-c',
        command
          .replace(`spikingresformer@${version}`, '../spikingresformer.tgz')
          .replace('spikingresformer laws ', `spikingresformer laws ${shorter} `),
      ]),
    )
  return results
}

const reportOf = (name: string): string => {
  const { path } = steps.findLast((step) => step.with?.path !== undefined)!.with!
  return readFileSync(join(inject('folder'), name, path!), 'utf8')
}

describe('the workflow of docs/port.md', () => {
  it('pins what it installs, on a Node that the package runs on', () => {
    expect(commands[0]).toBe(
      `npm install --no-save spikingresformer@${version} fast-check@${devDependencies['fast-check']}`,
    )
    const node = steps.find((step) => step.with?.['node-version'] !== undefined)!.with!['node-version']!
    expect(node).toBeGreaterThanOrEqual(Math.ceil(Number.parseFloat(engines.node.replace('>=', ''))))
  })

  it.skipIf(!hasCompiler)('passes the port in C (needs cc)', async () => {
    const results = await ran('right', builtC(), '--runs 5')
    expect(results.map(({ code, err }) => (code === 0 ? 'well' : err))).toEqual(commands.map(() => 'well'))
    expect(reportOf('right')).toMatch(/<testsuite [^>]*failures="0"/)
  })

  it.skipIf(!hasCompiler)(
    'fails one that fires above the threshold only, by vectors and by laws (needs cc)',
    async () => {
      const wrong = builtWith(mistakes.find(([id]) => id === 'tie')!)
      const [installed, vectors, laws] = await ran('wrong', wrong, "--only 'fire.*'")
      expect([installed!.code, vectors!.code, laws!.code]).toEqual([0, 1, 1])
      expect(vectors!.out).toMatch(/^fire\.\S+: output 0/m)
      expect(laws!.err).toMatch(/^error: not as expected: .*\bfire\.tie\b/)
      expect(reportOf('wrong')).toMatch(/<testcase [^>]*name="fire\.tie"[^>]*>\s*<failure/)
    },
  )
})
