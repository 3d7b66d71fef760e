import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodePytorch, encodePytorch } from '../../src/checkpoint/pytorch.js'
import { encodeSafetensors as encode } from '../../src/checkpoint/safetensors.js'
import { sourceOfBlob, sourceOfBytes } from '../../src/checkpoint/source.js'
import { describe as sentence } from '../../src/core/fault.js'
import { sizeOf, type Tensor } from '../../src/core/tensor.js'
import { right } from '../right.js'
import {
  bytesOf,
  checkpoint,
  dict,
  floats,
  global,
  int,
  orderedDict,
  parameter,
  pickle,
  sparseZip,
  tensor,
  text,
  tuple,
  type ZipEntry,
  zip,
} from './crafted.js'

const decode = (bytes: Uint8Array) => decodePytorch(sourceOfBytes(bytes))()
const problems = async (bytes: Uint8Array): Promise<readonly string[]> => {
  const result = await decode(bytes)
  return Either.isLeft(result) ? result.left.map(sentence) : []
}
const digits = new Uint8Array(readFileSync(join(import.meta.dirname, '../golden/digits.pth')))
const pair = { length: 2, shape: [2], strides: [1] }
const plain: readonly ZipEntry[] = [
  { name: 'net/data.pkl', bytes: pickle(dict({ w: tensor(pair) })) },
  { name: 'net/data/0', bytes: floats(1, 2) },
]
const w = Either.right(new Map<string, Tensor>([['w', { shape: [2], data: Float32Array.of(1, 2) }]]))

describe('decodePytorch on the trained digits network', () => {
  it('reads the 211 tensors of its model and none of its optimizer', async () => {
    const result = await decodePytorch(sourceOfBlob(new Blob([digits])))()
    const tensors = Either.isRight(result) ? result.right : new Map<string, Tensor>()
    expect(tensors.size).toBe(211)
    expect([...tensors.keys()].slice(0, 2)).toEqual(['prologue.0.weight', 'prologue.1.bn.weight'])
    expect(tensors.get('prologue.0.weight')?.shape).toEqual([16, 1, 3, 3])
    expect(tensors.get('prologue.1.bn.num_batches_tracked')?.data).toBeInstanceOf(BigInt64Array)
    for (const { shape, data } of tensors.values()) expect(data.length).toBe(sizeOf(shape))
  })

  it.each([1, 100, 70_000, 2_000_000, digits.length - 1, digits.length - 21, digits.length - 20_000])(
    'refuses its first %i bytes',
    async (length) => {
      expect(await problems(digits.subarray(0, length))).toEqual([expect.stringMatching(/^not a readable PyTorch/)])
    },
  )
})

