/** Laws of the stem: a convolution of real pixels, one affine map a channel, a max-pool. @module */
import fc from 'fast-check'
import { type Currents, sizeOf } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { Pool, Stem } from '../../model/kernels.js'
import { type Budgets, type Dyadic, small, summed, times } from '../budget.js'
import { bareSynapse, dyadic, oneOf, reals, synapse, whole } from '../given.js'
import { type Law, law } from '../law.js'
import { at, constant, indexOf, range, replaced, sum, tabulate, take } from '../tensors.js'
import { all, same } from '../verdict.js'

const PAPER = "the paper's section 4; the authors' code (prologue)"

/** Pixels: multiples of 1/4 up to 2. */
const pixel: Dyadic = { exponent: -2, largest: 2 }

/** The most that a stem comes to. */
export const stemBudgets: Budgets = {
  'a stem current': summed(9 * 4, times(times(small, pixel), { exponent: -3, largest: 4 })),
}

/** A stem without a pool, and two images. */
const unpooled = synapse.chain(({ p, shape }) =>
  fc.record({ p: fc.constant<Stem>({ ...p, pool: null }), a: reals(shape, pixel), b: reals(shape, pixel) }),
)

const pools = oneOf<Pool>(
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 3, stride: 1, padding: 1 },
)

/** The largest of each window's positions inside the frame. */
const pooled = (x: Currents, { kernel, stride, padding }: Pool): Currents => {
  const [T, B, C, H, W] = x.shape as [number, number, number, number, number]
  const window = (o: number, size: number): readonly number[] =>
    range(Math.min(size, o * stride - padding + kernel), Math.max(0, o * stride - padding))
  const side = (size: number): number => convolved(size, kernel, stride, padding)
  return tabulate([T, B, C, side(H), side(W)], (t, b, c, oy, ox) =>
    Math.max(...window(oy, H).flatMap((y) => window(ox, W).map((z) => at(x, t, b, c, y, z)))),
  )
}

export const stemLaws: readonly Law[] = [
  law({
    id: 'stem.impulse',
    statement: 'One pixel sends each neuron it reaches its value times the weight between them.',
    formula: "f(a\\, \\delta_{c,y,x})_{c',y',x'} = a\\, w_{c',c,\\; y + P - S y',\\; x + P - S x'}",
    source: PAPER,
    needs: ['stem'],
    given: bareSynapse
      .filter(({ p }) => p.convolution.groups === 1)
      .chain(({ p, shape }) =>
        fc.record({
          p: fc.constant<Stem>({ ...p, pool: null }),
          shape: fc.constant(shape),
          pixel: whole(0, sizeOf(shape) - 1),
          value: dyadic(pixel),
        }),
      ),
    holds:
      ({ stem }) =>
      ({ p, shape, pixel, value }) => {
        const { weight, stride, padding } = p.convolution
        const [t, b, c, y, x] = indexOf(shape, pixel) as [number, number, number, number, number]
        const found = stem(p)(replaced(constant(shape, 0), pixel, value))
        const side = (size: number, kernel: number): number => convolved(size, kernel, stride, padding)
        const [out, , kh, kw] = weight.shape as [number, number, number, number]
        const expected = tabulate([...shape.slice(0, 2), out, side(shape[3]!, kh), side(shape[4]!, kw)], (...i) =>
          i[0] === t && i[1] === b
            ? value * at(weight, i[2]!, c, y + padding - stride * i[3]!, x + padding - stride * i[4]!)
            : 0,
        )
        return same('current', found, expected)
      },
  }),
  law({
    id: 'stem.affine',
    statement: 'Before the pool the stem is one affine map of the image: no neuron, no rectifier.',
    formula: 'f(a + b) + f(0) = f(a) + f(b)',
    source: `${PAPER}: no neuron in the stem`,
    needs: ['stem'],
    given: unpooled,
    holds:
      ({ stem }) =>
      ({ p, a, b }) => {
        const f = stem(p)
        return same('current of both + current of black', sum(f(sum(a, b)), f(constant(a.shape, 0))), sum(f(a), f(b)))
      },
  }),
  law({
    id: 'stem.norm',
    statement: 'A black image gives each channel its shift, with the epsilon and the running statistics it was given.',
    formula: 'f(0)_c = \\beta_c - \\mu_c \\gamma_c / \\sqrt{\\sigma^2_c + \\epsilon}',
    source: PAPER,
    needs: ['stem'],
    given: unpooled,
    holds:
      ({ stem }) =>
      ({ p, a }) => {
        const found = stem(p)(constant(a.shape, 0))
        const { weight, bias, mean, variance, eps } = p.norm
        const shift = (c: number): number =>
          bias.data[c]! - (mean.data[c]! * weight.data[c]!) / Math.sqrt(variance.data[c]! + eps)
        return same(
          'current',
          found,
          tabulate(found.shape, (_, __, c) => shift(c)),
        )
      },
  }),
  law({
    id: 'stem.pool',
    statement:
      'The pool takes the largest of each window, and the padding never wins, not even over negative currents.',
    formula: 'o_{y,x} = \\max_{(i,j) \\in \\text{window}(y,x) \\cap \\text{frame}} u_{i,j}',
    source: `${PAPER}: max-pool 3 x 3, stride 2, padding 1`,
    needs: ['stem'],
    given: fc.record({ case: unpooled, pool: pools }),
    holds:
      ({ stem }) =>
      ({ case: { p, a }, pool }) => {
        const bare = stem(p)(a)
        // A window larger than the frame has no output.
        if (Math.min(bare.shape[3]!, bare.shape[4]!) + 2 * pool.padding < pool.kernel) return true
        return same('pooled current', stem({ ...p, pool })(a), pooled(bare, pool))
      },
  }),
  law({
    id: 'stem.frames',
    statement: 'Every frame of every sample goes through by itself, so a still image needs the stem once.',
    formula: 'f(x)_{t,b} = f(x_{t,b})',
    source: PAPER,
    needs: ['stem'],
    given: fc.record({ case: unpooled, pool: fc.constantFrom(null, { kernel: 1, stride: 1, padding: 0 }) }),
    holds:
      ({ stem }) =>
      ({ case: { p, a }, pool }) => {
        const f = stem({ ...p, pool })
        const whole = f(a)
        const frame = (x: Currents, t: number, b: number): Currents => take(take(x, 0, [t]), 1, [b])
        return all(
          ...range(a.shape[0]!).flatMap((t) =>
            range(a.shape[1]!).map((b) =>
              same(`the current of frame ${t}, sample ${b}`, frame(whole, t, b), f(frame(a, t, b))),
            ),
          ),
        )
      },
  }),
]
