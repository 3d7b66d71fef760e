/** The list of all faults: as the sources have them, each with a test that produces it (see `npm run faults`). */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Listed {
  readonly sentence: string
  readonly files: readonly string[]
}
interface Kept extends Listed {
  readonly tests: readonly string[]
  readonly why?: string
}
type Sources = readonly { readonly name: string; readonly text: string }[]

const script = '../../scripts/list-faults.mjs'
const { faultsIn, sources } = (await import(script)) as {
  readonly faultsIn: (sources: Sources) => readonly Listed[]
  readonly sources: () => Sources
}
const root = new URL('../../', import.meta.url)
const kept = JSON.parse(readFileSync(new URL('docs/data/faults.json', root), 'utf8')) as readonly Kept[]
const elsewhere = JSON.parse(readFileSync(new URL('scripts/faults-elsewhere.json', root), 'utf8')) as Readonly<
  Record<string, string>
>

describe('the list of faults', () => {
  it('is that of the sources: write it anew with npm run faults', () => {
    const sentences = (all: readonly Listed[]): readonly string[] => all.map(({ sentence }) => sentence).sort()
    expect(sentences(kept)).toEqual(sentences(faultsIn(sources())))
  })

  it('names for each a test that is there, or says why there can be none', () => {
    for (const { sentence, tests, why } of kept) {
      expect([sentence, tests.length > 0 || why !== undefined]).toEqual([sentence, true])
      for (const test of tests) expect([test, existsSync(new URL(test, root))]).toEqual([test, true])
    }
    expect(kept.filter(({ why }) => why !== undefined)).toHaveLength(2)
  })

  it('names for a fault of another process a test that has its words', () => {
    for (const [sentence, test] of Object.entries(elsewhere)) {
      if (test.startsWith('none: ')) continue
      const words = sentence.replace(/digits\.(safetensors|csv)/, '$${name}').replaceAll('`', '')
      const longest = words.split('…').reduce((a, b) => (b.length > a.length ? b : a))
      expect(readFileSync(new URL(test, root), 'utf8').replace(/\\?`/g, '')).toContain(longest)
    }
  })
})

describe('how faults are found in sources', () => {
  const fault = "export const refuse = (problem: string, advice: string) => [{ _tag: 'Input', problem, advice }]"
  const found = (text: string): readonly string[] =>
    faultsIn([
      { name: 'src/a.ts', text: fault },
      { name: 'src/b.ts', text: `import { refuse } from './a.js'\n${text}` },
    ]).map(({ sentence }) => sentence)

  it.each<[string, string, readonly string[]]>([
    ['a call with texts', "refuse('it is empty', 'fill it')", ['it is empty; fill it']],
    ['a hole', `refuse(\`it has \${n} bytes\`, \`give \${m}\`)`, ['it has … bytes; give …']],
    [
      'either of two',
      "refuse(big ? 'too big' : 'too small', 'change it')",
      ['too big; change it', 'too small; change it'],
    ],
    ['a constant', "const ADVICE = 'run'\nrefuse('it walks', ADVICE)", ['it walks; run']],
    [
      'a function of a function',
      `const bad = (what: string) => (n: number) => Either.left(refuse(\`\${what} has \${n}\`, 'stop'))
bad('this')(1)
bad('that')(2)`,
      ['this has …; stop', 'that has …; stop'],
    ],
    [
      'an object',
      "const x = { _tag: 'NotFinite', key: 'the input', index, value }",
      ['the input: element … is …; every number must be finite'],
    ],
    ['nothing in a type', "type X = { readonly _tag: 'Input'; readonly problem: string }", []],
  ])('%s', (_, text, sentences) => {
    expect(found(text)).toEqual(sentences)
  })
})
