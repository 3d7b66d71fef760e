/** The weight tree of a network: what it holds, and how it is read from a checkpoint's flat map of tensors. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import { type Fault, type Faults, unlessFaulty } from '../core/fault.js'
import { type Reals, type Shape, type Size, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { mapFaults, wellFormed } from '../core/well-formed.js'
import { type Config, featureMaps, stemOf, validate } from './config.js'
import { type Entry, entryFaults, type Role } from './entry.js'
import type { BatchNorm, Charge, Neuron, Stem, Synapse } from './kernels.js'

/** A neuron and the synapses it drives: `BN(Conv(SN(x)))`. */
export interface Layer {
  readonly neuron: Neuron
  readonly synapse: Synapse
}

/** Dual spike self-attention on a feature map of `size`. */
export interface Dssa {
  readonly planes: number
  readonly heads: number
  readonly size: Size
  /** n = (H / p)(W / p). */
  readonly tokens: number
  readonly in: Neuron
  readonly W: Synapse
  readonly attn: Neuron
  readonly out: Neuron
  readonly project: Synapse
  /** f_X, one a head. */
  readonly firingRateX: readonly number[]
  /** f_Attn, one a head. */
  readonly firingRateAttn: readonly number[]
}

/** The group-wise spiking feed-forward network. */
export interface Gwsffn {
  readonly up: Layer
  readonly conv: Layer
  readonly down: Layer
}

/** A stage; every stage but the first begins by halving the feature map. */
export interface Stage {
  readonly downsample: Layer | null
  readonly blocks: readonly { readonly attention: Dssa; readonly feedForward: Gwsffn; readonly index: number }[]
}

/** Everything a network is, but its state. */
export interface Parameters {
  readonly config: Config
  readonly stem: Stem
  readonly stages: readonly Stage[]
  /** `[classes, C]`, no bias. */
  readonly classifier: Tensor<Reals>
}

type Read = (entry: Entry) => Tensor<Reals>

/** Batch norm's epsilon, as in the authors' code. */
export const EPS = 1e-5

/**
 * Builds the tree by asking for each tensor by the authors' key, in the order of their state dict. This one text is
 * both the layout of a checkpoint (see {@link layout}) and its reader (see {@link parse}).
 */
const assemble = (config: Config, read: Read): Parameters => {
  const chargeAt = (key: string): Charge => {
    switch (config.charge.kind) {
      case 'IF':
      case 'LIF':
        return config.charge
      case 'PLIF':
        return { kind: 'PLIF', w: read({ key: `${key}.w`, shape: [], role: 'leak' }).data[0]! }
    }
  }
  const neuron = (key: string): Neuron => ({
    key,
    charge: chargeAt(key),
    threshold: config.threshold,
    reset: config.reset,
  })
  const norm = (key: string, channels: number): BatchNorm => {
    const part = (name: string, role: Role): Tensor<Reals> =>
      read({ key: `${key}.bn.${name}`, shape: [channels], role })
    const [weight, bias] = [part('weight', 'gain'), part('bias', 'bias')]
    const [mean, variance] = [part('running_mean', 'mean'), part('running_var', 'variance')]
    read({ key: `${key}.bn.num_batches_tracked`, shape: [], role: 'counter' })
    return { weight, bias, mean, variance, eps: EPS }
  }
  const synapse = (
    [weightKey, normKey]: readonly [string, string],
    [out, into, kernel]: readonly [number, number, number],
    { stride = 1, padding = 0, groups = 1 } = {},
  ): Synapse => ({
    convolution: {
      weight: read({ key: `${weightKey}.weight`, shape: [out, into / groups, kernel, kernel], role: 'weight' }),
      stride,
      padding,
      groups,
    },
    norm: norm(normKey, out),
  })
  const attention = (at: string, stage: number): Dssa => {
    const { planes, heads, patch } = config.stages[stage]!
    const size = featureMaps(config)[stage]!
    const rate = (name: string): readonly number[] =>
      Array.from(read({ key: `${at}.${name}`, shape: [1, 1, heads, 1, 1], role: 'rate' }).data)
    const [firingRateX, firingRateAttn] = [rate('firing_rate_x'), rate('firing_rate_attn')]
    return {
      planes,
      heads,
      size,
      tokens: (size.height / patch) * (size.width / patch),
      firingRateX,
      firingRateAttn,
      in: neuron(`${at}.activation_in`),
      W: synapse([`${at}.W`, `${at}.norm`], [2 * planes, planes, patch], { stride: patch }),
      attn: neuron(`${at}.activation_attn`),
      out: neuron(`${at}.activation_out`),
      project: synapse([`${at}.Wproj`, `${at}.norm_proj`], [planes, planes, 1]),
    }
  }
  const feedForward = (at: string, stage: number): Gwsffn => {
    const { planes } = config.stages[stage]!
    const hidden = config.ratio * planes
    const layer = (
      name: string,
      out: number,
      into: number,
      kernel: number,
      options: { readonly padding?: number; readonly groups?: number } = {},
    ): Layer => ({
      neuron: neuron(`${at}.${name}.0`),
      synapse: synapse([`${at}.${name}.1`, `${at}.${name}.2`], [out, into, kernel], options),
    })
    return {
      up: layer('up', hidden, planes, 1),
      conv: layer('conv.0', hidden, hidden, 3, { padding: 1, groups: hidden / config.groupWidth }),
      down: layer('down', planes, hidden, 1),
    }
  }
  const downsample = (at: string, stage: number): Layer => ({
    synapse: synapse(
      [`${at}.conv`, `${at}.norm`],
      [config.stages[stage]!.planes, config.stages[stage - 1]!.planes, 3],
      { stride: 2, padding: 1 },
    ),
    neuron: neuron(`${at}.activation`),
  })
  const embed = config.stages[0]!.planes
  const { kernel, stride, padding, pool } = stemOf(config.stem)
  return {
    config,
    stem: {
      ...synapse(['prologue.0', 'prologue.1'], [embed, config.channels, kernel], { stride, padding }),
      pool,
    },
    stages: config.stages.map(({ depth }, stage) => {
      const first = stage === 0 ? 0 : 1
      return {
        downsample: stage === 0 ? null : downsample(`layers.${stage}.0`, stage),
        blocks: Array.from({ length: depth }, (_, block) => ({
          index: first + 2 * block,
          attention: attention(`layers.${stage}.${first + 2 * block}`, stage),
          feedForward: feedForward(`layers.${stage}.${first + 2 * block + 1}`, stage),
        })),
      }
    }),
    classifier: read({
      key: 'classifier.weight',
      shape: [config.classes, config.stages.at(-1)!.planes],
      role: 'weight',
    }),
  }
}

