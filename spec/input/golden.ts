import { readFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../../src/core/fault.js'
import type { Image } from '../../src/input/image.js'
import { decodeImage } from '../../src/node/decode.js'

/** The path of a golden file. */
export const golden = (name: string): URL => new URL(`../golden/${name}`, import.meta.url)

/** The bytes of a golden file. */
export const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(golden(name)))

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** One tensor of a trusted safetensors file, read apart from the package's own reader. */
export const goldenTensor = (name: string, key: string): { shape: readonly number[]; data: readonly number[] } => {
  const file = readFileSync(golden(name))
  const length = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.subarray(8, 8 + length).toString('utf8')) as Record<string, Entry>
  const { dtype, shape, data_offsets } = header[key]!
  const bytes = file.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1])
  const copy = new Uint8Array(bytes).buffer
  const data =
    dtype === 'F64'
      ? Array.from(new Float64Array(copy))
      : dtype === 'I64'
        ? Array.from(new BigInt64Array(copy), Number)
        : Array.from(new Uint8Array(copy))
  return { shape, data }
}

/** The value of a right, or a failure that says the faults. */
export const right = <A>(result: Either.Either<Faults, A>): A => {
  if (Either.isLeft(result)) throw new Error(`unexpected fault: ${result.left.map(describe).join('; ')}`)
  return result.right
}

/** The sentences of a left, or a failure. */
export const sentences = <A>(result: Either.Either<Faults, A>): readonly string[] => {
  if (Either.isRight(result)) throw new Error('a fault was expected')
  return result.left.map(describe)
}

/** A golden image, decoded. */
export const goldenImage = async (name: string): Promise<Image> => right(await decodeImage(bytesOf(name))())
