/** Network configurations: the published variants as data, and the rules any configuration must keep. @module */
import type * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, unlessFaulty } from '../core/fault.js'
import type { Size } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import type { Preprocessing } from '../input/evaluation.js'
import type { Charge, Pool, Reset } from './kernels.js'

/** One of the three stages: `depth` blocks of attention and feed-forward on `planes` channels. */
export interface StageConfig {
  /** Channels C of the stage. */
  readonly planes: number
  /** Attention heads; each has d = planes / heads channels. */
  readonly heads: number
  /** Side p of the attention's patches: n = (H / p)(W / p) tokens. */
  readonly patch: number
  /** Blocks in the stage. */
  readonly depth: number
}

/** `imagenet`: convolution 7x7 stride 2 and a max-pool 3x3 stride 2. `plain`: convolution 3x3 stride 1. */
export type StemConfig = { readonly kind: 'imagenet' } | { readonly kind: 'plain' }

/**
 * Everything that shapes a network and is not a weight.
 *
 * The image size belongs to it: the second attention scale is `1 / sqrt(f n)`, and n depends on the image.
 */
export interface Config {
  readonly name: string
  /** Input size in pixels. */
  readonly image: Size
  /** Channels of the input: 3 for images and event frames. */
  readonly channels: number
  readonly stem: StemConfig
  readonly stages: readonly StageConfig[]
  /** Expansion ratio R of the feed-forward network. */
  readonly ratio: number
  /** Channels per group of the feed-forward network's grouped convolution. */
  readonly groupWidth: number
  readonly classes: number
  /** How every neuron charges. A PLIF's `w` here is the value at the start of training; a checkpoint has its own. */
  readonly charge: Charge
  readonly threshold: number
  readonly reset: Reset
  /** Time steps T of a prediction. */
  readonly steps: number
  /** What becomes of an image before the network sees it: what it was trained with. */
  readonly preprocessing: Preprocessing
}

const stages = (
  planes: readonly [number, number, number],
  heads: readonly [number, number, number],
): readonly StageConfig[] => [
  { planes: planes[0], heads: heads[0], patch: 4, depth: 1 },
  { planes: planes[1], heads: heads[1], patch: 2, depth: 2 },
  { planes: planes[2], heads: heads[2], patch: 1, depth: 3 },
]

const square = (side: number): Size => ({ height: side, width: side })

const imagenet = (
  name: string,
  planes: readonly [number, number, number],
  heads: readonly [number, number, number],
): Config => ({
  name,
  image: square(224),
  channels: 3,
  stem: { kind: 'imagenet' },
  stages: stages(planes, heads),
  ratio: 4,
  groupWidth: 64,
  classes: 1000,
  charge: { kind: 'LIF', tau: 2 },
  threshold: 1,
  reset: { kind: 'hard', value: 0 },
  steps: 4,
  preprocessing: { kind: 'imagenet' },
})

/** SpikingResformer-Ti, 11.2 M parameters. Source: the paper's table 1. */
export const ti: Config = imagenet('ti', [64, 192, 384], [1, 3, 6])

/** SpikingResformer-S, 17.8 M parameters. Source: the paper's table 1. */
export const s: Config = imagenet('s', [64, 256, 512], [1, 4, 8])

/** SpikingResformer-M, 35.6 M parameters. Source: the paper's table 1. */
export const m: Config = imagenet('m', [64, 384, 768], [1, 6, 12])

/** SpikingResformer-L, 60.4 M parameters. Source: the paper's table 1. */
export const l: Config = imagenet('l', [128, 512, 1024], [2, 8, 16])

/** The network for CIFAR: Ti with a plain stem at 32 x 32. Source: the authors' code, `spikingresformer_cifar`. */
export const cifar: Config = {
  ...ti,
  name: 'cifar',
  image: square(32),
  stem: { kind: 'plain' },
  classes: 10,
  preprocessing: { kind: 'cifar10' },
}

/** The network for DVS128 Gesture: half of Ti's width, PLIF neurons. Source: the authors' code, `spikingresformer_dvsg`. */
export const dvsg: Config = {
  ...ti,
  name: 'dvsg',
  image: square(64),
  stem: { kind: 'plain' },
  stages: stages([32, 96, 192], [1, 3, 6]),
  groupWidth: 32,
  classes: 11,
  charge: { kind: 'PLIF', w: 0 },
  steps: 16,
  preprocessing: { kind: 'events' },
}

