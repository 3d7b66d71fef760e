/** The laws on few cases, the quick ones first: what mutants of the source are run against. */
import { describe, expect, it } from 'vitest'
import type { Law, Row } from '../src/entry/laws.js'
import { laws } from '../src/entry/laws.js'
import { judgeOne } from '../src/laws/judge.js'
import { referenceSubject } from './subjects.js'

/** Slow, or about chance. */
const left = /^(scale\.invariance|spike-only|network\.(?!definition|sops|stages))/

const judging =
  (precision: 'float64' | 'float32') =>
  (law: Law): Row =>
    judgeOne(referenceSubject(precision), law, { runs: 25, shrink: false })

describe.each([
  ['float64', judging('float64')],
  ['float32', judging('float32')],
] as const)('%s', (_, judge) => {
  it.each(laws.filter(({ id }) => !left.test(id)).map((law) => [law.id, law] as const))('%s', (_id, law) => {
    expect(judge(law)).toMatchObject({ status: 'pass' })
  })
})
