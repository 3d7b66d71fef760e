import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ti, variants } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
import { goldenRows } from '../golden.js'
import { cli, json, temporary } from './cli.js'

const file = temporary()

describe('inspect', () => {
  it('shows the architecture, the parameters and the dense cost of a variant', async () => {
    const { code, out, err } = await cli('inspect', 'ti')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n')
    expect(lines.slice(0, 2)).toEqual([
      'SpikingResformer ti: 3 x 224 x 224, 1000 classes, T = 4',
      'neurons: LIF tau 2, threshold 1, hard reset to 0',
    ])
    const line = (path: string): string | undefined =>
      lines.find((text) => text.startsWith(`${path} `))?.replace(/ +/g, ' ')
    expect(line('prologue')).toBe('prologue stem [1, 1, 64, 56, 56] [64, 3, 7, 7] 118 M')
    // y^T x with 14 x 14 tokens, d = 64 and 56 x 56 positions at each of 4 steps.
    expect(line('layers.0.0.matmul1')).toBe('layers.0.0.matmul1 dstT [4, 1, 1, 196, 3136] 157 M')
    expect(line('layers.2.0.conv')).toBe('layers.2.0.conv synapse [4, 1, 384, 14, 14] [384, 192, 3, 3] 520 M')
    expect(line('classifier')).toBe('classifier classify [4, 1, 1000] [1000, 384] 1.54 M')
    expect(out).toContain('parameters: 11,180,992 (11,141,312 without batch norm)\n')
    expect(out).not.toContain('measured')
  })

  it.each(goldenRows)(
    'counts the parameters of $variant at $image',
    async ({ variant, image, classes, parameters }) => {
      writeFileSync(file('config.json'), JSON.stringify({ extends: variant, name: variant, classes }))
      const all = await json('inspect', file('config.json'), '--image-size', String(image), '--json')
      expect(all.parameters.all).toBe(parameters)
      expect(all.config.image).toEqual({ height: image, width: image })
    },
  )

  it('adds up the dense multiply-accumulates', async () => {
    const { denseMacs, layers, config } = await json('inspect', 'ti', '--steps', '3', '--json')
    expect(config).toEqual({ ...ti, steps: 3 })
    const sum = layers.reduce((total: number, layer: { denseMacs: number }) => total + layer.denseMacs, 0)
    expect(denseMacs.run).toBe(sum)
    expect(denseMacs.run).toBe(denseMacs.stem + 3 * denseMacs.step)
    expect(denseMacs.stem).toBe(112 * 112 * 64 * 3 * 7 * 7)
  })

  it('has the geometry of every convolution, and of nothing else', async () => {
    const { layers } = await json('inspect', 'ti', '--json')
    const geometry = new Map<string, unknown>(
      layers.map(({ path, geometry: of }: { path: string; geometry: unknown }) => [path, of]),
    )
    const pool = { kernel: 3, stride: 2, padding: 1 }
    expect(geometry.get('prologue')).toEqual({ kernel: [7, 7], stride: 2, padding: 3, groups: 1, pool })
    const plain = { groups: 1, pool: null }
    expect(geometry.get('layers.0.0.W')).toEqual({ kernel: [4, 4], stride: 4, padding: 0, ...plain })
    expect(geometry.get('layers.1.0.conv')).toEqual({ kernel: [3, 3], stride: 2, padding: 1, ...plain })
    expect(geometry.get('layers.2.2.conv.0.1')).toEqual({
      kernel: [3, 3],
      stride: 1,
      padding: 1,
      groups: 24,
      pool: null,
    })
    for (const { operation, geometry: of } of layers)
      expect([operation, of !== null]).toEqual([operation, operation === 'stem' || operation === 'synapse'])
  })

  it.each(Object.values(variants))('lists every key of a checkpoint of $name', async (config) => {
    const { keys } = await json('inspect', config.name, '--parameters', '--json')
    expect(keys).toEqual(layout(config).map(({ key, shape, role }) => ({ key, shape, role })))
    const { out } = await cli('inspect', config.name, '--parameters')
    expect(out).toMatch(/^layers\.0\.0\.firing_rate_x +\S+ +\[/m)
  })

  it('measures a checkpoint on the first test digit, as classify does', async () => {
    const { measured, parameters } = await json('inspect', 'spec/golden/digits.pth', '--measure', '--json')
    const [{ spikes, firingRate, sops, macs, energyJoules, energyWithStemJoules, stages }] = await json(
      ...['classify', '--checkpoint', 'spec/golden/digits.pth', '--count', '1', '--json'],
    )
    expect(measured).toEqual({ spikes, firingRate, sops, macs, energyJoules, energyWithStemJoules, stages })
    expect(parameters).toEqual({ all: 367728, withoutBatchNorm: 360976 })
    const [bundled] = await json('classify', '--count', '1', '--json')
    expect((await json('inspect', 'digits', '--measure', '--json')).measured.spikes).toBe(bundled.spikes)
  })

  it('measures a variant on a synthetic image', async () => {
    const { out } = await cli('inspect', 'dvsg', '--image-size', '16', '--steps', '1', '--measure')
    expect(out).toMatch(
      /\nmeasured on one input:\nstage {2}spikes .*\n─.*\n1 .* %.*\n2 .*\n3 .*\nall .*\nenergy .*J with the stem/,
    )
  })
})
