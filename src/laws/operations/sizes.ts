/** Laws beyond the published sizes: each operation is its equation there too, on sparse dyadic numbers. @module */
import fc, { type Arbitrary } from 'fast-check'
import { type Currents, type Spikes, sizeOf } from '../../core/tensor.js'
import type { Neuron, Pool, Stem, Synapse } from '../../model/kernels.js'
import { type Budgets, current, type Dyadic, summed, times } from '../budget.js'
import { neuron, oneOf, whole } from '../given.js'
import type { Operation, Operations } from '../implementation.js'
import { type Law, law, type Verdict } from '../law.js'
import { embedded, fired, transmitted } from '../model/definition.js'
import {
  CLASSES,
  CONVOLUTIONS,
  chanceOf,
  currentsOf,
  frames,
  LAYERS,
  many,
  numbers,
  PRODUCTS,
  seededNorm,
  sparse,
} from '../sizes.js'
import { at, joined, range, steps, sum, tabulate } from '../tensors.js'
import { all, same } from '../verdict.js'
import { stepped } from './neuron.js'

const SOURCE =
  'the equations hold at every size: published networks have up to 4096 channels, 196 tokens, 16 steps, 1000 classes'

const weights: Dyadic = { exponent: -2, largest: 1 }

/** The most that large cases come to. */
export const sizeBudgets: Budgets = {
  'a large current': current(weights, 4097 * 4, {
    gain: { exponent: -2, largest: 2 },
    shift: { exponent: -4, largest: 3 },
  }),
  'a large product': summed(325, times({ exponent: -2, largest: 2 }, { exponent: -2, largest: 2 })),
}

/** What is large, as a name and its geometry; the first few are drawn as often as the last. */
const oneKind = <X>(kinds: {
  readonly [name: string]: Arbitrary<X>
}): Arbitrary<{ readonly large: string; readonly size: X }> =>
  fc.oneof(...Object.entries(kinds).map(([large, arb]) => arb.map((size) => ({ large, size }))))

const seed = whole(0, 2 ** 20)

/** Cases: enough for each kind to be met at several extents. */
const CASES = 60

const sizes = <X, const N extends Operation>(
  operation: N,
  what: string,
  formula: string,
  given: Arbitrary<X>,
  holds: (K: Pick<Operations<Spikes, Currents>, N>) => (x: X) => Verdict,
  atMost: number = CASES,
): Law =>
  law<X, N>({
    id: `${operation}.sizes`,
    statement: `${operation} is its equation beyond the published sizes: ${what}.`,
    formula,
    source: SOURCE,
    needs: [operation],
    atMost,
    given,
    holds,
  })

const convolution = fc.record({ of: oneKind<Geometry>(CONVOLUTIONS), frames, seed })

type Geometry = {
  readonly [side in 'inGroup' | 'outGroup' | 'groups' | 'kernel' | 'stride' | 'padding' | 'height' | 'width']: number
}

const synapseOf = ({ inGroup, outGroup, groups, kernel, stride, padding }: Geometry, seed_: number): Synapse => ({
  convolution: {
    key: 'convolution',
    weight: numbers('weight', seed_, [outGroup * groups, inGroup, kernel, kernel], weights),
    stride,
    padding,
    groups,
  },
  norm: seededNorm('norm', seed_, outGroup * groups),
})

/** `[T, B]` where a frame is small, one frame where it is not. */
const affordable = ([T, B]: readonly [number, number], products: number): readonly [number, number] =>
  products * T * B <= 10 ** 5 ? [T, B] : products * B <= 10 ** 5 ? [1, B] : [1, 1]

const productsOf = ({ inGroup, outGroup, groups, kernel, stride, padding, height, width }: Geometry): number => {
  const side = (size: number): number => Math.max(1, Math.floor((size + 2 * padding - kernel) / stride) + 1)
  return inGroup * outGroup * groups * kernel * kernel * side(height) * side(width)
}

const product = (name: 'dstT' | 'dst') =>
  sizes(
    name,
    'heads of any width, any number of heads, tokens and positions',
    name === 'dstT'
      ? 'a_{h,n,p} = c_h \\sum_c y_{h,c,n}\\, x_{h,c,p}'
      : 'o_{h,c,p} = c_h \\sum_n y_{h,c,n}\\, a_{h,n,p}',
    fc.record({ of: oneKind(PRODUCTS), frames, seed }),
    (K) =>
      ({
        of: {
          size: { heads, d, n, height, width },
        },
        frames: wanted,
        seed: s,
      }) => {
        const P = height * width
        const [T, B] = affordable(wanted, heads * d * n * P)
        const y = currentsOf('y', s, [T, B, heads, d, n])
        const scale = range(heads).map((h) => [1, 0.5, 2, 0.25][(h + s) % 4]!)
        const terms = name === 'dstT' ? d : n
        const shape = name === 'dstT' ? [T, B, heads * d, height, width] : [T, B, heads, n, P]
        const x = sparse('x', s, shape, chanceOf(terms, 12))
        const rows = name === 'dstT' ? n : d
        const expected = tabulate([T, B, heads, rows, P], (t, b, h, i, p) => {
          let total = 0
          for (let k = 0; k < terms; k++)
            if (x.data[(((t * B + b) * heads + h) * terms + k) * P + p] === 1)
              total += name === 'dstT' ? at(y, t, b, h, k, i) : at(y, t, b, h, i, k)
          return total * scale[h]!
        })
        return same(name === 'dstT' ? 'attn' : 'out', K[name](scale)(y, x), expected)
      },
  )

