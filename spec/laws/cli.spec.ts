/** `laws` on the command line: the list, and judging a module. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.js'
import { laws } from '../../src/entry/laws.js'
import { blocksOf } from '../examples.js'

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
    expect((await called('--help')).out).toContain('$ spikingresformer laws --kernels ./mine.mjs')
  })
})

describe('laws --kernels', () => {
  it('judges a module by every law and moves the bar for each', async () => {
    const { code, out, err, advanced } = await called('--kernels', mine, '--runs', '20')
    expect({ code, err, advanced }).toEqual({ code: 0, err: '', advanced: laws.length })
    expect(out).toMatch(/^pass {5}add\.sum +20 cases$/m)
    expect(out).toMatch(/^missing {2}fire\.tie +lacks fire$/m)
    expect(out).toMatch(/^4 pass, \d+ missing; law set/m)
  })

  it('judges the module of the README beside a package.json of type commonjs, and says how one in .js must be called', async () => {
    file('package.json', '{ "type": "commonjs" }')
    const text = blocksOf('README.md', 'js')[0]!.text
    const [, name] = /^\/\/ (mine\.\w+):/.exec(text)!
    expect(await called('--kernels', file(name!, text), '--runs', '5', '--only', 'add.*')).toMatchObject({ code: 0 })
    const { code, err } = await called('--kernels', file('mine.js', text), '--only', 'add.*')
    expect(code).toBe(1)
    expect(err).toMatch(/mine\.js cannot be loaded: .*; name an ES module that loads, of a name in \.mjs, or /)
  })

  it('fails with code 1, a table and a sentence', async () => {
    const { code, out, err } = await called('--kernels', wrong, '--only', 'add.*')
    expect(code).toBe(1)
    expect(out).toMatch(/^fail {5}add\.sum +sum\[[\d,]+\] = 0\.0625, should be 0\.125$/m)
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
    const expected = await called('--kernels', wrong, '--only', 'add.sum', '--expect', known)
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

describe('whatever a module does', () => {
  const kernels = (text: string, more = ''): string =>
    file(`conduct-${Math.abs(hashOf(text + more))}.mjs`, `${more}\nexport const kernels = { ${text} }`)
  const hashOf = (text: string): number => Array.from(text).reduce((h, c) => (h * 31 + c.charCodeAt(0)) | 0, 7)
  const row = (out: string, id: string): string => out.split('\n').find((line) => line.includes(` ${id} `)) ?? ''

  it.each([
    ['exits', 'add: () => process.exit(0)', /ended its process with exit code 0, in case 1$/],
    ['throws a string', "add: () => { throw 'no\\nway' }", /threw 'no way'$/],
    ['throws null', 'add: () => { throw null }', /threw null$/],
    ['throws what has no text', 'add: () => { throw Object.create(null) }', /threw \{\}$/],
    ['throws a symbol', "add: () => { throw Symbol('x') }", /threw Symbol\(x\)$/],
    ['throws a bigint', 'add: () => { throw 42n }', /threw 42n$/],
    [
      'throws an object',
      "add: () => { throw { code: 7, msg: 'launch failed' } }",
      /threw \{"code":7,"msg":"launch failed"\}$/,
    ],
    [
      'throws an error that cannot be read',
      "add: () => { throw Object.defineProperty(new Error(), 'message', { get: () => { throw 1 } }) }",
      /threw an error whose message cannot be read$/,
    ],
    ['returns a Promise', 'add: async (a) => a', /add returned a Promise, should return its result/],
    ['returns nothing', 'add: () => undefined', /add returned undefined, should return a tensor \{ shape, data \}$/],
    [
      'throws later',
      "add: () => { setTimeout(() => { throw new Error('late') }, 0); return null }",
      /add returned null/,
    ],
  ])('%s: one clear row, and the report is whole', async (_, text, said) => {
    const { code, out, err } = await called('--kernels', kernels(text))
    expect(code).toBe(1)
    expect(row(out, 'add.sum')).toMatch(/^fail /)
    expect(row(out, 'add.sum')).toMatch(said)
    expect(out).toMatch(/--path \d[\d:]*$/m)
    expect(out).toMatch(/^\d+ fail, (\d+ beyond, )?\d+ missing; law set .*; slowest: /m)
    expect(err).toContain('not as expected: add.sum')
  })

  it('hangs: it is stopped at the limit, the case is shown, and the next law is judged', async () => {
    const hangs = `${add.replace('=>', '=> { while (a.data.length > 1); return').replace(/$/, ' }')}, meanPool: () => ({ shape: [1], data: [1] })`
    const { code, out } = await called(
      '--kernels',
      kernels(hangs),
      '--only',
      'add.*',
      '--only',
      'pool.*',
      '--limit',
      '0.5',
    )
    expect(code).toBe(1)
    expect(row(out, 'add.sum')).toMatch(/did not end within 0\.5 s, in case \d+$/)
    expect(out).toMatch(/case {4}\{ a: \[/)
    expect(row(out, 'pool.mean')).toMatch(/^fail .*mean has shape/)
  })

  it('hangs while a smaller case is looked for: the case found first is shown', async () => {
    const text =
      'add: (a, b) => { if (a.data.every((x) => x === 0)) for (;;); return { shape: a.shape, data: a.data } }'
    const { out } = await called('--kernels', kernels(text), '--only', 'add.sum', '--limit', '0.5')
    expect(row(out, 'add.sum')).toMatch(/sum\[.*should be .*looking for a smaller one, it did not end within 0\.5 s/)
  })

  it('hangs or exits while it loads: a sentence', async () => {
    const hangs = await called('--kernels', kernels(add, 'for (;;);'), '--limit', '0.5')
    expect(hangs).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('did not load within 0.5 s') as string,
    })
    const exits = await called('--kernels', kernels(add, 'process.exit(0)'))
    expect(exits).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('exit code 0 while it was loaded') as string,
    })
  })

  it('leaves a timer running: the judgement ends', async () => {
    expect(await called('--kernels', kernels(add, 'setInterval(() => {}, 1000)'))).toMatchObject({ code: 0 })
  })

  it('prints: to standard error, and JSON stands alone', async () => {
    const prints = kernels(add.replace('=>', "=> (console.log('adding'), ").replace(/$/, ')'), "console.log('loading')")
    const { code, out, err } = await called('--kernels', prints, '--only', 'add.sum', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ rows: [{ status: 'pass' }] })
    expect(err).toMatch(/^loading\nadding\n/)
  })

  it('changes its argument: the shown case is as it was given, and one law says so', async () => {
    const changes = 'add: (a, b) => { for (let i = 0; i < a.data.length; i++) a.data[i] += b.data[i]; return a }'
    const { out } = await called('--kernels', kernels(changes))
    expect(row(out, 'add.sum')).toMatch(/^pass/)
    expect(row(out, 'pure.add')).toMatch(/^fail/)
    expect(out).toMatch(/^3 pass, 1 fail, \d+ missing/m)
  })

  it('has methods of a prototype: they count', async () => {
    const path = file(
      'class.mjs',
      `class Port { scale = 1; add(a, b) { return { shape: a.shape, data: a.data.map((x, i) => x + this.scale * b.data[i]) } } }\nexport const kernels = new Port()`,
    )
    expect((await called('--kernels', path, '--only', 'add.sum')).out).toMatch(/^pass {5}add\.sum/)
  })

  it('has names that are no operation: refused, with the nearest', async () => {
    const { code, out, err } = await called('--kernels', kernels(add.replace('add', 'dst_t')))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('dst_t is no operation; the nearest is dstT')
  })

  it('spreads the reference, its scope with it: judged as what it says', async () => {
    const spread = join(process.cwd(), 'dist/entry/index.js')
    const path = kernels(
      '...R, fire: (p) => R.fire({ ...p, key: p.key.slice(0, 8) })',
      `import { reference } from '${spread}'; const R = reference('float64')`,
    )
    expect((await called('--kernels', path, '--only', 'network.definition')).code).toBe(1)
  })

  it('has nothing: nothing judged is no success', async () => {
    const { code, err } = await called('--kernels', file('nothing.mjs', 'export const kernels = {}'))
    expect(code).toBe(1)
    expect(err).toContain('nothing was judged')
  })
})

describe('reports for machines', () => {
  it('selects a union where --only is given twice', async () => {
    const { out } = await called('--only', 'add.*', '--only', 'fire.tie')
    expect(out).toContain('fire.tie')
    expect(out).toContain('add.sum')
    expect(out).not.toContain('fire.rest')
  })

  it('writes JUnit’s XML, a test case a law', async () => {
    const path = join(folder, 'laws.xml')
    expect(await called('--kernels', wrong, '--only', 'add.*', '--only', 'fire.tie', '--junit', path)).toMatchObject({
      code: 1,
    })
    const xml = readFileSync(path, 'utf8')
    expect(xml).toMatch(/^<\?xml version="1\.0"/)
    expect(xml).toMatch(/<testcase classname="add" name="add\.sum" time="[\d.]+"><failure message="sum\[/)
    expect(xml).toContain('<skipped message="missing: lacks fire"/>')
  })
})
