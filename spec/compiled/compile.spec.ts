/** Compiled networks: any chunking, batch and number of threads gives the same bits; borders name what is wrong. */
import * as Either from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { syntheticInput } from '../../src/checkpoint/synthetic.js'
import { compile, compileThreads, type Result, type Runs, type Threaded } from '../../src/compiled/network.js'
import { membranesOf, type Potentials } from '../../src/compiled/potentials.js'
import { type Currents, type Tensor, tensor } from '../../src/core/tensor.js'
import { reference } from '../../src/interpreters/reference.js'
import { digits, variants } from '../../src/model/config.js'
import type { Membranes } from '../../src/model/kernels.js'
import { forward, network, step } from '../../src/model/network.js'
import { right, synthetic } from '../golden.js'
import { sameBits } from './same.js'

afterEach(() => {
  vi.restoreAllMocks()
})

const config = { ...variants['dvsg']!, image: { height: 16, width: 16 } }
const parameters = synthetic(config)
const frame = 3 * 16 * 16
const [T, B] = [5, 2]
const frames = syntheticInput([T, B, 3, 16, 16], 7)
const image = syntheticInput([1, B, 3, 16, 16], 9)
const net = network(reference('float32'))(parameters)
const rest: Membranes<Currents> = new Map()
const [expected, expectedMembranes] = step(net)(frames)(rest)

/** Frames `from` to `to` of the sequence. */
const chunk = (from: number, to: number): Tensor<Float64Array> =>
  tensor([to - from, B, 3, 16, 16], frames.data.slice(from * B * frame, to * B * frame))

const joined = (parts: readonly Currents[]): Currents =>
  tensor([T, B, config.classes], Float32Array.from(parts.flatMap(({ data }) => [...data])))

const engines: readonly (readonly [string, () => Promise<Runs<'value'> | Threaded>])[] = [
  ['fast', async () => compile({ kernels: 'fast' })(parameters)],
  ['wasm', async () => compile()(parameters)],
  ['wasm on 2 threads', async () => right(await compileThreads({ threads: 2 })(parameters)())],
  ['wasm on 3 threads', async () => right(await compileThreads({ threads: 3 })(parameters)())],
]

const got = async <A>(result: Result<'value', A> | Result<'promise', A>): Promise<A> => right(await result)

describe.each(engines)('%s', (_, start) => {
  it('gives the reference’s bits for a still image, also twice and at once', async () => {
    const runs = await start()
    const logits = forward(net)(3)(image)
    const outcomes = await Promise.all([got(runs.still(3)(image)), got(runs.still(3)(image))])
    expect(outcomes.map((outcome) => sameBits(outcome, logits))).toEqual([true, true])
  })

  it('gives the reference’s bits for frames', async () => {
    expect(sameBits(await got((await start()).frames(frames)), expected)).toBe(true)
  })

  it.each([[[1, 1, 1, 1, 1]], [[2, 3]], [[4, 1]], [[5]]])(
    'in chunks of %j frames gives the same bits',
    async (sizes) => {
      const runs = await start()
      const parts: Currents[] = []
      let state: Potentials = new Map()
      let at = 0
      for (const size of sizes) {
        const [logits, after]: readonly [Currents, Potentials] = await got(runs.step(chunk(at, at + size))(state))
        parts.push(logits)
        state = after
        at += size
      }
      expect(sameBits(joined(parts), expected)).toBe(true)
      const membranes = membranesOf(state)
      expect([...membranes.keys()].sort()).toEqual([...expectedMembranes.keys()].sort())
      expect([...membranes].filter(([key, value]) => !sameBits(value, expectedMembranes.get(key)!))).toEqual([])
    },
  )

  it('leaves the membranes it was given as they were', async () => {
    const runs = await start()
    const [, state] = await got(runs.step(chunk(0, 2))(new Map()))
    const first = await got(runs.step(chunk(2, 3))(state))
    const again = await got(runs.step(chunk(2, 3))(state))
    expect(sameBits(first[0], again[0])).toBe(true)
  })

  it('names an input of another shape, steps that are none, and membranes of another batch', async () => {
    const runs = await start()
    const [, state] = await got(runs.step(chunk(0, 1))(new Map()))
    const single = tensor([1, 1, 3, 16, 16], image.data.slice(0, frame))
    const refused = await Promise.all([
      runs.still(3)(frames),
      runs.still(0)(image),
      runs.frames(tensor([1, 1, 3, 8, 16], new Float32Array(frame / 2))),
      runs.step(single)(state),
    ])
    expect(refused.map((either) => Either.isLeft(either) && either.left[0]._tag)).toEqual(Array(4).fill('Input'))
  })
})

describe('a batch', () => {
  it('gives each sample what it gets alone', async () => {
    const runs = compile()(parameters)
    const both = await got(runs.still(2)(image))
    const alone = await Promise.all(
      [0, 1].map((b) => got(runs.still(2)(tensor([1, 1, 3, 16, 16], image.data.slice(b * frame, (b + 1) * frame))))),
    )
    const rows = [0, 1].flatMap((t) => alone.map(({ data }) => [...data].slice(t * 11, (t + 1) * 11)))
    expect([...both.data]).toEqual(rows.flat())
  })
})

describe('what an engine lacks', () => {
  it('wasm without SIMD is fast, with a notice', () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    const runs = compile({ kernels: 'wasm' })(parameters)
    expect([runs.kernels, runs.threads]).toEqual(['fast', 1])
    expect(runs.notice).toMatch(/no WebAssembly SIMD/)
    expect(sameBits(right(runs.frames(frames)), expected)).toBe(true)
  })

  it('threads without SIMD, or of fast, are one thread, with a notice', async () => {
    const plain = right(await compileThreads({ kernels: 'fast', threads: 2 })(parameters)())
    expect([plain.kernels, plain.threads, plain.notice]).toEqual(['fast', 1, 'Plain TypeScript runs on one thread.'])
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    const other = right(await compileThreads({ threads: 2 })(parameters)())
    expect([other.kernels, other.threads]).toEqual(['fast', 1])
    expect(other.notice).toMatch(/no WebAssembly SIMD/)
  })

  it('names a number of threads that is none', async () => {
    const refused = await compileThreads({ threads: 0 })(parameters)()
    expect(Either.isLeft(refused) && refused.left[0]._tag).toBe('Input')
  })
})

describe('memory', () => {
  const small = synthetic(digits)
  const pixels = syntheticInput([1, 1, 1, 16, 16], 7)

  it('does not grow over a thousand images', () => {
    const runs = compile()(small)
    const first = right(runs.still(1)(pixels))
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow')
    const made = vi.spyOn(WebAssembly, 'Memory')
    const last = Array.from({ length: 1000 }, () => right(runs.still(1)(pixels))).at(-1)!
    expect(sameBits(last, first)).toBe(true)
    expect([grow.mock.calls.length, made.mock.calls.length]).toEqual([0, 0])
  })

  it('grows for a longer run, which changes nothing of a shorter one after it', () => {
    const runs = compile()(small)
    const short = right(runs.still(1)(pixels))
    right(runs.still(9)(pixels))
    const other = right(runs.still(1)(pixels))
    expect(sameBits(short, other)).toBe(true)
  })
})
