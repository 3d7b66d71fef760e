/** The parts of training, each against what it is by hand. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { describe as describeFault } from '../../src/core/fault.js'
import { sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { type Scaling, scaledBy } from '../../src/interpreters/gradient/training.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { type Config, digits } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
import { augmented, shifted } from '../../src/tasks/training/augment.js'
import { beta, draws, normal, shuffled } from '../../src/tasks/training/draws.js'
import { accuracyOf } from '../../src/tasks/training/epoch.js'
import { judge, targets } from '../../src/tasks/training/loss.js'
import { adamW, noMoments } from '../../src/tasks/training/optimiser.js'
import { rateOf, recipes } from '../../src/tasks/training/recipe.js'
import { learn, measurable } from '../../src/tasks/training/step.js'
import { freshWeights, transferred } from '../../src/tasks/training/weights.js'

const right = <A>(result: Either.Either<unknown, A>): A => {
  if (Either.isLeft(result)) throw new Error('it is refused')
  return result.right
}

/** A network of two small stages. */
const small: Config = {
  ...digits,
  image: { height: 8, width: 8 },
  stages: [
    { planes: 4, heads: 1, patch: 4, depth: 1 },
    { planes: 8, heads: 2, patch: 2, depth: 1 },
  ],
  groupWidth: 4,
}

const logits = tensor([2, 2, 3], Float64Array.from([0.3, -1, 2, 0, 0.5, 0.1, 1, 1, -2, 0.7, 0.2, -0.4]))
const wanted = targets([2, 0], 3, 0.1)

describe('the losses', () => {
  it.each([{ kind: 'mean' }, { kind: 'tet', phi: 1, lambda: 0 }, { kind: 'tet', phi: 0.5, lambda: 0.3 }] as const)(
    '%j has the gradient that differences have',
    (loss) => {
      const { gradient } = judge(loss)(logits, wanted)
      const at = (i: number, by: number): number =>
        judge(loss)(tensor(logits.shape, logits.data.with(i, logits.data[i]! + by)), wanted).loss
      const step = 2 ** -17
      const found = logits.data.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step))
      for (const [i, slope] of found.entries()) expect(slope).toBeCloseTo(gradient.data[i]!, 9)
    },
  )

  it('of two steps is, by TET, the mean of the two, and of one step the same either way', () => {
    const step = (t: number) => tensor([1, 2, 3], logits.data.slice(6 * t, 6 * t + 6))
    const tet = judge({ kind: 'tet', phi: 1, lambda: 0 })
    expect(tet(logits, wanted).loss).toBeCloseTo((tet(step(0), wanted).loss + tet(step(1), wanted).loss) / 2, 14)
    expect(tet(step(0), wanted).loss).toBeCloseTo(judge({ kind: 'mean' })(step(0), wanted).loss, 14)
    expect(judge({ kind: 'tet', phi: 1, lambda: 1 })(tensor([1, 1, 2], Float64Array.of(1, 3)), wanted).loss).toBe(2)
  })
})

describe('the optimiser', () => {
  const [matrix, vector] = [tensor([1, 1], Float64Array.of(1)), tensor([1], Float64Array.of(1))]
  const stepped = (decays: 'all' | 'matrices', gradients = ['m', 'v']) =>
    adamW({ betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.5, decays }, 'float64')(
      0.1,
      new Map([
        ['m', matrix],
        ['v', vector],
      ]),
      new Map(gradients.map((key) => [key, Float64Array.of(0)])),
      noMoments,
    ).learnt

  it('decays all tensors, or those of more than one dimension', () => {
    expect([...stepped('all').values()].map(({ data }) => data[0])).toEqual([0.95, 0.95])
    expect([...stepped('matrices').values()].map(({ data }) => data[0])).toEqual([0.95, 1])
  })

  it('leaves what has no gradient as it is, as PyTorch does', () => {
    expect([...stepped('all', ['v']).values()].map(({ data }) => data[0])).toEqual([1, 0.95])
  })
})

describe('the schedule', () => {
  it('warms up for three epochs, and then follows the cosine from the start to the minimum', () => {
    const rate = rateOf(recipes.cifar10)
    expect([0, 1, 2].map(rate)).toEqual([1e-5, 1e-5 + (4.9e-4 * 1) / 3, 1e-5 + (4.9e-4 * 2) / 3])
    expect(rate(3)).toBeCloseTo(1e-5 + (4.9e-4 * (1 + Math.cos((Math.PI * 3) / 600))) / 2, 15)
    expect(rate(300)).toBeCloseTo(2.55e-4, 15)
    expect(rate(600)).toBeCloseTo(1e-5, 15)
  })
})

