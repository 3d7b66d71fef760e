import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { zip } from '../../spec/checkpoint/crafted.js'
import { unpickle } from '../../src/checkpoint/pickle.js'
import { pickleStateDict } from '../../src/checkpoint/pickle-state-dict.js'
import { decodePytorch, encodePytorch } from '../../src/checkpoint/pytorch.js'
import { sourceOfBytes } from '../../src/checkpoint/source.js'

import { reach, rowMajor } from '../../src/checkpoint/strided.js'
import { sizeOf, type Tensor } from '../../src/core/tensor.js'
import { damaged } from './mutations.js'

const tensors = new Map<string, Tensor>([
  ['layers.0.0.W.weight', { shape: [4, 2, 3, 1], data: Float32Array.from({ length: 24 }, (_, i) => i / 8) }],
  ['layers.0.0.norm.bn.running_var', { shape: [4], data: Float64Array.of(1, 2, 3, 4) }],
  ['layers.0.0.norm.bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(1347n) }],
  ['spikes', { shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) }],
])
const dataOf = (data: Tensor['data']) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

let file: Uint8Array = new Uint8Array(0)
beforeAll(async () => {
  const written = await encodePytorch(tensors)()
  file = Either.isRight(written) ? written.right : file
  expect(Either.isRight(await decodePytorch(sourceOfBytes(file))())).toBe(true)
})

/** What every result must be: named faults, or tensors as large as their shapes and in proportion to the file. */
const isOrderly = async (bytes: Uint8Array): Promise<void> => {
  const result = await decodePytorch(sourceOfBytes(bytes))()
  if (Either.isRight(result)) {
    const all = [...result.right.values()]
    for (const { shape, data } of all) expect(data.length).toBe(sizeOf(shape))
    expect(all.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(2 * bytes.length + 2 ** 23)
  } else expect(result.left.length).toBeGreaterThan(0)
}

describe('a damaged checkpoint is tensors or named faults, never an exception', () => {
  it('when its archive is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constant(0).chain(() => damaged([file])),
        isOrderly,
      ),
      { numRuns: 500 },
    )
  })

  it('when its pickle is damaged inside a sound archive', async () => {
    const storages = [...tensors.values()].map(({ data }, i) => ({ name: `a/data/${i}`, bytes: dataOf(data) }))
    await fc.assert(
      fc.asyncProperty(damaged([pickleStateDict(tensors)]), (pickle) =>
        isOrderly(zip([{ name: 'a/data.pkl', bytes: pickle }, ...storages])),
      ),
      { numRuns: 500 },
    )
  })
})

it('any instructions in any order are a value or a named fault', () => {
  const instruction = fc.oneof(
    fc.constantFrom(...'N})](00teauRbQs1\x81\x85\x86\x87\x88\x89\x93\x94').map((c) => [c.charCodeAt(0)]),
    fc.tuple(fc.constantFrom(...'KqhU\x8a\x8c'), fc.integer({ min: 0, max: 3 })).map(([c, n]) => [c.charCodeAt(0), n]),
    fc.constant([...new TextEncoder().encode('ccollections\nOrderedDict\n')]),
    fc.constant([...new TextEncoder().encode('ctorch._utils\n_rebuild_tensor_v2\n')]),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => [...bytes]),
  )
  fc.assert(
    fc.property(fc.array(instruction, { maxLength: 40 }), (program) => {
      const result = unpickle(Uint8Array.from([0x80, 2, ...program.flat(), 0x2e]), () => true)
      if (Either.isLeft(result)) expect(result.left).toHaveLength(1)
      else expect(result.right).not.toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

it('rowMajor takes element [i, j, ..] from offset + i strides[0] + j strides[1] + ..', () => {
  const view = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 9 })), { maxLength: 4 })
    .chain((axes) =>
      fc.integer({ min: 0, max: 5 }).map((offset) => ({
        offset,
        shape: axes.map(([extent]) => extent),
        strides: axes.map(([, stride]) => stride),
      })),
    )
  fc.assert(
    fc.property(view, fc.integer({ min: 0, max: 3 }), (strided, spare) => {
      const { offset, shape, strides } = strided
      const storage = Float64Array.from({ length: reach(strided) + spare }, (_, i) => i)
      const places = shape.reduce<readonly number[]>(
        (starts, extent, axis) =>
          starts.flatMap((start) => Array.from({ length: extent }, (_, i) => start + i * strides[axis]!)),
        [offset],
      )
      expect([...rowMajor(storage, strided)]).toEqual(places)
    }),
  )
})
