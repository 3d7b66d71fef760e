/** `train`, on a network and a data set small enough for seconds. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { silent } from '../../src/cli/io.js'
import { run } from '../../src/cli/program.js'
import type { Tensor } from '../../src/core/tensor.js'
import { root } from '../ports/build.js'
import { right } from '../right.js'
import { cli, greyPng, saved, temporary } from './cli.js'
import { nano, trainings } from './trainings.js'

const file = temporary()
const { idx, train } = trainings(file)

idx('fewer', 'train', 18)
idx('gap', 'train', 12)
const labels = readFileSync(file('gap/train-labels-idx1-ubyte'))
writeFileSync(
  file('gap/train-labels-idx1-ubyte'),
  labels.map((byte, at) => (at === 8 ? 5 : byte)),
)
idx('tested', 'train', 12)
idx('tested', 't10k', 8, { classes: 4 })
idx('four', 'train', 16, { gzip: true, classes: 4 })
const hashes = (out: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(file(out)).map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(file(`${out}/${name}`)))
        .digest('hex'),
    ]),
  )

describe('train', () => {
  it('leaves the network, the state, the metrics and a drawing, the same bits from the same seed', async () => {
    const { code, out, err } = await cli(...train('one'))
    expect(code, err).toBe(0)
    const names = ['curves.svg', 'metrics.jsonl', 'network.safetensors', 'training.safetensors']
    expect(readdirSync(file('one')).sort()).toEqual(names)
    expect(out.trim().split('\n').sort()).toEqual(names.map((name) => file(`one/${name}`)))
    expect(err).toMatch(
      /^a step takes \d+ MB of memory\nepoch 1 of 2: loss 1\.\d{4}, accuracy .*%, test .*%, .* images\/s\nepoch 2 of 2: .*\n$/,
    )
    const lines = readFileSync(file('one/metrics.jsonl'), 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2])
    expect((await cli(...train('two'))).code).toBe(0)
    expect(hashes('two')).toEqual(hashes('one'))
    expect((await cli(...train('threads', '--threads', '2'))).code).toBe(0)
    expect(hashes('threads')).toEqual(hashes('one'))
    expect((await cli(...train('other', '--seed', '2'))).code).toBe(0)
    expect(hashes('other')['network.safetensors']).not.toBe(hashes('one')['network.safetensors'])
  })

  it('stopped after an epoch and resumed, comes to the same bits', async () => {
    const stopping = {
      ...{ out: () => undefined, colour: false, bar: () => silent },
      err: (text: string) => {
        if (text.startsWith('epoch 1')) throw new Error('the terminal is gone')
      },
    }
    expect(await run(train('broken'), stopping).catch(() => 1)).toBe(1)
    expect(readFileSync(file('broken/metrics.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
    writeFileSync(file('broken/metrics.jsonl'), 'half a line') // as a kill between two files might leave it
    const { code, err } = await cli(...train('broken', '--resume'))
    expect(code, err).toBe(0)
    expect(hashes('broken')).toEqual(hashes('one'))
  })

  it('ends by itself, its threads with it, when a step fails', async () => {
    const { tensors, metadata } = right(
      decodeSafetensors(new Uint8Array(readFileSync(file('one/network.safetensors')))),
    )
    const huge = [...tensors].map(([key, { shape, data }]): [string, Tensor] =>
      key.endsWith('.weight') && shape.length === 1
        ? [key, { shape, data: Float32Array.from(data as Float32Array, () => 3e38) }]
        : [key, { shape, data }],
    )
    const failing = train('alone', '--from', saved(file('huge.safetensors'), Object.fromEntries(huge), metadata))
    const { status, stderr } = spawnSync(process.execPath, [`${root}/dist/cli/main.js`, ...failing, '--threads', '2'], {
      encoding: 'utf8',
    })
    const diverged =
      'error: training diverged: the loss is NaN; lower the learning rate, or resume from the last good checkpoint'
    expect([status, stderr.trim()]).toEqual([1, diverged])
    const threads: Promise<number>[] = []
    const started = (worker: Worker): void => {
      threads.push(new Promise((ended) => worker.once('exit', ended)))
    }
    process.on('worker', started)
    const { code, err } = await cli(...failing, '--threads', '2', '--out', file('within'))
    process.off('worker', started)
    expect([code, err.trim()]).toEqual([1, diverged])
    expect(threads).toHaveLength(1)
    await Promise.all(threads)
  }, 60_000)

  it('leaves a network that is there alone, and begins anew where no epoch was ended', async () => {
    mkdirSync(file('given'))
    copyFileSync(file('one/network.safetensors'), file('given/network.safetensors'))
    const { code, err } = await cli(...train('given', '--from', file('given/network.safetensors')))
    expect([code, err.trim()]).toEqual([
      1,
      `error: ${file('given/network.safetensors')} is there already; choose another folder with --out`,
    ])
    expect(hashes('given')).toEqual({ 'network.safetensors': hashes('one')['network.safetensors'] })
    const stopping = {
      ...{ out: () => undefined, colour: false, bar: () => silent },
      err: () => {
        throw new Error('the terminal is gone')
      },
    }
    expect(await run(train('unbegun', '--batch', '6'), stopping).catch(() => 1)).toBe(1)
    expect(readdirSync(file('unbegun'))).toEqual(['training.safetensors'])
    expect((await cli(...train('unbegun'))).code).toBe(0)
    expect(hashes('unbegun')).toEqual(hashes('one'))
  })

  it('refuses a second training in its folder, and goes on after one that was killed', async () => {
    const argv = train('shared', '--epochs', '60000')
    const other = spawn(process.execPath, [`${root}/dist/cli/main.js`, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    onTestFinished(() => void other.kill('SIGKILL'))
    const ended = new Promise((end) => other.once('exit', end))
    await new Promise<void>((begun) => other.stderr.on('data', (text) => /^epoch 2/m.test(text) && begun()))
    for (const second of [argv, [...argv, '--resume']])
      expect(await cli(...second)).toEqual({
        code: 1,
        out: '',
        err: `error: process ${other.pid} works in ${file('shared')} already; wait for its end, or choose another folder; if it does no such work, remove training.lock from there\n`,
      })
    other.kill('SIGKILL')
    await ended
    expect(readdirSync(file('shared'))).toContain('training.lock')
    const said: string[] = []
    const stopping = {
      ...{ out: () => undefined, colour: false, bar: () => silent },
      err: (text: string) => {
        said.push(text)
        if (text.startsWith('epoch')) throw new Error('the terminal is gone')
      },
    }
    await run([...argv, '--resume'], stopping)
    expect(said.join('')).toMatch(/^a step takes .*\nepoch [3-9]\d* of 60000|^a step takes .*\nepoch \d{2,} of 60000/)
    expect(readdirSync(file('shared'))).not.toContain('training.lock')
  }, 60_000)

  it('gives a network that other commands read, and that can be transferred', async () => {
    expect((await cli('inspect', file('one/network.safetensors'))).out).toMatch(/^SpikingResformer nano: 1 x 8 x 8/)
    expect((await cli('convert', file('one/network.safetensors'), file('one.pth'))).code).toBe(0)
    const transfer = ['train', file('four'), '--from', file('one.pth'), '--config', file('nano.json')]
    const options = ['--epochs', '1', '--batch', '8', '--out', file('transferred')]
    const { code, err } = await cli(...transfer, ...options)
    expect(code, err).toBe(0)
    expect(err).not.toContain('test')
    expect((await cli('inspect', file('transferred/network.safetensors'))).out).toContain('4 classes')
  })

  it('takes images by class', async () => {
    for (const [k, name] of ['ant', 'bee'].entries())
      for (const i of [0, 1]) {
        mkdirSync(file(`photos/train/${name}`), { recursive: true })
        writeFileSync(file(`photos/train/${name}/${i}.png`), greyPng(8, new Uint8Array(64).fill(100 * k + 20 * i)))
      }
    writeFileSync(
      file('rgb.json'),
      JSON.stringify({ ...nano, channels: 3, classes: 2, preprocessing: { kind: 'cifar10' } }),
    )
    const options = ['--config', file('rgb.json'), '--epochs', '1', '--batch', '4', '--out', file('photographed')]
    const { code, err } = await cli('train', file('photos'), ...options)
    expect(code, err).toBe(0)
  })

  it.each([
    ['a training that is there', train('one'), /training\.safetensors is the state of a training; go on with --resume/],
    [
      'another seed',
      train('one', '--resume', '--seed', '3'),
      /it was trained with another seed \(\d there, 3 here\); resume with the options/,
    ],
    [
      'other epochs',
      [...train('one', '--resume'), '--epochs', '3'],
      /it was trained with another recipe \(epochs: 2 there, 3 here\); resume with the options/,
    ],
    ['other data', ['train', file('fewer'), ...train('one', '--resume').slice(2)], /it was trained with other data;/],
    [
      'a class without samples',
      ['train', file('gap'), '--config', file('nano.json'), '--out', file('gapped')],
      /the data have the classes 0 to 5, but no training sample is of class 3; mend the labels or folders/,
    ],
    [
      'a checkpoint that is not there',
      train('x', '--from', file('nowhere.safetensors')),
      /^error: \S*nowhere\.safetensors: cannot read: there is no such file/,
    ],
    ['nothing to resume', train('none', '--resume'), /none\/training\.safetensors: cannot read: there is no such file/],
    [
      'test labels out of range',
      ['train', file('tested'), '--config', file('nano.json'), '--out', file('testing')],
      /test sample 3 is of class 3, but the network has the classes 0 to 2; say how many there are with --classes/,
    ],
    [
      'labels out of range',
      ['train', file('four'), '--config', file('nano.json'), '--classes', '2'],
      /training sample 2 is of class 2, but the network has the classes 0 to 1/,
    ],
    ['no folder', ['train', file('nowhere')], /nowhere: cannot read: there is no such file or folder/],
    ['a folder of nothing', ['train', file('photos/train/ant')], /it has neither IDX files nor two folders of images/],
    [
      'another size',
      ['train', file('data'), '--variant', 'cifar'],
      /the data are 1 x 8 x 8, the network takes 3 x 8 x 8/,
    ],
    ['another network', train('x', '--from', 'data/digits.safetensors'), /the checkpoint to begin from/],
  ])('refuses %s in one sentence', async (_, argv, sentence) => {
    const { code, out, err } = await cli(...argv)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(sentence)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  it('refuses an IDX file that is cut short, by its name', async () => {
    idx('cut', 'train', 6, { cut: 5 })
    const { code, err } = await cli('train', file('cut'))
    expect(code).toBe(1)
    expect(err).toMatch(/train-images-idx3-ubyte: .*its shape \[6, 8, 8\] needs 384 bytes, but 379 follow/)
  })
})
