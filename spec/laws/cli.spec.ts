/** `laws` on the command line: the list, and judging a module. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.js'
import { laws } from '../../src/entry/laws.js'

const folder = mkdtempSync(join(tmpdir(), 'laws-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What a command printed, and its exit code. */
const called = async (...argv: readonly string[]) => {
  const printed = { out: '', err: '', advanced: 0 }
  const code = await run(['laws', ...argv], {
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    colour: false,
    bar: () => ({
      advance: (amount) => {
        printed.advanced += amount
      },
      stop: () => {},
    }),
  })
  return { ...printed, code }
}

const add = 'add: (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) })'
const mine = file('mine.mjs', `export const kernels = { ${add} }`)
const wrong = file('wrong.mjs', `export const kernels = { ${add.replace('x + b.data[i]', 'Math.max(x, b.data[i])')} }`)

describe('laws', () => {
  it('lists them: as text, as markdown, as JSON', async () => {
    const text = await called()
    expect(text).toMatchObject({ code: 0, err: '' })
    expect(text.out).toContain(`${laws.length} laws`)
    expect((await called('--markdown')).out).toContain('### `fire.tie`')
    const json = JSON.parse((await called('--json', '--only', 'fire.*')).out) as { laws: { id: string }[] }
    expect(json.laws.map(({ id }) => id)).toContain('fire.tie')
    expect(json.laws.every(({ id }) => id.startsWith('fire.'))).toBe(true)
  })

  it('shows an example in its help', async () => {
    expect((await called('--help')).out).toContain('$ spikingresformer laws --kernels ./mine.js')
  })
})

describe('laws --kernels', () => {
  it('judges a module by every law and moves the bar for each', async () => {
    const { code, out, err, advanced } = await called('--kernels', mine, '--runs', '20')
    expect({ code, err, advanced }).toEqual({ code: 0, err: '', advanced: laws.length })
    expect(out).toMatch(/^pass {5}add\.sum +20 cases$/m)
    expect(out).toMatch(/^missing {2}fire\.tie +lacks fire$/m)
    expect(out).toMatch(/^2 pass, \d+ missing; law set/m)
  })

  it('fails with code 1, a table and a sentence', async () => {
    const { code, out, err } = await called('--kernels', wrong, '--only', 'add.*')
    expect(code).toBe(1)
    expect(out).toMatch(/^fail {5}add\.sum {2}sum\[[\d,]+\] = 0\.0625, should be 0\.125$/m)
    expect(err).toContain('not as expected: add.sum')
  })

  it('replays a failure from the seed and path in its row', async () => {
    const first = await called('--kernels', wrong, '--only', 'add.sum')
    const [, seed, path] = /--seed (-?\d+) --path ([\d:]+)/.exec(first.out)!
    const again = await called('--kernels', wrong, '--only', 'add.sum', '--seed', seed!, '--path', path!)
    expect(again.out.split('\n').slice(0, 3)).toEqual(first.out.split('\n').slice(0, 3))
  })

  it('takes expectations: an expected failure is none, an unexpected pass and an unknown id are', async () => {
    const known = file('known.json', '{ "add.sum": { "expect": "fail", "why": "spikes merge on this chip" } }')
    const expected = await called('--kernels', wrong, '--expect', known)
    expect(expected).toMatchObject({ code: 0, err: '' })
    expect(expected.out).toContain('(expected: spikes merge on this chip)')
    expect(await called('--kernels', mine, '--expect', known)).toMatchObject({ code: 1 })
    const unknown = file('unknown.json', '{ "add.sums": { "expect": "skip", "why": "" } }')
    const { code, err } = await called('--kernels', mine, '--expect', unknown)
    expect(code).toBe(1)
    expect(err).toContain('add.sums')
  })

  it('writes the judgement as JSON', async () => {
    const path = join(folder, 'judgement.json')
    expect(await called('--kernels', wrong, '--json', path)).toMatchObject({ code: 1 })
    const { rows } = JSON.parse(readFileSync(path, 'utf8')) as { rows: { id: string; status: string }[] }
    expect(rows).toHaveLength(laws.length)
    expect(rows.find(({ id }) => id === 'add.sum')).toMatchObject({ status: 'fail' })
  })

  it.each([
    ['a module that is not there', ['--kernels', './nowhere.mjs'], 'nowhere.mjs'],
    ['a module that does not load', ['--kernels', file('broken.mjs', 'export const = 1')], 'broken.mjs'],
    ['a module without kernels', ['--kernels', file('empty.mjs', 'export const x = 1')], 'exports no kernels'],
    [
      'half of the carriers',
      ['--kernels', file('half.mjs', 'export const kernels = {}, carriers = {}')],
      'four functions',
    ],
    ['a pattern no law has', ['--kernels', mine, '--only', 'fier.*'], 'no law is called fier.*'],
    [
      'expectations that are not',
      ['--kernels', mine, '--expect', file('bad.json', '{ "add.sum": "fail" }')],
      'add.sum',
    ],
    ['expectations that are no JSON', ['--kernels', mine, '--expect', file('no.json', '{')], 'no.json'],
  ])('names %s in one sentence, code 1', async (_, argv, word) => {
    const { code, out, err } = await called(...argv)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^error: .*\n$/)
    expect(err).toContain(word)
  })

  it.each([[['--runs', '0']], [['--runs', 'many']], [['--nonsense']]])(
    'refuses %s as bad usage, code 2',
    async (argv) => {
      expect(await called('--kernels', mine, ...argv)).toMatchObject({ code: 2 })
    },
  )
})
