/** Generators of whole networks, small enough that every current is exact in float32. @module */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../core/fault.js'
import { sym } from '../core/random.js'
import { sizeOf, tensor } from '../core/tensor.js'
import {
  type Config,
  cifar,
  digits,
  dvsg,
  featureMaps,
  l,
  m,
  type StageConfig,
  type StemConfig,
  s,
  ti,
} from '../model/config.js'
import type { Entry } from '../model/entry.js'
import type { BatchNorm, Neuron } from '../model/kernels.js'
import { type Dssa, layout, type NetworkParameters, parse } from '../model/parameters.js'
import { type Budgets, current, type Dyadic, plus, potential, summed, times } from './budget.js'
import { reals, whole } from './given.js'
import { type Case, LEAKS, manner } from './given-model.js'
import { mapped } from './tensors.js'

// The worst currents of the networks drawn here, each in 24 bits.
const weight: Dyadic = { exponent: -2, largest: 1 }
const pixel: Dyadic = { exponent: -2, largest: 2 }
const affine = { gain: { exponent: -2, largest: 2 }, shift: { exponent: -4, largest: 4 } }
const image = current(times(weight, pixel), 7 * 7 * 2, affine)
const y = current(weight, 36, affine)
const residual = plus(image, ...Array<Dyadic>(8).fill(y))

/** The most that networks come to: the last is of 64 channels a head, the mix of the tokens of small maps. */
export const networkBudgets: Budgets = {
  'a mixed potential of a network': potential(times(summed(16, y), { exponent: 0, largest: 4 }), { steps: 3, tau: 2 }),
  'a residual potential of a network': potential(residual, { steps: 3, tau: 2 }),
  'a logit of a network': times(summed(4, times(residual, { exponent: -4, largest: 1 })), { exponent: -1, largest: 1 }),
  'a score of a published network': potential(times(summed(64, y), { exponent: 0, largest: 4 }), { steps: 2, tau: 2 }),
}

// Networks: their many numbers come from a seed, so a case shrinks in its configuration.

/** How much smaller each kind of stem makes an image, and by how much small ones should be larger for it. */
const embeddings: { readonly [K in StemConfig['kind']]: { readonly stride: number; readonly least: number } } = {
  plain: { stride: 1, least: 1 },
  imagenet: { stride: 4, least: 2 },
}

const stem: Arbitrary<StemConfig> = fc.constantFrom({ kind: 'plain' }, { kind: 'imagenet' })

/** Configurations of one or two stages on images of 4 x 4 or 4 x 2 pixels, or twice that with the ImageNet stem. */
export const configuration: Arbitrary<Config> = fc
  .record({
    stem,
    channels: whole(1, 2),
    square: fc.boolean(),
    stages: fc.array(fc.record({ heads: whole(1, 2), d: whole(1, 2), patch: whole(1, 2), depth: whole(1, 2) }), {
      minLength: 1,
      maxLength: 2,
    }),
    ratio: whole(1, 2),
    classes: whole(1, 3),
    neuron: manner,
  })
  .map(({ stem, channels, square, stages, ratio, classes, neuron }) => {
    const side = 4 * embeddings[stem.kind].least
    const planes = stages.map(({ heads, d }) => heads * d)
    const config: Config = {
      ...ti,
      ...neuron,
      name: 'tiny',
      image: { height: side, width: square ? side : side / 2 },
      channels,
      stem,
      stages: stages.map(({ heads, depth }, i): StageConfig => ({ planes: planes[i]!, heads, patch: 1, depth })),
      ratio,
      groupWidth: planes.some((width) => (width * ratio) % 2 === 1) ? 1 : 2,
      classes,
      steps: 2,
    }
    // Patches of 2 where the feature map divides.
    const maps = featureMaps(config).map(({ height, width }) => height % 2 === 0 && width % 2 === 0)
    return {
      ...config,
      stages: config.stages.map((stage, i) => ({ ...stage, patch: maps[i]! ? stages[i]!.patch : 1 })),
    }
  })

/** A multiple of `2^exponent` up to `largest`, from r in [-1, 1). */
const onGrid = (r: number, { exponent, largest }: Dyadic): number => {
  const k = largest / 2 ** exponent
  return (Math.floor(((r + 1) / 2) * (2 * k + 1)) - k) * 2 ** exponent
}

