/** The compiled module, disassembled: what spikes go through never multiplies. */
import { beforeAll, describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { binary } from '../../src/compiled/wasm/instance.js'

/** The text of each exported function. */
const functionsOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<ReadonlyMap<string, string>> => {
  const module = (await wabt()).readWasm(bytes, { simd: true, threads: true })
  const text = module.toText({ foldExprs: false, inlineExport: false })
  const bodies = new Map(
    text
      .split(/^ {2}(?=\()/m)
      .filter((part) => part.startsWith('(func'))
      .map((part, i) => [String(i), part]),
  )
  const exports = [...text.matchAll(/\(export "(\w+)" \(func (\d+)\)\)/g)]
  return new Map(exports.map(([, name, index]) => [name!, bodies.get(index!)!]))
}

const multiplying = /\b(mul|div|dot|extmul|relaxed_\w+)\w*/

describe.each([
  ['plain', false],
  ['shared', true],
] as const)('the module for a %s memory', (_, shared) => {
  let functions: ReadonlyMap<string, string>

  beforeAll(async () => {
    functions = await functionsOf(binary(shared))
  })

  it('exports the primitives, spikes, currents and dense apart', () => {
    expect([...functions.keys()].sort()).toEqual([
      'accumulate',
      'affine',
      'affineFire',
      'concat',
      'dense',
      'extract',
      'maxPool',
      'meanRows',
      'notFinite',
      'packColumns',
      'packRows',
      'pairs',
      'tally',
    ])
  })

  it.each(['extract', 'concat', 'accumulate', 'tally'])(
    '%s consumes spikes: it has no multiplication, and calls nothing',
    (name) => {
      const body = functions.get(name)!
      expect(body).toMatch(/\.store/)
      expect(body.split('\n').filter((line) => multiplying.test(line) || /\bcall/.test(line))).toEqual([])
    },
  )

  it('accumulate adds, four float32 at a time', () => {
    expect(functions.get('accumulate')!.match(/f32x4\.add/g)).toHaveLength(4)
  })

  it('the table of an eight takes 28 additions, and nothing else', () => {
    const body = functions.get('pairs')!
    expect(body.match(/\b[fi]\d+x\d+\.\w+/g)).toEqual(Array(28).fill('f32x4.add'))
    expect(body).not.toMatch(/\bcall/)
    expect(body).not.toMatch(multiplying)
  })

  it('the affine map and the neuron multiply, in functions of their own', () => {
    expect(functions.get('affine')).toMatch(/f32x4\.mul/)
    expect(functions.get('affineFire')).toMatch(/f32x4\.mul/)
  })

  it('never fuses a multiplication with an addition', () => {
    expect([...functions.values()].join('\n')).not.toMatch(/relaxed|madd|fma/)
  })
})
