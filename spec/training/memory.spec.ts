/** What is said of a step that no memory can hold, and what to do then. */
import * as Either from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { threadedTrainer, wasmTrainer } from '../../src/compiled/training.js'
import { describe as sentence } from '../../src/core/fault.js'
import { tensor } from '../../src/core/tensor.js'
import { digits } from '../../src/model/config.js'
import { targets } from '../../src/tasks/training/loss.js'
import { compiledTracing, learnBy } from '../../src/tasks/training/step.js'
import { freshWeights } from '../../src/tasks/training/weights.js'
import { cli, temporary } from '../cli/cli.js'
import { trainings } from '../cli/trainings.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each([
  ['one thread', async () => wasmTrainer(), '; take a smaller batch (--batch)'],
  ['2 threads', () => threadedTrainer(2), '; take a smaller batch (--batch), or fewer threads (--threads)'],
] as const)('on %s', (threads, start, advice) => {
  const config = { ...digits, steps: 1 }

  /** What a step of a batch says. */
  const said = async (batch: number): Promise<readonly string[]> => {
    const started = await start()
    if (Either.isLeft(started)) throw new Error(started.left)
    const { trainer, close } = started.right
    const images = tensor([1, batch, 1, 16, 16], new Float32Array(batch * 256))
    const labels = Array.from({ length: batch }, () => 0)
    const learning = learnBy(compiledTracing(trainer, 'detached'), config, { kind: 'mean' })
    const learned = learning(freshWeights(config, 1), { images, targets: targets(labels, 10, 0) })
    close()
    return Either.isLeft(learned) ? learned.left.map(sentence) : []
  }

  it('a step that needs more than a memory has says how much, and what to do', async () => {
    const [only, ...others] = await said(40_000)
    expect(others).toEqual([])
    expect(only).toMatch(
      new RegExp(`^a step of 40000 samples on ${threads} needs [\\d,]+ MB, and one memory has at most 2,148 MB`),
    )
    expect(only!.endsWith(advice)).toBe(true)
  })

  it('a step for which the engine has no memory says so', async () => {
    vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('no memory')
    })
    const [only, ...others] = await said(8)
    expect(others).toEqual([])
    expect(only).toMatch(
      new RegExp(
        `^a step of 8 samples on ${threads} needs \\d+ MB of memory, which this engine refused \\(no memory\\)`,
      ),
    )
    expect(only!.endsWith(advice)).toBe(true)
  })
})

it('train says it in one sentence', async () => {
  const { code, out, err } = await cli(...trainings(temporary()).train('large', '--batch', '24', '--steps', '20000'))
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(
    /^error: a step of 24 samples on one thread needs [\d,]+ MB, and one memory has at most 2,148 MB \(2 GiB\); take a smaller batch \(--batch\)\n$/,
  )
})
