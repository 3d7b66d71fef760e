/** Training in a worker of a page of headless Chromium: the checkpoint after two epochs has the bytes of Node's. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, siteOf, there } from '../chromium.js'
import { type Ended, trained, type Way } from './page.js'

const csv = readFileSync(new URL('../../data/digits.csv', import.meta.url), 'utf8')

/** The worker: it trains one way after the other, as it is asked. */
const worker = `import { trained } from './page.js'
onmessage = ({ data: [csv, way] }) => trained(csv, way).then(postMessage, (error) => postMessage(String(error)))`

const asEnded = (came: Ended | string): Ended => {
  if (typeof came === 'string') throw new Error(came)
  return came
}

describe('two epochs of digits', () => {
  let expected: Ended
  let site: Site | null = null

  beforeAll(async () => {
    expected = asEnded(await trained(csv, { by: 'reference' }))
    if (there) site = await siteOf(new URL('page.ts', import.meta.url), { 'worker.js': worker })
  })

  afterAll(() => site?.close())

  it('learn something', () => {
    expect(expected.losses).toHaveLength(2)
    expect(expected.losses[1]).toBeLessThan(expected.losses[0]!)
  })

  it.each<Way>([{ by: 1 }, { by: 2 }, { by: 1, resumed: true }])(
    'come to the bytes of the readable reference in Node: %o',
    async (way) => {
      expect(await trained(csv, way)).toEqual(expected)
    },
  )

  describe.skipIf(!there)('in Chromium', () => {
    const inWorker = async (path: '/isolated/' | '/plain/', way: Way): Promise<Ended | string> => {
      const page = await site!.open(path)
      // As text, since the test runner rewrites functions.
      const came = await page.evaluate<Ended | string>(`new Promise((resolve, reject) => {
        const worker = new Worker('${path}worker.js', { type: 'module' })
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage(${JSON.stringify([csv, way])})
      })`)
      await page.close()
      return came
    }

    it.each<[string, '/isolated/' | '/plain/', Way]>([
      ['compiled, on one thread', '/plain/', { by: 1 }],
      ['compiled, on two threads, in a page that is cross-origin isolated', '/isolated/', { by: 2 }],
      ['left after an epoch and resumed', '/plain/', { by: 1, resumed: true }],
      ['by the readable reference', '/plain/', { by: 'reference' }],
    ])('come to the same bytes: %s', async (_, path, way) => {
      expect(await inWorker(path, way)).toEqual(expected)
    })

    it('come to the same bytes on one thread, with a notice, where two are asked for in any other page', async () => {
      const notice = 'This page may not share memory with threads; running on one.'
      expect(await inWorker('/plain/', { by: 2 })).toEqual({ ...expected, notice })
    })
  })
})