/** The network of the bundled checkpoint: handwritten digits, 16 x 16, one channel. */
export const digits: Config = {
  ...ti,
  name: 'digits',
  image: square(16),
  channels: 1,
  stem: { kind: 'plain' },
  stages: stages([16, 32, 64], [1, 2, 4]),
  groupWidth: 16,
  classes: 10,
  preprocessing: { kind: 'digits' },
}

/** The named configurations: `variants.s` is one, and `variants[name]` is one or undefined. */
export const variants: Readonly<Record<'ti' | 's' | 'm' | 'l' | 'cifar' | 'dvsg' | 'digits', Config>> & {
  readonly [name: string]: Config
} = { ti, s, m, l, cifar, dvsg, digits }

/**
 * What a network of this build was trained to see, as far as its build tells: handwritten digits, events, CIFAR-10 or
 * CIFAR-100 by its classes, else ImageNet. An ImageNet variant of 10 or 100 classes was most likely transferred to CIFAR.
 *
 * @example
 * usualPreprocessing({ ...cifar, classes: 100 }) // => { kind: 'cifar100' }
 */
export const usualPreprocessing = ({
  channels,
  image,
  classes,
  charge,
}: Omit<Config, 'preprocessing'>): Preprocessing =>
  channels === 1 && image.height === 16 && image.width === 16
    ? { kind: 'digits' }
    : charge.kind === 'PLIF'
      ? { kind: 'events' }
      : { kind: classes === 10 ? 'cifar10' : classes === 100 ? 'cifar100' : 'imagenet' }

/**
 * What was assumed of a network's images where nothing said it: a sentence, or null where the build tells.
 *
 * @example
 * assumedPreprocessing(cifar) // => null
 * assumedPreprocessing({ ...ti, classes: 10, preprocessing: { kind: 'cifar10' } })
 * // => 'images are prepared as for cifar10, from its 10 classes; --preprocessing imagenet, or another, chooses'
 */
export const assumedPreprocessing = ({ stem, classes, preprocessing: { kind } }: Config): string | null => {
  switch (stem.kind) {
    case 'imagenet':
      return kind === 'cifar10' || kind === 'cifar100'
        ? `images are prepared as for ${kind}, from its ${classes} classes; --preprocessing imagenet, or another, chooses`
        : null
    case 'plain':
      return null
  }
}

const eachSide = (f: (side: number) => number, { height, width }: Size): Size => ({
  height: f(height),
  width: f(width),
})

/**
 * The windows of a stem: its convolution's, and its max-pool's where it has one.
 *
 * @example
 * stemOf({ kind: 'plain' }) // => { kernel: 3, stride: 1, padding: 1, pool: null }
 */
export const stemOf = (stem: StemConfig): Pool & { readonly pool: Pool | null } => {
  switch (stem.kind) {
    case 'imagenet':
      return { kernel: 7, stride: 2, padding: 3, pool: { kernel: 3, stride: 2, padding: 1 } }
    case 'plain':
      return { kernel: 3, stride: 1, padding: 1, pool: null }
  }
}

/**
 * The size of the feature map in each stage.
 *
 * @example
 * featureMaps(ti).map(({ height }) => height) // => [56, 28, 14]
 */
export const featureMaps = (config: Config): readonly Size[] => {
  const half = (side: number): number => convolved(side, 3, 2, 1)
  const { kernel, stride, padding, pool } = stemOf(config.stem)
  const embedded = eachSide((side) => {
    const map = convolved(side, kernel, stride, padding)
    return pool === null ? map : convolved(map, pool.kernel, pool.stride, pool.padding)
  }, config.image)
  return config.stages.map((_, i) => Array.from({ length: i }).reduce<Size>((size) => eachSide(half, size), embedded))
}

const whole = (field: string, value: number): readonly Fault[] =>
  Number.isSafeInteger(value) && value >= 1
    ? []
    : [{ _tag: 'Configuration', field, problem: `must be a whole number of at least 1, not ${value}` }]

const finite = (field: string, value: number): readonly Fault[] =>
  Number.isFinite(value) ? [] : [{ _tag: 'Configuration', field, problem: `must be a finite number, not ${value}` }]

