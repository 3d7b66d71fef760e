import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { run } from '../../src/cli/program.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { digits } from '../../src/model/config.js'
import { cli, greyPng, saved, temporary } from './cli.js'

const file = temporary()
mkdirSync(file('folder'))

/** The sentences of a failure: exit code 1, nothing printed, a line a fault, no stack. */
const sentences = async (...argv: readonly string[]): Promise<readonly string[]> => {
  const { code, out, err } = await cli(...argv)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).not.toMatch(/^\s+at |node:internal|internal error/m)
  return err
    .trimEnd()
    .split('\n')
    .map((line) => {
      expect(line).toMatch(/^error: /)
      return line.slice('error: '.length)
    })
}

const good = (): Record<string, Tensor> => Object.fromEntries(syntheticCheckpoint(digits, 1))

/** The good checkpoint with one tensor's element changed. */
const poisoned = (key: string, value: number): Record<string, Tensor> => {
  const { shape, data } = good()[key]!
  const numbers = Float32Array.from(data as Float32Array)
  numbers[0] = value
  return { ...good(), [key]: tensor(shape, numbers) }
}

describe('checkpoints that cannot be read', () => {
  const bytes = readFileSync('data/digits.safetensors')
  const claim = Buffer.alloc(16)
  claim.writeBigUInt64LE(2n ** 60n)
  claim[8] = 0x7b
  writeFileSync(file('truncated.safetensors'), bytes.subarray(0, 100_000))
  writeFileSync(file('lying.safetensors'), claim)
  writeFileSync(file('empty.safetensors'), '')
  writeFileSync(file('text.pth'), 'these are no weights')
  writeFileSync(file('truncated.pth'), readFileSync('spec/golden/digits.pth').subarray(0, 100_000))

  it.each([
    ['missing.pth', /missing\.pth: cannot read: there is no such file or folder$/],
    ['folder', /folder: cannot read: it is a folder$/],
    ['truncated.safetensors', /truncated\.safetensors: not a readable safetensors file: /],
    [
      'lying.safetensors',
      /not a readable safetensors file: its header claims 1152921504606846976 bytes, but only 8 follow/,
    ],
    ['empty.safetensors', /not a readable checkpoint: it is an empty file/],
    ['text.pth', /text\.pth: not a readable checkpoint: it is a text/],
    ['truncated.pth', /truncated\.pth: not a readable /],
  ])('%s', async (name, expected) => {
    const [first, ...rest] = await sentences('classify', '--checkpoint', file(name))
    expect(first).toMatch(expected)
    expect(rest.length).toBeLessThan(21)
    expect((await sentences('convert', file(name), file('never.pth')))[0]).toMatch(expected)
    expect(existsSync(file('never.pth'))).toBe(false)
  })
})

