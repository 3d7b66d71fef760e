/** Wrong attention products and layouts. @module */
import { type Currents, type Spikes, tensor } from '../../src/core/tensor.js'
import { at, mapped, range, steps, sum, tabulate, take } from '../../src/laws/tensors.js'
import { type Mutant, mutant, right } from './mutant.js'

type Name = 'dstT' | 'dst'
type Product = (scale: readonly number[]) => (y: Currents, s: Spikes) => Currents

const productMutants = (name: Name): readonly Mutant[] => {
  const product = right[name]
  const wrong = (id: string, mistake: string, dies: readonly [string, ...string[]], run: Product): Mutant =>
    mutant(`${name}-${id}`, `${name === 'dstT' ? 'the scores' : 'the mix'}: ${mistake}`, dies, { [name]: run })
  const [impulse, additive, linear, silence, scale, heads, frames, positions, tokens] = (
    ['impulse', 'additive', 'linear', 'silence', 'scale', 'heads', 'frames', 'positions', 'tokens'] as const
  ).map((law) => `${name}.${law}`) as [string, string, string, string, string, string, string, string, string]
  return [
    wrong('transposed', 'reads y with channels and tokens exchanged', [impulse], (c) => (y, s) => {
      const [T, B, h, d, n] = y.shape as [number, number, number, number, number]
      const other = tensor([T, B, h, n, d], y.data)
      return product(c)(
        tabulate(y.shape, (t, b, head, i, j) => at(other, t, b, head, j, i)),
        s,
      )
    }),
    wrong('saturating', 'clips at 1', [additive], (c) => (y, s) => mapped(product(c)(y, s), (x) => Math.min(1, x))),
    wrong(
      'rectified',
      'rectifies y, as if it were spikes or keys',
      [linear],
      (c) => (y, s) =>
        product(c)(
          mapped(y, (x) => Math.max(0, x)),
          s,
        ),
    ),
    wrong(
      'uniform',
      'adds a uniform attention',
      [silence],
      (c) => (y, s) => mapped(product(c)(y, s), (x) => x + 1 / 8),
    ),
    wrong('unscaled', 'leaves the scale out', [scale], (c) => product(c.map(() => 1))),
    wrong('one-scale', "has the first head's scale for all heads", [scale, heads], (c) => product(c.map(() => c[0]!))),
    wrong('interleaved', 'takes channel c to be of head c mod heads', [heads, impulse], (c) => (y, s) => {
      if (name === 'dst') return product(c)(take(y, 2, range(y.shape[2]!).toReversed()), s)
      const [heads_, d] = [y.shape[2]!, y.shape[3]!]
      const order = range(heads_).flatMap((h) => range(d).map((i) => i * heads_ + h))
      return product(c)(y, take(s, 2, order))
    }),
    wrong('over-time', 'attends to the steps before as well', [frames], (c) => (y, s) => {
      const sums = range(y.shape[0]!).map((t) =>
        range(t + 1)
          .map((u) => steps(y, u, u + 1))
          .reduce(sum),
      )
      return product(c)(
        tabulate(y.shape, (t, ...rest) => at(sums[t]!, 0, ...rest)),
        s,
      )
    }),
    wrong('masked', 'lets a position see no token after it', [positions], (c) => (y, s) => {
      const full = product(c)(y, s)
      return tabulate(full.shape, (...i) => (i[3]! > i[4]! ? 0 : at(full, ...i)))
    }),
    wrong(
      'embedded',
      'adds a position embedding to the tokens',
      [tokens],
      (c) => (y, s) =>
        product(c)(
          tabulate(y.shape, (...i) => at(y, ...i) + i[4]! / 4),
          s,
        ),
    ),
  ]
}

export const attentionMutants: readonly Mutant[] = [
  ...productMutants('dstT'),
  ...productMutants('dst'),
  mutant(
    'global-halves',
    'splits y into the two halves of all channels, not of each head',
    ['heads.split', 'dssa.heads'],
    {
      splitHeads: (heads) => (y) => {
        const [T, B, C2, h, w] = y.shape as [number, number, number, number, number]
        const half = (from: number): Currents =>
          tensor([T, B, heads, C2 / 2 / heads, h * w], take(y, 2, range(from + C2 / 2, from)).data)
        return [half(0), half(C2 / 2)]
      },
    },
  ),
  mutant('swapped-halves', 'exchanges y1 and y2', ['heads.split', 'dssa.definition'], {
    splitHeads: (heads) => (y) => {
      const [y1, y2] = right.splitHeads(heads)(y)
      return [y2, y1]
    },
  }),
  mutant('heads-last', 'merges with the heads innermost', ['heads.merge'], {
    mergeHeads: (size) => (y) => {
      const [T, B, heads, d, P] = y.shape as [number, number, number, number, number]
      return right.mergeHeads(size)(
        tensor([T, B, heads, d, P], tabulate([T, B, d, heads, P], (t, b, c, h, p) => at(y, t, b, h, c, p)).data),
      )
    },
  }),
  mutant(
    'or-residual',
    'merges the residual like spikes: at most 1',
    ['add.sum', 'dssa.residual', 'network.identity'],
    {
      add: (a, b) => mapped(right.add(a, b), (x) => Math.min(1, x)),
    },
  ),
  mutant('hold-once', 'shows the image at the first step only', ['hold.repeat', 'network.still'], {
    hold: (T) => (x) => tabulate(x.shape.with(0, T), (t, ...rest) => (t === 0 ? at(x, 0, ...rest) : 0)),
  }),
  mutant('hold-divided', 'divides the image by the number of steps', ['hold.repeat', 'network.still'], {
    hold: (T) => (x) => mapped(right.hold(T)(x), (y) => y / T),
  }),
]
