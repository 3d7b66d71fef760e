/** Faults that no other test has: each from the public function that gives it. `npm run faults` says which are left. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseConfigText } from '../../src/checkpoint/configuration.js'
import { decodeNpy, decodeNumpy } from '../../src/checkpoint/npy.js'
import { recognise } from '../../src/checkpoint/recognise.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { contain, sourceOfBytes } from '../../src/checkpoint/source.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { weightsAmong } from '../../src/checkpoint/weights.js'
import { openZip, writeZip } from '../../src/checkpoint/zip.js'
import { folderData } from '../../src/cli/dataset.js'
import { silent } from '../../src/cli/io.js'
import { threaded } from '../../src/compiled/interpreter.js'
import { compile, compileThreads } from '../../src/compiled/network.js'
import type { Potentials } from '../../src/compiled/potentials.js'
import type { Faults } from '../../src/core/fault.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { resizeFrames } from '../../src/input/events.js'
import { imageOf } from '../../src/input/image.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { type Checked, shapes } from '../../src/interpreters/shapes.js'
import { cifar, digits, validate } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'
import { decodeImage } from '../../src/node/decode.js'
import { parseLabels } from '../../src/tasks/labels.js'
import { finiteOutcome } from '../../src/tasks/run.js'
import { imageSample } from '../../src/tasks/samples.js'
import { targets } from '../../src/tasks/training/loss.js'
import { resumed } from '../../src/tasks/training/state.js'
import { learn } from '../../src/tasks/training/step.js'
import { floats, zip } from '../checkpoint/crafted.js'
import { greyPng, temporary } from '../cli/cli.js'
import { right, sentences } from '../right.js'

const parameters = right(parse(digits)(syntheticCheckpoint(digits, 7)))
const image = syntheticInput([1, 1, 1, 16, 16], 7)
const net = compile()(parameters)
const shape = (...extents: readonly number[]): Checked => Either.right(extents)
const weights = (...extents: readonly number[]): Tensor<Float32Array> =>
  tensor(extents, new Float32Array(extents.reduce((a, b) => a * b, 1)))
const picture = { height: 1, width: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3) } as const
const unmade = { invert: false, steps: null }

afterEach(() => vi.restoreAllMocks())

/** A TIFF of one pixel with the given fields, each one number of 16 bits. */
const tiff = (fields: Readonly<Record<number, number>>, big = false): Uint8Array => {
  const entries = Object.entries(fields)
  const bytes = new Uint8Array(8 + 2 + 12 * entries.length + 4)
  const view = new DataView(bytes.buffer)
  bytes.set(big ? [0x4d, 0x4d, 0, 42] : [0x49, 0x49, 42, 0])
  view.setUint32(4, 8, !big)
  view.setUint16(8, entries.length, !big)
  entries.forEach(([field, value], i) => {
    const at = 10 + 12 * i
    view.setUint16(at, Number(field), !big)
    view.setUint16(at + 2, 3, !big)
    view.setUint32(at + 4, 1, !big)
    view.setUint16(at + 8, value, !big)
  })
  return bytes
}

/** The directory of a zip archive of so many entries, in the form for more than 65,535. */
const crowded = (count: number): Uint8Array => {
  const named = (i: number): Buffer => {
    const entry = Buffer.alloc(54)
    entry.write('PK\u0001\u0002', 'latin1')
    entry.writeUInt16LE(8, 28)
    entry.write(String(i).padStart(8, '0'), 46)
    return entry
  }
  const end = Buffer.alloc(56 + 20 + 22)
  const size = 54 * count
  end.write('PK\u0006\u0006', 0, 'latin1')
  end.writeBigUInt64LE(44n, 4)
  for (const at of [24, 32]) end.writeBigUInt64LE(BigInt(count), at)
  end.writeBigUInt64LE(BigInt(size), 40)
  end.write('PK\u0006\u0007', 56, 'latin1')
  end.writeBigUInt64LE(BigInt(size), 64)
  end.writeUInt32LE(1, 72)
  end.write('PK\u0005\u0006', 76, 'latin1')
  end.fill(255, 84, 96)
  return Buffer.concat([...Array.from({ length: count }, (_, i) => named(i)), end])
}