describe('checkpoints that are not the network’s', () => {
  it('says in one sentence that it is of another variant', async () => {
    expect(await sentences('classify', '--checkpoint', 'data/digits.safetensors', '--variant', 'cifar')).toEqual([
      'data/digits.safetensors: its weights are of the variant digits, not of cifar: 176 have other shapes (the first: prologue.0.weight has [16, 1, 3, 3], not [64, 3, 3, 3]); give --variant digits',
    ])
  })

  it('names missing and surplus keys', async () => {
    const { 'classifier.weight': weight, ...rest } = good()
    const path = saved(file('renamed.safetensors'), { ...rest, 'head.\u001b[31mweight': weight! })
    expect(await sentences('classify', '--checkpoint', path, '--variant', 'digits')).toEqual([
      `${path}: classifier.weight: missing, expected shape [10, 64]`,
      `${path}: head.\u{fffd}[31mweight: not a key of this network (its shape is [10, 64]); is the checkpoint of another variant?`,
    ])
  })

  it('names a silent head', async () => {
    const path = saved(file('silent.safetensors'), poisoned('layers.1.1.firing_rate_attn', 0))
    const [only, ...rest] = await sentences('classify', '--checkpoint', path)
    expect(only).toMatch(/: layers\.1\.1\.firing_rate_attn: head 0 has firing rate 0, so its scale .* does not exist/)
    expect(rest).toEqual([])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('names a weight of %d', async (value) => {
    const path = saved(file(`weight-${value}.safetensors`), poisoned('layers.0.1.up.1.weight', value))
    expect(await sentences('classify', '--checkpoint', path)).toEqual([
      `${path}: layers.0.1.up.1.weight: element 0 is ${value}; every number must be finite`,
    ])
  })
})

describe('inputs', () => {
  const input = (shape: readonly number[], fill = 0): Tensor =>
    tensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill))
  writeFileSync(file('empty.png'), '')
  writeFileSync(file('text.png'), 'not an image')
  writeFileSync(file('truncated.png'), greyPng(8, new Uint8Array(64)).subarray(0, 50))
  writeFileSync(file('no-pixels.png'), greyPng(0, new Uint8Array(0)))
  saved(file('nameless.safetensors'), { image: input([1, 1, 16, 16]) })
  saved(file('other-size.safetensors'), { input: input([1, 3, 16, 16]) })
  saved(file('no-samples.safetensors'), { input: input([0, 1, 16, 16]) })
  saved(file('nan.safetensors'), { input: input([1, 1, 16, 16], Number.NaN) })
  saved(file('frames.safetensors'), { input: input([1, 3, 1, 16, 16]) })
  for (const name of ['input', 'frames', 'events']) saved(file(`rows-${name}.safetensors`), { [name]: input([9, 4]) })

  it.each([
    ['missing.png', /missing\.png: cannot read: /],
    ['folder', /folder: cannot read: it is a folder$/],
    ['empty.png', /empty\.png: not a readable image: it is an empty file; fetch or save it again$/],
    ['text.png', /text\.png: not a readable image: it is a text; convert it to PNG or JPEG$/],
    ['truncated.png', /truncated\.png: not a readable PNG: /],
    ['no-pixels.png', /no-pixels\.png: not a readable PNG: it says to have no pixels; /],
    [
      'nameless.safetensors',
      /: there is no tensor named input; name it input, or give frames \[T, 2, H, W\], or events as t, x, y and p$/,
    ],
    [
      'other-size.safetensors',
      /: an input of shape \[1, 3, 16, 16\] is not one of this network; give \[B, 1, 16, 16\] /,
    ],
    ...['input', 'frames', 'events'].map((name): [string, RegExp] => [
      `rows-${name}.safetensors`,
      /: a tensor of shape \[9, 4\] is a list of events, one a row, and no frames; give its columns as the tensors t, x, y and p, /,
    ]),
    ['no-samples.safetensors', /: an input of shape \[0, 1, 16, 16\] is not one of this network/],
    ['nan.safetensors', /: input: element 0 is NaN; every number must be finite$/],
  ])('%s', async (name, expected) => {
    const [only, ...rest] = await sentences('classify', file(name), '--json')
    expect(only).toMatch(expected)
    expect(rest).toEqual([])
  })

  it('with another number of frames than steps asked for', async () => {
    expect(await sentences('classify', file('frames.safetensors'), '--steps', '2')).toEqual([
      `${file('frames.safetensors')}: it has 3 frames, one a step, but --steps asks for 2; leave --steps out`,
    ])
  })

  it('that are not digits, with --invert or without', async () => {
    const checkpoint = [
      '--checkpoint',
      saved(file('wide.safetensors'), good()),
      '--variant',
      'digits',
      '--image-size',
      '32',
    ]
    expect(await sentences('classify', ...checkpoint)).toEqual([
      'the bundled digits are 1 x 16 x 16, this network takes 1 x 32 x 32; give images or safetensors files of its own',
    ])
    expect(await sentences('classify', ...checkpoint, 'spec/golden/preprocess/small.png')).toEqual([
      'spec/golden/preprocess/small.png: an image has 3 channels, this network takes 1; give its input as a tensor in a safetensors file',
    ])
    expect((await sentences('evaluate', 'digits', ...checkpoint))[0]).toMatch(/^the bundled digits are 1 x 16 x 16/)
  })

  it('print nothing of the good ones with --fail-fast', async () => {
    await sentences('classify', 'spec/golden/preprocess/small.png', file('text.png'), '--json', '--fail-fast')
  })
})