/** Zero tensors, those of equal length sharing one array. */
const zeroTensors = (): ((shape: Shape) => Tensor<Reals>) => {
  const arrays = new Map<number, Float32Array>()
  return (shape) => {
    const length = sizeOf(shape)
    const data = arrays.get(length) ?? new Float32Array(length)
    arrays.set(length, data)
    return tensor(shape, data)
  }
}

/**
 * The entries a checkpoint of this network has, with shapes, in the order the tree is built.
 *
 * @example
 * layout(ti)[0] // => { key: 'prologue.0.weight', shape: [64, 3, 7, 7], role: 'weight' }
 */
export const layout = (config: Config): readonly Entry[] => {
  const entries: Entry[] = []
  const zero = zeroTensors()
  assemble(config, (entry) => {
    entries.push(entry)
    return zero(entry.shape)
  })
  return entries
}

/**
 * How many numbers a network learns (all, and without batch norm); counters and firing rates are not learnt.
 *
 * @example
 * parameterCount(ti).all // => 11180992
 */
export const parameterCount = (config: Config): { readonly all: number; readonly withoutBatchNorm: number } => {
  const count = (...roles: readonly Role[]): number =>
    layout(config)
      .filter(({ role }) => roles.includes(role))
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const withoutBatchNorm = count('weight', 'leak')
  return { all: withoutBatchNorm + count('gain', 'bias'), withoutBatchNorm }
}

/**
 * Reads the tree from a flat map of tensors under the authors' keys.
 *
 * Missing, surplus and misshapen keys, numbers that are not finite and silent heads are all listed at once.
 *
 * @example
 * const parsed = parse(digits)(syntheticCheckpoint(digits, 7))
 * pipe(parsed, Either.map(({ classifier }) => classifier.shape)) // => Either.right([10, 64])
 * parse(digits)(syntheticCheckpoint(cifar, 7))._tag // => 'Left'
 */
export const parse =
  (config: Config) =>
  (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, Parameters> => {
    const valid = validate(config)
    if (Either.isLeft(valid)) return valid
    const notMap = mapFaults(tensors)
    if (isNonEmpty(notMap)) return Either.left(notMap)
    const entries = layout(config)
    const expected = new Set(entries.map(({ key }) => key))
    const counter = tensor([], new Float64Array(1))
    return unlessFaulty(
      [
        ...entries.flatMap(entryFaults(tensors)),
        ...[...tensors].flatMap(([key, found]): readonly Fault[] =>
          expected.has(key)
            ? []
            : pipe(
                wellFormed(key)(found),
                Either.match(
                  (faults): readonly Fault[] => faults,
                  ({ shape }) => [{ _tag: 'SurplusKey', key: key, shape }],
                ),
              ),
        ),
      ],
      () => assemble(config, ({ key, role }) => (role === 'counter' ? counter : (tensors.get(key) as Tensor<Reals>))),
    )
  }

/**
 * The tree with every weight zero and every rate one: for what only needs shapes.
 *
 * @example
 * pipe(blank(ti), Either.map(({ classifier }) => classifier.shape)) // => Either.right([1000, 384])
 */
export const blank = (config: Config): Either.Either<Faults, Parameters> => {
  const valid = validate(config)
  if (Either.isLeft(valid)) return valid
  const zero = zeroTensors()
  return Either.right(
    assemble(config, ({ shape, role }) =>
      role === 'rate' ? tensor(shape, new Float32Array(sizeOf(shape)).fill(1)) : zero(shape),
    ),
  )
}
