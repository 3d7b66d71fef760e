/** Laws of the head: the mean over the positions, and a linear map without bias at every step. @module */
import fc from 'fast-check'
import { type Budgets, type Dyadic, small, summed, times } from '../budget.js'
import { extents, reals, whole } from '../given.js'
import { type Law, law } from '../law.js'
import { at, constant, range, sum, tabulate, take } from '../tensors.js'
import { all, same } from '../verdict.js'

const PAPER = "the paper's section 4; the authors' code (avgpool, classifier)"

const features: Dyadic = small

/** The most that a classifier comes to. */
export const headBudgets: Budgets = { 'a logit': summed(3, times(features, small)) }

const classified = extents(3, 2, 3, 1, 1).chain(([T, B, C]) =>
  fc.record({
    weight: whole(1, 3).chain((classes) => reals([classes, C!])),
    x: reals([T!, B!, C!], features),
    y: reals([T!, B!, C!], features),
  }),
)

export const headLaws: readonly Law[] = [
  law({
    id: 'pool.mean',
    statement: 'The pool is the mean over the positions: as many times the mean as there are positions is their sum.',
    formula: 'H W\\, \\bar{x}_{t,b,c} = \\sum_{y,x} x_{t,b,c,y,x}',
    source: PAPER,
    needs: ['meanPool'],
    given: fc
      .tuple(extents(2, 2, 2, 1, 1), fc.constantFrom([1, 1], [1, 2], [2, 2], [2, 4]))
      .chain(([shape, size]) => reals([...shape.slice(0, 3), ...size])),
    holds:
      ({ meanPool }) =>
      (x) => {
        const [T, B, C, H, W] = x.shape as [number, number, number, number, number]
        const expected = tabulate([T, B, C], (t, b, c) =>
          range(H * W).reduce((total, i) => total + at(x, t, b, c, Math.floor(i / W), i % W) / (H * W), 0),
        )
        return same('mean', meanPool(x), expected)
      },
  }),
  law({
    id: 'pool.constant',
    statement: 'The mean of a constant is the constant, on feature maps of any size.',
    formula: '\\overline{a \\cdot 1} = a',
    source: PAPER,
    needs: ['meanPool'],
    given: fc.record({ size: fc.tuple(whole(1, 5), whole(1, 5)), a: whole(-8, 8) }),
    holds:
      ({ meanPool }) =>
      ({ size, a }) =>
        same('mean', meanPool(constant([1, 1, 1, ...size], a)), constant([1, 1, 1], a)),
  }),
  law({
    id: 'classify.impulse',
    statement: 'One feature sends each class the weight between them; there is no bias, and nothing is normalised.',
    formula: 'f(\\delta_c)_k = w_{k,c}',
    source: PAPER,
    needs: ['classify'],
    given: classified,
    holds:
      ({ classify }) =>
      ({ weight }) => {
        const C = weight.shape[1]!
        const one = tabulate([C, 1, C], (t, _, c) => (t === c ? 1 : 0))
        return same(
          'logits',
          classify(weight)(one),
          tabulate([C, 1, weight.shape[0]!], (t, _, k) => at(weight, k, t)),
        )
      },
  }),
  law({
    id: 'classify.linear',
    statement: 'The classifier is linear.',
    formula: 'f(x + y) = f(x) + f(y)',
    source: PAPER,
    needs: ['classify'],
    given: classified,
    holds:
      ({ classify }) =>
      ({ weight, x, y }) => {
        const f = classify(weight)
        return same('logits', f(sum(x, y)), sum(f(x), f(y)))
      },
  }),
  law({
    id: 'classify.steps',
    statement: 'Every step of every sample has its own logits: the mean over time is taken of them, afterwards.',
    formula: 'f(x)_{t,b} = f(x_{t,b})',
    source: PAPER,
    needs: ['classify'],
    given: classified,
    holds:
      ({ classify }) =>
      ({ weight, x }) => {
        const whole = classify(weight)(x)
        return all(
          ...range(x.shape[0]!).map((t) =>
            same(`the logits of step ${t}`, take(whole, 0, [t]), classify(weight)(take(x, 0, [t]))),
          ),
          ...range(x.shape[1]!).map((b) =>
            same(`the logits of sample ${b}`, take(whole, 1, [b]), classify(weight)(take(x, 1, [b]))),
          ),
        )
      },
  }),
]
