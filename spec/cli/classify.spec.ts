import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { tensor } from '../../src/core/tensor.js'
import { integrateEvents } from '../../src/input/events.js'
import { type Config, cifar, digits, dvsg } from '../../src/model/config.js'
import { json as goldenJson, right, worst } from '../golden.js'
import { cli, greyPng, json, saved, temporary } from './cli.js'

const file = temporary()
/** The digits network that golden data were computed with. */
const float64 = ['--checkpoint', 'spec/golden/digits.pth', '--precision', 'float64']
const golden = goldenJson('digits-test.json')

/** A network small enough to run in a blink, for coloured images of 16 x 16. */
const tiny: Config = {
  ...cifar,
  name: 'tiny',
  image: { height: 16, width: 16 },
  stages: digits.stages,
  groupWidth: 16,
  classes: 4,
  steps: 2,
}
const tinyCheckpoint = saved(file('tiny.safetensors'), Object.fromEntries(syntheticCheckpoint(tiny, 5)), {
  config: JSON.stringify(tiny),
})
const ofTiny = ['classify', '--checkpoint', tinyCheckpoint, '--json']

describe('classify without inputs', () => {
  it('draws a few bundled digits beside their prediction, with spikes and energy', async () => {
    const { code, out, err } = await cli('classify', ...float64, '--count', '2')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n').slice(0, 12)).toEqual([
      '  ░░████░░         test digit 0: 2, right',
      '  ▓▓████▒▒         2  ███████████████████████▎    5.13',
      '  ▒▒▓▓▒▒██         9  ▏                          -0.11',
      '      ▒▒██         4  ▏                          -0.21',
      '      ▓▓▓▓',
      '      ██▒▒░░░░     stage  spikes  firing rate    SOPs',
      '    ▓▓████████     ─────  ──────  ───────────  ──────',
      '  ░░██████▓▓▓▓     1      15.6 k        8.0 %   750 k',
      '                   2      20.3 k        9.5 %  1.40 M',
      '                   3      17.5 k       11.3 %  1.87 M',
      '                   all    53.4 k        9.4 %  4.01 M',
      '                   energy 3.61 µJ, 3.78 µJ with the stem and the classifier',
    ])
    expect(out).toContain('test digit 1: 3, right')
    expect(out).not.toContain('\u001b')
  })

  it('gives the golden logits of the first four digits', async () => {
    const results = await json('classify', ...float64, '--top', '10', '--json')
    expect(results).toHaveLength(4)
    for (const [i, { top, truth, label }] of results.entries()) {
      expect(top.map((row: { class: number }) => row.class).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      const logits = [...top].sort((a, b) => a.class - b.class).map(({ logit }) => logit)
      expect(worst(logits, golden.logits_first4[i])).toBeLessThan(1e-9)
      expect(top[0].class).toBe(golden.predictions[i])
      expect(top[0].label).toBe(String(golden.predictions[i]))
      expect(label).toBeUndefined()
      expect(truth).toBe([2, 3, 4, 5][i])
    }
  })

  it('adds up: spikes and SOPs of the stages, energy at 0.9 pJ and 4.6 pJ', async () => {
    const [result] = await json('classify', ...float64, '--count', '1', '--json')
    const sum = (field: string): number =>
      result.stages.reduce((total: number, stage: Record<string, number>) => total + stage[field]!, 0)
    expect(result.stages.map(({ stage }: { stage: number }) => stage)).toEqual([1, 2, 3])
    expect(sum('spikes')).toBe(result.spikes)
    expect(sum('sops')).toBe(result.sops)
    expect(result.energyJoules).toBeCloseTo(result.sops * 0.9e-12, 18)
    // The stem once: 14 x 14 inner positions of 9 taps, 4 x 14 edges of 6, 4 corners of 4, 16 channels; 4 classifications.
    expect(result.macs).toBe((14 * 14 * 9 + 4 * 14 * 6 + 4 * 4) * 16 + 4 * 640)
    expect(result.energyWithStemJoules).toBeCloseTo(result.sops * 0.9e-12 + result.macs * 4.6e-12, 18)
    expect(result).toMatchObject({ input: 'test digit 0', steps: 4, precision: 'float64', kernels: 'reference' })
  })

  it('takes another number of steps', async () => {
    const [result] = await json('classify', '--steps', '2', '--count', '1', '--json')
    expect(result.steps).toBe(2)
  })
})

describe('classify an image with the digits network', () => {
  const ink = Uint8Array.from({ length: 64 }, (_, i) => (i % 8 === 3 || i % 8 === 4 ? 255 : 0))
  writeFileSync(file('one.png'), greyPng(8, ink))
  writeFileSync(
    file('one-on-paper.png'),
    greyPng(
      8,
      ink.map((v) => 255 - v),
    ),
  )

  it('sees bright ink on dark, or with --invert ink on paper', async () => {
    const [bright] = await json('classify', file('one.png'), '--json')
    const [dark] = await json('classify', file('one-on-paper.png'), '--invert', '--json')
    const [wrong] = await json('classify', file('one-on-paper.png'), '--json')
    expect(bright.input).toBe(file('one.png'))
    expect({ ...dark, input: '' }).toEqual({ ...bright, input: '' })
    expect(wrong.top).not.toEqual(bright.top)
  })

  it('draws it', async () => {
    const { out } = await cli('classify', file('one.png'), '--top', '1')
    expect(out.split('\n')[0]).toMatch(/^ {6}████ {6} {3}\S+one\.png: \d$/)
  })
})

