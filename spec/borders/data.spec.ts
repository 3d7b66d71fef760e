/** Data that do not fit, wherever a tensor or bytes come in: refused by what is wrong, or read for what they are. */
import vm from 'node:vm'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodePytorch, encodePytorch } from '../../src/checkpoint/pytorch.js'
import {
  decodeSafetensors as decode,
  decodeSafetensorsSource as decodeSource,
  encodeSafetensors as encode,
} from '../../src/checkpoint/safetensors.js'
import { sourceOfBytes } from '../../src/checkpoint/source.js'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { type Shape, type Tensor, tensor } from '../../src/core/tensor.js'
import { networkInput } from '../../src/input/batch.js'
import { digits } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'
import { right, sentences } from '../right.js'

const foreign = <A>(code: string): A => vm.runInNewContext(code) as A

const any = (shape: Shape, data: unknown): Tensor => tensor(shape, data as Float32Array)

const detached = (): Float32Array => {
  const data = new Float32Array(2)
  structuredClone(data.buffer, { transfer: [data.buffer] })
  return data
}

/** What is wrong with a tensor of two numbers, and the sentence's middle. */
const misfits: readonly (readonly [string, Tensor, string])[] = [
  ['Int32Array', any([2], Int32Array.of(1, 2)), 'has type Int32Array'],
  ['Uint8ClampedArray', any([2], Uint8ClampedArray.of(1, 2)), 'has type Uint8ClampedArray'],
  ['BigUint64Array', any([2], BigUint64Array.of(1n, 2n)), 'has type BigUint64Array'],
  ['DataView', any([2], new DataView(new ArrayBuffer(8))), 'has type DataView'],
  ['ArrayBuffer', any([2], new ArrayBuffer(8)), 'has type ArrayBuffer'],
  ['Array', any([2], [1, 2]), 'has type Array'],
  ['Int32Array of another realm', any([2], foreign('Int32Array.of(1, 2)')), 'has type Int32Array'],
  ['too few', any([2], Float32Array.of(1)), '1 numbers are not a tensor of shape [2]'],
  ['too many', any([2], Float32Array.of(1, 2, 3)), '3 numbers are not a tensor of shape [2]'],
  ['a Buffer of the numbers’ bytes', any([2], Buffer.alloc(8)), '8 numbers are not a tensor of shape [2]'],
  ['transferred', any([2], detached()), 'its buffer was transferred away'],
  ['no shape', any(undefined as unknown as Shape, Float32Array.of(1)), 'its shape Undefined'],
  ['a negative extent', any([-2], Float32Array.of(1, 2)), 'its shape [-2]'],
  ['null', null as unknown as Tensor, 'it is not a tensor but Null'],
]

describe.each(misfits)('a tensor: %s', (_, bad, problem) => {
  const key = 'classifier.weight'
  it('is refused by encode, encodePytorch, parse and networkInput, by what is wrong', async () => {
    expect(sentences(encode(new Map([['x', bad]]), {}))).toEqual([expect.stringContaining(problem)])
    expect(sentences(await encodePytorch(new Map([['x', bad]]))())).toEqual([expect.stringContaining(problem)])
    expect(sentences(networkInput({ channels: 1, height: 1, width: 2 })(bad))).toEqual([
      expect.stringContaining(problem),
    ])
    const checkpoint = new Map<string, Tensor>(syntheticCheckpoint(digits, 7)).set(key, bad)
    expect(sentences(parse(digits)(checkpoint))).toEqual([expect.stringMatching(`^${key.replace('.', '\\.')}: `)])
    expect(sentences(parse(digits)(checkpoint))[0]).toContain(problem)
  })
})

it('every tensor that does not fit is named, not only the first', () => {
  const tensors = new Map<string, Tensor>([
    ['a', any([2], Float32Array.of(1))],
    ['b', any([1], Float32Array.of(1))],
    ['c', any([1], Int8Array.of(1))],
  ])
  expect(sentences(encode(tensors, { d: 3 as unknown as string })).map((line) => line.slice(0, 12))).toEqual([
    'tensor "a": ',
    'tensor "c": ',
    'metadata "d"',
  ])
})

it.each(['Float64Array.of(1, 2)', 'Float32Array.of(1, 2)', 'Uint8Array.of(1, 2)', 'BigInt64Array.of(1n, 2n)'])(
  'another realm’s %s is written as what it is, and read back',
  async (code) => {
    const here = vm.runInThisContext(code) as Float64Array
    const tensors = new Map([['x', tensor([2], foreign<Float64Array>(code))]])
    const expected = new Map([['x', tensor([2], here)]])
    expect(right(decode(right(encode(tensors, {})))).tensors).toEqual(expected)
    const zip = right(await encodePytorch(tensors)())
    expect(right(await decodePytorch(sourceOfBytes(zip))())).toEqual(expected)
  },
)

it('weights of another realm are a network’s', () => {
  const copy = foreign<(a: ArrayLike<number>) => Float32Array>('(a) => Float32Array.from(a)')
  const checkpoint = new Map([...syntheticCheckpoint(digits, 7)].map(([k, t]) => [k, tensor(t.shape, copy(t.data))]))
  expect(right(parse(digits)(checkpoint)).classifier.shape).toEqual([10, 64])
})

