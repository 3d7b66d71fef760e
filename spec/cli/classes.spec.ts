/** What classes are called: learnt from folders, kept with the network, said by classify and evaluate, and never trusted. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { right } from '../right.js'
import { cli, greyPng, json, saved, temporary } from './cli.js'
import { nano, trainings } from './trainings.js'

const file = temporary()
const { idx } = trainings(file)
writeFileSync(
  file('rgb.json'),
  JSON.stringify({ ...nano, channels: 3, classes: 3, preprocessing: { kind: 'cifar10' } }),
)

/** Images by class, bright in a place that tells which; a control character is no name for a terminal. */
const photos = (folder: string, count: number, names = ['ant', 'bee\u001b[31m', 'cat']): void => {
  for (const [k, name] of names.entries())
    for (let i = 0; i < count; i++) {
      mkdirSync(file(`${folder}/${name}`), { recursive: true })
      const pixels = Uint8Array.from(
        { length: 64 },
        (_, at) => ((at >> 3) % 3 === k ? 200 : 10) + ((at * 7 + i * 13) % 50),
      )
      writeFileSync(file(`${folder}/${name}/${i}.png`), greyPng(8, pixels))
    }
}
photos('photos/train', 6)
photos('photos/test', 2)

const train = (data: string, out: string, ...rest: readonly string[]): readonly string[] => [
  ...['train', file(data), '--epochs', '1', '--batch', '6', '--out', file(out), ...rest],
]
const ofColours = ['--config', file('rgb.json')]
const network = (out: string): string => file(`${out}/network.safetensors`)
const metadataOf = (out: string) => right(decodeSafetensors(new Uint8Array(readFileSync(network(out))))).metadata
const done = async (...argv: readonly string[]) => {
  const { code, out, err } = await cli(...argv)
  expect(code, err).toBe(0)
  return { out, err }
}

beforeAll(async () => {
  await done(...train('photos', 'one', ...ofColours))
})

