/** Generators of whole networks, small enough that every current is exact in float32. @module */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../core/fault.js'
import { sym } from '../core/random.js'
import { sizeOf, tensor } from '../core/tensor.js'
import { type Config, featureMaps, type StageConfig, ti } from '../model/config.js'
import type { Entry } from '../model/entry.js'
import type { BatchNorm } from '../model/kernels.js'
import { type Dssa, layout, type Parameters, parse } from '../model/parameters.js'
import { current, type Dyadic, exact, plus, potential, summed, times } from './budget.js'
import { reals, whole } from './given.js'
import { type Case, manner } from './given-model.js'

// The worst currents of the networks drawn here, each in 24 bits.
const weight: Dyadic = { exponent: -2, largest: 1 }
const pixel: Dyadic = { exponent: -2, largest: 2 }
const affine = { gain: { exponent: -2, largest: 2 }, shift: { exponent: -4, largest: 4 } }
const image = current(times(weight, pixel), 7 * 7 * 2, affine)
const y = current(weight, 36, affine)
const residual = plus(image, ...Array<Dyadic>(8).fill(y))
exact('a mixed potential', potential(times(summed(16, y), { exponent: 0, largest: 4 }), { steps: 3, tau: 2 }))
exact('a residual potential', potential(residual, { steps: 3, tau: 2 }))
exact('a logit', times(summed(4, times(residual, { exponent: -4, largest: 1 })), { exponent: -1, largest: 1 }))

// Networks: their many numbers come from a seed, so a case shrinks in its configuration.

/** Configurations of one or two stages on images of 4 x 4 or 4 x 2 pixels, or twice that with the ImageNet stem. */
export const configuration: Arbitrary<Config> = fc
  .record({
    stem: fc.constantFrom('plain' as const, 'imagenet' as const),
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
    const side = stem === 'plain' ? 4 : 8
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
    case 'counter':
      return () => 0
    default:
      return (r) => onGrid(r, key === 'classifier.weight' ? { exponent: -1, largest: 1 } : weight)
  }
}

/** Rates whose scale over m terms is 1, 2 or 4: `f = 4^-j / m`. */
const rates = (name: string, seed: number, heads: number, terms: number): readonly number[] =>
  Array.from(sym(name, seed, heads), (r) => 4 ** -Math.floor(((r + 1) / 2) * 3) / terms)

/** The tree with exact scales, and with the epsilon its variances were made for. */
const exactly = <X>(node: X, seed: number): X => {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return (node as readonly unknown[]).map((inner) => exactly(inner, seed)) as X
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, exactly(value, seed)]))
  if ('eps' in inner) return { ...(inner as unknown as BatchNorm), eps: EPSILON } as X
  if (!('firingRateX' in inner)) return inner as X
  const p = inner as unknown as Dssa
  return {
    ...p,
    firingRateX: rates(`${p.in.key}.x`, seed, p.heads, p.planes / p.heads),
    firingRateAttn: rates(`${p.in.key}.attn`, seed, p.heads, p.tokens),
  } as X
}

/** Dyadic parameters of a network from a seed. */
export const parametersOf = (config: Config, seed: number): Parameters => {
  const tensors = new Map(
    layout(config).map((entry) => {
      const data = Float32Array.from(sym(entry.key, seed, sizeOf(entry.shape)), value(entry))
      return [entry.key, tensor(entry.shape, data)]
    }),
  )
  return Either.match(
    (faults: Faults): Parameters => {
      throw new Error(faults.map(describe).join('; '))
    },
    (p: Parameters) => exactly(p, seed),
  )(parse(config)(tensors))
}

/** A network, frames `[T, B, c, H, W]` and the frame after them. */
export const tiny: Arbitrary<Case<Parameters>> = fc
  .record({ config: configuration, seed: whole(0, 2 ** 16), T: whole(1, 2), B: whole(1, 2) })
  .chain(({ config, seed, T, B }) => {
    const { height, width } = config.image
    return fc.record({
      p: fc.constant(parametersOf(config, seed)),
      x: reals([T, B, config.channels, height, width], pixel),
      later: reals([1, B, config.channels, height, width], pixel),
    })
  })
