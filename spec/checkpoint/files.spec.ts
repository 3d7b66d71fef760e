import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors as encode } from '../../src/checkpoint/safetensors.js'
import { type Faults, describe as sentence } from '../../src/core/fault.js'
import type { Tensor } from '../../src/core/tensor.js'
import { readSafetensors, writePytorch, writeSafetensors } from '../../src/node/files.js'
import { readCheckpoint } from '../../src/node/weights.js'
import { right } from '../right.js'

const golden = join(import.meta.dirname, '../golden')
const tensors = new Map<string, Tensor>([
  ['w', { shape: [2, 1], data: Float32Array.of(1, -2) }],
  ['n', { shape: [], data: BigInt64Array.of(7n) }],
])

let folder = ''
const at = (name: string): string => join(folder, name)
const sentences = (result: Either.Either<Faults, unknown>): readonly string[] =>
  Either.isLeft(result) ? result.left.map(sentence) : []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('readCheckpoint', () => {
  it('reads either format by its bytes, whatever its name', async () => {
    await writeFile(at('a.pth'), right(encode(tensors, {})))
    expect(await readCheckpoint(at('a.pth'))()).toEqual(Either.right(tensors))
    expect(await writePytorch(at('b.safetensors'), tensors)()).toEqual(Either.right(undefined))
    expect(await readCheckpoint(at('b.safetensors'))()).toEqual(Either.right(tensors))
  })

  it('reads the digits network and keeps it through safetensors', async () => {
    const model = await readCheckpoint(join(golden, 'digits.pth'))()
    expect(Either.isRight(model) && model.right.size).toBe(211)
    if (Either.isLeft(model)) return
    expect(await writeSafetensors(at('digits.safetensors'), model.right)()).toEqual(Either.right(undefined))
    const again = await readCheckpoint(at('digits.safetensors'))()
    expect(
      Either.isRight(again) && Buffer.compare(right(encode(again.right, {})), right(encode(model.right, {}))),
    ).toBe(0)
  })

  it.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'not a readable checkpoint: it is an empty file'],
    ['a picture', new TextEncoder().encode('\u0089PNG and so on'), 'it is neither a safetensors file nor a PyTorch'],
    [
      'a zip archive cut short',
      new TextEncoder().encode('PK\u0003\u0004 and so on'),
      'not a readable PyTorch checkpoint',
    ],
    ['a bare pickle', Uint8Array.of(0x80, 2, 0x8a, 10, 1, 2, 3, 4, 5, 6, 7), 'save it again with torch 1.6 or later'],
    [
      'a lying header',
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0x7b),
      'its header claims 9223372036854775807',
    ],
  ])('refuses %s by its name', async (_, bytes, problem) => {
    await writeFile(at('bad'), bytes)
    expect(sentences(await readCheckpoint(at('bad'))())).toEqual([expect.stringContaining(problem)])
    expect(sentences(await readCheckpoint(at('bad'))())[0]).toMatch(new RegExp(`^${at('bad')}: `))
  })

  it('refuses what is not a file by its name', async () => {
    expect(sentences(await readCheckpoint(at('absent.pth'))())).toEqual([
      `${at('absent.pth')}: cannot read: there is no such file or folder`,
    ])
    expect(sentences(await readCheckpoint(folder)())).toEqual([`${folder}: cannot read: it is a folder`])
    expect(sentences(await readCheckpoint('/dev/null')())).toEqual(['/dev/null: cannot read: it is not a regular file'])
    expect(sentences(await readCheckpoint('a\0b')())).toEqual([expect.stringContaining('cannot read: ')])
  })
})

describe('readSafetensors and writeSafetensors', () => {
  it('keep tensors and metadata', async () => {
    expect(await writeSafetensors(at('c.safetensors'), tensors, { T: '4' })()).toEqual(Either.right(undefined))
    expect(await readSafetensors(at('c.safetensors'))()).toEqual(Either.right({ tensors, metadata: { T: '4' } }))
  })

  it('refuse the one name the format keeps for itself, and write nothing', async () => {
    const result = await writeSafetensors(at('d'), new Map([...tensors, ['__metadata__', tensors.get('w')!]]))()
    expect(sentences(result)).toEqual([expect.stringContaining('named __metadata__')])
    expect(await readdir(folder)).not.toContain('d')
  })
})
