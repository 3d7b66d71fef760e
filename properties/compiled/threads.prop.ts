/** Every law holds of WebAssembly on two threads and on three, asked as a process: the laws wait, threads promise. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { laws } from '../../src/laws/all.js'
import type { Row } from '../../src/laws/law.js'
import { judgeInThread, processJudgable } from '../../src/node/judging.js'

/** What surrounds the model has no threads. */
const elsewhere = ['differentiate', 'pushForward', 'c1', 'c2', 'movingRate', 'parse', 'integrateEvents', 'sops']
const about = laws.filter(({ needs }) => !needs.some((operation) => elsewhere.includes(operation)))

describe.each([2, 3])('wasm on %i threads', (threads) => {
  it('keeps every law, in every bit', async () => {
    const judged = await judgeInThread(processJudgable(`node properties/compiled/serve.mjs ${threads}`, 60), about, {
      options: { runs: 3, level: 'bits' },
      limit: 0,
      heard: (text) => {
        throw new Error(text)
      },
      row: () => {},
    })
    if (Either.isLeft(judged)) throw new Error(JSON.stringify(judged.left))
    expect(judged.right.filter(({ status }: Row) => status !== 'pass')).toEqual([])
    expect(judged.right.length).toBeGreaterThan(130)
  })
})