const DEVIATIONS = [1, 2, 0.5] as const
const EPSILON = 2 ** -4

const value = ({ role, key }: Entry): ((r: number) => number) => {
  switch (role) {
    case 'variance':
      return (r) => {
        const deviation = DEVIATIONS[Math.floor(((r + 1) / 2) * 3)]!
        return deviation * deviation - EPSILON
      }
    case 'gain':
      return (r) => onGrid(r, { exponent: -1, largest: 1 })
    case 'rate':
      return () => 1
    case 'leak':
      return (r) => LEAKS[Math.floor(((r + 1) / 2) * LEAKS.length)]!
    case 'counter':
      return () => 0
    case 'weight':
    case 'bias':
    case 'mean':
      return (r) => onGrid(r, key === 'classifier.weight' ? { exponent: -1, largest: 1 } : weight)
  }
}

/** Rates whose scale over m terms is 1, 2 or 4: `f = 4^-j / m`. */
const rates = (name: string, seed: number, heads: number, terms: number): readonly number[] =>
  Array.from(sym(name, seed, heads), (r) => 4 ** -Math.floor(((r + 1) / 2) * 3) / terms)

/** Which of two, by a key and a seed. */
const either = (name: string, seed: number): boolean => sym(name, seed, 1)[0]! < 0

/** The norm, of one epsilon or another; its variances are made for it. */
const normOf = (norm: BatchNorm, seed: number): BatchNorm => {
  const eps = either(`${norm.key}.eps`, seed) ? EPSILON : EPSILON / 4
  return { ...norm, eps, variance: mapped(norm.variance, (x) => x + EPSILON - eps) }
}

/** The neuron, with a threshold and a reset of its own. */
const neuronOf = (neuron: Neuron, seed: number): Neuron => ({
  ...neuron,
  threshold: either(`${neuron.key}.threshold`, seed) ? neuron.threshold : neuron.threshold / 2,
  reset: either(`${neuron.key}.reset`, seed) ? neuron.reset : { kind: 'hard', value: -0.5 },
  charge:
    neuron.charge.kind === 'PLIF' || either(`${neuron.key}.charge`, seed) ? neuron.charge : { kind: 'LIF', tau: 2 },
})

/** The tree with exact scales, with epsilons its variances are made for, and no two neurons alike. */
const exactly = <X>(node: X, seed: number): X => {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return (node as readonly unknown[]).map((inner) => exactly(inner, seed)) as X
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, exactly(value, seed)]))
  if ('eps' in inner) return normOf(inner as unknown as BatchNorm, seed) as X
  if ('threshold' in inner && 'key' in inner) return neuronOf(inner as unknown as Neuron, seed) as X
  if (!('firingRateX' in inner)) return inner as X
  const p = inner as unknown as Dssa
  return {
    ...p,
    firingRateX: rates(`${p.in.key}.x`, seed, p.heads, p.planes / p.heads),
    firingRateAttn: rates(`${p.in.key}.attn`, seed, p.heads, p.tokens),
  } as X
}

/** The most weights a neuron hears: more would not be exact. */
const FAN_IN = 32

/** Rows of weights, of which each has at most {@link FAN_IN} that are not zero, wherever they fall. */
const sparseRows = (entry: Entry, seed: number): Float32Array => {
  const [rows, each] = [entry.shape[0]!, sizeOf(entry.shape.slice(1))]
  const data = new Float32Array(rows * each)
  const of = value(entry)
  const [places, sizes] = [sym(`${entry.key} places`, seed, rows * FAN_IN), sym(entry.key, seed, rows * FAN_IN)]
  for (let i = 0; i < places.length; i++)
    data[Math.floor(i / FAN_IN) * each + Math.floor(((places[i]! + 1) / 2) * each)] = of(sizes[i]!)
  return data
}

