/** Laws of the two attention products: each is linear in its currents and a sum over its spikes, head by head. @module */
import fc from 'fast-check'
import { type Currents, type Reals, type Shape, type Spikes, sizeOf, type Tensor } from '../../core/tensor.js'
import { type Budgets, type Dyadic, small, summed, times } from '../budget.js'
import { dyadic, permutation, reals, spikeTrain, whole } from '../given.js'
import type { Operations } from '../implementation.js'
import { type Law, law } from '../law.js'
import { at, constant, indexOf, mapped, range, silence, spikesWhere, sum, tabulate, take } from '../tensors.js'
import { all, same } from '../verdict.js'

type Name = 'dstT' | 'dst'

/** Scales are powers of two, or dyadic: multiples of 1/4 up to 4. */
const scaleSet: Dyadic = { exponent: -2, largest: 4 }

/** The most that an attention product comes to. */
export const productBudgets: Budgets = { 'a product': summed(2, times(summed(6, small), scaleSet)) }

/** The shapes of a product: T steps, B samples, `heads` heads of width d, n tokens, a feature map of H x W. */
const dims = fc.record({
  T: whole(1, 2),
  B: whole(1, 2),
  heads: whole(1, 3),
  d: whole(1, 3),
  n: whole(1, 3),
  H: whole(1, 2),
  W: whole(1, 2),
})

type Dims = { readonly [k in 'T' | 'B' | 'heads' | 'd' | 'n' | 'H' | 'W']: number }

/** What is summed over: channels in the first product, tokens in the second. */
const spikeShape = (name: Name, { T, B, heads, d, n, H, W }: Dims): Shape =>
  name === 'dstT' ? [T, B, heads * d, H, W] : [T, B, heads, n, H * W]

const currentShape = ({ T, B, heads, d, n }: Dims): Shape => [T, B, heads, d, n]

const products = (name: Name) =>
  dims.chain((dim) =>
    fc.record({
      scale: fc.array(dyadic(scaleSet), { minLength: dim.heads, maxLength: dim.heads }),
      y: reals(currentShape(dim)),
      s: spikeTrain(spikeShape(name, dim)),
    }),
  )

/** The spikes of one head: they lie side by side in the first product's channels, along their own axis in the second. */
const ofHeads = (name: Name, s: Spikes, d: number, heads: readonly number[]): Spikes =>
  name === 'dst'
    ? take(s, 2, heads)
    : take(
        s,
        2,
        heads.flatMap((head) => range((head + 1) * d, head * d)),
      )