it('five of a convolution’s weights are not a convolution', () => {
  const checkpoint = syntheticCheckpoint(digits, 7)
  const [key, { shape, data }] = [...checkpoint][0]!
  expect(sentences(parse(digits)(new Map(checkpoint).set(key, tensor(shape, data.slice(0, 5)))))).toEqual([
    `${key}: 5 numbers are not a tensor of shape [16, 1, 3, 3]; give 144 numbers`,
  ])
})

describe('bytes to decode', () => {
  const tensors = new Map([['x', tensor([2], Float32Array.of(1, 2))]])
  const file = right(encode(tensors, {}))

  it('may be shared memory, a Buffer, or another realm’s', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(file.length))
    shared.set(file)
    const other = foreign<(a: ArrayLike<number>) => Uint8Array>('(a) => Uint8Array.from(a)')(file)
    for (const bytes of [shared, Buffer.from(file), other]) {
      expect(right(decode(bytes)).tensors).toEqual(tensors)
      expect(right(await decodeSource(sourceOfBytes(bytes))()).tensors).toEqual(tensors)
    }
  })

  it.each<[string, unknown, string]>([
    ['an ArrayBuffer', file.buffer, "the file's bytes: has type ArrayBuffer, expected Uint8Array"],
    ['a text', 'x'.repeat(20), "the file's bytes: has type String, expected Uint8Array"],
    ['other numbers', new Float32Array(20), "the file's bytes: has type Float32Array, expected Uint8Array"],
    ['nothing', undefined, "the file's bytes: has type Undefined, expected Uint8Array"],
    ['an Either', Either.right(file), "the file's bytes: has type Object, expected Uint8Array"],
  ])('are not %s', (_, bytes, sentence) => {
    expect(sentences(decode(bytes as Uint8Array))).toEqual([sentence])
  })

  it('are not a transferred buffer', () => {
    const gone = new Uint8Array(file)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    expect(sentences(decode(gone))).toEqual([
      "the file's bytes: its buffer was transferred away, and its numbers with it; give a copy of the numbers",
    ])
  })
})

describe('what would not be read back is not written', () => {
  it.each<[string, ReadonlyMap<string, Tensor>, string]>([
    ['the format’s own name', new Map([['__metadata__', tensor([1], Float32Array.of(1))]]), 'keeps for itself'],
    ['65 axes', new Map([['x', tensor(new Array<number>(65).fill(1), Float32Array.of(1))]]), '65 axes'],
    ['a header of 9 million characters', new Map([['x'.repeat(9e6), tensor([1], Float32Array.of(1))]]), 'its header'],
    ['no map', { x: 1 } as unknown as ReadonlyMap<string, Tensor>, 'not a Map but Object'],
    ['a name that is no text', new Map([[3 as unknown as string, tensor([1], Float32Array.of(1))]]), 'named by Number'],
  ])('%s', (_, tensors, problem) => {
    const [sentence] = sentences(encode(tensors, {}))
    expect(sentence).toContain(problem)
    expect(sentence!.length).toBeLessThan(300)
  })

  it('half a character in a name of a pickle', async () => {
    const torn = new Map([['a\ud800', tensor([1], Float32Array.of(1))]])
    expect(sentences(await encodePytorch(torn)())).toEqual([expect.stringContaining('which is not text')])
    expect(right(decode(right(encode(torn, {})))).tensors).toEqual(torn)
  })
})

describe('integers of any width', () => {
  const of = (dtype: string, bytes: Uint8Array, count: number): Uint8Array => {
    const json = new TextEncoder().encode(
      JSON.stringify({ x: { dtype, shape: [count], data_offsets: [0, bytes.length] } }),
    )
    return new Uint8Array(Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(json.length)).buffer), json, bytes]))
  }
  const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer as ArrayBuffer)

  it.each<[string, ArrayBufferView, readonly bigint[]]>([
    ['I8', Int8Array.of(-128, 127), [-128n, 127n]],
    ['I16', Int16Array.of(-32768, 32767), [-32768n, 32767n]],
    ['U16', Uint16Array.of(0, 65535), [0n, 65535n]],
    ['I32', Int32Array.of(-5, 2 ** 31 - 1), [-5n, 2n ** 31n - 1n]],
    ['U32', Uint32Array.of(5, 2 ** 32 - 1), [5n, 2n ** 32n - 1n]],
    ['U64', BigUint64Array.of(5n, 2n ** 63n - 1n), [5n, 2n ** 63n - 1n]],
  ])('%s are read exactly', (dtype, data, expected) => {
    const { tensors } = right(decode(of(dtype, bytesOf(data), 2)))
    expect(tensors.get('x')?.data).toEqual(BigInt64Array.from(expected))
  })

  it('but not those of 2^63 and more, which have no place', async () => {
    const file = of('U64', bytesOf(BigUint64Array.of(1n, 2n ** 63n)), 2)
    const sentence = /tensor "x": its element 1 is 9223372036854775808, more than a 64-bit integer holds/
    expect(sentences(decode(file))).toEqual([expect.stringMatching(sentence)])
    expect(sentences(await decodeSource(sourceOfBytes(file))())).toEqual([expect.stringMatching(sentence)])
  })
})
