import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  decodeSafetensors as decode,
  decodeSafetensorsSource as decodeSource,
  encodeSafetensors as encode,
} from '../../src/checkpoint/safetensors.js'
import { sourceOfBlob, sourceOfBytes } from '../../src/checkpoint/source.js'
import { describe as sentence } from '../../src/core/fault.js'
import { sizeOf, type Tensor } from '../../src/core/tensor.js'
import { right } from '../right.js'

const golden = join(import.meta.dirname, '../golden')
const files = readdirSync(golden, { recursive: true, encoding: 'utf-8' }).filter(
  (name) => name.endsWith('.safetensors') && !name.includes('borders'),
)

/** A file of the given header text, whose length it claims unless told otherwise, and of zeros as data. */
const file = (header: string, data = 0, claimed?: bigint): Uint8Array => {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + data)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

const problems = (bytes: Uint8Array): readonly string[] => {
  const result = decode(bytes)
  return Either.isLeft(result) ? result.left.map(sentence) : []
}

const entry = (fields: object): string =>
  JSON.stringify({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } })

/** Whether two results are the same tensors and metadata, bit for bit (much faster than `toEqual`). */
const same = (a: ReturnType<typeof decode>, b: ReturnType<typeof decode>): boolean =>
  Either.isRight(a) &&
  Either.isRight(b) &&
  Buffer.compare(right(encode(a.right.tensors, a.right.metadata)), right(encode(b.right.tensors, b.right.metadata))) ===
    0