describe('classify coloured images', () => {
  it('preprocesses them as the authors do', async () => {
    const photo = 'spec/golden/preprocess/photo.jpg'
    const [result] = await json(...ofTiny, photo)
    expect(result.top).toHaveLength(3)
    expect(result.top[0].label).toBeNull()
    const again = await json(...ofTiny, photo, photo)
    expect(again).toEqual([result, result])
  })

  it('takes golden preprocessed pixels as a tensor to the same result', async () => {
    const { tensors } = right(
      decodeSafetensors(
        new Uint8Array(readFileSync(new URL('../golden/preprocess/small-64.safetensors', import.meta.url))),
      ),
    )
    const { shape, data } = tensors.get('input')!
    const input = saved(file('small-64.safetensors'), { input: tensor([1, ...shape.slice(-3)], data) })
    const size = ['--image-size', '64']
    const [fromTensor] = await json(...ofTiny, ...size, input)
    const [fromImage] = await json(
      ...ofTiny,
      ...size,
      ...['--preprocessing', 'imagenet', 'spec/golden/preprocess/small.png'],
    )
    expect({ ...fromTensor, input: '' }).toEqual({ ...fromImage, input: '' })
  })

  it('names the classes by a file', async () => {
    writeFileSync(file('labels.txt'), 'ant\nbee\r\ncat\ndog\n')
    const [result] = await json(
      ...ofTiny,
      '--labels',
      file('labels.txt'),
      '--top',
      '9',
      'spec/golden/preprocess/small.png',
    )
    expect(new Map(result.top.map((row: { class: number; label: string }) => [row.class, row.label]))).toEqual(
      new Map([
        [0, 'ant'],
        [1, 'bee'],
        [2, 'cat'],
        [3, 'dog'],
      ]),
    )
  })
})

describe('classify tensors', () => {
  const stills = syntheticInput([3, 3, 16, 16], 9)

  it('gives one object a sample, each as if it were alone', async () => {
    const batch = saved(file('batch.safetensors'), { input: stills })
    const results = await json(...ofTiny, batch)
    expect(results.map(({ input }: { input: string }) => input)).toEqual([0, 1, 2].map((b) => `${batch}[${b}]`))
    const last = saved(file('last.safetensors'), { input: tensor([1, 3, 16, 16], stills.data.slice(2 * 768)) })
    const [alone] = await json(...ofTiny, last)
    expect(alone).toEqual({ ...results[2], input: last })
    expect(results[0].sops).not.toBe(results[2].sops)
  })

  it('runs one frame a step, as many as the file has', async () => {
    const frame = stills.data.slice(0, 768)
    const three = new Float64Array(3 * 768)
    for (let t = 0; t < 3; t++) three.set(frame, t * 768)
    const frames = saved(file('frames.safetensors'), { input: tensor([1, 3, 3, 16, 16], three) })
    const still = saved(file('still.safetensors'), { input: tensor([1, 3, 16, 16], frame) })
    const [moving] = await json(...ofTiny, frames)
    const [held] = await json(...ofTiny, still, '--steps', '3')
    expect(moving.steps).toBe(3)
    // The same frame at every step is the held image, but for the stem, which runs at every step.
    const { macs, energyWithStemJoules, input, ...same } = moving
    expect(held).toMatchObject(same)
    expect(macs).toBeGreaterThan(held.macs)
  })

  it('integrates events into the steps of the network', async () => {
    const gestures: Config = {
      ...dvsg,
      name: 'gestures',
      image: { height: 12, width: 16 },
      stages: digits.stages,
      groupWidth: 16,
      steps: 5,
    }
    writeFileSync(file('gestures.json'), JSON.stringify(gestures))
    const checkpoint = saved(file('gestures.safetensors'), Object.fromEntries(syntheticCheckpoint(gestures, 5)))
    const events = 'spec/golden/events.safetensors'
    const { tensors } = right(decodeSafetensors(new Uint8Array(readFileSync(events))))
    const [t, x, y, p] = ['t', 'x', 'y', 'p'].map((name) => tensors.get(name)!.data as BigInt64Array)
    const frames = right(integrateEvents({ steps: 5, height: 12, width: 16 })({ t: t!, x: x!, y: y!, p: p! }))
    const input = saved(file('events.safetensors'), { input: tensor([1, ...frames.shape], frames.data) })
    const of = ['classify', '--checkpoint', checkpoint, '--config', file('gestures.json'), '--json']
    const [integrated] = await json(...of, events)
    const [given] = await json(...of, input)
    expect(integrated).toEqual({ ...given, input: events })
    expect(integrated).toMatchObject({ steps: 5 })
  })
})

describe('which network a checkpoint holds', () => {
  it('is told by its shapes, whatever its format and number of classes', async () => {
    const pth = 'spec/golden/digits.pth'
    expect((await cli('convert', pth, file('digits.safetensors'))).code).toBe(0)
    const [one] = await json('classify', '--checkpoint', pth, '--count', '1', '--json')
    const [other] = await json('classify', '--checkpoint', file('digits.safetensors'), '--count', '1', '--json')
    expect(one).toEqual(other)
    const three = { ...digits, classes: 3 }
    const checkpoint = saved(file('three.safetensors'), Object.fromEntries(syntheticCheckpoint(three, 5)))
    const [result] = await json('classify', '--checkpoint', checkpoint, '--count', '1', '--top', '9', '--json')
    expect(result.top).toHaveLength(3)
    expect(result.top[0].label).toBeNull()
  })

  it('is asked for where neither metadata nor shapes tell', async () => {
    const checkpoint = saved(file('untold.safetensors'), Object.fromEntries(syntheticCheckpoint(tiny, 5)))
    const { code, err } = await cli('classify', '--checkpoint', checkpoint)
    expect(code).toBe(1)
    expect(err).toMatch(
      /: its keys and shapes are of none of the variants ti, .* say which network it is with --variant/,
    )
  })
})
