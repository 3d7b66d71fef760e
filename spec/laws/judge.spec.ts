/** Judging: every status a row can have, and that nothing a port does gets out. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Currents, tensor } from '../../src/core/tensor.js'
import {
  law,
  lawList,
  laws,
  markdown,
  parseExpectations,
  runLaws,
  seedOf,
  select,
  showCase,
  summary,
  table,
  toJson,
  unexpected,
  version,
} from '../../src/entry/laws.js'
import { reference } from '../../src/interpreters/reference.js'
import { budgets } from '../../src/laws/all.js'
import { bits, plus, small, summed, times } from '../../src/laws/budget.js'
import { same } from '../../src/laws/verdict.js'

const mine = { kernels: reference('float64') }
const about = { formula: 'x', source: 'this file', needs: ['add'] as const }

const small_ = fc.integer({ min: 0, max: 1000 })
const holds = law({ ...about, id: 'toy.holds', statement: 'It holds.', given: small_, holds: () => () => true })
const fails = law({
  ...about,
  id: 'toy.fails',
  statement: 'Numbers are below 40.',
  given: small_,
  holds: () => (x) => x < 40 || `x = ${x}, should be below 40`,
})
const follows = law({
  ...about,
  id: 'toy.follows',
  statement: 'It follows.',
  after: ['toy.fails'],
  given: small_,
  holds: () => () => true,
})
const throws = law({
  ...about,
  id: 'toy.throws',
  statement: 'It throws.',
  given: small_,
  holds: () => () => {
    throw new RangeError('out of spikes')
  },
})

describe('a row', () => {
  it('passes with the number of cases', () => {
    expect(runLaws(mine, [holds], { runs: 7 })).toEqual([
      { id: 'toy.holds', statement: 'It holds.', status: 'pass', runs: 7 },
    ])
  })

  it('fails with the smallest case, its sentence, its seed and its path', () => {
    expect(runLaws(mine, [fails])).toMatchObject([
      { status: 'fail', counterexample: 40, sentence: 'x = 40, should be below 40', seed: seedOf('toy.fails') },
    ])
  })

  it('fails when the port throws, and says what was thrown', () => {
    expect(runLaws(mine, [throws])).toMatchObject([{ status: 'fail', sentence: 'threw RangeError: out of spikes' }])
  })

  it('is missing when an operation is', () => {
    expect(runLaws({ kernels: {} }, [holds])).toMatchObject([{ status: 'missing', operations: ['add'] }])
  })

  it('is blocked when a law it builds on fails, and not when that law is not judged', () => {
    expect(runLaws(mine, [fails, follows])).toMatchObject([
      { status: 'fail' },
      { status: 'blocked', by: ['toy.fails'] },
    ])
    expect(runLaws(mine, [follows])).toMatchObject([{ status: 'pass' }])
  })

  it('is xfail, xpass or skip as the expectations have it', () => {
    const expectations = {
      'toy.fails': { expect: 'fail', why: 'known' },
      'toy.holds': { expect: 'fail', why: 'was so once' },
      'toy.throws': { expect: 'skip', why: 'slow' },
    } as const
    const rows = runLaws(mine, [holds, fails, throws], { expectations })
    expect(rows).toMatchObject([
      { status: 'xpass', why: 'was so once' },
      { status: 'xfail', why: 'known', counterexample: 40 },
      { status: 'skip', why: 'slow' },
    ])
    expect(unexpected(rows, [holds, fails, throws], { expectations })).toEqual([
      'toy.holds: expected to fail, but it holds; take it out of the expectations',
    ])
  })
})

describe('judging', () => {
  it('goes on after a failure', () => {
    expect(runLaws(mine, [fails, throws, holds]).map(({ status }) => status)).toEqual(['fail', 'fail', 'pass'])
  })

  it('says the same when asked again, and draws other cases on another base', () => {
    expect(runLaws(mine, [fails])).toEqual(runLaws(mine, [fails]))
    expect(seedOf('toy.fails', 1)).not.toBe(seedOf('toy.fails', 0))
    expect(seedOf('toy.fails')).not.toBe(seedOf('toy.holds'))
  })

  it.each([0, Number.NaN, -1, 1.5])('refuses %s cases a law as bad usage', (runs) => {
    expect(() => runLaws(mine, [holds], { runs })).toThrow(RangeError)
  })

  it('does not throw at a path that is no path of the law', () => {
    expect(runLaws(mine, [fails], { seed: 1, path: 'nonsense' })).toMatchObject([{ status: 'fail' }])
  })

  it('does not throw at kernels of nonsense', () => {
    const nonsense = {
      kernels: {
        add: () => null,
        fire: () => () => () => [],
        synapse: () => () => ({ shape: [1], data: [Number.NaN] }),
        stem: 7,
        hold: () => {
          throw new Error('no')
        },
        meanPool: () => ({ shape: [1, 1, 1], data: Float64Array.of(Number.NaN) }),
      },
    } as unknown as typeof mine
    const rows = runLaws(nonsense, laws, { runs: 5 })
    expect(rows).toHaveLength(laws.length)
    // To be NaN whatever comes in is wrong, but pure.
    const passed = rows.filter(({ status, id }) => status === 'pass' && !id.startsWith('pure.'))
    expect(passed).toEqual([])
  })

  it('takes arrays of numbers for typed arrays', () => {
    const numbers = {
      kernels: {
        add: (a: Currents, b: Currents) => ({ shape: a.shape, data: Array.from(a.data, (x, i) => x + b.data[i]!) }),
        meanPool: ({ shape, data }: Currents) => {
          const area = shape[3]! * shape[4]!
          const planes = Array.from({ length: data.length / area }, (_, i) => data.slice(i * area, (i + 1) * area))
          return {
            shape: shape.slice(0, 3),
            data: planes.map((plane) => Array.from(plane).reduce((a, b) => a + b, 0) / area),
          }
        },
      },
    } as unknown as typeof mine
    const ids = ['add.sum', 'pool.mean', 'pool.constant']
    expect(
      runLaws(
        numbers,
        laws.filter(({ id }) => ids.includes(id)),
      ).map(({ status }) => status),
    ).toEqual(ids.map(() => 'pass'))
  })

  it('names expectations that are no law’s', () => {
    expect(unexpected([], laws, { expectations: { 'fire.tye': { expect: 'skip', why: '' } } })).toEqual([
      'fire.tye: the expectations name it, but there is no such law',
    ])
  })

  it('notices a port that is not deterministic', () => {
    let calls = 0
    const fickle = law({
      ...about,
      id: 'toy.fickle',
      statement: '',
      given: fc.constant(0),
      holds: () => () => ++calls > 1 || 'no',
    })
    expect(runLaws(mine, [fickle])).toMatchObject([
      { sentence: 'failed, and held when asked again: the implementation is not deterministic' },
    ])
  })
})

describe('laws', () => {
  it('have ids of their own, a statement, a formula and a source, and build on laws before them', () => {
    expect(new Set(laws.map(({ id }) => id)).size).toBe(laws.length)
    for (const [i, { id, statement, formula, source, needs, after }] of laws.entries()) {
      expect(id).toMatch(/^[a-zA-Z-]+(\.[a-zA-Z0-9-]+)+$|^c[12]\.bits$/)
      expect(statement).toMatch(/\.$|\)$/)
      expect(formula.length * source.length * needs.length).toBeGreaterThan(0)
      expect(laws.slice(0, i).map((earlier) => earlier.id)).toEqual(expect.arrayContaining([...after]))
    }
  })

  it('need fast-check and fp-ts, and no test runner', () => {
    const packages = new Set<string>()
    const seen = new Set<string>()
    const visit = (file: URL): void => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export|\}) .*from '([^']+)'$/gm)
      for (const [, from] of imports)
        if (from!.startsWith('.')) visit(new URL(from!.replace(/\.js$/, '.ts'), file))
        else packages.add(from!.split('/')[0]!)
    }
    visit(new URL('../../src/entry/laws.ts', import.meta.url))
    expect(seen.size).toBeGreaterThan(30)
    expect([...packages].sort()).toEqual(['fast-check', 'fp-ts'])
  })

  it('are selected by a pattern', () => {
    expect(select('fire.t*')(laws).map(({ id }) => id)).toEqual(['fire.tie'])
    expect(select('*')(laws)).toHaveLength(laws.length)
    expect(select('fire')(laws)).toEqual([])
  })
})

describe('reports', () => {
  const rows = runLaws(mine, [holds, fails, follows])

  it('sum up', () => {
    expect(summary(rows)).toBe('1 pass, 1 fail, 1 blocked')
  })

  it('are a table, markdown or JSON', () => {
    expect(table(rows)).toContain('fail     toy.fails    x = 40, should be below 40')
    expect(markdown(rows)).toContain('| `toy.follows` | blocked | builds on toy.fails |')
    expect(JSON.parse(toJson(rows))).toMatchObject({
      version,
      rows: [{ status: 'pass' }, { counterexample: '40' }, {}],
    })
  })

  it('list the laws with their formulas', () => {
    expect(lawList(laws)).toContain('fire.tie')
    expect(lawList(laws, 'markdown')).toContain('$$h = \\theta \\Rightarrow s = 1$$')
    expect(JSON.parse(lawList(laws, 'json'))).toMatchObject({ version, laws: { length: laws.length } })
  })

  it('show cases as text', () => {
    const x = { p: { kind: 'LIF' }, x: tensor([2, 1], Float64Array.of(0.5, -1)), m: new Map([['k', [1, 2]]]) }
    expect(showCase(x)).toBe("{ p: { kind: 'LIF' }, x: [2, 1] (0.5 -1), m: { 'k': [1, 2] } }")
    expect(showCase([1, 2, 3], 4)).toBe('[1,  ...')
  })
})

describe('expectations', () => {
  it('are read, and every entry that cannot be is named', () => {
    const right = { 'fire.tie': { expect: 'fail', why: 'on purpose' } }
    expect(parseExpectations(right)).toEqual(Either.right(right))
    expect(parseExpectations([])).toMatchObject({ _tag: 'Left' })
    expect(parseExpectations({ a: { expect: 'pass', why: '' }, b: 1 })).toMatchObject({
      left: [expect.stringMatching(/^a: /), expect.stringMatching(/^b: /)],
    })
  })
})

describe('the exactness budget', () => {
  it('adds and multiplies sets of dyadic numbers', () => {
    expect(plus(small, { exponent: -7, largest: 10 })).toEqual({ exponent: -7, largest: 12 })
    expect(times(small, small)).toEqual({ exponent: -8, largest: 4 })
    expect(bits(summed(4, small))).toBe(7)
  })

  it('is kept by the worst sums of all cases: float32 holds 24 bits', () => {
    expect(Object.keys(budgets)).toHaveLength(15)
    expect(Object.entries(budgets).filter(([, set]) => bits(set) > 24)).toEqual([])
    expect(bits(summed(2 ** 20, small))).toBe(25)
  })
})

describe('comparisons', () => {
  it('say what was found and what should be', () => {
    const a = tensor([2, 2], Float64Array.of(1, 2, 3, 4))
    expect(same('attn', a, tensor([2, 2], Float64Array.of(1, 2, 0, 4)))).toBe('attn[1,0] = 3, should be 0')
    expect(same('attn', a, tensor([4], a.data))).toBe('attn has shape [2, 2], should be [4]')
    expect(same('attn', tensor([1], Float64Array.of(Number.NaN)), tensor([1], Float64Array.of(1)))).toContain('NaN')
    expect(same('attn', a, tensor([2, 2], Float32Array.from(a.data)))).toBe(true)
  })
})