describe('what is drawn', () => {
  it('is spread as it should be', () => {
    const many = Array.from({ length: 4000 }, (_, i) => i)
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
    const z = many.map(normal(draws('normal', 1)))
    expect(Math.abs(mean(z))).toBeLessThan(0.05)
    expect(Math.abs(mean(z.map((x) => x * x)) - 1)).toBeLessThan(0.08)
    for (const alpha of [0.2, 0.5, 1, 2, 32]) {
      const shares = many.slice(0, 1500).map((i) => beta(alpha, draws(`beta ${i}`, 1)))
      expect(Math.abs(mean(shares) - 0.5)).toBeLessThan(0.04)
      const variance = mean(shares.map((x) => (x - 0.5) * (x - 0.5)))
      expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.015)
    }
    // Both powers are 0 then, and the larger draw decides.
    expect(new Set(many.slice(0, 20).map((i) => beta(1e-12, draws(`beta ${i}`, 1))))).toEqual(new Set([0, 1]))
    const first = many.slice(0, 300).map((i) => shuffled(3, draws(`order ${i}`, 1)).join(''))
    expect(new Set(first).size).toBe(6)
  })
})

describe('augmentation', () => {
  const images = tensor(
    [1, 4, 1, 2, 2],
    Float32Array.from({ length: 16 }, (_, i) => i),
  )
  const plain = { ...recipes.digits, shift: 0 }
  const batch = { images, targets: targets([0, 1, 2, 3], 4, 0) }

  it('shifts each sample its own way', () => {
    const moved = shifted(images, (sample) => (sample === 1 ? [1, 0] : [0, -1]))
    expect([...moved.data]).toEqual([1, 1, 3, 3, 4, 5, 4, 5, 9, 9, 11, 11, 13, 13, 15, 15])
    expect(augmented(plain, 1)(0, 0, batch)).toEqual(Either.right(batch))
    expect(Either.isLeft(augmented({ ...plain, shift: 0.5 }, 1)(0, 0, batch))).toBe(true)
    expect(Either.isLeft(augmented(plain, -1)(0, 0, batch))).toBe(true)
    const wide = augmented({ ...plain, shift: 1 }, 1)
    expect(wide(0, 0, batch)).toEqual(wide(0, 0, batch))
    expect(wide(0, 1, batch)).not.toEqual(wide(0, 0, batch))
  })

  it('mixes a batch with itself backwards, images and targets by one share', () => {
    const mixed = right(augmented({ ...plain, mixup: 0.5 }, 1)(0, 0, batch))
    const share = mixed.targets.data[0]!
    expect(share).toBeGreaterThan(0)
    expect(mixed.targets.data[3]).toBeCloseTo(1 - share, 15)
    expect(mixed.images.data[0]).toBeCloseTo((1 - share) * 12, 5)
  })

  it('pastes a box of the partner, and blends the targets by its area', () => {
    const two = tensor(
      [1, 2, 1, 8, 8],
      Float32Array.from({ length: 128 }, (_, i) => Math.floor(i / 64)),
    )
    const seen = Array.from({ length: 20 }, (_, step) =>
      right(augmented({ ...plain, cutmix: 1 }, 1)(0, step, { images: two, targets: targets([0, 1], 2, 0) })),
    )
    for (const { images: cut, targets: blended } of seen) {
      const pasted = Array.from(cut.data.slice(0, 64)).reduce((sum, x) => sum + x, 0) / 64
      expect([...blended.data]).toEqual([1 - pasted, pasted, pasted, 1 - pasted])
    }
    expect(new Set(seen.map(({ targets: { data } }) => data[0])).size).toBeGreaterThan(5)
  })
})

describe('where training begins', () => {
  it('every entry of the layout is there, weights with a deviation of 0.02', () => {
    const weights = freshWeights(digits, 1)
    expect([...weights].map(([key, { shape }]) => [key, shape])).toEqual(
      layout(digits).map(({ key, shape }) => [key, shape]),
    )
    const { data } = weights.get('layers.2.1.W.weight') as Tensor<Float32Array>
    const square = data.reduce((sum, x) => sum + x * x, 0) / data.length
    expect(Math.sqrt(square)).toBeCloseTo(0.02, 3)
  })

  it('a transferred network keeps all but its classifier', () => {
    const [own, config] = [freshWeights(small, 1), { ...small, classes: 3 }]
    const moved = transferred(config, 2)(own)
    const changed = Either.isRight(moved)
      ? [...moved.right].filter(([key, value]) => own.get(key)?.data.join() !== value.data.join())
      : []
    expect(changed.map(([key, { shape }]) => [key, sizeOf(shape)])).toEqual([['classifier.weight', 3 * 8]])
  })
})