/** Dyadic parameters of a network from a seed; where a neuron has many inputs, most weights are zero. */
export const parametersOf = (config: Config, seed: number): NetworkParameters => {
  const tensors = new Map(
    layout(config).map((entry) => {
      const many = entry.role === 'weight' && sizeOf(entry.shape.slice(1)) > 36
      const data = many
        ? sparseRows(entry, seed)
        : Float32Array.from(sym(entry.key, seed, sizeOf(entry.shape)), value(entry))
      return [entry.key, tensor(entry.shape, data)]
    }),
  )
  return Either.match(
    (faults: Faults): NetworkParameters => {
      throw new Error(faults.map(describe).join('; '))
    },
    (p: NetworkParameters) => exactly(p, seed),
  )(parse(config)(tensors))
}

/** A network, frames `[T, B, c, H, W]` and the frame after them. */
export const tiny: Arbitrary<Case<NetworkParameters>> = fc
  .record({ config: configuration, seed: whole(0, 2 ** 16), T: whole(1, 2), B: whole(1, 2) })
  .chain(({ config, seed, T, B }) => {
    const { height, width } = config.image
    return fc.record({
      p: fc.constant(parametersOf(config, seed)),
      x: reals([T, B, config.channels, height, width], pixel),
      later: reals([1, B, config.channels, height, width], pixel),
    })
  })

/** Three stages of depth 1, 2 and 3, every number of channels another, patches of 4 or 2, 2 and 1, on maps that are no squares. */
export const threeStages: Arbitrary<Config> = fc
  .record({
    stem,
    channels: fc.constantFrom(3, 2),
    d: fc.constantFrom([3, 2, 2] as const, [1, 2, 3] as const, [5, 3, 1] as const),
    heads: fc.constantFrom([1, 2, 3] as const, [2, 1, 4] as const),
    wide: fc.boolean(),
    classes: fc.constantFrom(10, 1, 5),
    neuron: manner,
  })
  .filter(({ d, heads }) => new Set(heads.map((h, i) => h * d[i]!)).size === 3)
  .map(({ stem, channels, d, heads, wide, classes, neuron }) => {
    const side = 4 * embeddings[stem.kind].stride
    return {
      ...ti,
      ...neuron,
      name: 'three stages',
      image: { height: side, width: wide ? 2 * side : side },
      channels,
      stem,
      stages: heads.map((h, i): StageConfig => ({ planes: h * d[i]!, heads: h, patch: [4, 2, 1][i]!, depth: i + 1 })),
      ratio: 2,
      groupWidth: 2,
      classes,
      steps: 2,
    }
  })

/** The published configurations at the smallest image their patches divide, or twice as wide. */
const published: Arbitrary<Config> = fc
  .record({
    config: fc.oneof(
      { arbitrary: fc.constantFrom(digits, dvsg, cifar), weight: 12 },
      { arbitrary: fc.constantFrom(ti, s), weight: 3 },
      { arbitrary: fc.constantFrom(m, l), weight: 1 },
    ),
    wide: fc.boolean(),
  })
  .map(({ config, wide }) => {
    const side = 4 * embeddings[config.stem.kind].stride
    // The widest of them stay square: a case should not take seconds.
    return { ...config, image: { height: side, width: wide && config.stages[2]!.planes < 700 ? 2 * side : side } }
  })

/** Frames of up to so many steps; of wide networks one sample, for a case should not take seconds. */
const framesFor = (configs: Arbitrary<Config>, steps: number) =>
  fc
    .record({ config: configs, seed: whole(0, 2 ** 16), T: whole(1, steps), B: fc.constantFrom(1, 2, 3) })
    .map(({ config, seed, T, B: samples }) => {
      const B = Math.max(...config.stages.map(({ planes }) => planes)) > 200 ? 1 : samples
      const shape = [config.channels, config.image.height, config.image.width]
      const pixels = (name: string, lead: readonly number[]) =>
        tensor(
          [...lead, ...shape],
          Float32Array.from(sym(name, seed, sizeOf([...lead, ...shape])), (r) => onGrid(r, pixel)),
        )
      return { config, seed, x: pixels('x', [T, B]), later: pixels('later', [1, B]) }
    })

/** A network by its configuration and the seed of its parameters, with frames. */
export type Seeded = ReturnType<typeof framesFor> extends Arbitrary<infer X> ? X : never

/** Networks of three stages. */
export const deep: Arbitrary<Seeded> = framesFor(threeStages, 2)

/** Published networks on small images. */
export const large: Arbitrary<Seeded> = framesFor(published, 1)
