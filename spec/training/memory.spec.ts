/** What is said of a step that no memory can hold, or no kernel number, and what to do then. */
import * as Either from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { threadedTrainer, wasmTrainer } from '../../src/compiled/training.js'
import { describe as sentence } from '../../src/core/fault.js'
import { sizeOf, tensor } from '../../src/core/tensor.js'
import { digits } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
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

it('a step whose sums have more inputs than its kernels can number is refused, and one of as many is not', () => {
  const started = wasmTrainer()
  if (Either.isLeft(started)) throw new Error(started.left)
  const said = (planes: number): readonly string[] => {
    const stages = [{ planes, heads: 1, patch: 16, depth: 1 }]
    const config = { ...digits, steps: 1, stages, groupWidth: planes, ratio: 1 }
    const weights = new Map(
      layout(config).map(({ key, shape, role }) => [
        key,
        tensor(
          shape,
          role === 'counter' ? new BigInt64Array(1) : new Float32Array(sizeOf(shape)).fill(role === 'weight' ? 0 : 1),
        ),
      ]),
    )
    const images = tensor([1, 2, 1, 16, 16], new Float32Array(512))
    const learning = learnBy(compiledTracing(started.right.trainer, 'detached'), config, { kind: 'mean' })
    const learned = learning(weights, { images, targets: targets([0, 1], 10, 0) })
    return Either.isLeft(learned) ? learned.left.map(sentence) : []
  }
  expect(said(224)).toEqual([])
  expect(said(225)).toEqual([
    'layers.0.0.W: 66816 rows of weights meet in one sum, and a step of training can number 65536; take smaller patches or images, or fewer channels',
  ])
})
