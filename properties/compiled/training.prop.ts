/** Steps of training of every tiny network, compiled: loss, logits, statistics and every gradient have the reference's bits. */

import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { right } from '../../spec/right.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { ROW } from '../../src/compiled/machine/pairs.js'
import { fitting, type TrainingTeam, threadedTrainer, wasmTrainer } from '../../src/compiled/training.js'
import { type Reals, sizeOf, tensor } from '../../src/core/tensor.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { freshTraining, type Scaling } from '../../src/interpreters/gradient/training.js'
import { drawing, givenCurrents } from '../../src/interpreters/graph.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { configuration } from '../../src/laws/given-network.js'
import { type Config, variants } from '../../src/model/config.js'
import { forward, network } from '../../src/model/network.js'
import { layout, parse } from '../../src/model/parameters.js'
import type { Batch, Weights } from '../../src/tasks/training/given.js'
import { targets } from '../../src/tasks/training/loss.js'
import { compiledTracing, type Learned, learnBy, tracing } from '../../src/tasks/training/step.js'
import { freshWeights } from '../../src/tasks/training/weights.js'

/** A configuration with so many times the channels, on an image so many times as large. */
const enlarged =
  (times: number, taller: number, wider: number) =>
  (config: Config): Config => ({
    ...config,
    image: { height: taller * config.image.height, width: wider * config.image.width },
    stages: config.stages.map((stage) => ({ ...stage, planes: times * stage.planes })),
    groupWidth: times * config.groupWidth,
  })

interface Case {
  readonly config: Config
  readonly weights: Weights
  readonly batch: Batch
  readonly reset: 'detached' | 'attached'
  readonly scaling: Scaling
}

const whole = (min: number, max: number) => fc.integer({ min, max })

const given: fc.Arbitrary<Case> = fc
  .record({
    config: fc
      .tuple(configuration, whole(1, 9), whole(1, 3), whole(1, 2))
      .map(([config, times, taller, wider]) => enlarged(times, taller, wider)(config)),
    seed: fc.nat(),
    ...{
      steps: whole(1, 3),
      batch: fc.oneof({ weight: 4, arbitrary: whole(2, 3) }, { weight: 1, arbitrary: whole(9, 11) }),
      still: fc.boolean(),
      fresh: fc.boolean(),
    },
    reset: fc.constantFrom('detached' as const, 'attached' as const),
    scaling: fc.constantFrom<Scaling>(
      { kind: 'rates' },
      ...[0.125, 1].map((factor): Scaling => ({ kind: 'constant', factor })),
    ),
  })
  .map(({ config, seed, steps, batch, still, fresh, reset, scaling }) => {
    const shape = [still ? 1 : steps, batch, config.channels, config.image.height, config.image.width]
    const labels = Array.from({ length: batch }, (_, b) => (seed + b) % config.classes)
    return {
      config: { ...config, steps },
      weights: fresh ? freshWeights(config, seed) : syntheticCheckpoint(config, seed),
      batch: {
        images: tensor(shape, Float32Array.from(syntheticInput(shape, seed).data)),
        targets: targets(labels, config.classes, 0.1),
      },
      reset,
      scaling,
    }
  })

const bits = (values: Reals): string => Buffer.from(Float32Array.from(values).buffer).toString('hex')

const named = (values: ReadonlyMap<string, Reals>): readonly (readonly [string, string])[] =>
  [...values].map(([key, data]) => [key, bits(data)] as const).sort(([a], [b]) => (a < b ? -1 : 1))

const seen = ({ loss, logits, gradients, statistics }: Learned) => ({
  ...{ loss, logits: bits(logits.data), gradients: named(gradients), statistics: named(statistics) },
})

describe('a compiled step of training', () => {
  const teams: TrainingTeam[] = []
  const started = (team: Either.Either<string, TrainingTeam>): TrainingTeam => {
    if (Either.isLeft(team)) throw new Error(team.left)
    teams.push(team.right)
    return team.right
  }
  afterAll(() => {
    for (const { close } of teams) close()
  })
  const base = tensorInterpreter(reference('float32'))

  it.each([
    ...[[1, 'all'] as const, [1, 'borders'] as const, [1, 'spikes'] as const],
    ...[[2, 'all'] as const, [2, 'borders'] as const, [2, 'spikes'] as const],
  ])('has the bits of the reference on %i threads where it keeps %s', async (threads, keeping) => {
    const { trainer } = started(threads === 1 ? wasmTrainer(keeping) : await threadedTrainer(threads, keeping))
    fc.assert(
      fc.property(given, ({ config, weights, batch, reset, scaling }) => {
        const readable = tracing(base, { ...asTheAuthors('float32'), reset })
        const [expected, found] = [readable, compiledTracing(trainer, reset)].map((trace) =>
          learnBy(trace, config, { kind: 'mean' }, scaling)(weights, batch),
        ) as [ReturnType<ReturnType<typeof learnBy>>, ReturnType<ReturnType<typeof learnBy>>]
        if (Either.isLeft(expected)) expect(found).toEqual(expected)
        else expect(seen(right(found))).toEqual(seen(expected.right))
      }),
      threads === 1 && keeping === 'all' ? {} : { numRuns: 30 },
    )
  })

  it.each([[{ kind: 'LIF', tau: 2 }, 'detached'] as const, [{ kind: 'PLIF', w: 0.5 }, 'attached'] as const])(
    'has the bits of the reference where a frame is longer than what goes through a step together: %j',
    (charge, reset) => {
      const config: Config = {
        ...{ ...variants.digits, image: { height: 48, width: 48 }, charge, threshold: 0.25, steps: 2 },
        ...{ stages: [{ planes: 9, heads: 1, patch: 4, depth: 1 }], groupWidth: 9 },
      }
      expect(4 * 48 * 48 * 9).toBeGreaterThan(ROW)
      const shape = [1, 2, 1, 48, 48]
      const batch = {
        images: tensor(shape, Float32Array.from(syntheticInput(shape, 1).data)),
        targets: targets([1, 2], config.classes, 0.1),
      }
      const { trainer } = started(wasmTrainer())
      const [expected, found] = [
        tracing(base, { ...asTheAuthors('float32'), reset }),
        compiledTracing(trainer, reset),
      ].map((trace) => seen(right(learnBy(trace, config, { kind: 'mean' })(syntheticCheckpoint(config, 1), batch))))
      expect(found).toEqual(expected)
    },
  )

  it.each([
    ...[['digits', 64, 'all'] as const, ['cifar', 16, 'all'] as const],
    ...[['cifar', 64, 'borders'] as const, ['cifar', 128, 'spikes'] as const],
  ])('of %s fits at batch %i in a memory of 2 GiB, keeping %s', (name, batch, expected) => {
    const config = variants[name]
    const weights = new Map(
      [...layout(config)].map(({ key, shape }) => [key, tensor(shape, new Float32Array(sizeOf(shape)).fill(1))]),
    )
    const net = network(drawing)(right(parse(config)(weights)))
    const images = givenCurrents([1, batch, config.channels, config.image.height, config.image.width], null)
    const mode = { training: { ...freshTraining, repeats: config.steps }, reset: 'detached' as const }
    const { bytes, keeping } = fitting(2, forward(net)(config.steps)(images), mode)
    expect(keeping).toBe(expected)
    expect(bytes).toBeLessThan(2 ** 31)
  })
})