/** Bytes whose data, seen from behind their header, can no longer be copied. */
const uncopiable = (): Uint8Array => {
  const file = right(encodeSafetensors(new Map([['x', weights(2)]]), {}))
  return Object.assign(file, {
    subarray: (from: number, to?: number) =>
      Object.assign(Uint8Array.prototype.subarray.call(file, from, to), {
        subarray: () => {
          throw new RangeError('no memory')
        },
      }),
  })
}

describe('a fault that is given at once', () => {
  it.each<[string, () => Either.Either<Faults, unknown>]>([
    ['it could not be read', () => parseConfigText(Symbol('no text') as unknown as string)],
    [
      'its header is cut short or too new',
      () => decodeNpy(Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 9, 0, 0, 0, 0, 0])),
    ],
    ['it does not begin as one', () => decodeNpy(new Uint8Array(20))],
    [
      'its keys and shapes are of none of the variants',
      () => recognise({ tensors: new Map([['x', weights(2)]]), metadata: {} }),
    ],
    ['its tensors could not be made: no memory', () => decodeSafetensors(uncopiable())],
    [
      'the file could not be made',
      () => {
        const large = tensor([2 ** 24], new Float64Array(2 ** 24))
        return encodeSafetensors(new Map(Array.from({ length: 300 }, (_, i) => [`${i}`, large])), {})
      },
    ],
    ['it has no weights named "ema"; leave --weights out', () => weightsAmong('ema')([])],
    ['it holds no dictionary of tensors', () => weightsAmong(null)([])],
    [
      'the input: has type Int32Array',
      () => net.still(2)(tensor([1, 1, 1, 16, 16], new Int32Array(256) as unknown as Float32Array)),
    ],
    ['give [T, B, 1, 16, 16]', () => net.frames(weights(1, 1, 1, 8, 8))],
    ['give [1, B, 1, 16, 16]', () => net.still(2)(weights(2, 1, 1, 16, 16))],
    ['0 is not a number of steps', () => net.still(0)(image)],
    [
      'the run failed (the state has gone)',
      () =>
        net.step(image)({
          size: 1,
          keys: () => {
            throw new Error('the state has gone')
          },
        } as unknown as Potentials),
    ],
    [
      'a run of this network is under way on this thread',
      () => {
        let inner: Either.Either<Faults, unknown> = Either.right(null)
        right(
          net.still(2)(image, {
            progress: () => {
              inner = net.still(2)(image)
            },
          }),
        )
        return inner
      },
    ],
    [
      'of memory, which this engine refused (no memory)',
      () => {
        vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
          throw new RangeError('no memory')
        })
        return compile()(parameters).still(2)(tensor([1, 64, 1, 16, 16], new Float32Array(64 * 256)))
      },
    ],
    [
      'frames: has type Float16',
      () =>
        resizeFrames({ height: 1, width: 1 })(
          tensor([1, 2, 1, 1], { [Symbol.toStringTag]: 'Float16' } as unknown as Float32Array),
        ),
    ],
    [
      'frames of shape [1, 4, 1, 1] are not those of a recording',
      () => resizeFrames({ height: 1, width: 1 })(weights(1, 4, 1, 1)),
    ],
    ['6 channels do not split into two halves of 2 heads', () => shapes.splitHeads(2)(shape(1, 1, 6, 2, 2))[0]],
    [
      '2 heads of 3 channels met 5 channels of spikes',
      () => shapes.dstT([1, 1])(shape(1, 1, 2, 3, 4), shape(1, 1, 5, 2, 2)),
    ],
    ['4 tokens met an attention map of 5', () => shapes.dst([1, 1])(shape(1, 1, 2, 3, 4), shape(1, 1, 2, 5, 4))],
    ['a residual adds [1, 2] and [2, 1]', () => shapes.add(shape(1, 2), shape(2, 1))],
    ['a classifier of 4 channels was given 3', () => shapes.classify(weights(2, 4))(shape(1, 1, 3))],
    ['the pixels: has type Array', () => imageOf({ height: 1, width: 1 }, 1, [1] as unknown as Uint8Array)],
    ['it is JSON, but neither a list nor an object', () => parseLabels(10)('{ "id2label": "cat" }')],
    [
      'a.png: the logit of class 1 is NaN',
      () => finiteOutcome('a.png')({ logits: [1, Number.NaN], notes: new Map(), steps: 1 }),
    ],
    ['--invert is for the digits network', () => imageSample(cifar, { ...unmade, invert: true })('x', picture)],
    [
      'preprocessing is that of digits, which no image of 3 channels has',
      () => imageSample({ ...cifar, preprocessing: { kind: 'digits' } }, unmade)('x', picture),
    ],
  ])('%s', (words, give) => {
    expect(sentences(give())).toEqual([expect.stringContaining(words)])
  })
})