describe('decodePytorch', () => {
  it.each<[string, Uint8Array]>([
    ['the dictionary itself', dict({ w: tensor(pair) })],
    [
      'what it holds under model',
      dict({ model: orderedDict({ w: tensor(pair) }), optimizer: dict({}), epoch: int(3) }),
    ],
    ['what it holds under state_dict', dict({ state_dict: dict({ w: tensor(pair) }), epoch: int(3) })],
    ['parameters', dict({ w: parameter(tensor(pair)) })],
    [
      'an ordered dictionary with its metadata',
      bytesOf(orderedDict({ w: tensor(pair) }), dict({ _metadata: orderedDict({}) }), 'b'),
    ],
  ])('reads %s', async (_, root) => {
    expect(await decode(checkpoint(root, { 0: floats(1, 2) }))).toEqual(w)
  })

  it('reads every storage type it knows', async () => {
    const one = (type: string, storage: string) => tensor({ type, storage, length: 1, shape: [], strides: [] })
    const root = dict({
      double: one('DoubleStorage', '0'),
      float: one('FloatStorage', '1'),
      half: one('HalfStorage', '2'),
      bfloat: one('BFloat16Storage', '3'),
      long: one('LongStorage', '4'),
      int: one('IntStorage', '5'),
      byte: one('ByteStorage', '6'),
      bool: one('BoolStorage', '7'),
    })
    const storages = {
      0: new Uint8Array(Float64Array.of(0.1).buffer),
      1: floats(0.1),
      2: Uint8Array.of(0x00, 0x3c),
      3: Uint8Array.of(0x00, 0xc0),
      4: new Uint8Array(BigInt64Array.of(-3n).buffer),
      5: new Uint8Array(Int32Array.of(-5).buffer),
      6: Uint8Array.of(200),
      7: Uint8Array.of(1),
    }
    const scalar = (data: Tensor['data']): Tensor => ({ shape: [], data })
    expect(await decode(checkpoint(root, storages))).toEqual(
      Either.right(
        new Map<string, Tensor>([
          ['double', scalar(Float64Array.of(0.1))],
          ['float', scalar(Float32Array.of(0.1))],
          ['half', scalar(Float32Array.of(1))],
          ['bfloat', scalar(Float32Array.of(-2))],
          ['long', scalar(BigInt64Array.of(-3n))],
          ['int', scalar(BigInt64Array.of(-5n))],
          ['byte', scalar(Uint8Array.of(200))],
          ['bool', scalar(Uint8Array.of(1))],
        ]),
      ),
    )
  })

  it('makes row-major tensors of views, whatever their strides, reading a shared storage once', async () => {
    const view = (offset: number, shape: number[], strides: number[]) => tensor({ length: 6, offset, shape, strides })
    const root = dict({
      whole: view(0, [2, 3], [3, 1]),
      transposed: view(0, [3, 2], [1, 3]),
      column: view(1, [2], [3]),
      slice: view(2, [2, 2], [2, 1]),
      repeated: view(4, [2, 2, 1], [0, 1, 2 ** 52]),
      none: view(6, [0, 4], [4, 1]),
      scalar: view(5, [], []),
    })
    const { source, reads } = sparseZip([
      { name: 'any name/data.pkl', bytes: pickle(root) },
      { name: 'any name/data/0', bytes: floats(1, 2, 3, 4, 5, 6) },
    ])
    const expected = {
      whole: [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      transposed: [
        [3, 2],
        [1, 4, 2, 5, 3, 6],
      ],
      column: [[2], [2, 5]],
      slice: [
        [2, 2],
        [3, 4, 5, 6],
      ],
      repeated: [
        [2, 2, 1],
        [5, 6, 5, 6],
      ],
      none: [[0, 4], []],
      scalar: [[], [6]],
    }
    expect(await decodePytorch(source)()).toEqual(
      Either.right(
        new Map(
          Object.entries(expected).map(([key, [shape, data]]) => [key, { shape, data: Float32Array.from(data!) }]),
        ),
      ),
    )
    expect(reads.filter(([, length]) => length === 24)).toHaveLength(1)
  })

  it('reads compressed entries within bounds', async () => {
    const compressed = plain.map(({ name, bytes }) => ({
      name,
      bytes: deflateRawSync(bytes),
      method: 8,
      size: bytes.length,
      crc: crcOf(bytes),
    }))
    expect(await decode(zip(compressed))).toEqual(w)
  })

  it('reads files that say they are little-endian and no others', async () => {
    const order = (value: string): ZipEntry => ({ name: 'net/byteorder', bytes: bytesOf(value) })
    expect(await decode(zip([...plain, order('little')]))).toEqual(w)
    expect(await problems(zip([...plain, order('middle')]))).toEqual([expect.stringContaining('not little-endian')])
    expect(await problems(zip([...plain, order('big')]))).toEqual([expect.stringContaining('byteorder has 3 bytes')])
  })

  it('reads the needed ranges of a large file only: a few kilobytes of 700 MB', async () => {
    const large = new Uint8Array(350_000_000)
    const moment = (storage: string) =>
      tensor({ storage, length: large.length / 4, shape: [large.length / 4], strides: [1] })
    const { source, reads } = sparseZip([
      {
        name: 'L/data.pkl',
        bytes: pickle(dict({ model: dict({ w: tensor(pair) }), optimizer: dict({ a: moment('1'), b: moment('2') }) })),
      },
      { name: 'L/data/0', bytes: floats(1, 2) },
      { name: 'L/data/1', bytes: large, crc: 0 },
      { name: 'L/data/2', bytes: large, crc: 0 },
    ])
    expect(source.size).toBeGreaterThan(700_000_000)
    expect(await decodePytorch(source)()).toEqual(w)
    expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(200_000)
  })

  it.each<[string, Uint8Array, string]>([
    ['a file that is not a zip archive', bytesOf('hello'), 'it is not a zip archive'],
    ['an empty file', new Uint8Array(0), 'it is not a zip archive'],
    [
      'a file of PyTorch before 1.6',
      bytesOf(0x80, 2, 0x8a, 10, 'l\xfc\x9cF\xf9 j\xa8P\x19.'),
      'save it again with torch 1.6 or later',
    ],
    ['an archive without a pickle', zip([{ name: 'net/data/0', bytes: floats(1) }]), 'its archive has no data.pkl'],
    ['an archive with two pickles', zip([...plain, { ...plain[0]!, name: 'b/data.pkl' }]), 'more than one data.pkl'],
    ['two entries of one name', zip([...plain, plain[1]!]), 'it has two entries named net/data/0'],
    ['a name that leaves the folder', zip([...plain, { name: '../../evil', bytes: floats(1) }]), 'unsafe filename'],
    ['an absolute name', zip([...plain, { name: '/etc/evil', bytes: floats(1) }]), 'unsafe filename'],
    ['a missing storage', zip([plain[0]!]), 'it has no entry net/data/0'],
    [
      'a storage name that leaves the folder',
      checkpoint(dict({ w: tensor({ ...pair, storage: '../data.pkl' }) }), {}),
      'it has no entry net/data/../data.pkl',
    ],
    [
      'a storage shorter than claimed',
      checkpoint(dict({ w: tensor(pair) }), { 0: floats(1) }),
      'net/data/0 has 4 bytes where 8 are expected',
    ],
    [
      'a storage longer than claimed',
      checkpoint(dict({ w: tensor(pair) }), { 0: floats(1, 2, 3) }),
      'net/data/0 has 12 bytes where 8 are expected',
    ],
    ['a wrong checksum', zip([plain[0]!, { ...plain[1]!, crc: 1 }]), 'its entry net/data/0 cannot be read'],
    ['an encrypted entry', zip([plain[0]!, { ...plain[1]!, flags: 1 }]), 'net/data/0 is encrypted'],
    [
      'another compression method',
      zip([plain[0]!, { ...plain[1]!, method: 14 }]),
      'net/data/0 has compression method 14',
    ],
    [
      'a stored entry that claims more than it has',
      zip([plain[0]!, { ...plain[1]!, bytes: floats(1), size: 8 }]),
      'claims 8 bytes, too many for the 4',
    ],
    [
      'a compressed entry that is not compressed data',
      zip([plain[0]!, { ...plain[1]!, method: 8 }]),
      'net/data/0 cannot be read',
    ],
    [
      'a compressed entry that holds more than it claims',
      zip([plain[0]!, { name: 'net/data/0', bytes: deflateRawSync(new Uint8Array(1e6)), method: 8, size: 8 }]),
      'net/data/0 cannot be read',
    ],
    ['a bomb: 20 MB of zeros in 20 kB, honestly claimed', bomb(20_000_000), 'claims 20000000 bytes, too many for the'],
    [
      'a pickle of 100 MB in 100 kB',
      zip([{ name: 'net/data.pkl', bytes: deflateRawSync(new Uint8Array(1e8)), method: 8, size: 1e8 }]),
      'its pickle has 100000000 bytes',
    ],
    [
      'a foreign name in the model',
      checkpoint(dict({ w: bytesOf(global('posix', 'system'), tuple(text('id')), 'R') }), {}),
      'w: has type posix.system, expected a tensor; nothing in it was executed',
    ],
    [
      'a pickled module',
      checkpoint(bytesOf(global('models.spikingresformer', 'SpikingResformer'), ')', 0x81), {}),
      'it holds a models.spikingresformer.SpikingResformer, not a dictionary',
    ],
    ['a root that is not a dictionary', checkpoint(bytesOf(']'), {}), 'it holds a list, not a dictionary'],
    ['keys that are not text', checkpoint(bytesOf('}', 'K', 1, 'Ns'), {}), 'has a number as a key'],
    ['values that are not tensors', checkpoint(dict({ w: int(3) }), {}), 'w: has type number, expected a tensor'],
    [
      'a parameter of a parameter',
      checkpoint(dict({ w: parameter(parameter(tensor(pair))) }), { 0: floats(1, 2) }),
      'w: has type torch._utils._rebuild_parameter, expected a tensor',
    ],
    [
      'a view outside its storage',
      checkpoint(dict({ w: tensor({ length: 2, offset: 1, shape: [2], strides: [1] }) }), { 0: floats(1, 2) }),
      'w reaches beyond its storage of 2 elements',
    ],
    [
      'a view beyond by its strides',
      checkpoint(dict({ w: tensor({ length: 4, shape: [2, 2], strides: [3, 1] }) }), { 0: floats(1, 2, 3, 4) }),
      'w reaches beyond',
    ],
    [
      'a stride that overflows',
      checkpoint(dict({ w: tensor({ length: 2, shape: [2, 2], strides: [2 ** 52, 2 ** 53 - 1] }) }), {
        0: floats(1, 2),
      }),
      'w reaches beyond',
    ],
    [
      'negative strides',
      checkpoint(dict({ w: tensor({ length: 2, offset: 1, shape: [2], strides: [-1] }) }), { 0: floats(1, 2) }),
      'w is not described as a tensor',
    ],
    [
      'more extents than strides',
      checkpoint(dict({ w: tensor({ length: 2, shape: [2, 1], strides: [1] }) }), { 0: floats(1, 2) }),
      'w is not described as a tensor',
    ],
    [
      'a storage type it does not know',
      checkpoint(dict({ w: tensor({ ...pair, type: 'ComplexFloatStorage' }) }), { 0: floats(1, 2) }),
      'w has numbers of torch.ComplexFloatStorage',
    ],
    [
      'a repetition without end',
      checkpoint(dict({ w: tensor({ length: 1, shape: [2 ** 20, 2 ** 20], strides: [0, 0] }) }), { 0: floats(1) }),
      'its tensors have 1099511627776 elements',
    ],
    [
      'a repetition that overflows',
      checkpoint(
        dict({
          w: tensor({
            length: 1,
            shape: Array.from({ length: 40 }, () => 2 ** 30),
            strides: Array.from({ length: 40 }, () => 0),
          }),
        }),
        { 0: floats(1) },
      ),
      'its tensors have Infinity elements',
    ],
    [
      'two sizes for one storage',
      checkpoint(dict({ a: tensor(pair), b: tensor({ ...pair, length: 3 }) }), { 0: floats(1, 2) }),
      'a and b disagree on the size of their storage 0',
    ],
  ])('refuses %s', async (_, bytes, problem) => {
    expect((await problems(bytes)).map((sentence) => sentence.toLowerCase())).toEqual([
      expect.stringContaining(problem.toLowerCase()),
    ])
  })

  it('names every key that is not a tensor', async () => {
    const root = dict({ a: int(1), b: bytesOf('N'), c: text('x') })
    expect(await problems(checkpoint(root, {}))).toHaveLength(3)
  })

  it('survives a model that contains itself', async () => {
    const root = bytesOf('}', 'q', 0, text('model'), 'h', 0, 's')
    expect(await problems(checkpoint(root, {}))).toEqual(['model: has type dict, expected a tensor'])
  })

  it('reports a source that fails', async () => {
    const read = () => Promise.reject(new Error('the cable is out'))
    const result = await decodePytorch({ size: 1000, read })()
    expect(Either.isLeft(result) && sentence(result.left[0])).toContain('the cable is out')
  })
})

describe('encodePytorch', () => {
  const tensors = new Map<string, Tensor>([
    ['b', { shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ['a', { shape: [], data: Float64Array.of(Math.PI) }],
    ['1', { shape: [300, 2], data: Float32Array.from({ length: 600 }, (_, i) => i) }],
    ['counter "é"', { shape: [1], data: BigInt64Array.of(-1n) }],
    ['none', { shape: [0, 2], data: new Float64Array(0) }],
  ])

  it('writes what decodePytorch reads, in order', async () => {
    const file = await encodePytorch(tensors)()
    const result = Either.isRight(file) ? await decode(file.right) : file
    expect(result).toEqual(Either.right(tensors))
    expect(Either.isRight(result) && result.right instanceof Map && [...result.right.keys()]).toEqual([
      ...tensors.keys(),
    ])
  })

  it('writes the same bytes for the same tensors, entries stored and aligned to 64 bytes', async () => {
    const [first, second] = [await encodePytorch(tensors)(), await encodePytorch(tensors)()]
    expect(first).toEqual(second)
    const file = Either.isRight(first) ? first.right : new Uint8Array(0)
    const view = new DataView(file.buffer, file.byteOffset)
    const locals = [...file.keys()].filter((i) => i + 4 <= file.length && view.getUint32(i, true) === 0x04034b50)
    expect(locals).toHaveLength(8)
    for (const at of locals) {
      expect(view.getUint16(at + 8, true)).toBe(0)
      expect((at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true)) % 64).toBe(0)
    }
  })

  it('keeps the digits network through both formats', async () => {
    const read = await decode(digits)
    const model = Either.isRight(read) ? read.right : new Map<string, Tensor>()
    const written = await encodePytorch(model)()
    const again = Either.isRight(written) ? await decode(written.right) : written
    expect(
      Either.isRight(again) &&
        again.right instanceof Map &&
        Buffer.compare(right(encode(again.right, {})), right(encode(model, {}))),
    ).toBe(0)
  })
})

function crcOf(bytes: Uint8Array): number {
  const archive = zip([{ name: '', bytes }])
  return new DataView(archive.buffer).getUint32(14, true)
}

function bomb(size: number): Uint8Array {
  const root = dict({ w: tensor({ length: size / 4, shape: [size / 4], strides: [1] }) })
  return zip([
    { name: 'net/data.pkl', bytes: pickle(root) },
    { name: 'net/data/0', bytes: deflateRawSync(new Uint8Array(size)), method: 8, size },
  ])
}
