/** The fast paths in headless Chromium: the hashes of Node, with threads where the page is cross-origin isolated. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, siteOf, there } from '../chromium.js'
import { type Ran, runAll } from './page.js'

describe.skipIf(!there)('in Chromium', () => {
  let site: Site
  let expected: readonly Ran[]

  beforeAll(async () => {
    site = await siteOf(new URL('page.ts', import.meta.url))
    expected = await runAll()
  })

  afterAll(() => site.close())

  const inPage = async (
    path: '/isolated/' | '/plain/',
  ): Promise<{ readonly ran: readonly Ran[]; readonly isolated: boolean }> => {
    const page = await site.open(path)
    // As text, since the test runner rewrites imports inside functions.
    const outcome = await page.evaluate<{ readonly ran: readonly Ran[]; readonly isolated: boolean }>(
      `import('${path}page.js').then(({ runAll }) => runAll()).then((ran) => ({ ran, isolated: crossOriginIsolated }))`,
    )
    await page.close()
    return outcome
  }

  it('gives one hash in Node, whatever runs', () => {
    expect(expected.map(({ kernels, threads }) => [kernels, threads])).toEqual([
      ['fast', 1],
      ['wasm', 1],
      ['wasm', 2],
    ])
    expect(new Set(expected.map(({ hash }) => hash)).size).toBe(1)
  })

  it('gives the same in a cross-origin isolated page, threads included', async () => {
    const { ran, isolated } = await inPage('/isolated/')
    expect(isolated).toBe(true)
    expect(ran).toEqual(expected)
  })

  it('reads a checkpoint in shared memory, where there is some', async () => {
    const page = await site.open('/isolated/')
    expect(await page.evaluate(`import('/isolated/page.js').then(({ readShared }) => readShared())`)).toEqual([
      [1, 2],
      [1, 2],
    ])
    await page.close()
  })

  it('gives the same in any other page, on one thread and with a notice', async () => {
    const { ran, isolated } = await inPage('/plain/')
    expect(isolated).toBe(false)
    expect(ran.slice(0, 2)).toEqual(expected.slice(0, 2))
    expect(ran[2]).toEqual({
      kernels: 'wasm',
      threads: 1,
      notice: 'This page may not share memory with threads; running on one.',
      hash: expected[0]!.hash,
    })
  })
})
