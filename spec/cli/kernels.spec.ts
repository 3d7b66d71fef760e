import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { silent } from '../../src/cli/io.js'
import { noted } from '../../src/cli/kernels.js'
import { digits } from '../../src/model/config.js'
import { chooseInterpreter, chooseNetwork } from '../../src/tasks/choice.js'
import { right, sha256, synthetic } from '../golden.js'
import { cli, json, saved, temporary } from './cli.js'

const file = temporary()

describe('--kernels', () => {
  it.each([
    ['digits', '--synthetic', '3', '--batch', '2'],
    ['dvsg', '--synthetic', '4', '--image-size', '16x32', '--steps', '3', '--frames'],
  ])('changes nothing: trace %s prints the same with all three, to the last bit', async (...argv) => {
    const traced = (kernels: string) => json('trace', ...argv, '--precision', 'float32', '--kernels', kernels)
    const reference = await traced('reference')
    expect(await traced('fast')).toEqual(reference)
    expect(await traced('wasm')).toEqual(reference)
  })

  it('changes nothing: trace writes the same values with all three', async () => {
    const values = async (kernels: string) => {
      const path = file(`${kernels}.safetensors`)
      await json(
        'trace',
        'digits',
        '--synthetic',
        '3',
        '--precision',
        'float32',
        '--kernels',
        kernels,
        '--values',
        path,
      )
      return sha256(readFileSync(path))
    }
    const reference = await values('reference')
    expect(await values('fast')).toBe(reference)
    expect(await values('wasm')).toBe(reference)
  })

  it('changes nothing: classify gives the same with all three, in chunks of any length', async () => {
    const poolingStem = {
      ...digits,
      name: 'pooling',
      stem: { kind: 'imagenet' },
      channels: 3,
      image: { height: 64, width: 64 },
      preprocessing: { kind: 'imagenet' },
    } as const
    const checkpoint = saved(file('pooling.safetensors'), Object.fromEntries(syntheticCheckpoint(poolingStem, 5)), {
      config: JSON.stringify(poolingStem),
    })
    for (const argv of [
      ['classify', '--count', '2', '--steps', '11'],
      ['classify', 'spec/golden/preprocess/photo.jpg', '--checkpoint', checkpoint, '--steps', '3'],
    ]) {
      const results = await Promise.all(
        ['reference', 'fast', 'wasm'].map((kernels) =>
          json(...argv, '--precision', 'float32', '--kernels', kernels, '--json'),
        ),
      )
      const [reference, ...others] = results.map((all) => all.map((one: object) => ({ ...one, kernels: '' })))
      for (const other of others) expect(other).toEqual(reference)
      expect(results.map(([{ kernels }]) => kernels)).toEqual(['reference', 'fast', 'wasm'])
    }
  })

  it('is wasm in float32 and the reference in float64, unless told', async () => {
    const run = async (...argv: readonly string[]) => {
      const [{ precision, kernels }] = await json('classify', '--count', '1', '--json', ...argv)
      return `${precision} ${kernels}`
    }
    expect(await run()).toBe('float32 wasm')
    expect(await run('--precision', 'float32')).toBe('float32 wasm')
    expect(await run('--precision', 'float64')).toBe('float64 reference')
    expect(await run('--kernels', 'fast')).toBe('float32 fast')
    expect(await run('--kernels', 'reference')).toBe('float64 reference')
    expect(await run('--kernels', 'reference', '--precision', 'float32')).toBe('float32 reference')
  })

  it.each([
    [['--kernels', 'fast', '--precision', 'float64'], '--kernels fast'],
    [['--kernels', 'wasm', '--precision', 'float64'], '--kernels wasm'],
    [['--threads', '2', '--precision', 'float64'], '--threads <n>'],
  ])('computes in float32 only, but for the reference: %j', async (argv, option) => {
    expect(await cli('trace', 'ti', '--synthetic', '1', ...argv)).toEqual({
      code: 2,
      out: '',
      err: `error: option '${option}' computes in float32, so --precision cannot be float64\nrun with --help for usage\n`,
    })
  })
})

describe('--threads', () => {
  it('changes nothing, whatever their number', async () => {
    const digits = ['trace', 'digits', '--synthetic', '3', '--batch', '2']
    const row = await json(...digits, '--precision', 'float32', '--kernels', 'reference')
    for (const threads of ['1', '2', '3']) expect(await json(...digits, '--threads', threads)).toEqual(row)
    const several = ['classify', '--count', '3', '--steps', '11', '--json']
    const [one, two] = [await json(...several), await json(...several, '--threads', '2')]
    expect(two.map((result: object) => ({ ...result, threads: 1 }))).toEqual(one)
    expect(two[0].threads).toBe(2)
  })

  it('are for wasm', async () => {
    for (const kernels of ['reference', 'fast'])
      expect(await cli('classify', '--threads', '2', '--kernels', kernels)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`error: option '--threads <n>' is for wasm, not for --kernels ${kernels}\n`),
      })
    expect((await cli('classify', '--threads', '0')).err).toContain("option '--threads <n>' argument '0' is invalid")
  })
})

describe('an engine without SIMD', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('runs fast in place of wasm, and says so', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const said: string[] = []
    const io = { out: () => {}, err: (text: string) => said.push(text), colour: false, bar: () => silent }
    const network = right(await noted(io)(chooseNetwork('quick', { threads: 2 })(synthetic(digits)))())
    expect(network).toMatchObject({ precision: 'float32', name: 'fast', threads: 1 })
    expect(right(await noted(io)(chooseInterpreter('quick', {}))())).toMatchObject({ name: 'fast', threads: 1 })
    expect(said).toEqual([
      'note: This engine has no WebAssembly SIMD; running plain TypeScript instead. Plain TypeScript runs on one thread.\n',
      'note: This engine has no WebAssembly SIMD; running plain TypeScript instead.\n',
    ])
  })
})
