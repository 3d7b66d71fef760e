/** What programs give to train with, and the sentences that refuse it. */

import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { describe as describeFault } from '../../src/core/fault.js'
import { tensor } from '../../src/core/tensor.js'
import { digits } from '../../src/model/config.js'
import { checkedPlan, checkedStep, type Dataset, type Plan } from '../../src/tasks/training/given.js'
import { targets } from '../../src/tasks/training/loss.js'
import { type Recipe, recipes } from '../../src/tasks/training/recipe.js'
import { freshWeights } from '../../src/tasks/training/weights.js'

const said = (result: Either.Either<Parameters<typeof describeFault>[0][] | readonly unknown[], unknown>) =>
  Either.isLeft(result) ? (result.left as Parameters<typeof describeFault>[0][]).map(describeFault) : []

const training: Dataset = { shape: [1, 16, 16], data: new Float32Array(512), labels: [3, 9] }
const plan: Plan = { config: digits, recipe: recipes.digits, seed: 1, training, test: null }
const refused = (own: Partial<Plan>) => said(checkedPlan({ ...plan, ...own }))

describe('a plan', () => {
  it('may be of images or of as many frames as the network has steps', () => {
    const frames: Dataset = { shape: [4, 1, 16, 16], data: new Float32Array(4 * 256), labels: [0] }
    expect(refused({})).toEqual([])
    expect(refused({ training: frames, test: frames, seed: 2 ** 32 - 1 })).toEqual([])
  })

  it.each([-1, 0.5, 2 ** 32, Number.NaN])('has no seed %f: another would draw the same', (seed) => {
    expect(refused({ seed })).toEqual([`the seed is ${seed}; give a whole number from 0 to 4294967295`])
  })

  it.each<readonly [Partial<Dataset>, string]>([
    [{ labels: [] }, 'the test data have no samples; give at least one, and its label'],
    [
      { labels: [3, 10] },
      'test sample 1 is of class 10, but the network has the classes 0 to 9; give labels of its classes',
    ],
    [
      { labels: [0.5, 1] },
      'test sample 0 is of class 0.5, but the network has the classes 0 to 9; give labels of its classes',
    ],
    [
      { shape: [16, 16, 1] },
      'the test samples have shape [16, 16, 1]; the network takes [1, 16, 16], or frames [4, 1, 16, 16]',
    ],
    [
      { shape: [2, 1, 16, 16] },
      'the test samples have shape [2, 1, 16, 16]; the network takes [1, 16, 16], or frames [4, 1, 16, 16]',
    ],
    [
      { data: new Float32Array(511) },
      'the test data have 511 numbers and 2 labels, and a sample has 256; give as many samples as labels',
    ],
    [
      { data: new Float32Array(512).fill(Number.NaN, 7, 8) },
      'the test data: element 7 is NaN; every number must be finite',
    ],
  ])('refuses test data with %j', (own, sentence) => {
    expect(refused({ test: { ...training, ...own } })).toEqual([sentence])
  })

  it.each<readonly [Partial<Dataset>, string]>([
    [{ labels: [] }, 'the training data have no samples'],
    [{ shape: [16, 16, 1] }, 'the training samples have shape [16, 16, 1]; the network takes'],
    [{ data: new Float32Array(512).fill(Number.NaN, 7, 8) }, 'the training data: element 7 is NaN'],
    [{ data: [1, 2] as unknown as Float32Array }, 'the training data: has type Array, expected'],
    [{ labels: [1] }, 'the training data have 512 numbers and 1 labels, and a sample has 256'],
  ])('refuses training data with %j', (own, sentence) => {
    expect(refused({ training: { ...training, ...own } })).toEqual([expect.stringContaining(sentence)])
  })

  it('refuses test data that are no numbers', () => {
    expect(refused({ test: { ...training, data: [1, 2] as unknown as Float32Array } })).toEqual([
      expect.stringContaining('the test data: has type Array, expected'),
    ])
  })

  const { optimiser, warmup } = recipes.digits
  it.each<readonly [Partial<Recipe>, string]>([
    [{ epochs: 0 }, 'recipe.epochs must be a whole number of at least 1, not 0'],
    [{ batch: 1 }, 'recipe.batch must be a whole number of at least 2, not 1'],
    [{ rate: Number.NaN }, 'recipe.rate must be at least 0, not NaN'],
    [{ rate: Number.POSITIVE_INFINITY }, 'recipe.rate must be at least 0, not Infinity'],
    [{ minimum: -1e-5 }, 'recipe.minimum must be at least 0, not -0.00001'],
    [{ warmup: { ...warmup, epochs: 0.5 } }, 'recipe.warmup.epochs must be a whole number, not 0.5'],
    [{ warmup: { ...warmup, from: -1 } }, 'recipe.warmup.from must be at least 0, not -1'],
    [{ optimiser: { ...optimiser, betas: [1, 0.9] } }, 'recipe.optimiser.betas[0] must be from 0 to below 1, not 1'],
    [{ optimiser: { ...optimiser, betas: [0, -1] } }, 'recipe.optimiser.betas[1] must be from 0 to below 1, not -1'],
    [{ optimiser: { ...optimiser, eps: -1 } }, 'recipe.optimiser.eps must be above 0, not -1'],
    [{ optimiser: { ...optimiser, weightDecay: -1 } }, 'recipe.optimiser.weightDecay must be at least 0, not -1'],
    [{ smoothing: 1.5 }, 'recipe.smoothing must be from 0 to 1, not 1.5'],
    [{ mixup: -1 }, 'recipe.mixup must be at least 0, not -1'],
    [{ cutmix: Number.NaN }, 'recipe.cutmix must be at least 0, not NaN'],
    [{ shift: 0.5 }, 'recipe.shift must be a whole number, not 0.5'],
    [
      { loss: 'mean' as unknown as Recipe['loss'] },
      'recipe.loss must be of kind mean, or of kind tet with a finite phi and a lambda from 0 to 1',
    ],
    [
      { loss: { kind: 'tet', phi: 1, lambda: 2 } },
      'recipe.loss must be of kind mean, or of kind tet with a finite phi and a lambda from 0 to 1',
    ],
    [
      { scaling: { kind: 'constant', factor: Number.NaN } },
      'recipe.scaling must be of kind rates, or of kind constant with a finite factor',
    ],
    [
      { optimiser: { ...optimiser, decays: 'none' as 'all' } },
      'recipe.optimiser.decays must be all or matrices, not none',
    ],
    [{ steps: 16 }, "recipe.steps is 16, the network's is 4"],
    [{ size: 32 }, "recipe.size is 32, the network's is 16"],
  ])('refuses a recipe with %j', (own, sentence) => {
    expect(refused({ recipe: { ...recipes.digits, ...own } })).toEqual([`configuration: ${sentence}`])
  })

  it('says everything that is wrong at once', () => {
    expect(
      refused({ seed: -1, recipe: { ...recipes.digits, batch: 0 }, config: { ...digits, classes: 9 } }),
    ).toHaveLength(3)
  })
})