const lawsOf = (name: Name): readonly Law[] => {
  const [what, equation, out] =
    name === 'dstT'
      ? (['the scores', 'y_1^\\top x \\, c', 'attn'] as const)
      : (['the mix', 'y_2\\, a \\, c', 'out'] as const)
  const source = `the paper's equations 8 to 10, ${what}`
  const needs = [name] as const
  const run = (K: Pick<Operations<Spikes, Currents>, Name>) => K[name]
  return [
    law({
      id: `${name}.impulse`,
      statement:
        name === 'dstT'
          ? "One spike of a channel at a position sends each token its current of that channel, times the head's scale."
          : "One spike of a token at a position sends each channel the token's current, times the head's scale.",
      formula:
        name === 'dstT'
          ? '(\\delta_{h,c,p})\\mapsto a_{h,n,p} = c_h\\, y_{h,c,n}'
          : '(\\delta_{h,n,p})\\mapsto o_{h,c,p} = c_h\\, y_{h,c,n}',
      source,
      needs,
      given: dims.chain((dim) =>
        fc.record({
          dim: fc.constant(dim),
          scale: fc.array(dyadic(scaleSet), { minLength: dim.heads, maxLength: dim.heads }),
          y: reals(currentShape(dim)),
          spike: whole(0, sizeOf(spikeShape(name, dim)) - 1),
        }),
      ),
      holds:
        (K) =>
        ({ dim, scale, y, spike }) => {
          const shape = spikeShape(name, dim)
          const index = indexOf(shape, spike)
          const [t, b] = index as [number, number]
          // The spike's head, its term (a channel or a token) and its position.
          const [head, term, position] =
            name === 'dstT'
              ? [Math.floor(index[2]! / dim.d), index[2]! % dim.d, index[3]! * dim.W + index[4]!]
              : [index[2]!, index[3]!, index[4]!]
          const { T, B, heads, d, n, H, W } = dim
          const expected = tabulate([T, B, heads, name === 'dstT' ? n : d, H * W], (t2, b2, h2, i, p2) =>
            t2 === t && b2 === b && h2 === head && p2 === position
              ? scale[head]! * (name === 'dstT' ? at(y, t, b, head, term, i) : at(y, t, b, head, i, term))
              : 0,
          )
          return same(
            out,
            run(K)(scale)(
              y,
              spikesWhere(shape, (...i) => String(i) === String(index)),
            ),
            expected,
          )
        },
    }),
    law({
      id: `${name}.additive`,
      statement: 'Disjoint spikes add: with the impulse response, the product is a sum of currents over spikes.',
      formula: 'f(y, a \\cup b) = f(y, a) + f(y, b), \\quad a \\cap b = \\varnothing',
      source,
      needs,
      given: products(name).chain((x) => fc.record({ x: fc.constant(x), side: spikeTrain(x.s.shape) })),
      holds:
        (K) =>
        ({ x: { scale, y, s }, side }) => {
          const part = (which: number): Spikes =>
            spikesWhere(s.shape, (...i) => at(s, ...i) === 1 && at(side, ...i) === which)
          const f = (spikes: Spikes): Currents => run(K)(scale)(y, spikes)
          return same(out, f(s), sum(f(part(0)), f(part(1))))
        },
    }),
    law({
      id: `${name}.linear`,
      statement: 'The product is linear in its currents, whatever their sign.',
      formula: 'f(y + z, s) = f(y, s) + f(z, s), \\quad f(-y, s) = -f(y, s)',
      source: `${source}: f(Y) is real, batch norm's output, and no neuron`,
      needs,
      given: products(name).chain((x) => fc.record({ x: fc.constant(x), z: reals(x.y.shape) })),
      holds:
        (K) =>
        ({ x: { scale, y, s }, z }) => {
          const f = (currents: Currents): Currents => run(K)(scale)(currents, s)
          return all(
            same(`${out} of a sum`, f(sum(y, z)), sum(f(y), f(z))),
            same(
              `${out} of the negative`,
              f(mapped(y, (x) => -x)),
              mapped(f(y), (x) => -x),
            ),
          )
        },
    }),
    law({
      id: `${name}.silence`,
      statement: 'Without spikes nothing comes out: no bias, no uniform attention.',
      formula: 'f(y, \\varnothing) = 0',
      source,
      needs,
      given: products(name),
      holds:
        (K) =>
        ({ scale, y, s }) => {
          const found = run(K)(scale)(y, silence(s.shape))
          return same(out, found, constant(found.shape, 0))
        },
    }),
    law({
      id: `${name}.scale`,
      statement: "The scale is a factor of each head, and its own head's only.",
      formula: `${equation}: \\quad f_{c}(y, s)_h = c_h\\, f_{1}(y, s)_h`,
      source: "the paper's equations 11 to 13, and the authors' code: firing rates are per head",
      needs,
      given: products(name),
      holds:
        (K) =>
        ({ scale, y, s }) => {
          const plain = run(K)(scale.map(() => 1))(y, s)
          return same(
            out,
            run(K)(scale)(y, s),
            tabulate(plain.shape, (t, b, h, i, p) => scale[h]! * at(plain, t, b, h, i, p)),
          )
        },
    }),
    law({
      id: `${name}.heads`,
      statement: 'Heads do not touch each other, and permute.',
      formula: 'f(y_{\\pi}, s_{\\pi})_h = f(y, s)_{\\pi h}',
      source: "the authors' code: the channels of a head are contiguous",
      needs,
      given: products(name).chain((x) => fc.record({ x: fc.constant(x), order: permutation(x.y.shape[2]!) })),
      holds:
        (K) =>
        ({ x: { scale, y, s }, order }) => {
          const whole = run(K)(scale)(y, s)
          const some = (heads: readonly number[]): Currents =>
            run(K)(heads.map((h) => scale[h]!))(take(y, 2, heads), ofHeads(name, s, y.shape[3]!, heads))
          return all(
            same(`${out} of the permuted heads`, some(order), take(whole, 2, order)),
            ...range(y.shape[2]!).map((head) =>
              same(`${out} of head ${head} alone`, some([head]), take(whole, 2, [head])),
            ),
          )
        },
    }),
    law({
      id: `${name}.frames`,
      statement: 'Every step of every sample attends by itself.',
      formula: 'f(y, s)_{t,b} = f(y_{t,b}, s_{t,b})',
      source: `${source}: attention is spatial`,
      needs,
      given: products(name),
      holds:
        (K) =>
        ({ scale, y, s }) => {
          const whole = run(K)(scale)(y, s)
          return all(
            ...range(y.shape[0]!).flatMap((t) =>
              range(y.shape[1]!).map((b) => {
                const frame = <D extends Reals | Uint8Array>(x: Tensor<D>): Tensor<D> => take(take(x, 0, [t]), 1, [b])
                return same(`${out} of step ${t}, sample ${b}`, frame(whole), run(K)(scale)(frame(y), frame(s)))
              }),
            ),
          )
        },
    }),
    law({
      id: `${name}.positions`,
      statement: 'Positions permute: none is before or after another.',
      formula: 'f(y, s_{\\cdot\\pi}) = f(y, s)_{\\cdot\\pi}',
      source: `${source}: no mask, no position embedding`,
      needs,
      given: products(name).chain((x) => fc.record({ x: fc.constant(x), order: permutation(x.s.shape.at(-1)!) })),
      holds:
        (K) =>
        ({ x: { scale, y, s }, order }) => {
          const whole = run(K)(scale)(y, s)
          const [rows, W] = name === 'dstT' ? [s.shape[3]!, s.shape[4]!] : [1, s.shape[4]!]
          const moved = range(rows).flatMap((row) => order.map((x) => row * W + x))
          return same(`${out} of the permuted positions`, run(K)(scale)(y, take(s, 4, order)), take(whole, 4, moved))
        },
    }),
    law({
      id: `${name}.tokens`,
      statement:
        name === 'dstT'
          ? "Tokens permute: each row of the attention map is one token's."
          : 'Tokens permute: the order they are summed in does not matter.',
      formula:
        name === 'dstT' ? 'f(y_{\\cdot\\pi}, x)_n = f(y, x)_{\\pi n}' : 'f(y_{\\cdot\\pi}, a_{\\pi\\cdot}) = f(y, a)',
      source: `${source}: no mask, no position embedding`,
      needs,
      given: products(name).chain((x) => fc.record({ x: fc.constant(x), order: permutation(x.y.shape[4]!) })),
      holds:
        (K) =>
        ({ x: { scale, y, s }, order }) => {
          const whole = run(K)(scale)(y, s)
          return name === 'dstT'
            ? same(`${out} of the permuted tokens`, run(K)(scale)(take(y, 4, order), s), take(whole, 3, order))
            : same(`${out} of the permuted tokens`, run(K)(scale)(take(y, 4, order), take(s, 3, order)), whole)
        },
    }),
  ]
}

export const productLaws: readonly Law[] = [...lawsOf('dstT'), ...lawsOf('dst')]
