/** The laws of differentiation put to processes: right ones keep them all, and mistakes are found through the pipe. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cli, temporary } from '../cli/cli.js'
import { hasNumpy, root } from './build.js'

const place = temporary()

/** The laws of differentiation that a process keeps, and those that it breaks; the seeds are always the same. */
const judged = async (
  command: string,
  ...options: readonly string[]
): Promise<Readonly<Record<'pass' | 'fail' | 'missing', readonly string[]>>> => {
  const { out } = await cli('laws', '--process', command, '--limit', '0', ...options)
  const of = (status: string): readonly string[] =>
    [...out.matchAll(new RegExp(`^${status} +(gradient\\.\\w+)`, 'gm'))].map(([, id]) => id!)
  return { pass: of('pass'), fail: of('fail'), missing: of('missing') }
}

const all = [
  ...['primal', 'transpose', 'linear', 'classifier', 'batch', 'chunks', 'truncated', 'detached', 'attached'],
  ...['differences', 'training', 'momentum', 'unbiased'],
].map((name) => `gradient.${name}`)
const every = { pass: all, fail: [], missing: [] }

describe('the reference as a process', () => {
  const command = `node ${root}/spec/ports/reference.mjs`

  it.each(['float32', 'float64'])('keeps every law of differentiation in %s', async (precision) => {
    expect(await judged(`${command} ${precision}`, '--only', 'gradient.*')).toEqual(every)
  })

  it.each([
    ['averages-the-batch', 'gradient.batch'],
    ['clips', 'gradient.linear'],
    ['always-attached', 'gradient.detached'],
    ['always-frozen', 'gradient.momentum'],
    ['never-truncated', 'gradient.truncated'],
  ])('that %s dies by %s', async (mistake, law) => {
    expect(await judged(`${command} float64 ${mistake}`, '--only', law)).toEqual({ pass: [], fail: [law], missing: [] })
  })
})

/** Mistakes in the port in Python: what is written in gradient.py, and what takes its place. */
const MISTAKES = [
  ['the variance of the batch is a constant', 'training', ' - hat * wide((hat * u).mean(axes))', ''],
  ['the biased variance is recorded', 'unbiased', '0.1 * variance * n / (n - 1)', '0.1 * variance'],
  ['the surrogate is narrower', 'attached', '(np.pi * over) ** 2', '(2 * np.pi * over) ** 2'],
  ['the reset is always differentiated', 'detached', "if self.how['reset'] == 'attached':", 'if True:'],
  ['the membrane leaks twice on the way back', 'detached', 'else 1 - k)', 'else (1 - k) ** 2)'],
  ['a residual lets go of its gradient', 'differences', 'for x in (self, other)]', 'for x in (self,)]'],
  ['the cotangent of a window counts twice', 'transpose', 'y[None], 0)', 'y[None] * 2, 0)'],
  [
    'membranes are constants between chunks',
    'chunks',
    '{**run.given, **run.learnt}.items() if',
    "{'image': run.given['image'], **run.learnt}.items() if",
  ],
  ['chunks are never cut', 'truncated', 'Noted(v.value) for key, v in', 'v for key, v in'],
] as const

describe.skipIf(!hasNumpy)('the port in Python (needs numpy)', () => {
  const serve = (folder: string, precision: string): string => `/usr/bin/python3 ${folder}/serve.py ${precision}`

  it.each(['float32', 'float64'])('keeps every law of differentiation in %s', async (precision) => {
    expect(await judged(serve(`${root}/ports/python`, precision), '--only', 'gradient.*')).toEqual(every)
  })

  it.each(MISTAKES)('in which %s dies by gradient.%s', async (mistake, name, from, to) => {
    const folder = place(mistake.replaceAll(' ', '-'))
    cpSync(`${root}/ports/python`, folder, { recursive: true })
    const text = readFileSync(`${folder}/gradient.py`, 'utf8')
    expect(text).toContain(from)
    writeFileSync(
      `${folder}/gradient.py`,
      text.replace(from, () => to),
    )
    const law = `gradient.${name}`
    expect(await judged(serve(folder, 'float64'), '--only', law)).toEqual({ pass: [], fail: [law], missing: [] })
  })
})