describe('the names of the classes', () => {
  it('are kept with the network, and said by what it classifies and how it is evaluated', async () => {
    expect(JSON.parse(metadataOf('one')['classes']!)).toEqual(['ant', 'bee\u001b[31m', 'cat'])
    const photo = file('photos/test/cat/0.png')
    const [{ top }] = await json('classify', photo, '--checkpoint', network('one'), '--json')
    expect(top.map(({ class: k, label }: { class: number; label: string }) => [k, label]).sort()).toEqual([
      [0, 'ant'],
      [1, 'bee\u001b[31m'],
      [2, 'cat'],
    ])
    const { out } = await done('classify', photo, '--checkpoint', network('one'))
    expect(out).toContain('bee\u{fffd}[31m')
    expect(out).not.toContain('\u001b')
    writeFileSync(file('labels.txt'), 'x\ny\nz\n')
    expect((await done('classify', photo, '--checkpoint', network('one'), '--labels', file('labels.txt'))).out).toMatch(
      /: [xyz]\n/,
    )
    const evaluated = await done('evaluate', file('photos'), '--checkpoint', network('one'))
    expect(evaluated.out).toMatch(
      /^accuracy .* of 6 test images\n\nis \\ read as +0 +1 +2\n[─ ]+\n0 ant .*\n1 bee\u{fffd}\[31m .*\n2 cat .*\n\nan image: /u,
    )
    expect(await json('evaluate', file('photos'), '--checkpoint', network('one'), '--json')).toMatchObject({
      ...{ dataset: file('photos'), names: ['ant', 'bee\u001b[31m', 'cat'], labels: [0, 0, 1, 1, 2, 2], total: 6 },
    })
  })

  it('are those of the data where another network is transferred, and none where the data have none', async () => {
    photos('others', 4, ['dog', 'eel', 'fox'])
    await done(...train('others', 'moved', '--from', network('one')))
    expect(JSON.parse(metadataOf('moved')['classes']!)).toEqual(['dog', 'eel', 'fox'])
    await done(...train('others', 'more', '--from', network('one'), '--classes', '5'))
    expect(metadataOf('more')['classes']).toBe(undefined)
    await done(
      'train',
      file('data'),
      '--config',
      file('nano.json'),
      '--epochs',
      '1',
      '--batch',
      '8',
      '--out',
      file('idx'),
    )
    expect(Object.keys(metadataOf('idx')).sort()).toEqual(['config', 'training'])
  })

  it('are as they were where training goes on, or it does not', async () => {
    expect((await done(...train('photos', 'one', ...ofColours, '--resume'))).err).toBe('note: all epochs are done: 1\n')
    cpSync(file('photos'), file('renamed'), { recursive: true })
    for (const part of ['train', 'test']) renameSync(file(`renamed/${part}/cat`), file(`renamed/${part}/cow`))
    const { code, err } = await cli(...train('renamed', 'one', ...ofColours, '--resume'))
    expect([code, err]).toEqual([
      1,
      `error: ${file('one/training.safetensors')}: it was trained with data whose classes have other names; resume with the options and the data it was begun with, or begin anew in another folder\n`,
    ])
  })

  it('have a place in a safetensors file, and none in a .pth file', async () => {
    expect((await done('convert', network('one'), file('again.safetensors'))).err).toBe('')
    const { metadata } = right(decodeSafetensors(new Uint8Array(readFileSync(file('again.safetensors')))))
    expect(metadata['classes']).toBe(metadataOf('one')['classes'])
    expect((await done('convert', network('one'), file('one.pth'))).err).toContain(
      'a .pth file has no place for the names of the classes: give them again with --labels\n',
    )
    expect((await done('convert', network('idx'), file('idx.pth'))).err).not.toContain('names')
  })

  it.each([
    ['["ant"]', 'it has 1 labels (the first is "ant"), but the network has 3 classes; give one label a class'],
    ['["a","b","c","d"]', 'it has 4 labels'],
    ['[1,2,3]', 'it is a JSON list without a label for class 0; '],
    ['{', 'it begins as JSON and is none; '],
    ['', 'line 1 of it is blank; '],
    [`["${'x'.repeat(5000)}"]`, `it has 1 labels (the first is "${'x'.repeat(99)}... (5002 characters)), but`],
  ])('are left out where they are not one a class: %.30s', async (classes, why) => {
    const { tensors, metadata } = right(decodeSafetensors(new Uint8Array(readFileSync(network('one')))))
    const odd = saved(file('odd.safetensors'), Object.fromEntries(tensors), { ...metadata, classes })
    const { out, err } = await done('classify', file('photos/test/ant/0.png'), '--checkpoint', odd)
    expect(out).toMatch(/: class [012]\n/)
    expect(err.split('\n')).toEqual([
      expect.stringContaining(`note: ${odd}: the names of its classes are left out: ${why}`),
      '',
    ])
  })
})

describe('evaluate', () => {
  const evaluate = (data: string, ...rest: readonly string[]) =>
    cli('evaluate', file(data), '--checkpoint', network('one'), ...rest)

  it('takes the test pair of IDX files, packed or not, to the accuracy that train said', async () => {
    idx('only', 't10k', 6, { gzip: true })
    for (const data of ['data', 'only']) {
      const found = await json('evaluate', file(data), '--checkpoint', network('idx'), '--kernels', 'wasm', '--json')
      expect(found).toMatchObject({ total: 6, labels: [0, 1, 2, 0, 1, 2], names: null })
      const [last] = readFileSync(file('idx/metrics.jsonl'), 'utf8').trim().split('\n').slice(-1)
      expect(found.accuracy).toBe(JSON.parse(last!).testAccuracy)
    }
  })

  it('takes images by class, in test/, in val/ or in the folder itself, to the same numbers', async () => {
    cpSync(file('photos/test'), file('validated/val'), { recursive: true })
    const [test, val, own] = await Promise.all(
      ['photos', 'validated', 'photos/test'].map((data) =>
        json('evaluate', file(data), '--checkpoint', network('one'), '--json'),
      ),
    )
    for (const other of [val, own]) expect({ ...other, dataset: '' }).toEqual({ ...test, dataset: '' })
    const { accuracy } = await json(
      'evaluate',
      file('photos'),
      '--checkpoint',
      network('one'),
      '--kernels',
      'wasm',
      '--json',
    )
    const [line] = readFileSync(file('one/metrics.jsonl'), 'utf8').trim().split('\n').slice(-1)
    expect(accuracy).toBe(JSON.parse(line!).testAccuracy)
  })

  it('numbers the classes by the names of the network, else by the folders it was trained on', async () => {
    cpSync(file('photos/test'), file('few'), { recursive: true })
    rmSync(file('few/ant'), { recursive: true })
    expect((await json('evaluate', file('few'), '--checkpoint', network('one'), '--json')).labels).toEqual([1, 1, 2, 2])
    const said = await cli('evaluate', file('few'), '--checkpoint', file('one.pth'), ...ofColours)
    expect([said.code, said.err]).toEqual([
      1,
      `error: ${file('few')}: it has the folders of 2 classes, but the network has 3 and no names for them; give a folder for each class, or a network that train made of such folders\n`,
    ])
    const bare = await json('evaluate', file('photos'), '--checkpoint', file('one.pth'), ...ofColours, '--json')
    expect(bare).toMatchObject({ labels: [0, 0, 1, 1, 2, 2], names: ['ant', 'bee\u001b[31m', 'cat'] })
  })

  it('lists the most frequent confusions of more classes than a terminal is wide', async () => {
    const names = Array.from({ length: 21 }, (_, k) => `c${String(k).padStart(2, '0')}`)
    photos('many', 2, names)
    await done(...train('many', 'wide', '--from', network('one')))
    const { out } = await done('evaluate', file('many'), '--checkpoint', network('wide'))
    const lines = out.split('\n')
    expect(lines[2]).toMatch(/^is +read as +times$/)
    expect(lines.slice(4, 14).every((line) => /^\d+ c\d\d +\d+ c\d\d +[12]$/.test(line))).toBe(true)
    expect(lines[14]).toBe('')
  })

  it.each([
    ['nothing', 'nowhere', 'cannot read: there is no such file or folder'],
    ['a file', 'rgb.json', 'cannot read: it is no folder'],
    ['a folder of images alone', 'photos/test/ant', 'it has neither IDX files nor folders of images; '],
    ['images for training alone', 'trained', `it has train/ and no images to test on; give ${file('trained/train')} `],
    ['IDX files for training alone', 'halved', 'it has no images to test on; give t10k-images-idx3-ubyte and '],
    ['classes of others', 'others', 'dog is no class of the network; take it away'],
    ['images of another shape', 'data', 'the test samples have shape [1, 8, 8]; the network takes [3, 8, 8], or '],
  ])('refuses %s in a sentence', async (_, data, sentence) => {
    cpSync(file('photos/train'), file('trained/train'), { recursive: true })
    idx('halved', 'train', 6)
    const { code, out, err } = await evaluate(data)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^error: [^\n]*\n$/)
    expect(err).toContain(`${file(data)}: ${sentence}`)
  })

  it('refuses labels that are none of the network, and the digits for other classes', async () => {
    idx('four', 't10k', 8, { classes: 4 })
    const four = await cli('evaluate', file('four'), '--checkpoint', network('idx'))
    expect(four.err).toContain('test sample 3 is of class 3, but the network has the classes 0 to 2; ')
    const digits = await cli('evaluate', 'digits', '--checkpoint', network('idx'))
    expect(digits.err).toContain('the network has 3 classes, but the digits have 10; give a network for digits')
    expect([four.code, digits.code]).toEqual([1, 1])
  })
})

describe('train refuses', () => {
  it('images that are all the same', async () => {
    for (const name of ['a', 'b', 'c'])
      for (const i of [0, 1]) {
        mkdirSync(file(`black/${name}`), { recursive: true })
        writeFileSync(file(`black/${name}/${i}.png`), greyPng(8, new Uint8Array(64)))
      }
    const { code, err } = await cli(...train('black', 'dark', ...ofColours))
    expect([code, err]).toEqual([
      1,
      'error: every training image is the same, so that nothing can be learnt from them; give images that differ: are these the right files, and is there anything in them?\n',
    ])
    writeFileSync(file('black/b/1.png'), greyPng(8, new Uint8Array(64).fill(1, 63)))
    await done(...train('black', 'dark', ...ofColours))
  })

  it('a class without images, by its name', async () => {
    mkdirSync(file('hollow/train/bat'), { recursive: true })
    cpSync(file('photos/train'), file('hollow/train'), { recursive: true })
    const { code, err } = await cli(...train('hollow', 'gap', ...ofColours))
    expect([code, err]).toEqual([
      1,
      'error: the data have the classes 0 to 3, but no training sample is of class 1 (bat); mend the labels or folders, or say how many classes there are with --classes\n',
    ])
  })
})
