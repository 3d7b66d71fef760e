import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { right } from '../../spec/right.js'
import {
  decodeSafetensors as decode,
  decodeSafetensorsSource as decodeSource,
  encodeSafetensors as encode,
} from '../../src/checkpoint/safetensors.js'
import { sourceOfBytes } from '../../src/checkpoint/source.js'
import { type Numbers, sizeOf, type Tensor } from '../../src/core/tensor.js'
import { damaged } from './mutations.js'

const golden = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, '../../spec/golden', name)))
const files = ['ops/lif.safetensors', 'ops/plif.safetensors'].map(golden)

const numbers = (length: number): fc.Arbitrary<Numbers> => {
  const exactly = { minLength: length, maxLength: length }
  return fc.oneof<fc.Arbitrary<Numbers>[]>(
    fc.float64Array(exactly),
    fc.float32Array(exactly),
    fc.uint8Array(exactly),
    fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), exactly).map((items) => BigInt64Array.from(items)),
  )
}

const tensors: fc.Arbitrary<ReadonlyMap<string, Tensor>> = fc
  .dictionary(
    fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__'),
    fc
      .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
      .chain((shape) => numbers(sizeOf(shape)).map((data): Tensor => ({ shape, data }))),
  )
  .map((named) => new Map(Object.entries(named)))

const metadata = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { noNullPrototype: true })

it('decode inverts encode, to the bit, at any alignment of the bytes', () => {
  fc.assert(
    fc.property(tensors, metadata, fc.integer({ min: 0, max: 8 }), (all, described, shift) => {
      const bytes = right(encode(all, described))
      const shifted = new Uint8Array(bytes.length + shift)
      shifted.set(bytes, shift)
      expect(decode(shifted.subarray(shift))).toEqual(Either.right({ tensors: all, metadata: described }))
    }),
  )
})

it('a damaged file is tensors of its own bytes or named faults, never an exception, and the same at random access', async () => {
  await fc.assert(
    fc.asyncProperty(damaged(files), async (bytes) => {
      const result = decode(bytes)
      if (Either.isRight(result)) {
        const sizes = [...result.right.tensors.values()].map(({ shape, data }) => [sizeOf(shape), data.length])
        for (const [size, length] of sizes) expect(size).toBe(length)
        expect(sizes.reduce((sum, [size]) => sum + size!, 0)).toBeLessThanOrEqual(bytes.length)
      } else expect(result.left.length).toBeGreaterThan(0)
      expect((await decodeSource(sourceOfBytes(bytes))())._tag).toBe(result._tag)
    }),
    { numRuns: 1000 },
  )
})