const pools = oneOf<Pool | null>(
  null,
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 5, stride: 3, padding: 2 },
)

const layered = fc.record({ frames, layer: LAYERS, seed })

const within = ([T, B]: readonly [number, number], layer: readonly number[]) => affordable([T, B], 4 * sizeOf(layer))

export const sizeLaws: readonly Law[] = [
  sizes(
    'stem',
    'images of three channels and more, kernels of 7, odd maps, rectangles',
    'o = \\max_{\\text{pool}} \\mathrm{BN}(w * x)',
    fc.record({
      channels: fc.constantFrom(3, 3, 1, 2, 4, 5),
      out: fc.oneof(whole(1, 4), fc.constantFrom(8, 9, 33, 65, 129)),
      kernel: fc.constantFrom(1, 3, 7, 7, 9),
      stride: whole(1, 4),
      half: fc.boolean(),
      pool: pools,
      height: fc.oneof(whole(9, 17), fc.constantFrom(33)),
      width: whole(9, 13),
      frames,
      seed,
    }),
    ({ stem }) =>
      ({ channels, out, kernel, stride, half, pool, height, width, frames: wanted, seed: s }) => {
        const geometry = {
          inGroup: channels,
          outGroup: out,
          groups: 1,
          kernel,
          stride,
          padding: half ? (kernel - 1) / 2 : 0,
          height,
          width,
        }
        const p: Stem = { ...synapseOf(geometry, s), pool }
        const [T, B] = affordable(wanted, productsOf(geometry))
        const x = currentsOf('image', s, [T, B, channels, height, width], { exponent: -1, largest: 2 })
        const map = [height, width].map((size) => Math.floor((size + 2 * geometry.padding - kernel) / stride) + 1)
        // A window larger than its frame has no output.
        const fits = pool === null || Math.min(...map) + 2 * pool.padding >= pool.kernel
        const fitting: Stem = fits ? p : { ...p, pool: null }
        return same('current', stem(fitting)(x), embedded(fitting, x))
      },
    40,
  ),
  sizes(
    'hold',
    'T of up to 33 steps',
    'x[t] = x',
    fc.record({ T: fc.constantFrom(5, 6, 8, 10, 16, 17, 33), of: layered }),
    ({ hold }) =>
      ({
        T,
        of: {
          frames: [, B],
          layer,
          seed: s,
        },
      }) => {
        const x = currentsOf('x', s, [1, B, ...layer])
        const n = x.data.length
        return same('current', hold(T)(x), {
          shape: [T, B, ...layer],
          data: Float64Array.from({ length: T * n }, (_, i) => x.data[i % n]!),
        })
      },
    30,
  ),
  sizes(
    'fire',
    'layers of any size, and up to 33 steps, whole as step by step',
    'v[t] = v[t-1] + \\dots',
    fc.record({ p: neuron, T: fc.constantFrom(1, 3, 5, 6, 7, 8, 16, 17, 33), of: layered }),
    ({ fire }) =>
      ({
        p,
        T,
        of: {
          frames: [, B],
          layer,
          seed: s,
        },
      }) => {
        const short = Math.min(T, 5)
        const x = currentsOf('x', s, [short, ...affordable([B, 1], sizeOf(layer) * short).slice(0, 1), ...layer])
        const [spikes] = stepped(fire, p, x)
        // The sum of an integrating neuron stays exact for all steps, a leak's does not: it is compared with itself.
        const long = currentsOf('long', s, [T, 1, Math.min(layer[0]!, 9), 1, 1])
        const [whole_] = stepped(fire, p, long)
        const one = range(T).reduce<readonly [Spikes | null, Currents | undefined]>(
          ([before, membrane], t) => {
            const [now, after] = stepped(fire, p, steps(long, t, t + 1), membrane)
            return [before === null ? now : joined(before, now), after]
          },
          [null, undefined],
        )[0]!
        const integrating: Neuron = { ...p, charge: { kind: 'IF' } }
        return all(
          same('spikes', spikes, fired(p, x)),
          same(`the spikes of ${T} steps, whole,`, whole_, one),
          same(
            `the spikes of ${T} steps of an integrating neuron`,
            stepped(fire, integrating, long)[0],
            fired(integrating, long),
          ),
        )
      },
    40,
  ),
  sizes(
    'synapse',
    'strides, kernels, channels, groups and maps of any size, channels that are no whole number of eights',
    "\\mathrm{BN}\\Big(\\sum_{c,i,j} w_{c',c,i,j}\\, s_{c,\\; S y + i - P,\\; S x + j - P}\\Big)",
    convolution,
    ({ synapse }) =>
      ({ of: { size }, frames: wanted, seed: s }) => {
        const p = synapseOf(size, s)
        const [T, B] = affordable(wanted, productsOf(size))
        const neighbours = size.inGroup * size.kernel * size.kernel
        const x = sparse(
          'spikes',
          s,
          [T, B, size.inGroup * size.groups, size.height, size.width],
          chanceOf(neighbours, 40),
        )
        // A kernel larger than its frame has no output.
        return (
          Math.min(size.height, size.width) + 2 * size.padding < size.kernel ||
          same('current', synapse(p)(x), transmitted(p, x))
        )
      },
    120,
  ),
  sizes(
    'splitHeads',
    'any number of heads of any width',
    '(y_1)_{h,c} = y_{2dh+c}',
    fc.record({ of: oneKind(PRODUCTS), frames, seed }),
    ({ splitHeads }) =>
      ({
        of: {
          size: { heads, d, height, width },
        },
        frames: wanted,
        seed: s,
      }) => {
        const [T, B] = affordable(wanted, heads * d * height * width)
        const y = currentsOf('y', s, [T, B, 2 * d * heads, height, width])
        const half = (from: number): Currents =>
          tabulate([T, B, heads, d, height * width], (t, b, h, c, n) =>
            at(y, t, b, 2 * d * h + from + c, Math.floor(n / width), n % width),
          )
        const [y1, y2] = splitHeads(heads)(y)
        return all(same('y1', y1, half(0)), same('y2', y2, half(d)))
      },
    30,
  ),
  product('dstT'),
  product('dst'),
  sizes(
    'mergeHeads',
    'any number of heads of any width',
    'o_{dh+c} = o_{h,c}',
    fc.record({ of: oneKind(PRODUCTS), frames, seed }),
    ({ mergeHeads }) =>
      ({
        of: {
          size: { heads, d, height, width },
        },
        frames: wanted,
        seed: s,
      }) => {
        const [T, B] = affordable(wanted, heads * d * height * width)
        const y = currentsOf('y', s, [T, B, heads, d, height * width])
        return same('out', mergeHeads({ height, width })(y), { shape: [T, B, heads * d, height, width], data: y.data })
      },
    30,
  ),
  sizes(
    'add',
    'batches of 3 and 5, odd maps, up to 4097 channels',
    '(a + b)_i = a_i + b_i',
    layered,
    ({ add }) =>
      ({ frames: wanted, layer, seed: s }) => {
        const shape = [...within(wanted, layer), ...layer]
        const [a, b] = [currentsOf('a', s, shape), currentsOf('b', s, shape)]
        return same('sum', add(a, b), sum(a, b))
      },
    30,
  ),
  sizes(
    'meanPool',
    'maps of any size and shape',
    'H W\\, \\bar{x} = \\sum x',
    fc.record({
      frames,
      C: fc.oneof(whole(1, 5), many([1025])),
      H: fc.constantFrom(1, 2, 4, 8, 14, 7, 3, 57),
      W: fc.constantFrom(1, 2, 4, 8, 14, 5),
      seed,
    }),
    ({ meanPool }) =>
      ({ frames: wanted, C, H, W, seed: s }) => {
        const [T, B] = affordable(wanted, C * H * W)
        // Whatever is drawn, the sum of a map is a multiple of its size: the last number makes it so.
        const x = tabulate([T, B, C, H, W], () => 0)
        const drawn = currentsOf('x', s, x.shape)
        const n = H * W
        const data = Float64Array.from(drawn.data)
        for (let plane = 0; plane < T * B * C; plane++) {
          let total = 0
          for (let i = 0; i < n - 1; i++) total += data[plane * n + i]!
          data[plane * n + n - 1] = n * (data[plane * n]! + 1) - total
        }
        const expected = tabulate([T, B, C], (t, b, c) => data[((t * B + b) * C + c) * n]! + 1)
        // Of one position the mean is that position.
        return n === 1
          ? same('mean', meanPool({ shape: x.shape, data }), { shape: [T, B, C], data })
          : same('mean', meanPool({ shape: x.shape, data }), expected)
      },
    30,
  ),
  sizes(
    'classify',
    '1000 classes and more, any number of channels',
    'f(x)_k = \\sum_c w_{k,c}\\, x_c',
    fc.record({ frames, C: fc.oneof(whole(1, 5), many([385, 1025])), classes: fc.oneof(whole(1, 5), CLASSES), seed }),
    ({ classify }) =>
      ({ frames: wanted, C, classes, seed: s }) => {
        const fewer = C * classes > 10 ** 5 ? 11 : classes
        const [T, B] = affordable(wanted, C * fewer)
        const weight = numbers('weight', s, [fewer, C], weights)
        const x = currentsOf('x', s, [T, B, C])
        const expected = tabulate([T, B, fewer], (t, b, k) => {
          let total = 0
          for (let c = 0; c < C; c++) total += weight.data[k * C + c]! * x.data[(t * B + b) * C + c]!
          return total
        })
        return same('logits', classify(weight)(x), expected)
      },
    30,
  ),
]
