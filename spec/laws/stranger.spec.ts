/** A stranger's port is judged: what is right passes, what is not there is missing, a planted bug is found and shrunk. */
import { describe, expect, it } from 'vitest'
import type { Spikes } from '../../src/core/tensor.js'
import { laws, levels, type Row, runLaws, table } from '../../src/entry/laws.js'
import type { Implementation } from '../../src/laws/implementation.js'
import { buggyKernels, carriers, type Film, kernels } from './stranger.js'

const port = { kernels, carriers } as unknown as Implementation<Film, Film>
const buggy = { kernels: buggyKernels, carriers } as unknown as Implementation<Film, Film>

const idsOf = (rows: readonly Row[], status: Row['status']): readonly string[] =>
  rows.flatMap((row) => (row.status === status ? [row.id] : []))

const group = (id: string): string => id.split('.')[0]!

describe('a port of a few operations', () => {
  const rows = runLaws(port, laws)

  it('fails nothing', () => {
    expect(rows.filter(({ status }) => status === 'fail')).toEqual([])
  })

  it('passes the laws of what it has: neurons, synapses, the residual, and the parts made of them', () => {
    expect([...new Set(idsOf(rows, 'pass').map(group))].sort()).toEqual(
      ['add', 'downsample', 'fire', 'gwsffn', 'pure', 'synapse'].sort(),
    )
  })

  it('misses the laws of what it has not, and each row says what', () => {
    expect(rows.filter(({ status }) => ['pass', 'missing', 'beyond'].includes(status))).toHaveLength(laws.length)
    expect(rows.find(({ id }) => id === 'dstT.impulse')).toMatchObject({ status: 'missing', operations: ['dstT'] })
    expect(rows.find(({ id }) => id === 'scale.value')).toMatchObject({ status: 'missing', operations: ['c1', 'c2'] })
  })
})

describe('the level it reaches', () => {
  it('is every bit for the residual, and spikes for the synapses, which normalise in another order', () => {
    const reached = new Map(levels(runLaws(port, laws), laws).map(({ operation, level }) => [operation, level]))
    expect([reached.get('add'), reached.get('synapse')]).toEqual(['bits', 'spikes'])
  })

  it('is asked for by name: then a rounding that is not the specified one fails', () => {
    const row = (level: 'spikes' | 'bits') =>
      runLaws(
        port,
        laws.filter(({ id }) => id === 'synapse.bits'),
        { level },
      )[0]!.status
    expect([row('spikes'), row('bits')]).toEqual(['beyond', 'fail'])
  })
})

describe('the same port with a loop that ends a pixel early', () => {
  const rows = runLaws(buggy, laws)
  const impulse = rows.find(({ id }) => id === 'synapse.impulse')!

  it('fails the law of the impulse response, and the neurons still pass', () => {
    expect(impulse.status).toBe('fail')
    expect(idsOf(rows, 'fail').filter((id) => id.startsWith('fire.'))).toEqual([])
  })

  it('is shown on a handful of neurons, in one sentence', () => {
    if (impulse.status !== 'fail') throw new Error('it passed')
    const { shape } = impulse.counterexample as { readonly shape: readonly number[] }
    expect(shape.reduce((product, extent) => product * extent)).toBeLessThanOrEqual(4)
    expect(impulse.sentence).toMatch(/^current\[0,0,\d,\d,\d\] = 0, should be -?[\d.]+$/)
  })

  it('can be replayed from its seed and path', () => {
    if (impulse.status !== 'fail') throw new Error('it passed')
    const { seed, path, sentence, counterexample } = impulse
    const only = laws.filter(({ id }) => id === 'synapse.impulse')
    expect(runLaws(buggy, only, { seed, path })).toMatchObject([{ status: 'fail', sentence, counterexample }])
  })

  it('reads as a table with the case and how to see it again', () => {
    expect(table(rows)).toMatch(/fail {5}synapse\.impulse .*current\[[\d,]+\] = 0, should be/)
    expect(table(rows)).toContain("--only 'synapse.impulse' --seed")
  })

  it('shrinks spikes too: a sum over a set of spikes is blamed on one', () => {
    const padding = rows.find(({ id }) => id === 'synapse.padding')!
    if (padding.status !== 'fail') throw new Error('it passed')
    const { s } = padding.counterexample as { readonly s: Spikes }
    expect(s.data.reduce((sum: number, x: number) => sum + x, 0)).toBe(1)
  })
})
