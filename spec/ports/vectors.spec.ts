/** Vectors: files of every operation that a port replays without a process. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { askable } from '../../src/laws/protocol.js'
import { cli, temporary } from '../cli/cli.js'
import { blocksOf } from '../examples.js'
import { builtC, hasCompiler } from './build.js'

const place = temporary()
const [one, two] = [place('one'), place('two')]
const written = cli('vectors', one)

interface Row {
  readonly file: string
  readonly operation: string
  readonly precision: string
  readonly requirements: readonly string[]
}
const manifest = (): { readonly version: number; readonly vectors: readonly Row[] } =>
  JSON.parse(readFileSync(`${one}/manifest.json`, 'utf8'))

/** The header of a safetensors file. */
const header = (file: string) => {
  const bytes = readFileSync(`${one}/${file}`)
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString('utf8'))
}

describe('vectors', () => {
  it('are files and a manifest of them, the same bytes every time', async () => {
    expect(await written).toMatchObject({ code: 0, err: '' })
    expect(await cli('vectors', two)).toMatchObject({ code: 0 })
    const names = readdirSync(one)
    expect(readdirSync(two)).toEqual(names)
    for (const name of names) expect(readFileSync(`${two}/${name}`).equals(readFileSync(`${one}/${name}`))).toBe(true)
    expect(
      manifest()
        .vectors.map(({ file }) => file)
        .sort(),
    ).toEqual(names.filter((name) => name !== 'manifest.json'))
  })

  it('are of every operation of the protocol in both precisions, but those that only count, average or differentiate', async () => {
    await written
    const shown = (precision: string) =>
      new Set(
        manifest()
          .vectors.filter((row) => row.precision === precision)
          .map(({ operation }) => operation),
      )
    const wanted = askable.filter((name) => !['movingRate', 'sops', 'differentiate', 'pushForward'].includes(name))
    expect([...shown('float32')].sort()).toEqual([...wanted].sort())
    expect(shown('float64')).toEqual(shown('float32'))
  })

  it('say in the metadata what a reader looks for, and name only tensors that the file has', async () => {
    await written
    expect(header('synapse.halving.float32.safetensors').__metadata__).toMatchObject({
      operation: 'synapse',
      precision: 'float32',
      stride: '2',
      padding: '1',
      groups: '1',
      T: '2',
      B: '2',
    })
    for (const { file } of manifest().vectors) {
      const { __metadata__: m, ...tensors } = header(file)
      const named = [m.parameters, m.inputs, m.outputs].flatMap((text: string) =>
        [...text.matchAll(/\{"name":"([^"]+)"\}/g)].map(([, name]) => name!),
      )
      expect([...new Set(named)].sort()).toEqual(Object.keys(tensors).sort())
    }
  })

  it('have the header that docs/port.md shows', async () => {
    await written
    expect(JSON.parse(blocksOf('docs/port.md', 'json')[0]!.text)).toEqual(header('add.float32.safetensors'))
  })

  it.skipIf(!hasCompiler)('are equal to the last bit in C, and one changed bit is found (needs cc)', async () => {
    await written
    const program = builtC()
    const count = manifest().vectors.length
    expect(execFileSync(program, ['replay', one], { encoding: 'utf8' })).toBe(`${count} of ${count} vectors equal\n`)
    await cli('vectors', two)
    const file = `${two}/add.float32.safetensors`
    const bytes = readFileSync(file)
    const tensors = header('add.float32.safetensors')
    const [from] = tensors['outputs.0'].data_offsets
    const at = 8 + Number(bytes.readBigUInt64LE()) + from + 4 * 7
    bytes[at]! ^= 1
    writeFileSync(file, bytes)
    expect(() => execFileSync(program, ['replay', two], { encoding: 'utf8', stdio: 'pipe' })).toThrow(
      expect.objectContaining({
        status: 1,
        stdout: expect.stringMatching(/^add\.float32\.safetensors: output 0\[7\] = /),
      }),
    )
  })
})
