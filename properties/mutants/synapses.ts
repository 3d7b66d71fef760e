/** Wrong synapses, stems and heads. @module */
import { type Currents, type Spikes, sizeOf, tensor } from '../../src/core/tensor.js'
import { identityNorm } from '../../src/laws/given.js'
import { at, joined, mapped, range, spikesWhere, steps, sum, tabulate, take } from '../../src/laws/tensors.js'
import type { BatchNorm, Stem, Synapse } from '../../src/model/kernels.js'
import { type Mutant, mutant, right } from './mutant.js'

type Transmit = (p: Synapse) => (s: Spikes) => Currents

/** The synapse with other parameters. */
const other =
  (change: (p: Synapse) => Synapse): Transmit =>
  (p) =>
    right.synapse(change(p))

const normOf =
  (change: (norm: BatchNorm) => BatchNorm) =>
  <P extends Synapse>(p: P): P => ({ ...p, norm: change(p.norm) })

const flipped = <P extends Synapse>(p: P): P => {
  const { weight } = p.convolution
  const [, , kh, kw] = weight.shape as [number, number, number, number]
  const back = (n: number): readonly number[] => range(n).toReversed()
  return { ...p, convolution: { ...p.convolution, weight: take(take(weight, 2, back(kh)), 3, back(kw)) } }
}

const tensorflow = normOf((norm) => ({ ...norm, eps: 1e-3 }))

const oneGain = normOf((norm) => ({
  ...norm,
  weight: mapped(norm.weight, () => norm.weight.data[0]!),
}))

/** Two tiles, upper and lower, each convolved as if there were nothing beyond it. */
const tiled: Transmit = (p) => (s) => {
  const half = Math.floor(s.shape[3]! / 2)
  const part = (lower: boolean): Spikes => spikesWhere(s.shape, (...i) => at(s, ...i) === 1 && i[3]! >= half === lower)
  const f = right.synapse({ ...p, norm: identityNorm(p.convolution.weight.shape[0]!) })
  const [upper, lower] = [f(part(false)), f(part(true))]
  const seam = Math.floor(half / p.convolution.stride)
  const raw = tabulate(upper.shape, (...i) => at(i[3]! < seam ? upper : lower, ...i))
  const { weight, bias, mean, variance, eps } = p.norm
  return tabulate(raw.shape, (t, b, c, y, x) => {
    const gain = weight.data[c]! / Math.sqrt(variance.data[c]! + eps)
    return at(raw, t, b, c, y, x) * gain + bias.data[c]! - mean.data[c]! * gain
  })
}

/** Channel c belongs to group c mod G. */
const interleaved: Transmit = (p) => (s) => {
  const { groups } = p.convolution
  const channels = s.shape[2]!
  const order = range(groups).flatMap((g) => range(channels / groups).map((i) => i * groups + g))
  return right.synapse(p)(take(s, 2, order))
}

/** Takes the last position of each stride, not the first. */
const outOfPhase: Transmit = (p) => (s) => {
  const found = right.synapse(p)(s)
  const { stride } = p.convolution
  const dense = right.synapse({ ...p, convolution: { ...p.convolution, stride: 1 } })(s)
  return tabulate(found.shape, (t, b, c, y, x) => at(dense, t, b, c, y * stride + stride - 1, x * stride + stride - 1))
}

/** Pads with what is on the other side. */
const circular: Transmit = (p) => (s) => {
  const { padding } = p.convolution
  const [H, W] = s.shape.slice(3) as [number, number]
  const wrapped = spikesWhere(
    [...s.shape.slice(0, 3), H + 2 * padding, W + 2 * padding],
    (t, b, c, y, x) => at(s, t, b, c, (y - padding + H) % H, (x - padding + W) % W) === 1,
  )
  return right.synapse({ ...p, convolution: { ...p.convolution, padding: 0 } })(wrapped)
}

/** Normalises by the mean of what it sees, as in training. */
const batchStatistics: Transmit = (p) => (s) => {
  const channels = p.convolution.weight.shape[0]!
  const raw = right.synapse({ ...p, norm: identityNorm(channels) })(s)
  const [T, B, , H, W] = raw.shape as [number, number, number, number, number]
  const all = range(T).flatMap((t) =>
    range(B).flatMap((b) => range(H).flatMap((y) => range(W).map((x) => [t, b, y, x]))),
  )
  const mean = Float64Array.from(range(channels), (c) =>
    all.reduce((total, [t, b, y, x]) => total + at(raw, t!, b!, c, y!, x!) / all.length, 0),
  )
  return right.synapse(normOf((norm) => ({ ...norm, mean: tensor([channels], mean) }))(p))(s)
}

const stemOf =
  (change: (p: Stem) => Stem) =>
  (p: Stem): ((image: Currents) => Currents) =>
    right.stem(change(p))

/** The pool as another function of the current before it. */
const pooledBy =
  (pool: (bare: Currents, p: NonNullable<Stem['pool']>) => Currents) =>
  (p: Stem) =>
  (image: Currents): Currents => {
    const bare = right.stem({ ...p, pool: null })(image)
    return p.pool === null ? bare : pool(bare, p.pool)
  }

