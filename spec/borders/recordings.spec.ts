/** Event recordings and time axes: the right frames from the types and layouts that are in use. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeNpy } from '../../src/checkpoint/npy.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { sizeOf, tensor } from '../../src/core/tensor.js'
import { arrange } from '../../src/input/batch.js'
import { integrateEvents, resizeFrames } from '../../src/input/events.js'
import { dvsg } from '../../src/model/config.js'
import { tensorSamples } from '../../src/tasks/samples.js'
import { cli, json, temporary } from '../cli/cli.js'
import { right, sentences } from '../right.js'

const golden = (name: string): string => join(import.meta.dirname, '../golden/borders', name)
const at = temporary()
writeFileSync(at('dvsg.safetensors'), right(encodeSafetensors(syntheticCheckpoint(dvsg, 7), {})))

const recording = right(decodeSafetensors(new Uint8Array(readFileSync(golden('dvs128-events.safetensors'))))).tensors
const samplesIn = (tensors: typeof recording) =>
  right(tensorSamples(dvsg, { invert: false, steps: null })('r', tensors)).samples[0]!.input.tensor

it('a recording gives the authors’ logits', async () => {
  const expected = [-0.5647, 0.3737, -0.294, 0.686, -0.2778, -1.2272, -0.6434, -0.3853, 1.2659, 0.4615, -0.426]
  const [{ top }] = await json(
    ...[
      'classify',
      golden('dvs128-events-spikingjelly.npz'),
      '--checkpoint',
      at('dvsg.safetensors'),
      '--top',
      '11',
      '--json',
    ],
  )
  for (const { class: k, logit } of top) expect(logit).toBeCloseTo(expected[k]!, 4)
})

describe('the same recording, as the libraries store it', () => {
  const expected = samplesIn(recording)
  it.each(['dvs128-events-tonic-dtypes.safetensors', 'dvs128-events.safetensors'])('%s', (name) => {
    expect(samplesIn(right(decodeSafetensors(new Uint8Array(readFileSync(golden(name))))).tensors)).toEqual(expected)
  })

  it('with polarities -1 and 1', () => {
    const p = recording.get('p')!
    const signed = tensor(
      p.shape,
      (p.data as BigInt64Array).map((v) => 2n * v - 1n),
    )
    expect(samplesIn(new Map(recording).set('p', signed))).toEqual(expected)
  })

  it('as frames of its polarities at the sensor’s size', () => {
    const events = Object.fromEntries([...recording].map(([k, { data }]) => [k, data])) as never
    const { data } = right(integrateEvents({ steps: 16, height: 128, width: 128 })(events))
    const two = Float32Array.from({ length: 16 * 2 * 128 * 128 }, (_, i) => {
      const t = Math.floor(i / (2 * 128 * 128))
      return data[t * 3 * 128 * 128 + (i % (2 * 128 * 128))]!
    })
    expect(samplesIn(new Map([['frames', tensor([16, 2, 128, 128], two)]]))).toEqual(expected)
  })

  it('with an event before the last, or outside the sensor, is refused', () => {
    const t = recording.get('t')!
    const swapped = tensor(
      t.shape,
      (t.data as BigInt64Array).map((v, i) => (i === 5 ? 10n ** 9n : v)),
    )
    const wide = new Map(recording).set('x', tensor(t.shape, new BigInt64Array(6000).fill(128n)))
    const refusal = (tensors: typeof recording) =>
      sentences(tensorSamples(dvsg, { invert: false, steps: null })('r', tensors))
    expect(refusal(new Map(recording).set('t', swapped))).toEqual([expect.stringContaining('before event 5')])
    expect(refusal(wide)).toEqual([expect.stringContaining('x = 128, outside 0 to 127')])
    const larger = { invert: false, steps: null, sensor: { height: 128, width: 256 } }
    expect(right(tensorSamples(dvsg, larger)('r', wide)).samples).toHaveLength(1)
  })
})

it('a network of events that runs at another size than its own says so', async () => {
  const checkpoint = at('dvsg.safetensors')
  const events = golden('dvs128-events.safetensors')
  const options = ['--checkpoint', checkpoint, '--variant', 'dvsg', '--sensor', '128', '--json']
  const at32 = await cli('classify', events, ...options, '--image-size', '32')
  expect([at32.code, at32.err]).toEqual([
    0,
    `note: ${checkpoint}: it runs at 32 x 32, its configuration says 64 x 64: right only for weights that were trained at this size\n`,
  ])
  expect((await cli('classify', events, ...options, '--image-size', '64')).err).toBe('')
})

it('time is split evenly where it is asked for, as SpikingJelly splits it', () => {
  const events = { t: [0, 1, 2, 3, 9], x: [0, 0, 0, 0, 0], y: [0, 0, 0, 0, 0], p: [0, 0, 0, 0, 1] }
  const frames = right(integrateEvents({ steps: 3, height: 1, width: 1, split: 'time' })(events))
  expect([...frames.data]).toEqual([3, 0, 3, 1, 0, 1, 0, 1, 1])
})

it('frames are resized by an antialiased triangle, and only then is their sum the third channel', () => {
  // Worked by hand: eight pixels to four; an inner weight is 1/8 3/8 3/8 1/8, at the edge 3/7 3/7 1/7.
  const row = [8, 0, 0, 0, 0, 0, 0, 0]
  const frames = tensor([1, 2, 1, 8], Float64Array.from([...row, ...row.map((v) => v * 2)]))
  const { data } = right(resizeFrames({ height: 1, width: 4 })(frames))
  const expected = [24 / 7, 0, 0, 0, 48 / 7, 0, 0, 0, 72 / 7, 0, 0, 0]
  for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 12)
})

describe('which axis is time', () => {
  it.each<[number, number, number, 'TB' | 'BT' | null, 'TB' | 'BT', RegExp | null]>([
    [2, 4, 4, null, 'BT', null],
    [
      4,
      2,
      4,
      null,
      'TB',
      /read as \[T, B, \.\.\.\]: 2 samples of 4 frames, as many as .*; --layout BT reads 4 samples of 2/,
    ],
    [4, 4, 4, null, 'BT', null],
    [2, 3, 4, null, 'BT', /2 samples of 3 frames, but the network runs 4 steps; --layout TB reads 3 samples of 2/],
    [3, 3, 4, null, 'BT', /3 samples of 3 frames, but the network runs 4 steps$/],
    [4, 2, 4, 'BT', 'BT', /4 samples of 2 frames, but the network runs 4 steps$/],
    [4, 2, 4, 'TB', 'TB', null],
    [2, 4, 4, 'TB', 'TB', /4 samples of 2 frames, but/],
  ])('[%i, %i] for T = %i, asked %s: %s', (a, b, steps, asked, layout, note) => {
    const arranged = arrange([a, b], steps, asked)
    expect(arranged.layout).toBe(layout)
    if (note === null) expect(arranged.note).toBeNull()
    else expect(arranged.note).toMatch(note)
  })

  it('the multi-step layout gives two samples, and their logits', async () => {
    const of = ['classify', golden('time-first.safetensors'), '--config', golden('nano.json'), '--json', '--top', '1']
    const results = await json(...of, '--checkpoint', golden('ddp-module.pth'), '--precision', 'float64')
    expect(results.map(({ top }: { readonly top: readonly unknown[] }) => top[0])).toMatchObject([
      { class: 6 },
      { class: 6 },
    ])
    expect(results[0].top[0].logit).toBeCloseTo(1.0256, 4)
    expect(results[1].top[0].logit).toBeCloseTo(1.1019, 4)
  })
})

describe('NumPy’s arrays', () => {
  const npy = (descr: string, fortran: boolean, shape: string, data: readonly number[], major = 1): Uint8Array => {
    const text = `{'descr': ${descr}, 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`
    const length = major === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
    return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), major, 0, ...length, ...Buffer.from(text), ...data])
  }
  const plain = (bytes: Uint8Array) =>
    [...right(decodeNpy(bytes))].map(([name, t]) => [name, t.shape, [...t.data].map(Number)])

  it.each<[string, Uint8Array, readonly number[]]>([
    ['little-endian', npy("'<i2'", false, '(2,)', [1, 0, 0, 1]), [1, 256]],
    ['big-endian', npy("'>i2'", false, '(2,)', [1, 0, 0, 1]), [256, 1]],
    ['version 2', npy("'<u2'", false, '(2,)', [255, 255, 0, 1], 2), [65535, 256]],
    ['booleans', npy("'|b1'", false, '(2,)', [1, 0]), [1, 0]],
    ['big-endian doubles', npy("'>f8'", false, '(1,)', [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]), [1]],
  ])('of %s', (_, bytes, values) => {
    expect(plain(bytes)).toEqual([['', [values.length], values]])
  })

  it('in column order become rows', () => {
    expect(plain(npy("'|u1'", true, '(2, 3)', [1, 4, 2, 5, 3, 6]))).toEqual([['', [2, 3], [1, 2, 3, 4, 5, 6]]])
  })

  it('with named fields become columns', () => {
    const bytes = npy("[('x', '<i2'), ('p', '|b1'), ('t', '>u2')]", false, '(2,)', [5, 0, 1, 0, 9, 6, 0, 0, 1, 0])
    expect(plain(bytes)).toEqual([
      ['x', [2], [5, 6]],
      ['p', [2], [1, 0]],
      ['t', [2], [9, 256]],
    ])
  })

  it.each<[string, Uint8Array, string]>([
    ['objects', npy("'|O'", false, '(1,)', []), 'its elements are Python objects'],
    ['complex numbers', npy("'<c8'", false, '(1,)', []), 'of type "<c8"'],
    ['fewer elements', npy("'|u1'", false, '(3,)', [1]), 'its elements need 3 bytes, but 1 follow'],
    ['a header cut short', npy("'|u1'", false, '(3,)', []).slice(0, 20), 'its header is cut short'],
    ['no shape', npy("'|u1'", false, "'x'", []), 'its header does not say'],
  ])('refuse %s', (_, bytes, problem) => {
    expect(sentences(decodeNpy(bytes))).toEqual([expect.stringContaining(problem)])
  })

  it('of a size that no file has are not made', () => {
    expect(sentences(decodeNpy(npy("'|u1'", false, '(9007199254740991, 2)', [1])))).toHaveLength(1)
    expect(sizeOf([2])).toBe(2)
  })
})

it('a batch with a bad file gives the good ones, says the bad one, and fails at the end', async () => {
  const of = ['classify', golden('good.jpg'), golden('truncated.jpg'), golden('good.jpg'), '--json']
  const network = ['--config', golden('nano.json'), '--checkpoint', golden('ddp-module.pth')]
  const { code, out, err } = await cli(...of, ...network)
  expect(code).toBe(1)
  expect(JSON.parse(out)).toHaveLength(2)
  expect(err).toMatch(/^error: .*truncated\.jpg: not a readable JPEG: .*\n$/)
  const fast = await cli(...of, ...network, '--fail-fast')
  expect([fast.code, fast.out]).toEqual([1, ''])
})
