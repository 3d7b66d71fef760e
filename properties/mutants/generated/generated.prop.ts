/** The committed account of the generated mutants is of the mutants that are made now, and leaves none unexplained. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { laws, version } from '../../../src/entry/laws.js'
import { mutantsOf } from './operators.js'
import { END, type Excuse, type GeneratedReport, MARK, section } from './report.js'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const committed = JSON.parse(read('docs/data/generated-mutants.json')) as GeneratedReport
const excused = JSON.parse(read('properties/mutants/generated/excused.json')) as Readonly<Record<string, Excuse>>
const mutants = mutantsOf(read('spec/golden/modules/mine.mjs'))

describe('docs/data/generated-mutants.json (npm run mutants:generated writes it)', () => {
  it('is of these mutants and of this law set', () => {
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    expect(committed.version).toBe(version)
    expect(committed.operators.map(({ operator, made }) => [operator, made])).toEqual(
      committed.operators.map(({ operator }) => [operator, mutants.filter((m) => m.operator === operator).length]),
    )
    expect(Object.keys(committed.laws).filter((id) => id !== 'loading' && !laws.some((law) => law.id === id))).toEqual(
      [],
    )
  })

  it('kills at least 97 % of those that are another function, and says why each of the rest lives', () => {
    const counted = mutants.length - committed.equivalent.length
    expect(counted).toBeGreaterThan(300)
    expect(committed.killed / counted).toBeGreaterThan(0.97)
    expect(committed.killed + committed.survivors.length).toBe(counted)
    expect(committed.survivors.filter(({ reason }) => reason === undefined)).toEqual([])
    expect(committed.stale).toEqual([])
  })

  it('has the excuses that are written down, each of a mutant that is made', () => {
    const made = new Set(mutants.map(({ id }) => id))
    expect(Object.keys(excused).filter((id) => !made.has(id))).toEqual([])
    expect(new Map([...committed.equivalent, ...committed.survivors].map(({ id, reason }) => [id, reason]))).toEqual(
      new Map(Object.entries(excused).map(([id, { reason }]) => [id, reason])),
    )
  })

  it('is what docs/mutation.md shows', () => {
    const page = read('docs/mutation.md')
    expect(page.slice(page.indexOf(MARK), page.indexOf(END))).toBe(section(committed))
  })
})

describe('the operators', () => {
  it('make every change they say, none of them the text itself', () => {
    const text = 'const f = (a, b) => a[0] + b\nexport const kernels = { add: (a, b) => f(a, b) }'
    const made = mutantsOf(text)
    expect(made.map(({ id }) => id)).toEqual([
      ...['-', '*', '/', '%'].map((other) => `1:26 arithmetic: + -> ${other}`),
      '1:21 name: a -> b',
      '1:23 number: 0 -> 1',
      '1:23 number: 0 -> (-1)',
      '1:28 name: b -> a',
      '2:43 name: a -> b',
      '2:46 name: b -> a',
    ])
    expect(made.every(({ operations }) => operations.join() === 'add')).toBe(true)
    expect(made.every((mutant) => mutant.text !== text)).toBe(true)
  })
})