describe('a fault that is given later', () => {
  it.each<[string, () => TaskEither.TaskEither<Faults, unknown>]>([
    [
      'it has 536870913 bytes; give at most 536870912',
      () => decodeNumpy({ size: 2 ** 29 + 1, read: async (_, length) => new Uint8Array(length) }),
    ],
    [
      'a.npy has 4000000000 bytes; give at most',
      () => decodeNumpy(sourceOfBytes(zip([{ name: 'a.npy', bytes: floats(1), size: 4e9 }]))),
    ],
    ['the work failed: no memory', () => contain(() => Promise.reject(new Error('no memory')))],
    ['it cannot be written', () => writeZip(new Map([['x'.repeat(70_000), floats(1)]]))],
    ['1000 is not a number of threads', () => compileThreads({ threads: 1000 })(parameters)],
    ['; run on one thread', () => threaded(100_000)],
    [
      'its first frame has no pixels',
      () =>
        decodeImage(
          Uint8Array.from([...Buffer.from('GIF89a'), 1, 0, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0x3b]),
        ),
    ],
    ['its compression is number 9', () => decodeImage(tiff({ 259: 9 }))],
    ['its palette has 0 numbers where 768 are due', () => decodeImage(tiff({ 258: 8, 262: 3 }))],
    [
      'its pixels are colours of kind 99 as 1 unsigned numbers of 8 bits, little-endian',
      () => decodeImage(tiff({ 258: 8, 262: 99 })),
    ],
    [
      'its pixels are colours of kind 99 as 1 unsigned numbers of 8 bits, big-endian',
      () => decodeImage(tiff({ 258: 8, 262: 99 }, true)),
    ],
  ])('%s', async (words, give) => {
    expect(sentences(await give()())).toEqual([expect.stringContaining(words)])
  })

  // Reading so many takes ten seconds: it is done where every fault is looked for, by `npm run faults`.
  it.skipIf(process.env['FAULTS'] === undefined)('an archive of more entries than any checkpoint has', async () => {
    expect(sentences(await openZip(sourceOfBytes(crowded(65_537)))())[0]).toContain('it has more than 65536 entries')
  })

  it('a thread that dies ends the team, and every run that waits for it', async () => {
    const workers = new Set<Worker>()
    const post = Worker.prototype.postMessage
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
      workers.add(this)
      post.apply(this, message as Parameters<typeof post>)
    })
    const team = right(await compileThreads({ threads: 2 })(parameters)())
    const runs = [team.still(8)(image), team.still(8)(image)]
    ;[...workers][0]!.emit('error', new Error('it was killed'))
    const words = 'a thread failed (it was killed), and the others were closed with it'
    for (const run of [...runs, team.still(1)(image)])
      expect(sentences(await run)).toEqual([expect.stringContaining(words)])
  })
})

