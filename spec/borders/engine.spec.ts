/** What an engine lacks is named, all of it, whatever else it lacks. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { compile, compileThreads } from '../../src/compiled/network.js'
import { digits } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'
import { right } from '../right.js'

const parameters = right(parse(digits)(syntheticCheckpoint(digits, 7)))
const image = syntheticInput([1, 1, 1, 16, 16], 7)
const expected = right(compile({ kernels: 'fast' })(parameters).still(2)(image))

const noWasm = (): void => void vi.stubGlobal('WebAssembly', undefined)
const noSharing = (): void => void vi.stubGlobal('SharedArrayBuffer', undefined)
const noWorkers = (): void =>
  void vi.stubGlobal('WebAssembly', { ...Object.getOwnPropertyDescriptors(WebAssembly), validate: () => false })

afterEach(() => vi.unstubAllGlobals())

const SHARE = 'This page may not share memory with threads; running on one.'
const SIMD = 'This engine has no WebAssembly SIMD; running plain TypeScript instead.'

describe('threads that were asked for', () => {
  it.each<[string, readonly (() => void)[], 'fast' | 'wasm', string]>([
    ['no shared memory', [noSharing], 'wasm', SHARE],
    ['no WebAssembly', [noWasm], 'fast', `${SIMD} Plain TypeScript runs on one thread.`],
    ['no SIMD', [noWorkers], 'fast', `${SIMD} Plain TypeScript runs on one thread.`],
    ['neither', [noSharing, noWasm], 'fast', `${SHARE} ${SIMD}`],
  ])('with %s are one, and the notice names it', async (_, lacks, kernels, notice) => {
    for (const lack of lacks) lack()
    const net = right(await compileThreads({ threads: 2 })(parameters)())
    expect([net.kernels, net.threads, net.notice]).toEqual([kernels, 1, notice])
    expect(await net.still(2)(image)).toEqual({ _tag: 'Right', right: expected })
    net.close()
  })

  it('and nothing that is lacking, there is no notice', async () => {
    const net = right(await compileThreads({ threads: 2 })(parameters)())
    expect([net.kernels, net.threads, net.notice]).toEqual(['wasm', 2, null])
    net.close()
  })
})
