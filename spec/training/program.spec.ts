/** What a program trains with, step by step: the next weights, batches, and engines. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { describe as describeFault, type Faults } from '../../src/core/fault.js'
import { type Reals, type Tensor, tensor } from '../../src/core/tensor.js'
import { type Config, digits } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
import { batchOf } from '../../src/tasks/training/batches.js'
import { trainingEngine } from '../../src/tasks/training/choice.js'
import { descend, LEARNT } from '../../src/tasks/training/descent.js'
import { epoch, type Trained, untrained } from '../../src/tasks/training/epoch.js'
import type { Dataset, Plan } from '../../src/tasks/training/given.js'
import { type AdamW, type Moments, noMoments } from '../../src/tasks/training/optimiser.js'
import { recipes } from '../../src/tasks/training/recipe.js'
import { resumed, stateFile } from '../../src/tasks/training/state.js'
import { learnBy } from '../../src/tasks/training/step.js'
import { freshWeights, transferred } from '../../src/tasks/training/weights.js'

const small: Config = { ...digits, stages: [{ planes: 4, heads: 1, patch: 4, depth: 1 }], groupWidth: 4 }
const weights = freshWeights(small, 1)
const said = (result: Either.Either<Faults, unknown>): readonly string[] =>
  Either.isLeft(result) ? result.left.map(describeFault) : []
const right = <A>(result: Either.Either<Faults, A>): A => {
  if (Either.isLeft(result)) throw new Error(said(result).join('; '))
  return result.right
}

const zerosOf = (roles: readonly string[]): ReadonlyMap<string, Reals> =>
  new Map(
    layout(small).flatMap(({ key, role }) =>
      roles.includes(role) ? [[key, new Float32Array(weights.get(key)!.data.length)]] : [],
    ),
  )
const learned = { gradients: zerosOf(LEARNT), statistics: zerosOf(['mean', 'variance', 'rate']) }
const next = descend(small, recipes.digits.optimiser)
const W = 'classifier.weight'
const changed = (numbers: ReadonlyMap<string, Reals>, key: string, data: Reals) => new Map([...numbers, [key, data]])
const tooShort = Float32Array.of(1)
const odd = new Float32Array(40).fill(Number.NaN, 3, 4)

describe('the next weights', () => {
  const counter = [...weights.keys()].find((key) => key.endsWith('num_batches_tracked'))!
  const counted = (own: ReadonlyMap<string, Tensor>) =>
    right(next(0, own, noMoments, learned)).weights.get(counter)!.data

  it('count on, and from none where nobody counted or not in whole numbers', () => {
    const without = new Map([...weights].filter(([key]) => key !== counter))
    expect(counted(new Map([...weights, [counter, tensor([], BigInt64Array.of(7n))]]))).toEqual(BigInt64Array.of(8n))
    expect(counted(without)).toEqual(BigInt64Array.of(1n))
    expect(right(transferred(small, 1)(without)).get(counter)!.data).toEqual(BigInt64Array.of(0n))
    expect(
      right(transferred(small, 1)(new Map([...weights, [counter, tensor([], Float64Array.of(0.5))]]))).get(counter)!
        .data,
    ).toEqual(BigInt64Array.of(0n))
  })

  it.each<readonly [string, object, string]>([
    [
      'a gradient',
      { gradients: changed(learned.gradients, W, tooShort) },
      'the gradient of classifier.weight: 1 numbers are not a tensor of shape [40]; give 40 numbers',
    ],
    [
      'a gradient',
      { gradients: changed(learned.gradients, W, odd) },
      'training diverged: the gradient of classifier.weight: element 3 is NaN; every number must be finite; lower the learning rate, or resume from the last good checkpoint',
    ],
    [
      'a gradient',
      { gradients: changed(learned.gradients, 'x', tooShort) },
      'there is a gradient of x, which the network does not have; leave it out',
    ],
    [
      'a statistic',
      { statistics: new Map() },
      'prologue.1.bn.running_mean: the batch has no statistic of it; give what learnBy found',
    ],
    [
      'a statistic',
      { statistics: changed(learned.statistics, 'prologue.1.bn.running_mean', tooShort) },
      'the statistic of prologue.1.bn.running_mean: 1 numbers are not a tensor of shape [4]; give 4 numbers',
    ],
  ])('are refused where %s is none of the network: %j', (_, own, sentence) => {
    expect(said(next(1e-3, weights, noMoments, { ...learned, ...own }))).toEqual([sentence])
  })

  it.each<readonly [Partial<Moments>, string]>([
    [
      { first: new Map([[W, tooShort]]) },
      'the first moment of classifier.weight: 1 numbers are not a tensor of shape [40]; give 40 numbers',
    ],
    [
      { second: new Map([[W, odd]]) },
      'the second moment of classifier.weight: element 3 is NaN; every number must be finite',
    ],
    [
      { second: new Map([[W, new Float32Array(40).fill(-1)]]) },
      'the second moment of classifier.weight is negative; give means of squares',
    ],
    [{ powers: [Number.NaN, 0.5] }, 'the powers of the moments are NaN and 0.5; give numbers from 0 to 1'],
  ])('are refused where moments are not: %j', (own, sentence) => {
    expect(said(next(1e-3, weights, { ...noMoments, ...own }, learned))).toEqual([sentence])
  })

  const list = [1, 2] as unknown as Float32Array
  it.each<readonly [string, object, object, string]>([
    [
      'gradient',
      { gradients: changed(learned.gradients, W, list) },
      {},
      'the gradient of classifier.weight: has type Array',
    ],
    [
      'statistic',
      { statistics: changed(learned.statistics, 'prologue.1.bn.running_mean', list) },
      {},
      'the statistic of prologue.1.bn.running_mean: has type Array',
    ],
    [
      'statistic',
      { statistics: changed(learned.statistics, 'prologue.1.bn.running_mean', Float32Array.of(1, 2, 3, Number.NaN)) },
      {},
      'the statistic of prologue.1.bn.running_mean: element 3 is NaN',
    ],
    [
      'statistic',
      { statistics: changed(learned.statistics, 'x', odd) },
      {},
      'there is a statistic of x, which the network does not have',
    ],
    ['first moment', {}, { first: new Map([[W, list]]) }, 'the first moment of classifier.weight: has type Array'],
    ['first moment', {}, { first: new Map([[W, odd]]) }, 'the first moment of classifier.weight: element 3 is NaN'],
    [
      'first moment',
      {},
      { first: new Map([['x', odd]]) },
      'there is a first moment of x, which the network does not have',
    ],
    ['second moment', {}, { second: new Map([[W, list]]) }, 'the second moment of classifier.weight: has type Array'],
    [
      'second moment',
      {},
      { second: new Map([['x', odd]]) },
      'there is a second moment of x, which the network does not have',
    ],
  ])('name the %s that is none', (_, own, moments, sentence) => {
    const found = said(next(1e-3, weights, { ...noMoments, ...moments }, { ...learned, ...own }))
    expect(found).toEqual([expect.stringContaining(sentence)])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('are refused at the rate %f', (rate) => {
    expect(said(next(rate, weights, noMoments, learned))).toEqual([
      `the learning rate is ${rate}; give one of at least 0`,
    ])
  })
})

const data: Dataset = { shape: [1, 16, 16], data: new Float32Array(512).map((_, i) => (i % 7) / 7), labels: [3, 8] }

describe('a batch of a data set', () => {
  it.each([-1, 2, 0.5, Number.NaN])('has no sample %f', (sample) => {
    expect(said(batchOf(digits, 0)(data, [0, sample]))).toEqual([
      `there is no sample ${sample}; the data have the samples 0 to 1`,
    ])
  })

  it.each<readonly [Partial<Dataset>, string]>([
    [{ shape: [16, 16, 1] }, 'the batch samples have shape [16, 16, 1]; the network takes'],
    [{ data: new Float32Array(3) }, 'the batch data have 3 numbers and 2 labels, and a sample has 256'],
    [{ data: [1] as unknown as Float32Array }, 'the batch data: has type Array, expected'],
  ])("is of data that are the network's, not of %j", (own, sentence) => {
    expect(said(batchOf(digits, 0)({ ...data, ...own }, [0]))).toEqual([expect.stringContaining(sentence)])
  })

  it('is of data that there are', () => {
    expect(said(batchOf(digits, 0)({ ...data, labels: [] }, []))).toContain(
      'the batch data have no samples; give at least one, and its label',
    )
  })

  it('has at least one, and probabilities', () => {
    expect(said(batchOf(digits, 0)(data, []))).toEqual(['the batch has no samples; give the numbers of some'])
    expect(said(batchOf(digits, 7)(data, [0]))).toEqual(['the label smoothing is 7; give a number from 0 to 1'])
  })

  it('has no label that is no class', () => {
    expect(said(batchOf({ ...digits, classes: 8 }, 0)(data, [0, 1]))).toEqual([
      'batch sample 1 is of class 8, but the network has the classes 0 to 7; give labels of its classes',
    ])
  })

  it('can be learnt from where its targets are probabilities', async () => {
    const engine = right(await trainingEngine(1)())
    const learning = learnBy(engine.trace, small, { kind: 'mean' })
    const batch = right(batchOf(small, 0.1)(data, [1, 0]))
    expect(right(learning(weights, batch)).loss).toBeGreaterThan(0)
    for (const row of [
      [-1, 2],
      [2, 0],
    ])
      expect(
        said(
          learning(weights, {
            ...batch,
            targets: tensor([2, 10], Float64Array.of(...row, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
          }),
        ),
      ).toEqual(['the targets of sample 0 are no probabilities; give numbers of at least 0 that sum to 1'])
    expect(
      said(learnBy(engine.trace, small, { kind: 'mean' }, { kind: 'constant', factor: Number.NaN })(weights, batch)),
    ).toEqual(['configuration: recipe.scaling must be of kind rates, or of kind constant with a finite factor'])
    engine.close()
    expect(said(learning(weights, batch))).toEqual(['the engine was closed; make another'])
  })
})

describe('an optimiser', () => {
  it.each<readonly [Partial<AdamW>, string]>([
    [{ betas: [1, 0.5] }, 'configuration: recipe.optimiser.betas[0] must be from 0 to below 1, not 1'],
    [{ weightDecay: Number.NaN }, 'configuration: recipe.optimiser.weightDecay must be at least 0, not NaN'],
  ])('has no settings %j', (own, sentence) => {
    expect(said(descend(small, { ...recipes.digits.optimiser, ...own })(1e-3, weights, noMoments, learned))).toEqual([
      sentence,
    ])
  })

  it('has both moments of a tensor or none', () => {
    const first = new Map([[W, new Float32Array(40)]])
    expect(said(next(1e-3, weights, { ...noMoments, first }, learned))).toEqual([
      'there is one moment of classifier.weight and not the other; give both or none',
    ])
  })
})

describe('a state of training', () => {
  const plan: Plan = { config: small, recipe: recipes.digits, seed: 1, training: data, test: null }
  const again = (other: Plan, version = 'a') => resumed(plan, 'a')(stateFile(other, version, untrained(weights)))
  const after = 'resume with the options and the data it was begun with, or begin anew in another folder'

  it('comes back whole, from weights in float64 and without counters too', () => {
    const given = new Map(
      [...weights].flatMap(([key, { shape, data: numbers }]) =>
        key.endsWith('num_batches_tracked') ? [] : [[key, tensor(shape, Float64Array.from(numbers, Number))]],
      ),
    )
    expect(right(resumed(plan, 'a')(stateFile(plan, 'a', untrained(given)))).weights).toEqual(weights)
  })

  it("is the same plan's in whatever order its fields are", () => {
    const turned = (fields: object): object =>
      Object.fromEntries(
        Object.entries(fields)
          .reverse()
          .map(([key, value]) => [
            key,
            Array.isArray(value)
              ? value.map((one: unknown) => (typeof one === 'object' ? turned(one as object) : one))
              : value,
          ]),
      )
    expect(said(again({ ...plan, config: turned(small) as Config }))).toEqual([])
    expect(said(again({ ...plan, config: { ...small, threshold: 2 } }))).toEqual([
      `it was trained with another configuration (threshold: 2 there, 1 here); ${after}`,
    ])
  })

  it('says which seed and which version it is of', () => {
    expect(said(again({ ...plan, seed: 3 }))).toEqual([`it was trained with another seed (3 there, 1 here); ${after}`])
    expect(said(again(plan, 'b'))).toEqual([`it was trained with another version ("b" there, "a" here); ${after}`])
  })
})

describe('an epoch', () => {
  const plan: Plan = {
    config: small,
    recipe: { ...recipes.digits, epochs: 1, batch: 2 },
    seed: 1,
    training: data,
    test: null,
  }
  const run = async (trained: Trained) => {
    const engine = right(await trainingEngine(1)())
    const running = epoch(engine, plan, trained)
    for (;;) {
      const { done, value } = running.next()
      if (done) return value
    }
  }

  it('is not begun behind the last of its recipe, where the rate would rise again', async () => {
    const first = right(await run(untrained(weights)))
    expect(first.history).toHaveLength(1)
    expect(said(await run(first))).toEqual(['the last epoch of the recipe, 1, is done; give a recipe of more epochs'])
  })

  it('begins with weights that no one counted the batches of', async () => {
    const uncounted = new Map([...weights].filter(([key]) => !key.endsWith('num_batches_tracked')))
    expect(right(await run(untrained(uncounted))).weights).toEqual(right(await run(untrained(weights))).weights)
  })

  it('refuses the moments of another network by their name', async () => {
    const moments = { ...noMoments, first: new Map([[W, tooShort]]) }
    expect(said(await run({ ...untrained(weights), moments }))[0]).toMatch(/^the first moment of classifier\.weight/)
  })
})
