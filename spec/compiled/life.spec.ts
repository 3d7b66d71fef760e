/** The life of runs: every promise settles, a fault ends what it must and nothing else, and what is kept is bounded. */
import * as Either from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { type Compiled, compile, compileThreads, type Result, type Threaded } from '../../src/compiled/network.js'
import type { Potentials } from '../../src/compiled/potentials.js'
import { type Faults, describe as sentence } from '../../src/core/fault.js'
import { type Reals, type Tensor, tensor } from '../../src/core/tensor.js'
import { variants } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'
import { right, synthetic } from '../golden.js'
import { sameBits } from './same.js'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const config = { ...variants['dvsg']!, image: { height: 16, width: 16 } }
const parameters = synthetic(config)
const imageOf = (batch: number, seed = 9) => syntheticInput([1, batch, 3, 16, 16], seed)
const framesOf = (steps: number, batch: number, seed = 9) => syntheticInput([steps, batch, 3, 16, 16], seed)
const image = imageOf(1)
const expected = right(compile({ kernels: 'fast' })(parameters).still(3)(image))

const said = (either: Either.Either<Faults, unknown>): string =>
  Either.isLeft(either) ? sentence(either.left[0]) : 'Right'

const team = async (): Promise<Threaded> => {
  const net = right(await compileThreads({ threads: 2 })(parameters)())
  expect(net.notice).toBe(null)
  return net
}

/** A batch whose run is larger than a memory may be; nothing is ever made of its size. */
const tooLarge = (): Tensor<Reals> => imageOf(1200)

describe('threads', () => {
  it('that are closed during a run, while others wait, and before a call, say so', async () => {
    const net = await team()
    const runs = [net.still(8)(image), net.frames(framesOf(2, 1)), net.measured.still(1)(image)]
    net.close()
    const late = net.step(framesOf(1, 1))(new Map())
    for (const run of [...runs, late]) expect(said(await run)).toMatch(/^the threads were closed/)
    net.close()
  })

  it('that are one, and closed, say so too', async () => {
    const net = right(await compileThreads()(parameters)())
    expect(sameBits(right(await net.still(3)(image)), expected)).toBe(true)
    net.close()
    expect(said(await net.measured.still(3)(image))).toMatch(/^the threads were closed/)
  })

  it('outlive a batch that is too large, a tensor that is none and a progress that throws', async () => {
    const net = await team()
    expect(said(await net.still(32)(tooLarge()))).toMatch(
      /^the run needs .* MB, and one memory has at most 2,148 MB \(2 GiB\)/,
    )
    expect(said(await net.still(3)({ shape: [1, 1, 3, 16, 16] } as unknown as Tensor<Reals>))).toMatch(/^the input/)
    const progress = (): never => {
      throw new Error('no')
    }
    expect(said(await net.still(3)(image, { progress }))).toMatch(/progress threw \(no\)/)
    expect(sameBits(right(await net.still(3)(image)), expected)).toBe(true)
    net.close()
  })

  it('answer calls in their order, each with the input it was called with', async () => {
    const net = await team()
    const own = tensor(image.shape, Float32Array.from(image.data))
    const first = net.still(3)(own)
    own.data.fill(0.25)
    const second = net.still(3)(own)
    own.data.fill(0.5)
    const flat = tensor(image.shape, new Float32Array(image.data.length).fill(0.25))
    expect(sameBits(right(await first), expected)).toBe(true)
    expect(sameBits(right(await second), right(compile()(parameters).still(3)(flat)))).toBe(true)
    net.close()
  })

  it('that do not answer in time are one, with a notice', async () => {
    const net = right(await compileThreads({ threads: 2, startLimit: 0 })(parameters)())
    expect([net.kernels, net.threads]).toEqual(['wasm', 1])
    expect(net.notice).toMatch(/did not answer within 0 ms\); running on one\.$/)
    expect(sameBits(right(await net.still(3)(image)), expected)).toBe(true)
  })
})

const nets: readonly (readonly [string, () => Promise<Compiled | Threaded>])[] = [
  ['one thread', async () => compile()(parameters)],
  ['two threads', team],
]
const got = async <A>(result: Result<'value', A> | Result<'promise', A>) => await result

