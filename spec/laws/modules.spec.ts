/** Modules made by others, with mistakes that an earlier law set let pass and conduct that the judge handled badly. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.js'

const folder = 'spec/golden/modules'

/** What judging a module by some laws printed, and its exit code. */
const judged = async (name: string, patterns: readonly string[], ...more: readonly string[]) => {
  const printed = { out: '', err: '' }
  const only = patterns.flatMap((pattern) => ['--only', pattern])
  const code = await run(['laws', '--kernels', `${folder}/${name}.mjs`, ...only, ...more], {
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    colour: false,
    bar: () => ({ advance: () => {}, stop: () => {} }),
  })
  return { code, ...printed }
}

/** The ids of the laws that failed. */
const failed = (out: string): readonly string[] => [...out.matchAll(/^fail +(\S+)/gm)].map(([, id]) => id!)

/** A law of its kind for each mistake. */
const mistakes: readonly (readonly [name: string, ...dies: string[]])[] = [
  ['stride-above-2-is-2', 'synapse.sizes', 'network.stages'],
  ['spikes-in-one-32-bit-word', 'synapse.sizes'],
  ['synapse-tail-of-eight-lost', 'synapse.sizes'],
  ['dst-tail-of-eight-lost', 'dst.sizes'],
  ['bgr', 'stem.sizes'],
  ['odd-batch-last-sample-lost', 'synapse.sizes', 'add.sizes', 'meanPool.sizes'],
  ['hold-at-most-4', 'hold.sizes'],
  ['third-block-lost', 'network.stages'],
  ['plif-one-leak-a-block', 'dssa.definition', 'gwsffn.definition'],
  ['membrane-map-in-place', 'pure.fire'],
  ['results-reused', 'pure.hold', 'pure.splitHeads', 'pure.mergeHeads', 'pure.meanPool'],
  ['network-writes-its-weights', 'pure.network'],
  ['parse-geometry', 'parse.tree'],
  ['rate-first-head', 'rate.average'],
  ['spread-key', 'network.definition'],
  ['spread-key-noscope', 'network.definition'],
  ['reuse-meanPool', 'pure.meanPool'],
]

/** Conduct, each with the laws to judge, the exit code, and what is said. */
const conduct: readonly (readonly [name: string, patterns: readonly string[], code: number, said: RegExp])[] = [
  ['exits', ['add.*', 'pool.*'], 1, /^fail +add\.sum +ended its process with exit code 0, in case 1$/m],
  ['empty', [], 1, /nothing was judged/],
  [
    'alltypos',
    [],
    1,
    /stem_ is no operation; the nearest is stem; .*splitheads is no operation; the nearest is splitH/,
  ],
  ['hang', ['pool.*'], 1, /^fail +pool\.constant +did not end within 2 s, in case \d+$/m],
  ['sideeffect', ['add.*'], 0, /^3 pass/m],
  ['inplace', ['pure.add'], 1, /^fail +pure\.add +it changed its argument: x\.a\.data\[0\] = .*, should be 0$/m],
  ['stdout', ['add.sum'], 0, /^loading weights\.\.\.\nadd \[/m],
  ['promise', ['fire.tie', 'add.sum'], 1, /^fail +add\.sum +add returned a Promise, should return its result/m],
  ['throws', ['add.sum'], 1, /^fail +add\.sum +threw 'string'$[\s\S]*--path \d[\d:]*$/m],
  ['throws', ['hold.repeat'], 1, /threw null$/m],
  ['throws', ['pool.mean'], 1, /threw \{"code":7,"msg":"kernel launch failed"\}$/m],
  ['throws', ['classify.impulse'], 1, /threw \{\}$/m],
  ['throws', ['heads.merge'], 1, /threw Symbol\(x\)$/m],
  ['throws', ['stem.impulse'], 1, /threw 42n$/m],
]

describe('a module with a mistake dies by a law of its kind', () => {
  it.each(mistakes)('%s', async (name, ...dies) => {
    const { code, out, err } = await judged(name, dies)
    expect(code).toBe(1)
    expect(failed(out)).toEqual(dies)
    expect(err).toBe(`error: not as expected: ${dies.join(', ')}; each failure can be replayed as its row says\n`)
  })
})

describe('a module that misbehaves is a clear row', () => {
  it.each(conduct)('%s, %s', async (name, patterns, wanted, said) => {
    const { code, out, err } = await judged(name, patterns, '--limit', '2')
    expect(code).toBe(wanted)
    expect(out + err).toMatch(said)
    expect(out === '' || /; law set \d/.test(out)).toBe(true)
  })

  it('prints beside the report: JSON stands alone', async () => {
    const { out } = await judged('stdout', ['add.sum'], '--json')
    expect(JSON.parse(out)).toMatchObject({ rows: [{ id: 'add.sum', status: 'pass' }] })
  })
})

it('an independent implementation that is right passes', async () => {
  const { code, out, err } = await judged('mine', [], '--runs', '10')
  expect({ code, err, failed: failed(out) }).toEqual({ code: 0, err: '', failed: [] })
  expect(out).toMatch(/^\d+ pass, 1 beyond, \d+ missing; law set .*; slowest: \S+, [\d.]+ s$/m)
})

it('judges every module there is', () => {
  const names = readdirSync(folder).map((file) => file.replace('.mjs', ''))
  const all = new Set([...mistakes.map(([name]) => name), ...conduct.map(([name]) => name), 'mine'])
  expect(names.filter((name) => !all.has(name)).sort()).toEqual(['lib', 'reuse-lib'])
})
