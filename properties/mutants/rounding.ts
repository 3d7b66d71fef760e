/** Mistakes of rounding: right on dyadic numbers, wrong in the last bits of others. All are float32 ports. @module */
import { sigmoid } from '../../src/core/functions.js'
import { type Currents, type Reals, type Spikes, sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import { convolved } from '../../src/core/window.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Operations } from '../../src/laws/implementation.js'
import { dssa } from '../../src/model/dssa.js'
import type { BatchNorm, Kernels, Neuron, Stem, Synapse } from '../../src/model/kernels.js'
import { network } from '../../src/model/network.js'
import { whole } from '../subjects.js'
import type { Mutant } from './mutant.js'

const right = reference('float32')
const f = Math.fround

type Wrong = Partial<Operations<Spikes, Currents>>

const rounding = (id: string, mistake: string, dies: readonly [string, ...string[]], wrong: Wrong): Mutant => {
  const kernels: Kernels<Spikes, Currents> = { ...right, ...wrong, scope: () => kernels }
  return {
    id,
    mistake,
    dies,
    operations: Object.keys(wrong) as Mutant['operations'],
    implementation: { kernels: { ...whole(kernels).kernels, ...wrong }, precision: 'float32' },
  }
}

/** One term of a sum: where it comes from, and its factors. */
interface Term {
  readonly ci: number
  readonly k: number
  readonly w: number
  readonly x: number
}

type Sum = (terms: readonly Term[]) => number
type Norm = (norm: BatchNorm, c: number, sum: number) => number

const gainOf = ({ weight, variance, eps }: BatchNorm, c: number): number =>
  weight.data[c]! / Math.sqrt(variance.data[c]! + eps)
const shiftOf = (norm: BatchNorm, c: number): number => norm.bias.data[c]! - norm.mean.data[c]! * gainOf(norm, c)

const asSpecified: Norm = (norm, c, sum) => f(f(sum * f(gainOf(norm, c))) + f(shiftOf(norm, c)))

/** A convolution by gathering, its terms in the order (kernel position, channel). */
const gathering =
  (sum: (p: Synapse, co: number) => Sum, norm: Norm) =>
  (p: Synapse, { shape, data }: Tensor<Reals | Uint8Array>): Currents => {
    const { weight, stride, padding, groups } = p.convolution
    const [T, B, C, H, W] = shape as [number, number, number, number, number]
    const [out, inGroup, kh, kw] = weight.shape as [number, number, number, number]
    const [oh, ow] = [convolved(H, kh, stride, padding), convolved(W, kw, stride, padding)]
    const result = new Float32Array(T * B * out * oh * ow)
    for (let at = 0; at < result.length; at++) {
      const [ox, oy, co, frame] = [
        at % ow,
        Math.floor(at / ow) % oh,
        Math.floor(at / (oh * ow)) % out,
        Math.floor(at / (oh * ow * out)),
      ]
      const first = Math.floor(co / (out / groups)) * inGroup
      const terms: Term[] = []
      for (let k = 0; k < kh * kw; k++)
        for (let ci = 0; ci < inGroup; ci++) {
          const [y, x] = [oy * stride - padding + Math.floor(k / kw), ox * stride - padding + (k % kw)]
          if (y < 0 || y >= H || x < 0 || x >= W) continue
          const value = data[((frame * C + first + ci) * H + y) * W + x]!
          if (value !== 0)
            terms.push({
              ci,
              k,
              x: value,
              w: weight.data[((co * inGroup + ci) * kh + Math.floor(k / kw)) * kw + (k % kw)]!,
            })
        }
      result[at] = norm(p.norm, co, sum(p, co)(terms))
    }
    return tensor([T, B, out, oh, ow], result)
  }

/** Terms two by two among those that `together` says are neighbours, in the order they come. */
const paired =
  (together: (a: Term, b: Term) => boolean): Sum =>
  (terms) => {
    let sum = 0
    for (let i = 0; i < terms.length; ) {
      const [a, b] = [terms[i]!, terms[i + 1]]
      if (b !== undefined && together(a, b)) {
        sum = f(sum + f(a.w + b.w))
        i += 2
      } else {
        sum = f(sum + a.w)
        i += 1
      }
    }
    return sum
  }

const eight = (a: Term, b: Term): boolean => a.k === b.k && a.ci >> 3 === b.ci >> 3
/** Pairs begin anew at each eight; a pair must not straddle, which the order of terms sees to. */
const specified = paired(eight)
const oneByOne: Sum = (terms) => terms.reduce((sum, { w }) => f(sum + w), 0)
const inDouble: Sum = (terms) => f(terms.reduce((sum, { w }) => sum + w, 0))
const byTwosOfChannels = paired((a, b) => a.k === b.k && a.ci >> 1 === b.ci >> 1)
const tree: Sum = (terms) => {
  const level = terms.map(({ w }) => w)
  while (level.length > 1)
    for (let i = 0; i + 1 <= level.length - 1; i++) level.splice(i, 2, f(level[i]! + level[i + 1]!))
  return level[0] ?? 0
}
const sorted =
  (order: (a: Term, b: Term) => number, sum: Sum): Sum =>
  (terms) =>
    sum(terms.toSorted(order))

const synapseBy =
  (sum: Sum, norm: Norm = asSpecified) =>
  (p: Synapse) =>
  (s: Spikes) =>
    gathering(() => sum, norm)(p, s)

const products: Sum = (terms) => terms.reduce((sum, { w, x }) => f(sum + f(w * f(x))), 0)
const fused: Sum = (terms) => terms.reduce((sum, { w, x }) => f(sum + w * f(x)), 0)
const stemBy =
  (sum: Sum, norm: Norm = asSpecified) =>
  (p: Stem) =>
  (x: Currents) =>
    p.pool === null ? gathering(() => sum, norm)(p, x) : right.stem(p)(x)

const synapse = (id: string, mistake: string, sum: Sum, norm?: Norm): Mutant =>
  rounding(`synapse-${id}`, mistake, ['synapse.bits'], { synapse: synapseBy(sum, norm) })

/** The sums of a product in another way, then its scale in another. */
const productBy =
  (
    name: 'dstT' | 'dst',
    sum: (terms: readonly number[], places: readonly number[]) => number,
    scaled: (sum: number, c: number) => number,
  ) =>
  (scale: readonly number[]) =>
  (y: Currents, x: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as [number, number, number, number, number]
    const P = sizeOf(x.shape.slice(3)) / (name === 'dst' ? n : 1)
    const [rows, terms] = name === 'dstT' ? [n, d] : [d, n]
    const data = new Float32Array(T * B * heads * rows * P)
    for (let at = 0; at < data.length; at++) {
      const [p, i, head] = [at % P, Math.floor(at / P) % rows, Math.floor(at / (P * rows))]
      const places = Array.from({ length: terms }, (_, k) => k).filter((k) => x.data[(head * terms + k) * P + p] === 1)
      const values = places.map((k) =>
        name === 'dstT' ? y.data[(head * d + k) * n + i]! : y.data[(head * d + i) * n + k]!,
      )
      data[at] = scaled(sum(values, places), scale[head % heads]!)
    }
    return tensor([T, B, heads, rows, P], data)
  }

const pairs = (values: readonly number[], places: readonly number[]): number =>
  specified(values.map((w, i) => ({ w, ci: places[i]!, k: 0, x: 1 })))
const single = (values: readonly number[]): number => values.reduce((sum, y) => f(sum + y), 0)
const scaledOnce = (sum: number, c: number): number => f(sum * f(c))

const productMutants = (name: 'dstT' | 'dst'): readonly Mutant[] =>
  (
    [
      ['one-by-one', 'adds terms one by one', single, scaledOnce],
      [
        'in-double',
        'adds in double and rounds once',
        (v: readonly number[]) => f(v.reduce((a, b) => a + b, 0)),
        scaledOnce,
      ],
      [
        'across-eights',
        'pairs across eights',
        (v: readonly number[]) => paired(() => true)(v.map((w, ci) => ({ w, ci, k: 0, x: 1 }))),
        scaledOnce,
      ],
      [
        'reversed',
        'adds from the last term to the first',
        (v: readonly number[], p: readonly number[]) => pairs(v.toReversed(), p.toReversed()),
        scaledOnce,
      ],
      ['double-scale', 'keeps the scale in double', pairs, (sum: number, c: number) => f(sum * c)],
      ['divides', 'divides by the root in place of the scale', pairs, (sum: number, c: number) => f(sum / f(1 / c))],
    ] as const
  ).map(([id, mistake, sum, scaled]) =>
    rounding(`${name}-${id}`, `${name === 'dstT' ? 'the scores' : 'the mix'}: ${mistake}`, [`${name}.bits`], {
      [name]: productBy(name, sum, scaled),
    }),
  )

/** A neuron with another charge, threshold or reset. */
const neuronBy =
  (charge: (p: Neuron, v: number, x: number, r: number) => number, threshold = (p: Neuron): number => f(p.threshold)) =>
  (p: Neuron) =>
  ({ shape, data }: Currents) =>
  (membranes: ReadonlyMap<string, Currents>): [Spikes, ReadonlyMap<string, Currents>] => {
    const layer = shape.slice(1)
    const n = sizeOf(layer)
    const r = p.reset.kind === 'hard' ? f(p.reset.value) : 0
    const v = Float32Array.from(membranes.get(p.key)?.data ?? new Float32Array(n).fill(r))
    const spikes = new Uint8Array(data.length)
    for (let i = 0; i < data.length; i++) {
      const h = charge(p, v[i % n]!, f(data[i]!), r)
      const spike = h >= threshold(p)
      spikes[i] = spike ? 1 : 0
      v[i % n] = !spike ? h : p.reset.kind === 'hard' ? r : h - threshold(p)
    }
    return [tensor(shape, spikes), new Map([...membranes, [p.key, tensor(layer, v)]])]
  }

const leaked = (p: Neuron, v: number, x: number, r: number, towards: (d: number) => number): number =>
  p.charge.kind === 'IF' ? f(v + x) : f(v + towards(f(x - f(v - r))))
const leakOf = ({ charge }: Neuron): number =>
  charge.kind === 'LIF' ? 1 / charge.tau : charge.kind === 'PLIF' ? sigmoid(charge.w) : 1
const fire = (
  id: string,
  mistake: string,
  run: Wrong['fire'],
  dies: 'fire.bits' | 'fire.sigmoid' = 'fire.bits',
): Mutant => rounding(`fire-${id}`, mistake, [dies], { fire: run! })

/** The nearest number of 8 bits of significand, as some accelerators store. */
const bfloat16 = (x: number): number => {
  const word = new Uint32Array(Float32Array.of(x).buffer)
  word[0] = ((word[0]! + 0x8000) & 0xffff0000) >>> 0
  return new Float32Array(word.buffer)[0]!
}
const stored = (x: Currents): Currents => ({ ...x, data: x.data.map(bfloat16) })

const meanBy =
  (mean: (values: readonly number[]) => number) =>
  ({ shape, data }: Currents): Currents => {
    const [n, planes] = [sizeOf(shape.slice(3)), sizeOf(shape.slice(0, 3))]
    return tensor(
      shape.slice(0, 3),
      Float32Array.from({ length: planes }, (_, i) => mean(Array.from(data.subarray(i * n, (i + 1) * n)))),
    )
  }
const inTurn = (values: readonly number[]): number => values.reduce((sum, x) => f(sum + x), 0)

const classifyBy =
  (sum: (w: readonly number[], x: Reals) => number) =>
  (weight: Tensor<Reals>) =>
  ({ shape, data }: Currents): Currents => {
    const [classes, C] = weight.shape as [number, number]
    const samples = shape[0]! * shape[1]!
    return tensor(
      [...shape.slice(0, 2), classes],
      Float32Array.from({ length: samples * classes }, (_, at) => {
        const [k, sample] = [at % classes, Math.floor(at / classes)]
        return sum(Array.from(weight.data.subarray(k * C, (k + 1) * C), f), data.subarray(sample * C, (sample + 1) * C))
      }),
    )
  }

const rootInSingle = (rates: readonly number[], m: number): readonly number[] =>
  rates.map((r) => f(1 / f(Math.sqrt(f(f(r) * m)))))

/** The kernels whose products have other scales than they are told. */
const scaledBy = (first: readonly number[], second: readonly number[]): Kernels<Spikes, Currents> => {
  const K: Kernels<Spikes, Currents> = {
    ...right,
    dstT: () => right.dstT(first),
    dst: () => right.dst(second),
    scope: () => K,
  }
  return K
}

export const roundingMutants: readonly Mutant[] = [
  rounding('stem-channel-first', 'sums the stem by channel, row, column', ['stem.bits'], {
    stem: stemBy(sorted((a, b) => a.ci - b.ci || a.k - b.k, products)),
  }),
  rounding('stem-in-double', 'accumulates the stem in double', ['stem.bits'], {
    stem: stemBy((terms) => f(terms.reduce((sum, { w, x }) => sum + w * f(x), 0))),
  }),
  rounding('stem-fma', 'contracts the products of the stem to FMA', ['stem.bits'], { stem: stemBy(fused) }),
  rounding('stem-reversed', 'sums the stem from the last tap to the first', ['stem.bits'], {
    stem: stemBy((terms) => products(terms.toReversed())),
  }),
  rounding('stem-affine-once', "rounds the affine map of the stem's norm once", ['stem.bits'], {
    stem: stemBy(products, (norm, c, sum) => f(sum * f(gainOf(norm, c)) + f(shiftOf(norm, c)))),
  }),
  synapse('one-by-one', 'adds spikes one by one', oneByOne),
  synapse(
    'across-positions',
    'pairs neighbours across kernel positions',
    paired((a, b) => a.k !== b.k || a.ci >> 3 === b.ci >> 3),
  ),
  synapse(
    'across-eights',
    'pairs the channels of a position, eights or not',
    paired((a, b) => a.k === b.k),
  ),
  synapse('fixed-pairs', 'pairs channels 0 and 1, 2 and 3, active or not', byTwosOfChannels),
  synapse(
    'fours',
    'pairs among four channels',
    paired((a, b) => a.k === b.k && a.ci >> 2 === b.ci >> 2),
  ),
  synapse(
    'sixteens',
    'pairs among sixteen channels',
    paired((a, b) => a.k === b.k && a.ci >> 4 === b.ci >> 4),
  ),
  synapse('in-double', 'accumulates in double', inDouble),
  synapse('tree', 'adds neighbours, and neighbours of neighbours', tree),
  synapse(
    'column-first',
    'visits the kernel by columns',
    sorted((a, b) => (a.k % 3) - (b.k % 3) || a.k - b.k || a.ci - b.ci, specified),
  ),
  synapse(
    'channel-first',
    'visits channels before kernel positions',
    sorted((a, b) => (a.ci >> 3) - (b.ci >> 3) || a.k - b.k || a.ci - b.ci, specified),
  ),
  synapse(
    'reversed',
    'visits channels from the last to the first',
    sorted((a, b) => a.k - b.k || b.ci - a.ci, specified),
  ),
  synapse('affine-fma', "rounds the norm's affine map once (FMA)", specified, (norm, c, sum) =>
    f(sum * f(gainOf(norm, c)) + f(shiftOf(norm, c))),
  ),
  synapse('affine-double', "keeps the norm's gain and shift in double", specified, (norm, c, sum) =>
    f(sum * gainOf(norm, c) + shiftOf(norm, c)),
  ),
  synapse('shift-rounded-gain', 'makes the shift from the rounded gain', specified, (norm, c, sum) =>
    f(f(sum * f(gainOf(norm, c))) + f(norm.bias.data[c]! - norm.mean.data[c]! * f(gainOf(norm, c)))),
  ),
  synapse('gain-single', 'makes the gain in single: a rounded root and a rounded quotient', specified, (norm, c, sum) =>
    f(f(sum * f(norm.weight.data[c]! / f(Math.sqrt(f(norm.variance.data[c]! + norm.eps))))) + f(shiftOf(norm, c))),
  ),
  synapse('unfolded', 'normalises by its definition: subtract, divide, multiply, add', specified, (norm, c, sum) =>
    f(
      f(f(f(sum - norm.mean.data[c]!) / f(Math.sqrt(norm.variance.data[c]! + norm.eps))) * norm.weight.data[c]!) +
        norm.bias.data[c]!,
    ),
  ),
  rounding('synapse-folded', 'folds the gain into the weights in float32', ['synapse.bits'], {
    synapse: (p) => (s) =>
      gathering(
        (q, co) => (terms) => specified(terms.map((t) => ({ ...t, w: f(t.w * f(gainOf(q.norm, co))) }))),
        (norm, c, sum) => f(sum + f(shiftOf(norm, c))),
      )(p, s),
  }),
  rounding('synapse-from-shift', 'begins its sums with the shift', ['synapse.bits'], {
    synapse: (p) => (s) =>
      gathering(
        (q, co) => (terms) => f(f(shiftOf(q.norm, co) / gainOf(q.norm, co)) + specified(terms)),
        (norm, c, sum) => f(sum * f(gainOf(norm, c))),
      )(p, s),
  }),
  ...productMutants('dstT'),
  ...productMutants('dst'),
  rounding('scale-single-root', 'makes the scales from a float32 square root', ['c1.bits', 'c2.bits', 'dssa.bits'], {
    c1: (p) => rootInSingle(p.firingRateX, p.planes / p.firingRateX.length),
    c2: (p) => rootInSingle(p.firingRateAttn, p.tokens),
    dssa: (p) =>
      dssa(scaledBy(rootInSingle(p.firingRateX, p.planes / p.heads), rootInSingle(p.firingRateAttn, p.tokens)))(p),
  }),
  fire(
    'reciprocal',
    'multiplies by 1 / tau in place of dividing',
    neuronBy((p, v, x, r) => leaked(p, v, x, r, (d) => f(d * f(leakOf(p))))),
  ),
  fire(
    'fma',
    'contracts the leak to FMA',
    neuronBy((p, v, x, r) => leaked(p, v, x, r, (d) => d * f(leakOf(p)))),
    'fire.sigmoid',
  ),
  fire(
    'convex',
    'charges (1 - k) v + k x',
    neuronBy((p, v, x, r) =>
      p.charge.kind === 'IF' ? f(v + x) : f(f(f(1 - f(leakOf(p))) * f(v - r)) + f(f(f(leakOf(p)) * x) + r)),
    ),
  ),
  fire(
    'in-double',
    'charges in double and rounds once',
    neuronBy((p, v, x, r) => (p.charge.kind === 'IF' ? f(v + x) : f(v + (x - (v - r)) * leakOf(p)))),
  ),
  fire(
    'other-order',
    'subtracts the membrane from the drive before the reset value is added',
    neuronBy((p, v, x, r) =>
      leaked(p, v, f(f(x - v) + r), 0, (d) =>
        p.charge.kind === 'LIF' ? f(f(d + v) / f(p.charge.tau)) : f(f(d + v) * f(leakOf(p))),
      ),
    ),
  ),
  fire(
    'single-sigmoid',
    'computes the sigmoid in single',
    neuronBy((p, v, x, r) =>
      leaked(p, v, x, r, (d) =>
        p.charge.kind === 'PLIF' ? f(d * f(1 / f(1 + f(1 / sigmoid(p.charge.w) - 1 + 1e-8)))) : f(d / 2),
      ),
    ),
    'fire.sigmoid',
  ),
  rounding('add-bfloat16', 'stores the residual in 16 bits', ['add.bits', 'gwsffn.bits'], {
    add: (a, b) => stored(right.add(a, b)),
  }),
  rounding('downsample-bfloat16', 'stores what goes between stages in 16 bits', ['downsample.bits'], {
    downsample: (p) => (x) => (m) => {
      const [s, after] = right.fire(p.neuron)(x)(m)
      return [stored(right.synapse(p.synapse)(s)), after]
    },
  }),
  rounding('network-bfloat16', 'stores what comes from the stem in 16 bits', ['network.bits'], {
    network: (p) => {
      const net = network(right)(p)
      return { ...net, embed: (x) => stored(net.embed(x)) }
    },
  }),
  rounding('layout-bfloat16', 'moves numbers in 16 bits', ['hold.bits', 'splitHeads.bits', 'mergeHeads.bits'], {
    hold: (T) => (x) => stored(right.hold(T)(x)),
    splitHeads: (h) => (y) => {
      const [a, b] = right.splitHeads(h)(y)
      return [stored(a), stored(b)]
    },
    mergeHeads: (size) => (y) => stored(right.mergeHeads(size)(y)),
  }),
  rounding('mean-reciprocal', 'multiplies by 1 / HW in place of dividing', ['meanPool.bits'], {
    meanPool: meanBy((v) => f(inTurn(v) * f(1 / v.length))),
  }),
  rounding('mean-double', 'sums the positions in double', ['meanPool.bits'], {
    meanPool: meanBy((v) => f(v.reduce((a: number, b: number) => a + b, 0) / v.length)),
  }),
  rounding('mean-of-quotients', 'sums quotients', ['meanPool.bits'], {
    meanPool: meanBy((v) => v.reduce((a: number, b: number) => f(a + f(b / v.length)), 0)),
  }),
  rounding('classify-fma', 'contracts the products of the classifier to FMA', ['classify.bits'], {
    classify: classifyBy((w, x) => w.reduce((sum, y, c) => f(sum + y * x[c]!), 0)),
  }),
  rounding('classify-double', 'sums the classifier in double', ['classify.bits'], {
    classify: classifyBy((w, x) => f(w.reduce((sum, y, c) => sum + y * x[c]!, 0))),
  }),
  rounding('classify-reversed', 'sums the classifier from the last channel', ['classify.bits'], {
    classify: classifyBy((w, x) => w.reduceRight((sum, y, c) => f(sum + f(y * x[c]!)), 0)),
  }),
]
