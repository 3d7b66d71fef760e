/** Every law holds of the fast paths too: fused where the text allows, and operation by operation. */
import { describe, expect, it } from 'vitest'
import type { Implementation, Law, Row } from '../../src/entry/laws.js'
import { laws } from '../../src/entry/laws.js'
import { judgeOne } from '../../src/laws/judge.js'
import { fastFused, fastStepwise, wasmFused, wasmStepwise } from './subjects.js'

const judging =
  <S, C>(implementation: Implementation<S, C>) =>
  (law: Law): Row =>
    judgeOne(implementation, law, { runs: 8 })

describe.each([
  ['fast, fused', judging(fastFused), ['missing', 'pass']],
  ['wasm, fused', judging(wasmFused), ['missing', 'pass']],
  ['fast, operation by operation', judging(fastStepwise), ['pass']],
  ['wasm, operation by operation', judging(wasmStepwise), ['pass']],
] as const)('%s', (_, judge, allowed) => {
  it.each(laws.map((law) => [law.id, law] as const))('%s', (_id, law) => {
    const row = judge(law)
    expect(allowed, JSON.stringify(row)).toContain(row.status)
  })
})
