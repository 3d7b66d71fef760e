/** Every law holds of the fast paths too: as wires, fused where the text allows, and operation by operation. */
import { describe, expect, it } from 'vitest'
import { fast, tensorKernels, type WireInterpreter } from '../../src/interpreters/fast/kernels.js'
import type { CurrentWire, SpikeWire } from '../../src/interpreters/fast/wires.js'
import { wasm } from '../../src/interpreters/wasm/kernels.js'
import type { Implementation, Law, Row } from '../laws.js'
import { laws } from '../laws.js'
import { judgeOne } from '../run.js'
import { referenceSubject, whole } from '../subjects.js'

const judging =
  <S, C>(implementation: Implementation<S, C>) =>
  (law: Law): Row =>
    judgeOne(implementation, law, { runs: 20 })

/** What surrounds the kernels is the reference's; wires are read at the end of each part of the model. */
const wired = ({ kernels, ...of }: WireInterpreter): Implementation<SpikeWire, CurrentWire> => {
  const { c1, c2, movingRate, parse, integrateEvents } = referenceSubject('float32').kernels
  return {
    kernels: { ...({ c1, c2, movingRate, parse, integrateEvents } as object), ...kernels },
    carriers: {
      fromSpikes: of.fromSpikes,
      toSpikes: of.spikes,
      fromCurrents: of.fromCurrents,
      toCurrents: of.currents,
    },
  }
}

describe.each([
  ['fast, fused', judging(wired(fast())), ['missing', 'pass']],
  ['wasm, fused', judging(wired(wasm())), ['missing', 'pass']],
  ['fast, one by one', judging(whole(tensorKernels(fast()))), ['pass']],
  ['wasm, one by one', judging(whole(tensorKernels(wasm()))), ['pass']],
] as const)('%s', (_, judge, allowed) => {
  it.each(laws.map((law) => [law.id, law] as const))('%s', (_id, law) => {
    const row = judge(law)
    expect(allowed, JSON.stringify(row)).toContain(row.status)
  })
})