const pixels = Float32Array.from({ length: 512 }, (_, i) => (i % 7) / 4 - 0.75)
const images = tensor([1, 2, 1, 8, 8], pixels.slice(0, 128))

describe('the scale of attention', () => {
  const I = tensorInterpreter(reference('float64'))
  const constant = (factor: number): Scaling => ({ kind: 'constant', factor })
  /** Every product of a network in training mode, as it leaves the products. */
  const drives = (scaling: Scaling, change: Readonly<Record<string, number>> = {}) => {
    const weights = new Map(
      [...freshWeights(small, 1)].map(([key, value]) =>
        key in change
          ? [key, tensor(value.shape, new Float32Array(value.data.length).fill(change[key]!))]
          : [key, value],
      ),
    )
    return learn(
      I,
      small,
      { kind: 'mean' },
      asTheAuthors('float64'),
      scaling,
    )(weights, { images, targets: targets([1, 2], 10, 0) })
  }

  it('is one factor for all heads, or by the firing rates, which are recorded either way', () => {
    const [byRates, half] = [drives({ kind: 'rates' }), drives(constant(0.5))]
    const first = 'layers.0.0.firing_rate_x'
    expect(Either.isRight(byRates) && Either.isRight(half)).toBe(true)
    if (Either.isLeft(byRates) || Either.isLeft(half)) return
    expect(half.right.statistics.get(first)).toEqual(byRates.right.statistics.get(first))
    expect(half.right.loss).not.toBe(byRates.right.loss)
    // 1 / sqrt(rate d) of the first product of both networks, were it the constant, would give the same drive there.
    const rate = byRates.right.statistics.get(first)![0]!
    const same = drives(constant(1 / Math.sqrt(rate * 4)))
    const attention = 'layers.0.0.firing_rate_attn'
    expect(Either.isRight(same) && same.right.statistics.get(attention)).toEqual(
      byRates.right.statistics.get(attention),
    )
    expect(half.right.statistics.get(attention)).not.toEqual(byRates.right.statistics.get(attention))
  })

  it('of kernels that are told another is the factor, in every scope', () => {
    const y = tensor([1, 1, 1, 1, 1], Float64Array.of(3))
    const x = tensor([1, 1, 1, 1, 1], Uint8Array.of(1))
    const K = scaledBy(constant(0.125))(I.kernels).scope('a').scope('b')
    expect([K.dstT([1])(y, x).data, K.dst([1])(y, x).data]).toEqual([Float64Array.of(0.375), Float64Array.of(0.375)])
    expect(scaledBy({ kind: 'rates' })(I.kernels).dst([2])(y, x).data).toEqual(Float64Array.of(6))
  })

  it('needs no spikes where it is a factor: a silent head is no fault then', () => {
    const silent = { 'prologue.1.bn.bias': -50 }
    expect(drives({ kind: 'rates' }, silent)._tag).toBe('Left')
    expect(drives(constant(1), silent)._tag).toBe('Right')
  })

  it('is the same factor when the network is tested, whatever firing rates were recorded', () => {
    const weights = freshWeights(small, 1)
    const data = { shape: [1, 8, 8], data: pixels.slice(0, 320), labels: [0, 1, 2, 3, 4] }
    const tested = (scaling: Scaling) => accuracyOf(I, small, scaling)(weights, data)
    expect(tested({ kind: 'rates' })._tag).toBe('Left')
    expect(tested(constant(1))).toEqual(accuracyOf(I, small)(measurable(small, weights), data))
  })
})

describe('a batch that cannot be learnt from', () => {
  const learning = learn(tensorInterpreter(reference('float32')), small, { kind: 'mean' }, asTheAuthors('float32'))
  const faults = (change: Readonly<Record<string, number>>) => {
    const weights = new Map(
      [...freshWeights(small, 1)].map(([key, value]) =>
        key in change
          ? [key, tensor(value.shape, new Float32Array(value.data.length).fill(change[key]!))]
          : [key, value],
      ),
    )
    const learned = learning(weights, { images, targets: targets([1, 2], 10, 0) })
    return Either.isLeft(learned) ? learned.left.map(describeFault) : []
  }

  it('is one whose head is silent, by its name', () => {
    expect(faults({})).toEqual([])
    expect(faults({ 'prologue.1.bn.bias': -50 })[0]).toMatch(/^layers\.0\.0\.firing_rate_x: .*head 0/)
  })

  it('is one whose loss is no number, in one sentence', () => {
    expect(faults({ 'classifier.weight': 3e38, 'layers.1.2.down.2.bn.bias': 3e38 })).toEqual([
      'training diverged: the loss is NaN; lower the learning rate, or resume from the last good checkpoint',
    ])
  })
})