describe.each(nets)('on %s', (_, start) => {
  it('a signal stops a run between two operations, and the next run is as if it had not been', async () => {
    const net = await start()
    const stop = new AbortController()
    const heard: string[] = []
    const progress = (path: string): void => {
      if (heard.push(path) === 5) stop.abort()
    }
    expect(said(await got(net.still(3)(image, { signal: stop.signal, progress })))).toMatch(/^the run was stopped/)
    expect(heard.length).toBeLessThan(100)
    expect(said(await got(net.frames(framesOf(1, 1), { signal: stop.signal })))).toMatch(/^the run was stopped/)
    expect(sameBits(right(await got(net.still(3)(image))), expected)).toBe(true)
  })

  it('membranes of another network, batch or size, cut, or not finite are refused by name', async () => {
    const net = await start()
    const [, state] = right(await got(net.step(framesOf(1, 2))(new Map())))
    const [key, potential] = [...state][3]!
    const changed = (to: object): Potentials => new Map([...state, [key, { ...potential, ...to }]])
    const other = compile()(synthetic({ ...config, image: { height: 32, width: 16 } }))
    const tall = right(other.step(syntheticInput([1, 2, 3, 32, 16], 7))(new Map()))[1]
    const nan = potential.data.slice().fill(Number.NaN, 5, 6)
    const wrong: readonly (readonly [Potentials, RegExp])[] = [
      [right(await got(net.step(framesOf(1, 1))(new Map())))[1], /^the membranes of .* are not of shape \[2, /],
      [tall, /^the membranes of .* are not of shape/],
      [changed({ place: null }), /are not of shape/],
      [new Map([...state].slice(1)), /^the membranes of .* are missing/],
      [new Map([...state, ['other', potential]]), /^membranes are given of other, which this network does not have/],
      [changed({ data: potential.data.slice(1) }), /are not of shape/],
      [changed({ data: Float64Array.from(potential.data) }), /are not of shape/],
      [changed({ data: nan }), new RegExp(`^${key}: element \\d+ is NaN`)],
    ]
    for (const [given, words] of wrong) expect(said(await got(net.step(framesOf(1, 2))(given)))).toMatch(words)
    expect(said(await got(net.step(framesOf(1, 2))(state)))).toBe('Right')
  })

  it('an input that is not finite, in float64 or in float32, is refused', async () => {
    const net = await start()
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e300])
      expect(said(await got(net.still(1)(tensor(image.shape, image.data.slice().fill(value, 7, 8)))))).toMatch(
        /^the input.*: element 7 is/,
      )
  })
})

describe('results that are not finite', () => {
  it('are a fault that names where', () => {
    const checkpoint = syntheticCheckpoint(config, 7)
    const key = 'classifier.weight'
    const { shape, data } = checkpoint.get(key)!
    const huge = tensor(
      shape,
      Float64Array.from(data as Reals, () => 3e38),
    )
    const net = compile()(right(parse(config)(new Map<string, Tensor>([...checkpoint, [key, huge]]))))
    expect(said(net.still(2)(image))).toMatch(/^classifier: element \d+ is -?(Infinity|NaN)/)
  })
})

describe('what an engine refuses', () => {
  const refusing = (what: 'Module' | 'Memory', message: string): void => {
    vi.stubGlobal('WebAssembly', {
      ...Object.fromEntries(Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as never]])),
      [what]: class {
        constructor() {
          throw new RangeError(message)
        }
      },
    })
  }

  it.each([
    [
      'Module',
      'the page forbids it',
      /^This engine refused WebAssembly \(the page forbids it\); running plain TypeScript/,
    ],
    [
      'Memory',
      'out of memory',
      /^This engine refused a WebAssembly memory \(out of memory\); running plain TypeScript/,
    ],
  ] as const)('a WebAssembly %s, is plain TypeScript with a notice that says why', (what, message, words) => {
    refusing(what, message)
    const net = compile()(parameters)
    expect([net.kernels, net.threads]).toEqual(['fast', 1])
    expect(net.notice).toMatch(words)
    expect(sameBits(right(net.still(3)(image)), expected)).toBe(true)
  })

  it('no WebAssembly at all is the same, on threads too', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const net = right(await compileThreads({ threads: 2 })(parameters)())
    expect([net.kernels, net.threads]).toEqual(['fast', 1])
    expect(sameBits(right(await net.still(3)(image)), expected)).toBe(true)
  })
})