const poolOf = (x: Currents, p: NonNullable<Stem['pool']>): Currents =>
  right.stem({
    convolution: {
      key: 'pool',
      weight: tabulate([x.shape[2]!, x.shape[2]!, 1, 1], (a, b) => (a === b ? 1 : 0)),
      stride: 1,
      padding: 0,
      groups: 1,
    },
    norm: identityNorm(x.shape[2]!),
    pool: p,
  })(x)

const padded = (x: Currents, padding: number): Currents =>
  tabulate([...x.shape.slice(0, 3), x.shape[3]! + 2 * padding, x.shape[4]! + 2 * padding], (t, b, c, y, z) =>
    at(x, t, b, c, y - padding, z - padding),
  )

export const synapseMutants: readonly Mutant[] = [
  mutant('flipped-kernel', 'convolves with the kernel flipped, as mathematics does', ['synapse.impulse'], {
    synapse: other(flipped),
  }),
  mutant('saturating-sum', 'clips its currents to [-2, 2]', ['synapse.additive', 'spike-only.network'], {
    synapse: (p) => (s) => mapped(right.synapse(p)(s), (x) => Math.max(-2, Math.min(2, x))),
  }),
  mutant('no-running-mean', 'forgets the running mean', ['synapse.silence', 'dssa.silent', 'gwsffn.silent'], {
    synapse: other(normOf((norm) => ({ ...norm, mean: mapped(norm.mean, () => 0) }))),
  }),
  mutant('tensorflow-epsilon', 'has the epsilon of another framework, 1e-3', ['synapse.norm'], {
    synapse: other(tensorflow),
  }),
  mutant('one-gain', "applies the first channel's gain to all", ['synapse.fold'], { synapse: other(oneGain) }),
  mutant('tiles', 'convolves in two tiles without a halo', ['synapse.shift'], { synapse: tiled }),
  mutant('interleaved-groups', 'takes channel c to be of group c mod G', ['synapse.groups'], { synapse: interleaved }),
  mutant('stride-phase', 'takes the last position of every stride', ['synapse.stride'], { synapse: outOfPhase }),
  mutant('circular-padding', 'pads with what is on the other side', ['synapse.padding'], { synapse: circular }),
  mutant('batch-statistics', 'normalises by the statistics of the batch, as in training', ['synapse.frames'], {
    synapse: batchStatistics,
  }),
]

export const stemMutants: readonly Mutant[] = [
  mutant('stem-flipped', 'flips the kernel of the stem', ['stem.impulse'], { stem: stemOf(flipped) }),
  mutant('stem-relu', 'rectifies the stem, as a ResNet does', ['stem.affine'], {
    stem: (p) => (x) => mapped(right.stem(p)(x), (y) => Math.max(0, y)),
  }),
  mutant('stem-epsilon', 'has the epsilon of another framework in the stem, 1e-3', ['stem.norm'], {
    stem: stemOf(tensorflow),
  }),
  mutant('pool-zeros', 'lets the zeros of the padding win the pool', ['stem.pool'], {
    stem: pooledBy((bare, pool) => poolOf(padded(bare, pool.padding), { ...pool, padding: 0 })),
  }),
  mutant('stem-difference', 'takes the difference of consecutive frames', ['stem.frames'], {
    stem: (p) => (x) => {
      const y = right.stem(p)(x)
      if (y.shape[0] === 1) return y
      const before = joined(
        mapped(steps(y, 0, 1), () => 0),
        steps(y, 0, y.shape[0]! - 1),
      )
      return sum(
        y,
        mapped(before, (z) => -z),
      )
    },
  }),
]

export const headMutants: readonly Mutant[] = [
  mutant('pool-sum', 'sums over the positions', ['pool.mean', 'pool.constant'], {
    meanPool: (x) => mapped(right.meanPool(x), (y) => y * sizeOf(x.shape.slice(3))),
  }),
  mutant('pool-49', 'divides by the 49 positions of 224 x 224', ['pool.constant'], {
    meanPool: (x) => mapped(right.meanPool(x), (y) => (y * sizeOf(x.shape.slice(3))) / 49),
  }),
  mutant('pool-max', 'takes the largest position', ['pool.mean'], {
    meanPool: (x) =>
      tabulate(x.shape.slice(0, 3), (t, b, c) => {
        const [H, W] = x.shape.slice(3) as [number, number]
        return Math.max(...range(H * W).map((i) => at(x, t, b, c, Math.floor(i / W), i % W)))
      }),
  }),
  mutant('classifier-bias', 'adds a bias to the logits', ['classify.linear'], {
    classify: (weight) => (x) => mapped(right.classify(weight)(x), (y) => y + 1),
  }),
  mutant('classifier-transposed', 'reads the weight column by column', ['classify.impulse'], {
    classify: (weight) => {
      const [classes, channels] = weight.shape as [number, number]
      const columns = tensor([channels, classes], weight.data)
      return right.classify(tabulate(weight.shape, (k, c) => at(columns, c, k)))
    },
  }),
  mutant('classifier-mean', 'averages over time before the classifier', ['classify.steps'], {
    classify: (weight) => (x) => {
      const T = x.shape[0]!
      const mean = tabulate(x.shape, (_, b, c) => range(T).reduce((total, t) => total + at(x, t, b, c) / T, 0))
      return right.classify(weight)(mean)
    },
  }),
]
