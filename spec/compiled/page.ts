/** What the browser test runs, in the page and in Node alike: hashes of logits and membranes, by how they were computed. */
import * as Either from 'fp-ts/lib/Either.js'
import { decodeSafetensors, decodeSafetensorsSource, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { sourceOfBytes } from '../../src/checkpoint/source.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { compile, compileThreads } from '../../src/compiled/network.js'
import { membranesOf } from '../../src/compiled/potentials.js'
import type { Faults } from '../../src/core/fault.js'
import { type Currents, tensor } from '../../src/core/tensor.js'
import { digits, variants } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'

/** What one way of running gave. */
export interface Ran {
  readonly kernels: string
  readonly threads: number
  readonly notice: string | null
  readonly hash: string
}

const right = <A>(either: Either.Either<Faults, A>): A => {
  if (Either.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const hashOf = async (tensors: readonly Currents[]): Promise<string> => {
  const bytes = new Blob(tensors.map(({ data }) => Float32Array.from(data)))
  const digest = await crypto.subtle.digest('SHA-256', await bytes.arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The numbers of a checkpoint that lies in shared memory, read at once and from a source. */
export const readShared = async (): Promise<readonly (readonly number[])[]> => {
  const file = right(encodeSafetensors(new Map([['x', tensor([2], Float32Array.of(1, 2))]]), {}))
  const shared = new Uint8Array(new SharedArrayBuffer(file.length))
  shared.set(file)
  return [decodeSafetensors(shared), await decodeSafetensorsSource(sourceOfBytes(shared))()].map((read) =>
    Array.from(right(read).tensors.get('x')!.data, Number),
  )
}

/** Runs a still image and a chunk of frames on `fast`, `wasm`, and two threads where there may be. */
export const runAll = async (): Promise<readonly Ran[]> => {
  const config = { ...(variants['dvsg'] ?? digits), image: { height: 16, width: 16 } }
  const parameters = right(parse(config)(syntheticCheckpoint(config, 7)))
  const image = syntheticInput([1, 2, 3, 16, 16], 7)
  const frames = syntheticInput([3, 2, 3, 16, 16], 8)
  const outcomes = [compile({ kernels: 'fast' })(parameters), compile()(parameters)].map(async (net): Promise<Ran> => {
    const [logits, state] = right(net.step(frames)(new Map()))
    const hash = await hashOf([right(net.still(4)(image)), logits, ...membranesOf(state).values()])
    return { kernels: net.kernels, threads: net.threads, notice: net.notice, hash }
  })
  const net = right(await compileThreads({ threads: 2 })(parameters)())
  const [logits, state] = right(await net.step(frames)(new Map()))
  const hash = await hashOf([right(await net.still(4)(image)), logits, ...membranesOf(state).values()])
  net.close()
  return [...(await Promise.all(outcomes)), { kernels: net.kernels, threads: net.threads, notice: net.notice, hash }]
}