const divides = (field: string, part: number, of: string, total: number): readonly Fault[] =>
  total % part === 0
    ? []
    : [{ _tag: 'Configuration', field, problem: `is ${part}, which does not divide ${of}, ${total}` }]

const fault = (field: string, problem: string): Fault => ({ _tag: 'Configuration', field, problem })

const chargeFaults = (charge: Charge): readonly Fault[] => {
  switch (charge.kind) {
    case 'IF':
      return []
    case 'LIF':
      return Number.isFinite(charge.tau) && charge.tau >= 1
        ? []
        : [fault('charge.tau', `must be at least 1, not ${charge.tau}`)]
    case 'PLIF':
      return finite('charge.w', charge.w)
  }
}

const resetFaults = (reset: Reset, threshold: number): readonly Fault[] => {
  switch (reset.kind) {
    case 'hard':
      return [
        ...finite('reset.value', reset.value),
        ...(reset.value < threshold
          ? []
          : [
              fault(
                'reset.value',
                `must be below the threshold ${threshold}, not ${reset.value}: a neuron at rest would fire`,
              ),
            ]),
      ]
    case 'soft':
      return threshold > 0 ? [] : [fault('threshold', `must be above 0 with a soft reset, not ${threshold}`)]
  }
}

const neuronFaults = ({ charge, threshold, reset }: Config): readonly Fault[] => [
  ...finite('threshold', threshold),
  ...chargeFaults(charge),
  ...resetFaults(reset, threshold),
]

const preprocessingFaults = ({ preprocessing }: Config): readonly Fault[] => {
  const recipe = preprocessing.kind === 'own' ? preprocessing : null
  return recipe === null
    ? []
    : [
        ...recipe.mean.flatMap((value, c) => finite(`preprocessing.mean[${c}]`, value)),
        ...recipe.deviation.flatMap((value, c) =>
          value > 0 && Number.isFinite(value)
            ? []
            : [configurationFault(`preprocessing.deviation[${c}]`, `must be above 0, not ${value}`)],
        ),
        ...(recipe.crop > 0 && recipe.crop <= 1
          ? []
          : [configurationFault('preprocessing.crop', `must be above 0 and at most 1, not ${recipe.crop}`)]),
      ]
}

const configurationFault = (field: string, problem: string): Fault => ({ _tag: 'Configuration', field, problem })

const stageFaults = (config: Config): readonly Fault[] =>
  featureMaps(config).flatMap((map, i) => {
    const stage = config.stages[i]!
    const at = (field: string): string => `stages[${i}].${field}`
    return [
      ...divides(at('heads'), stage.heads, 'planes', stage.planes),
      ...divides(at('patch'), stage.patch, "the feature map's height", map.height),
      ...divides(at('patch'), stage.patch, "the feature map's width", map.width),
      ...divides('groupWidth', config.groupWidth, `ratio x ${at('planes')}`, config.ratio * stage.planes),
    ]
  })

/**
 * Checks a configuration; every inconsistency is named, all of them at once.
 *
 * @example
 * const odd = validate({ ...cifar, image: { height: 30, width: 32 } })
 * pipe(odd, Either.mapLeft(([first]) => describe(first)))
 * // => Either.left("configuration: stages[0].patch is 4, which does not divide the feature map's height, 30")
 */
export const validate = (config: Config): Either.Either<Faults, Config> => {
  const shape: readonly Fault[] = [
    ...whole('image.height', config.image.height),
    ...whole('image.width', config.image.width),
    ...whole('channels', config.channels),
    ...whole('ratio', config.ratio),
    ...whole('groupWidth', config.groupWidth),
    ...whole('classes', config.classes),
    ...whole('steps', config.steps),
    ...(config.stages.length >= 1
      ? []
      : [{ _tag: 'Configuration', field: 'stages', problem: 'must have at least one stage' } as const]),
    ...config.stages.flatMap((stage, i) =>
      (['planes', 'heads', 'patch', 'depth'] as const).flatMap((field) => whole(`stages[${i}].${field}`, stage[field])),
    ),
  ]
  return unlessFaulty(
    [
      ...shape,
      ...neuronFaults(config),
      ...preprocessingFaults(config),
      ...(shape.length === 0 ? stageFaults(config) : []),
    ],
    () => config,
  )
}
