/** The mutants die, each by the laws named for it, and the committed kill matrix says so. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { laws, version } from '../../src/entry/laws.js'
import { catalogue, MARK } from './catalogue.js'
import { killers, kills, type Matrix, mutants } from './mutants.js'

const matrix = JSON.parse(readFileSync(new URL('../../docs/data/kill-matrix.json', import.meta.url), 'utf8')) as Matrix

const lawOf = (id: string) => laws.find((law) => law.id === id)!

describe('every mutant dies by the laws named for it', () => {
  it.each(mutants.map((mutant) => [mutant.id, mutant] as const))('%s', (_, mutant) => {
    expect(mutant.dies.filter((id) => !kills(lawOf(id), mutant))).toEqual([])
  })
})

describe('every law kills a mutant', () => {
  it.each(laws.map((law) => [law.id, law] as const))('%s', (id) => {
    expect(mutants.filter(({ dies }) => dies.includes(id))).not.toEqual([])
  })
})

describe('docs/data/kill-matrix.json is current (npm run mutants writes it)', () => {
  it('is of this law set', () => {
    expect(matrix.version).toBe(version)
    expect(matrix.laws).toEqual(laws.map(({ id }) => id))
  })

  it('is of these mutants', () => {
    expect(matrix.mutants.map(({ id, mistake, dies }) => ({ id, mistake, dies }))).toEqual(
      mutants.map(({ id, mistake, dies }) => ({ id, mistake, dies })),
    )
  })

  it('is what docs/laws.md shows', () => {
    const page = readFileSync(new URL('../../docs/laws.md', import.meta.url), 'utf8')
    expect(page.slice(page.indexOf(MARK))).toBe(catalogue(laws, matrix))
    // Vue would take two braces for an expression.
    expect(page).not.toContain('{{')
  })

  it('has every named kill', () => {
    expect(matrix.mutants.filter(({ dies, killers }) => dies.some((id) => !killers.includes(id)))).toEqual([])
  })

  it('agrees with a sample judged anew: the neurons against the laws of neurons', () => {
    const neuronLaws = laws.filter(({ id }) => id.startsWith('fire.'))
    const sample = mutants.filter(({ operations }) => operations.includes('fire'))
    const found = sample.map((mutant) => killers(neuronLaws, mutant))
    const committed = sample.map(({ id }) =>
      matrix.mutants.find((row) => row.id === id)!.killers.filter((killer) => killer.startsWith('fire.')),
    )
    expect(committed).toEqual(found)
  })
})