describe('a step', () => {
  const images = tensor([1, 2, 1, 16, 16], new Float32Array(512))
  const weights = freshWeights(digits, 1)
  const step = (own: object) =>
    said(checkedStep(digits, recipes.digits, weights, { images, targets: targets([1, 2], 10, 0), ...own }))

  it('takes images or frames in either precision', () => {
    expect(step({})).toEqual([])
    expect(step({ images: tensor([4, 2, 1, 16, 16], new Float64Array(2048)) })).toEqual([])
  })

  it('refuses a batch of another shape, and targets of another batch', () => {
    expect(step({ images: tensor([2, 2, 1, 16, 16], new Float32Array(1024)) })).toEqual([
      'the images have shape [2, 2, 1, 16, 16]; give [1 or 4, batch, 1, 16, 16]',
    ])
    expect(step({ images: tensor([1, 2, 1, 16], new Float32Array(32)) })).toEqual([
      'the images have shape [1, 2, 1, 16]; give [1 or 4, batch, 1, 16, 16]',
    ])
    expect(step({ targets: targets([1], 10, 0) })).toEqual([
      'the targets have shape [1, 10]; give [2, 10], probabilities',
    ])
    expect(step({ targets: targets([1, 2], 11, 0) })).toEqual([
      'the targets have shape [2, 11]; give [2, 10], probabilities',
    ])
  })

  it('refuses numbers that are not finite', () => {
    expect(step({ images: tensor(images.shape, images.data.with(5, Number.POSITIVE_INFINITY)) })).toEqual([
      'the images: element 5 is Infinity; every number must be finite',
    ])
    expect(step({ targets: tensor([2, 10], new Float32Array(20).fill(Number.NaN, 3, 4)) })).toEqual([
      'the targets: element 3 is NaN; every number must be finite',
    ])
    expect(step({ images: { shape: [2], data: [1, 2] }, targets: { shape: [2], data: [1, 2] } })).toEqual([
      expect.stringContaining('the images: has type Array, expected'),
      expect.stringContaining('the targets: has type Array, expected'),
    ])
  })
})
