/** Laws of the attention scales and of the firing rates they are made from: the exact side of scale invariance. @module */
import fc from 'fast-check'
import { whole } from '../given.js'
import type { Operations } from '../implementation.js'
import { type Law, law } from '../law.js'
import { range } from '../tensors.js'
import { all, equal } from '../verdict.js'

const PAPER = "the paper's equations 11 to 13"
const CODE = "the authors' code (DSSA.forward, momentum 0.999)"

type Scales = Pick<Operations<unknown, unknown>, 'c1' | 'c2'>

/** The first scale over d channels a head, the second over n tokens: both as (rates, terms). */
const both = ({ c1, c2 }: Scales) => [
  ['c1', (rates: readonly number[], d: number) => c1({ firingRateX: rates, planes: d * rates.length })] as const,
  ['c2', (rates: readonly number[], n: number) => c2({ firingRateAttn: rates, tokens: n })] as const,
]

/** Firing rates in (0, 1), multiples of 2^-12. */
const rate = whole(1, 2 ** 12 - 1).map((k) => k / 2 ** 12)
const rates = fc.array(rate, { minLength: 1, maxLength: 4 })

/** Every head's number equal: `c1 of head 2 = 0.5, should be 1`. */
const perHead = (name: string, found: readonly number[], expected: readonly number[]) =>
  all(
    equal(`the number of heads of ${name}`, found.length, expected.length),
    ...expected.map((x, head) => equal(`${name} of head ${head}`, found[head], x)),
  )

/** Moving averages are compared within what float32 rounds, far below any other momentum. */
const close = (name: string, found: readonly number[], expected: readonly number[]) =>
  all(
    equal(`the number of heads of ${name}`, found.length, expected.length),
    ...expected.map((x, head) =>
      Math.abs(found[head]! - x) <= 2 ** -20 ? true : `${name} of head ${head} = ${found[head]}, should be ${x}`,
    ),
  )

export const scaleLaws: readonly Law[] = [
  law({
    id: 'scale.value',
    statement: 'The scale is the inverse square root of the firing rate times the number of terms.',
    formula: 'f m = 4^{-j} \\Rightarrow c = 2^j',
    source: PAPER,
    needs: ['c1', 'c2'],
    given: fc.record({ j: fc.array(whole(0, 3), { minLength: 1, maxLength: 4 }), log: whole(0, 8) }),
    holds:
      (K) =>
      ({ j, log }) =>
        all(
          ...both(K).map(([name, c]) =>
            perHead(
              name,
              c(
                j.map((x) => 4 ** -x / 2 ** log),
                2 ** log,
              ),
              j.map((x) => 2 ** x),
            ),
          ),
        ),
  }),
  law({
    id: 'scale.product',
    statement: 'The scale depends on the firing rate and the number of terms only through their product.',
    formula: 'c(f, 2^k m) = c(2^k f, m)',
    source: PAPER,
    needs: ['c1', 'c2'],
    given: fc.record({ f: rates, m: whole(1, 200), k: whole(1, 6) }),
    holds:
      (K) =>
      ({ f, m, k }) =>
        all(
          ...both(K).map(([name, c]) =>
            perHead(
              name,
              c(
                f.map((x) => x / 2 ** k),
                m * 2 ** k,
              ),
              c(f, m),
            ),
          ),
        ),
  }),
  law({
    id: 'scale.terms',
    statement:
      'Four times the terms is half the scale, at every image size and head width: n is not that of 224 x 224.',
    formula: 'c(f, 4 m) = c(f, m) / 2',
    source: `${PAPER}; n = (H / p)(W / p)`,
    needs: ['c1', 'c2'],
    given: fc.record({ f: rates, m: whole(1, 200) }),
    holds:
      (K) =>
      ({ f, m }) =>
        all(
          ...both(K).map(([name, c]) =>
            perHead(
              name,
              c(f, 4 * m),
              c(f, m).map((x) => x / 2),
            ),
          ),
        ),
  }),
  law({
    id: 'scale.heads',
    statement: "A head's scale is its own rate's: heads together have the scales they have alone.",
    formula: 'c(f)_h = c(f_h)',
    source: CODE,
    needs: ['c1', 'c2'],
    given: fc.record({ f: rates, m: whole(1, 200) }),
    holds:
      (K) =>
      ({ f, m }) =>
        all(
          ...both(K).map(([name, c]) =>
            perHead(
              name,
              c(f, m),
              f.map((x) => c([x], m)[0]!),
            ),
          ),
        ),
  }),
  law({
    id: 'rate.initial',
    statement: 'While every recorded rate is zero, a batch records its own rates as they are.',
    formula: "f = 0 \\Rightarrow f' = \\hat{f}",
    source: CODE,
    needs: ['movingRate'],
    given: rates,
    holds:
      ({ movingRate }) =>
      (batch) =>
        perHead(
          'the rate',
          movingRate(
            batch.map(() => 0),
            batch,
          ),
          batch,
        ),
  }),
  law({
    id: 'rate.average',
    statement:
      'Afterwards rates are an exponential moving average of momentum 0.999, a head that is still zero included.',
    formula: "f' = 0.999 f + 0.001 \\hat{f}",
    source: CODE,
    needs: ['movingRate'],
    given: fc.record({ f: rates, silent: fc.constantFrom('none', 'first', 'last') }),
    holds:
      ({ movingRate }) =>
      ({ f, silent }) => {
        const before = { none: f, first: [0, ...f], last: [...f, 0] }[silent]
        const batch = range(before.length).map((head) => (head % 2 === 0 ? 1 : 0.5))
        return close(
          'the rate',
          movingRate(before, batch),
          before.map((x, head) => 0.999 * x + 0.001 * batch[head]!),
        )
      },
  }),
]