describe('labels', () => {
  it('of another number than the classes', async () => {
    writeFileSync(file('labels.txt'), 'a\nb\nc\n')
    expect(await sentences('classify', '--labels', file('labels.txt'))).toEqual([
      `${file('labels.txt')}: it has 3 labels (the first is "a"), but the network has 10 classes; give one label a class`,
    ])
    expect(await sentences('classify', '--labels', file('none.txt'))).toEqual([
      `${file('none.txt')}: cannot read: there is no such file or folder`,
    ])
  })
})

describe('configurations', () => {
  it('lists every inconsistency', async () => {
    writeFileSync(
      file('impossible.json'),
      JSON.stringify({ extends: 'cifar', name: 'x', image: { height: 30, width: 32 }, classes: 0, threshold: -1 }),
    )
    expect(await sentences('inspect', file('impossible.json'))).toEqual([
      `${file('impossible.json')}: configuration: classes must be a whole number of at least 1, not 0`,
      `${file('impossible.json')}: configuration: reset.value must be below the threshold -1, not 0: a neuron at rest would fire`,
    ])
  })

  it('that are no JSON', async () => {
    writeFileSync(file('broken.json'), '{"extends": "ti",')
    expect((await sentences('inspect', file('broken.json')))[0]).toMatch(
      /broken\.json: not a readable configuration: it is not JSON; /,
    )
  })

  it('for an image the patches do not divide', async () => {
    expect(await sentences('classify', '--image-size', '18')).toEqual([
      "configuration: stages[0].patch is 4, which does not divide the feature map's height, 18",
      "configuration: stages[0].patch is 4, which does not divide the feature map's width, 18",
      "configuration: stages[1].patch is 2, which does not divide the feature map's height, 9",
      "configuration: stages[1].patch is 2, which does not divide the feature map's width, 9",
    ])
  })

  it('that are neither a variant nor a file', async () => {
    expect(await sentences('inspect', 'xl')).toEqual([
      'xl is not a variant, and no file: there is no such file or folder; give one of ti, s, m, l, cifar, dvsg, digits, or a file',
    ])
  })

  it('too large for any memory', async () => {
    const stage = { planes: 65_536, heads: 1, patch: 1, depth: 1 }
    writeFileSync(file('huge.json'), JSON.stringify({ extends: 'ti', name: 'huge', stages: [stage] }))
    expect(await sentences('inspect', file('huge.json'))).toEqual([
      'this needs more memory than there is; use fewer classes, steps or samples, or a smaller image',
    ])
  })
})

describe('outputs that cannot be written', () => {
  it.each([
    ['no/such/folder/out.pth', /out\.pth: cannot write: there is no folder .*no\/such\/folder$/],
    ['folder/taken.safetensors', /taken\.safetensors: cannot write: it is a folder$/],
  ])('%s', async (name, expected) => {
    mkdirSync(file('folder/taken.safetensors'), { recursive: true })
    expect((await sentences('convert', 'data/digits.safetensors', file(name)))[0]).toMatch(expected)
    expect(readdirSync(file('folder'))).toEqual(['taken.safetensors'])
  })
})

describe('what nobody foresaw', () => {
  it('is one sentence, not a stack', async () => {
    let err = ''
    const code = await run(['classify'], {
      out: () => {},
      err: (text) => {
        err += text
      },
      colour: false,
      bar: () => {
        throw new Error('the bar\nis closed')
      },
    })
    expect({ code, err }).toEqual({
      code: 1,
      err: 'error: internal error: the bar\u{fffd}is closed; please report it\n',
    })
  })
})
