/** Every law holds of every interpreter here: the runner adapter of vitest. */
import { describe, expect, it } from 'vitest'
import type { Implementation, Law, Row } from '../src/entry/laws.js'
import { laws } from '../src/entry/laws.js'
import { judgeOne } from '../src/laws/judge.js'
import { ledgerSubject, referenceSubject, traceSubject } from './subjects.js'

const judging =
  <S, C>(implementation: Implementation<S, C>) =>
  (law: Law): Row =>
    judgeOne(implementation, law, { runs: 40 })

describe.each([
  ['the reference in float64', judging(referenceSubject('float64'))],
  ['the reference in float32', judging(referenceSubject('float32'))],
  ['the reference under the trace', judging(traceSubject)],
  ['the reference under the ledger', judging(ledgerSubject)],
] as const)('%s', (_, judge) => {
  it.each(laws.map((law) => [law.id, law] as const))('%s', (_id, law) => {
    expect(judge(law)).toMatchObject({ status: 'pass' })
  })
})