describe('data to train on', () => {
  const at = temporary()
  const idx = (...extents: readonly number[]): Uint8Array =>
    Uint8Array.from([
      0,
      0,
      8,
      extents.length,
      ...extents.flatMap((n) => [0, 0, 0, n]),
      ...new Uint8Array(extents.reduce((a, b) => a * b, 1)),
    ])
  const folder = (name: string, files: Readonly<Record<string, Uint8Array>>): string => {
    for (const [file, bytes] of Object.entries(files)) {
      mkdirSync(dirname(at(`${name}/${file}`)), { recursive: true })
      writeFileSync(at(`${name}/${file}`), bytes)
    }
    return at(name)
  }
  const pixel = greyPng(1, Uint8Array.of(1))
  const [images, labels] = ['images-idx3-ubyte', 'labels-idx1-ubyte']
  const load = (name: string, files: Readonly<Record<string, Uint8Array>>) =>
    pipe(
      folderData(folder(name, files)),
      TaskEither.chain(({ load: loaded }) => loaded(cifar)),
    )

  it.each<[string, Readonly<Record<string, Uint8Array>>]>([
    ['it does not begin with two zeros', { [`train-${images}`]: Uint8Array.of(1, 0), [`train-${labels}`]: idx(1) }],
    [
      'its numbers are of type 9, not 8, bytes',
      { [`train-${images}`]: Uint8Array.of(0, 0, 9, 1), [`train-${labels}`]: idx(1) },
    ],
    [
      'it ends within the extents of its 3 dimensions',
      { [`train-${images}`]: Uint8Array.of(0, 0, 8, 3), [`train-${labels}`]: idx(1) },
    ],
    [
      'the training images have shape [2, 2, 2], their labels [3]',
      { [`train-${images}`]: idx(2, 2, 2), [`train-${labels}`]: idx(3) },
    ],
    [
      'the test images have shape [0, 2, 2], their labels [0]',
      {
        [`train-${images}`]: idx(1, 2, 2),
        [`train-${labels}`]: idx(1),
        [`t10k-${images}`]: idx(0, 2, 2),
        [`t10k-${labels}`]: idx(0),
      },
    ],
    ['there are no images in its folders', { 'a/x.txt': pixel, 'b/x.txt': pixel }],
    ['c is no class of the training data', { 'train/a/1.png': pixel, 'train/b/1.png': pixel, 'test/c/1.png': pixel }],
  ])('%s', async (words, files) => {
    expect(sentences(await load(words, files)())).toEqual([expect.stringContaining(words)])
  })

  it('a file that is no state of training is not resumed', () => {
    const data = { shape: [1, 1, 1], data: new Float32Array(1), labels: [0] }
    const plan = { config: digits, seed: 1, training: data, test: null } as unknown as Parameters<typeof resumed>[0]
    expect(sentences(resumed(plan, '1')({ tensors: new Map(), metadata: {} }))).toEqual([
      expect.stringContaining('it is no state of training'),
    ])
  })
})

describe('without fast-check', () => {
  it('the laws are neither loaded nor, where the build has left no list, listed', async () => {
    vi.resetModules()
    vi.doMock('fast-check', () => {
      throw new Error('there is no fast-check')
    })
    const { run } = await import('../../src/cli/program.js')
    const said = async (...argv: readonly string[]): Promise<string> => {
      let err = ''
      const io = { out: () => undefined, err: (text: string) => (err += text), colour: false, bar: () => silent }
      expect(await run(argv, io)).toBe(1)
      return err
    }
    expect(await said('laws')).toMatch(/^error: the laws cannot be listed: .*; install again\n$/)
    expect(await said('laws', '--kernels', 'mine.js')).toMatch(
      /^error: the laws cannot be loaded: .*; they need fast-check/,
    )
    vi.doUnmock('fast-check')
    vi.resetModules()
  })
})

it('a training step whose loss is no number says so', () => {
  const weights = new Map<string, Tensor>(syntheticCheckpoint(digits, 7))
  const { shape: of, data } = weights.get('classifier.weight')!
  weights.set(
    'classifier.weight',
    tensor(
      of,
      Float64Array.from({ length: data.length }, (_, i) => (i % 2 === 0 ? 1.7e308 : -1.7e308)),
    ),
  )
  const learning = learn(tensorInterpreter(reference('float64')), digits, { kind: 'mean' }, asTheAuthors('float64'))
  const batch = { images: syntheticInput([1, 2, 1, 16, 16], 7), targets: targets([0, 1], 10, 0) }
  expect(sentences(learning(weights, batch))).toEqual([
    expect.stringMatching(/^training diverged: the loss is (NaN|-?Infinity); /),
  ])
})

it('every field of a configuration has a fault of its own', () => {
  const [stage] = digits.stages
  const wrong = {
    ...digits,
    image: { height: 0, width: 1.5 },
    channels: -1,
    ratio: 0,
    groupWidth: Number.NaN,
    classes: 0,
    steps: 0.5,
    stages: [{ ...stage!, planes: 0, heads: 0, patch: 0, depth: 0 }],
    reset: { kind: 'hard', value: Number.NaN },
    preprocessing: {
      kind: 'own',
      mean: [Number.NaN, 0, 0],
      deviation: [1, 1, 0],
      crop: 0,
      interpolation: 'bicubic',
    },
  } as const
  const fields = sentences(validate(wrong as unknown as typeof digits)).map((line) => line.split(' ')[1])
  expect(fields).toEqual(
    expect.arrayContaining([
      ...['image.height', 'image.width', 'channels', 'ratio', 'groupWidth', 'classes', 'steps', 'reset.value'],
      ...['planes', 'heads', 'patch', 'depth'].map((field) => `stages[0].${field}`),
      ...['preprocessing.mean[0]', 'preprocessing.deviation[2]', 'preprocessing.crop'],
    ]),
  )
})
