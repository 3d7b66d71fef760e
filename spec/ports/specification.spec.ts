/** The specification: its page is made of its data, and every thread between requirements, laws, vectors, code holds. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { read, root } from '../examples.js'
import { broken, page, type Requirement } from './specification.js'

const { requirements } = JSON.parse(read('docs/data/requirements.json')) as {
  readonly requirements: readonly Requirement[]
}

const has = (file: string, name: string | undefined): boolean =>
  existsSync(join(root, file)) &&
  (name === undefined || new RegExp(`^export (const|interface|function\\*?) ${name}\\b`, 'm').test(read(file)))

describe('the specification', () => {
  it('is the page that its data make: npm run specification', () => {
    expect(read('docs/specification.md')).toBe(page(requirements))
  })

  it('has a check for every requirement, a requirement for every law and vector, and no link to nothing', () => {
    expect(broken(requirements, has)).toEqual([])
  })

  it('would tell each broken thread', () => {
    const [first, ...rest] = requirements as [Requirement, ...Requirement[]]
    const told = (changed: Partial<Requirement>): string => broken([{ ...first, ...changed }, ...rest], has).join('; ')
    expect(told({ laws: ['fire.nothing'] })).toContain('fire.nothing, which is no law')
    expect(told({ laws: [], bits: [], vectors: [] })).toContain('SRF-FIRE-1 has no law, no vector and no trace')
    expect(told({ laws: [], bits: [] })).toContain('the law fire.order is of no requirement')
    expect(told({ vectors: ['nothing'] })).toContain('the vector nothing, which does not say')
    expect(told({ vectors: [] })).toContain('the vector fire.lif shows SRF-FIRE-1, which does not link to it')
    expect(told({ code: ['src/nothing.ts'] })).toContain('src/nothing.ts, which is not there')
    expect(told({ code: ['src/core/tensor.ts#nothing'] })).toContain('tensor.ts#nothing, which is not there')
    expect(told({ must: 'It may.' })).toContain('has no MUST')
    expect(told({ id: 'SRF-FIRE-2' })).toContain('SRF-FIRE-2 is there twice')
  })
})
