import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { type GoldenRow, goldenRows, right, sha256, type TracedRow, worst } from '../golden.js'
import { cli, json, temporary } from './cli.js'

const file = temporary()

describe.each(goldenRows.filter(({ variant }) => variant === 'cifar' || variant === 'dvsg'))(
  'trace $variant',
  (row) => {
    it('prints the golden row: same fields, names, order, spikes and hashes; logits to 1e-9', async () => {
      const { variant, seed, image, T, classes, batch, frames } = row
      const options = {
        '--synthetic': seed,
        '--image-size': image,
        '--steps': T,
        '--classes': classes,
        '--batch': batch,
      }
      const given = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
      const printed: TracedRow = await json('trace', variant, ...given, ...(frames ? ['--frames'] : []))
      expect(Object.keys(printed)).toEqual([...Object.keys(row), 'precision', 'operations', 'membranes'])
      expect(Object.keys(printed.sops)).toEqual(Object.keys(row.sops))
      expect(printed.layers.map((layer) => Object.keys(layer))).toEqual(row.layers.map((layer) => Object.keys(layer)))
      const { meanLogits, logitsPerStepSum, precision, operations, membranes, ...exact } = printed
      const { meanLogits: goldenMeans, logitsPerStepSum: goldenSums, ...golden } = row
      expect(exact).toEqual(golden)
      expect(worst(meanLogits.flat(), goldenMeans.flat())).toBeLessThan(1e-9)
      expect(worst(logitsPerStepSum.flat(), goldenSums.flat())).toBeLessThan(1e-9)
      expect(precision).toBe('float64')
      const spikes = operations.filter(({ operation }) => operation === 'fire')
      expect(spikes.map(({ path: layer, sha256: hash }) => ({ layer, sha256: hash }))).toEqual(
        row.layers.map(({ layer, sha256: hash }) => ({ layer, sha256: hash })),
      )
      expect(membranes.map(({ key }) => key)).toEqual(row.layers.map(({ layer }) => layer))
    })
  },
)

describe('trace --precision float32', () => {
  const golden: TracedRow = JSON.parse(readFileSync(new URL('../golden/float32.json', import.meta.url), 'utf8'))
  const cifar = 'trace cifar --synthetic 7 --image-size 32 --steps 4 --classes 10 --batch 2 --precision float32'

  it.each([
    '--kernels reference',
    '--kernels fast',
    '--kernels wasm',
    '--kernels wasm --chunk 3',
    '--kernels fast --chunk 4',
    '--threads 2 --chunk 2',
  ])('prints the golden bits of single precision, those of every operation and membrane, with %s', async (how) => {
    expect(await json(...cifar.split(' '), ...how.split(' '))).toEqual(golden)
  })
})

describe('trace --values', () => {
  const small = ['trace', 'digits', '--synthetic', '3', '--steps', '2', '--batch', '2']

  it('writes every value under its path, those of the row included', async () => {
    const values = file('values.safetensors')
    const row: TracedRow = await json(...small, '--values', values)
    expect(row).toEqual(await json(...small))
    expect(row).toEqual(await json(...small, '--chunk', '2'))
    const { tensors } = right(decodeSafetensors(new Uint8Array(readFileSync(values))))
    for (const { layer, shape, sha256: hash } of row.layers) {
      expect(tensors.get(layer)?.shape).toEqual(shape)
      expect(sha256(tensors.get(layer)?.data as Uint8Array)).toBe(hash)
    }
    expect(
      [...tensors].map(([path, { shape, data }]) => ({
        path,
        shape,
        sha256: sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      })),
    ).toEqual(row.operations.map(({ path, shape, sha256: hash }) => ({ path, shape, sha256: hash })))
    expect(tensors.get('prologue')?.shape).toEqual([1, 2, 16, 16, 16])
    expect(tensors.get('layers.1.1.split.0')?.shape).toEqual([2, 2, 2, 16, 16])
    expect(tensors.get('layers.1.1.split.1')?.shape).toEqual([2, 2, 2, 16, 16])
    const logits = tensors.get('classifier')!
    expect(logits.shape).toEqual([2, 2, 10])
    expect((logits.data as Float64Array)[0]! / 2 + (logits.data as Float64Array)[20]! / 2).toBeCloseTo(
      row.meanLogits[0]![0]!,
      12,
    )
  })

  it.each(['', '--frames'])('writes the same bytes whatever the chunks %s', async (frames) => {
    const words = [...small, '--steps', '5', ...(frames === '' ? [] : [frames]), '--values']
    const bytes = await Promise.all(
      ['1', '2', '5'].map(async (chunk) => {
        const values = file(`values-${chunk}${frames}.safetensors`)
        await json(...words, values, '--chunk', chunk)
        return sha256(readFileSync(values))
      }),
    )
    expect(new Set(bytes).size).toBe(1)
  })

  it('prints nothing where the values cannot be written', async () => {
    const { code, out, err } = await cli(...small, '--values', file('no/such/folder/values.safetensors'))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/cannot write: there is no folder .*such\/folder\n$/)
  })
})

describe('trace of other inputs', () => {
  it('names a rectangular image by height and width', async () => {
    const row = await json('trace', 'digits', '--synthetic', '1', '--image-size', '16x32', '--steps', '1')
    expect(row.image).toEqual([16, 32])
    expect(row.layers[0].shape).toEqual([1, 1, 16, 16, 32])
  })

  it('runs in float32 when asked', async () => {
    const exact: GoldenRow = await json('trace', 'digits', '--synthetic', '1')
    const single: GoldenRow = await json('trace', 'digits', '--synthetic', '1', '--precision', 'float32')
    expect(worst(single.meanLogits.flat(), exact.meanLogits.flat())).toBeLessThan(1e-3)
    expect(single.meanLogits).not.toEqual(exact.meanLogits)
  })

  it('says every inconsistency of an impossible size', async () => {
    const { code, out, err } = await cli('trace', 'cifar', '--synthetic', '1', '--image-size', '30x31')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(
      "error: configuration: stages[0].patch is 4, which does not divide the feature map's height, 30\n",
    )
    expect(err).toContain(
      "error: configuration: stages[0].patch is 4, which does not divide the feature map's width, 31\n",
    )
  })
})
