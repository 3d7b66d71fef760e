/** The specification: its page is made of its data, and every thread between requirements, laws, vectors, code holds. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { exp, sigmoid } from '../../src/core/functions.js'
import { sym } from '../../src/core/random.js'
import { sizeOf } from '../../src/core/tensor.js'
import { variants } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
import { json } from '../cli/cli.js'
import { read, root } from '../examples.js'
import { broken, page, type Requirement } from './specification.js'

const { requirements } = JSON.parse(read('docs/data/requirements.json')) as {
  readonly requirements: readonly Requirement[]
}

const has = (file: string, name: string | undefined): boolean =>
  existsSync(join(root, file)) &&
  (name === undefined || new RegExp(`^export (const|interface|function\\*?) ${name}\\b`, 'm').test(read(file)))

/** The program that the equations of some requirements are together, and what it defines. */
const programOf = (
  ids: readonly string[],
  ...names: readonly string[]
): Readonly<Record<string, (...x: never[]) => number>> => {
  const text = ids.map((id) => requirements.find((r) => r.id === id)!.equation).join('\n')
  return new Function(`${text}\nreturn { ${names.join(', ')} }`)()
}

describe('the equations that are programs', () => {
  it('of exponential and sigmoid are the reference to the bit', () => {
    const of = programOf(['SRF-FUNCTIONS-1', 'SRF-FUNCTIONS-2'], 'exp', 'sigmoid') as {
      exp: typeof exp
      sigmoid: typeof sigmoid
    }
    const edges = [
      0,
      -0,
      1,
      -1,
      40,
      -40,
      40.5,
      -40.5,
      709.7,
      710,
      711,
      -745.1,
      -746,
      -747,
      2 ** -1074,
      0.34657359027997264,
    ]
    const drawn = [0.1, 1, 30, 700].flatMap((scale) => [...sym('functions', 7, 20_000)].map((r) => scale * r))
    for (const x of [...edges, ...drawn]) expect([x, of.exp(x), of.sigmoid(x)]).toEqual([x, exp(x), sigmoid(x)])
  })

  it('of synthetic numbers are the reference, and so is what each role makes of them', () => {
    const of = programOf(['SRF-SYNTHETIC-1'], 'sym') as unknown as {
      sym: (key: string, seed: number, i: number) => number
    }
    const rules = new Map(
      requirements
        .find(({ id }) => id === 'SRF-SYNTHETIC-2')!
        .equation.split('\n')
        .map((line) => {
          const [, role, expression] = /^(.*?) {2,}(.*)$/.exec(line)!
          return [role!, new Function('s', 'fan_in', 'sqrt', `return ${expression}`)] as const
        }),
    )
    const used = new Set<string>()
    for (const config of [variants.ti, variants.dvsg])
      for (const [key, { shape, data }] of syntheticCheckpoint(
        { ...config, stages: config.stages.map((s) => ({ ...s, depth: 1 })) },
        7,
      )) {
        const { role } = layout(config).find((entry) => entry.key === key)!
        const stem = key.startsWith('prologue')
        const name =
          role === 'rate'
            ? key.slice(key.lastIndexOf('.') + 1)
            : role === 'variance' && stem
              ? 'variance of the stem'
              : role === 'bias' && stem && config === variants.ti
                ? 'bias of a stem with a pool'
                : role
        used.add(name)
        for (const i of new Set([0, 1, data.length >> 1, data.length - 1].filter((at) => at < data.length))) {
          const made = rules.get(name)!(of.sym(key, 7, i), sizeOf(shape.slice(1)), Math.sqrt)
          expect([key, i, Math.fround(made)]).toEqual([key, i, data[i]])
        }
      }
    expect([...used].sort()).toEqual([...rules.keys()].sort())
  })

  it('of the trace has the fields of a trace', async () => {
    const trace = await json('trace', 'digits', '--synthetic', '7', '--steps', '1')
    const text = requirements.find(({ id }) => id === 'SRF-TRACE-1')!.equation
    const fields = JSON.parse(text.replaceAll(', ...', '').replaceAll('[...]', '[]'))
    expect(Object.keys(fields)).toEqual(Object.keys(trace))
    for (const list of ['layers', 'operations', 'membranes'])
      expect(Object.keys(fields[list][0])).toEqual(Object.keys(trace[list][0]))
  })
})

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