describe('decode', () => {
  it.each(files)('reads the golden file %s whole, in memory and at random access', async (name) => {
    const bytes = new Uint8Array(readFileSync(join(golden, name)))
    const result = decode(bytes)
    const { tensors } = Either.isRight(result) ? result.right : { tensors: new Map<string, Tensor>() }
    expect(tensors.size).toBeGreaterThan(1)
    for (const { shape, data } of tensors.values()) expect(data.length).toBe(sizeOf(shape))
    expect(same(await decodeSource(sourceOfBytes(bytes))(), result)).toBe(true)
    expect(same(await decodeSource(sourceOfBlob(new Blob([bytes])))(), result)).toBe(true)
  })

  it('reads every type it knows, exactly, from any alignment', () => {
    const header = JSON.stringify({
      a: { dtype: 'BOOL', shape: [3], data_offsets: [0, 3] },
      b: { dtype: 'F16', shape: [2], data_offsets: [3, 7] },
      c: { dtype: 'BF16', shape: [1], data_offsets: [7, 9] },
      d: { dtype: 'F32', shape: [1, 1], data_offsets: [9, 13] },
      e: { dtype: 'F64', shape: [], data_offsets: [13, 21] },
      f: { dtype: 'I64', shape: [1], data_offsets: [21, 29] },
      g: { dtype: 'I32', shape: [1], data_offsets: [29, 33] },
      h: { dtype: 'U8', shape: [0, 7], data_offsets: [33, 33] },
      __metadata__: { from: 'a test' },
    })
    const bytes = file(header, 33)
    const view = new DataView(bytes.buffer, bytes.length - 33)
    view.setUint8(1, 1)
    view.setUint16(3, 0x3c00, true)
    view.setUint16(5, 0x0001, true)
    view.setUint16(7, 0xc000, true)
    view.setFloat32(9, 0.1, true)
    view.setFloat64(13, 0.1, true)
    view.setBigInt64(21, -(2n ** 62n), true)
    view.setInt32(29, -5, true)
    expect(decode(bytes)).toEqual(
      Either.right({
        tensors: new Map<string, Tensor>([
          ['a', { shape: [3], data: Uint8Array.of(0, 1, 0) }],
          ['b', { shape: [2], data: Float32Array.of(1, 2 ** -24) }],
          ['c', { shape: [1], data: Float32Array.of(-2) }],
          ['d', { shape: [1, 1], data: Float32Array.of(0.1) }],
          ['e', { shape: [], data: Float64Array.of(0.1) }],
          ['f', { shape: [1], data: BigInt64Array.of(-(2n ** 62n)) }],
          ['g', { shape: [1], data: BigInt64Array.of(-5n) }],
          ['h', { shape: [0, 7], data: new Uint8Array(0) }],
        ]),
        metadata: { from: 'a test' },
      }),
    )
  })

  it('shares no memory with its argument', () => {
    const bytes = right(encode(new Map([['x', { shape: [1], data: Uint8Array.of(7) }]]), {}))
    const result = decode(bytes)
    bytes.fill(0)
    expect(result).toEqual(
      Either.right({ tensors: new Map([['x', { shape: [1], data: Uint8Array.of(7) }]]), metadata: {} }),
    )
  })

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'it has 0 bytes, fewer than the 8'],
    ['a header of 2^64 - 1 bytes', file('{}', 0, 2n ** 64n - 1n), 'its header claims 18446744073709551615 bytes'],
    ['a header longer than the file', file('{}', 0, 3n), 'its header claims 3 bytes, but only 2 follow'],
    ['an empty header', file(''), 'its header is not JSON'],
    ['a header cut short', file('{"x":'), 'its header is not JSON'],
    ['a header that is not UTF-8', bytesAt(file('{"?":1}'), 10, 0xff), 'its header is not text in UTF-8'],
    ['a header that is not an object', file('[1]'), 'its header is not a JSON object'],
    ['deep nesting', file(`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'its header nests too deeply'],
    ['a key that is not closed', file('{"x'), 'its header is not JSON'],
    ['a header that begins with a space', file(' {}'), 'its header is not a JSON object'],
    ['an entry that is not an object', file('{"x":3}'), 'tensor "x" is not described by an object'],
    [
      'an unknown dtype',
      file(entry({ dtype: 'F8_E4M3' }), 8),
      'tensor "x" has dtype "F8_E4M3"; convert it to one of F64',
    ],
    ['a dtype that is not a string', file(entry({ dtype: 4 }), 8), 'tensor "x" has dtype 4'],
    ['a dtype missing', file('{"x":{"shape":[0],"data_offsets":[0,0]}}'), 'tensor "x" has no dtype'],
    ['a negative extent', file(entry({ shape: [-2] }), 8), 'tensor "x" has shape [-2]'],
    ['a fractional extent', file(entry({ shape: [0.5] }), 8), 'tensor "x" has shape [0.5]'],
    ['a shape that is not a list', file(entry({ shape: { length: 1 } }), 8), 'tensor "x" has shape {"length":1}'],
    ['a shape that overflows', file(entry({ shape: [2 ** 52, 2 ** 52] }), 8), 'whose size overflows'],
    [
      'a shape that overflows to nothing',
      file(entry({ shape: [2 ** 33, 2 ** 33, 0] }), 8),
      'needs 0 bytes but is given 8',
    ],
    ['offsets backwards', file(entry({ data_offsets: [8, 0] }), 8), 'tensor "x" lies at bytes 8 to 0'],
    ['negative offsets', file(entry({ data_offsets: [-8, 0] }), 8), 'tensor "x" has data_offsets [-8,0]'],
    ['fractional offsets', file(entry({ data_offsets: [0, 7.5] }), 8), 'tensor "x" has data_offsets [0,7.5]'],
    ['three offsets', file(entry({ data_offsets: [0, 4, 8] }), 8), 'tensor "x" has data_offsets [0,4,8]'],
    [
      'offsets outside the file',
      file(entry({ shape: [2 ** 38], data_offsets: [0, 2 ** 40] }), 8),
      'its tensors need 1099511627776 bytes of data, but only 8 follow its header',
    ],
    ['a size that is not the shape', file(entry({ shape: [3] }), 8), 'shape [3] needs 12 bytes but is given 8'],
    ['a hole at the start', file(entry({ data_offsets: [8, 16] }), 16), 'leaves a hole before it'],
    ['data at the end that belong to none', file(entry({}), 16), 'the tensors end at byte 8 of 16 bytes of data'],
    ['truncated data', file(entry({}), 7), 'its tensors need 8 bytes of data, but only 7 follow its header'],
    [
      'an overlap',
      file(
        '{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      'tensor "y" overlaps the tensor before it',
    ],
    ['a tensor given twice', file('{"x":{},"\\u0078"  :  {}}'), 'its header gives the key "x" twice'],
    ['a field given twice', file('{"x":{"shape":[1],"shape":[2]}}'), 'its header gives the key "shape" twice'],
    ['metadata that are not an object', file('{"__metadata__":[]}'), 'its __metadata__ is not an object of strings'],
    ['metadata that are not strings', file('{"__metadata__":{"T":4}}'), 'its __metadata__ is not an object of strings'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(problems(bytes)).toEqual([expect.stringContaining(problem)])
  })

  it('refuses a header of more than 8 MiB without reading it', async () => {
    const asked: number[] = []
    const source = {
      size: 2 ** 31,
      read: async (_: number, length: number) => {
        asked.push(length)
        return Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0).subarray(0, length)
      },
    }
    const result = await decodeSource(source)()
    expect(Either.isLeft(result) && sentence(result.left[0])).toContain('its header has 33554432 bytes, more than')
    expect(asked).toEqual([8])
  })

  it('names up to three faults, of more the first and how many there are', () => {
    const three = file('{"a":{"dtype":"X"},"b":3,"__metadata__":7}')
    expect(problems(three)).toHaveLength(3)
    const all = (value: (i: number) => unknown) =>
      problems(
        file(JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`t${i}`, value(i)]))), 2000),
      )
    const more = ', and 999 more are wrong; '
    expect(all(() => null)).toEqual([expect.stringContaining(`tensor "t0" is not described by an object${more}`)])
    const bytes = (begin: number) => ({ dtype: 'U8', shape: [1], data_offsets: [begin, begin + 1] })
    expect(all((i) => bytes(2 * i + 1))).toEqual([expect.stringContaining(`its own is 1)${more}`)])
    expect(all((i) => bytes(9 * i))).toEqual([
      expect.stringContaining('its tensors need 8992 bytes of data, but only 2000 follow its header'),
    ])
  })

  it('takes names that are special to JavaScript as names', () => {
    const header = `{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"__proto__":"m"}}`
    const result = decode(file(header, 1))
    expect(Either.isRight(result) && [...result.right.tensors.keys()]).toEqual(['__proto__'])
    expect(Either.isRight(result) && Object.entries(result.right.metadata)).toEqual([['__proto__', 'm']])
  })

  it('reports a source that fails', async () => {
    const result = await decodeSource({ size: 100, read: () => Promise.reject(new Error('the cable is out')) })()
    expect(Either.isLeft(result) && sentence(result.left[0])).toContain('could not be read: the cable is out')
  })
})

describe('encode', () => {
  const tensors = new Map<string, Tensor>([
    ['bytes', { shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ['reals', { shape: [], data: Float64Array.of(Math.PI) }],
    ['10', { shape: [1, 2], data: Float32Array.of(-0, Number.NaN) }],
    ['counter "é"', { shape: [1], data: BigInt64Array.of(-1n) }],
    ['2', { shape: [0], data: new Float64Array(0) }],
  ])

  it('writes what decode reads, names in order, whole numbers first as in any JavaScript object', () => {
    const result = decode(right(encode(tensors, { b: '2', a: '1' })))
    expect(result).toEqual(Either.right({ tensors, metadata: { a: '1', b: '2' } }))
    expect(Either.isRight(result) && [...result.right.tensors.keys()]).toEqual([
      '2',
      '10',
      'bytes',
      'reals',
      'counter "é"',
    ])
  })

  it('pads the header with spaces to 8 bytes and aligns every tensor', () => {
    const bytes = right(encode(tensors, {}))
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    const json = new TextDecoder().decode(bytes.subarray(8, 8 + length))
    expect(length % 8).toBe(0)
    expect(json).toMatch(/^\{.*\} *$/)
    const begins = Object.entries<{ data_offsets: [number, number] }>(JSON.parse(json)).map(
      ([name, { data_offsets }]) => data_offsets[0] % tensors.get(name)!.data.BYTES_PER_ELEMENT,
    )
    expect(begins).toEqual([0, 0, 0, 0, 0])
  })

  it('writes a file of no tensors', () => {
    expect(right(encode(new Map(), {}))).toEqual(
      Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d, 32, 32, 32, 32, 32, 32),
    )
  })
})

function bytesAt(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const changed = new Uint8Array(bytes)
  changed[index] = value
  return changed
}
