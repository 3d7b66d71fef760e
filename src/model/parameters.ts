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
export interface NetworkParameters {
  readonly config: Config
  readonly stem: Stem
  readonly stages: readonly Stage[]
  /** `[classes, C]`, no bias. */
  readonly classifier: Tensor<Reals>
}

/** What is done at an entry: given the tensor the tree has there (none before it is built, and none of a counter). */
type Visit = (entry: Entry, own: Tensor<Reals> | undefined) => Tensor<Reals>

/** Batch norm's epsilon, as in the authors' code. */
export const EPS = 1e-5

/** Numbers that the tree keeps as they are, as a tensor of the checkpoint: in float32 where that keeps them. */
const numbers = (shape: Shape, values: readonly number[] | undefined): Tensor<Reals> | undefined =>
  values &&
  tensor(shape, values.every((x) => Math.fround(x) === x) ? Float32Array.from(values) : Float64Array.from(values))

/**
 * The one traversal: visits every entry by the authors' key, in the order of their state dict, and builds the tree of
 * what the visits give. The layout of a checkpoint, its reader, its writer and the map over a tree are visits.
 */
const traverse = (config: Config, tree: NetworkParameters | null, visit: Visit): NetworkParameters => {
  const chargeAt = (key: string, own: Charge | undefined): Charge => {
    switch (config.charge.kind) {
      case 'IF':
      case 'LIF':
        return config.charge
      case 'PLIF': {
        const w = own?.kind === 'PLIF' ? [own.w] : undefined
        return { kind: 'PLIF', w: visit({ key: `${key}.w`, shape: [], role: 'leak' }, numbers([], w)).data[0]! }
      }
    }
  }
  const neuron = (key: string, own: Neuron | undefined): Neuron => ({
    key,
    charge: chargeAt(key, own?.charge),
    threshold: config.threshold,
    reset: config.reset,
  })
  const norm = (key: string, channels: number, own: BatchNorm | undefined): BatchNorm => {
    const part = (name: string, role: Role, tensor: Tensor<Reals> | undefined): Tensor<Reals> =>
      visit({ key: `${key}.${name}`, shape: [channels], role }, tensor)
    const weight = part('weight', 'gain', own?.weight)
    const bias = part('bias', 'bias', own?.bias)
    const mean = part('running_mean', 'mean', own?.mean)
    const variance = part('running_var', 'variance', own?.variance)
    visit({ key: `${key}.num_batches_tracked`, shape: [], role: 'counter' }, undefined)
    return { key, weight, bias, mean, variance, eps: EPS }
  }
  const synapse = (
    [key, normKey]: readonly [string, string],
    [out, into, kernel]: readonly [number, number, number],
    { stride = 1, padding = 0, groups = 1 }: { stride?: number; padding?: number; groups?: number },
    own: Synapse | undefined,
  ): Synapse => {
    const entry: Entry = { key: `${key}.weight`, shape: [out, into / groups, kernel, kernel], role: 'weight' }
    return {
      convolution: { key, weight: visit(entry, own?.convolution.weight), stride, padding, groups },
      norm: norm(`${normKey}.bn`, out, own?.norm),
    }
  }
  const attention = (at: string, stage: number, own: Dssa | undefined): Dssa => {
    const { planes, heads, patch } = config.stages[stage]!
    const size = featureMaps(config)[stage]!
    const rate = (name: string, rates: readonly number[] | undefined): readonly number[] => {
      const shape = [1, 1, heads, 1, 1]
      return Array.from(visit({ key: `${at}.${name}`, shape, role: 'rate' }, numbers(shape, rates)).data)
    }
    const firingRateX = rate('firing_rate_x', own?.firingRateX)
    const firingRateAttn = rate('firing_rate_attn', own?.firingRateAttn)
    return {
      planes,
      heads,
      size,
      tokens: (size.height / patch) * (size.width / patch),
      firingRateX,
      firingRateAttn,
      in: neuron(`${at}.activation_in`, own?.in),
      W: synapse([`${at}.W`, `${at}.norm`], [2 * planes, planes, patch], { stride: patch }, own?.W),
      attn: neuron(`${at}.activation_attn`, own?.attn),
      out: neuron(`${at}.activation_out`, own?.out),
      project: synapse([`${at}.Wproj`, `${at}.norm_proj`], [planes, planes, 1], {}, own?.project),
    }
  }
  const feedForward = (at: string, stage: number, own: Gwsffn | undefined): Gwsffn => {
    const { planes } = config.stages[stage]!
    const hidden = config.ratio * planes
    const layer = (
      name: string,
      extents: readonly [out: number, into: number, kernel: number],
      options: { readonly padding?: number; readonly groups?: number },
      own: Layer | undefined,
    ): Layer => ({
      neuron: neuron(`${at}.${name}.0`, own?.neuron),
      synapse: synapse([`${at}.${name}.1`, `${at}.${name}.2`], extents, options, own?.synapse),
    })
    return {
      up: layer('up', [hidden, planes, 1], {}, own?.up),
      conv: layer('conv.0', [hidden, hidden, 3], { padding: 1, groups: hidden / config.groupWidth }, own?.conv),
      down: layer('down', [planes, hidden, 1], {}, own?.down),
    }
  }
  const downsample = (at: string, stage: number, own: Layer | null | undefined): Layer => ({
    synapse: synapse(
      [`${at}.conv`, `${at}.norm`],
      [config.stages[stage]!.planes, config.stages[stage - 1]!.planes, 3],
      { stride: 2, padding: 1 },
      own?.synapse,
    ),
    neuron: neuron(`${at}.activation`, own?.neuron),
  })
  const embed = config.stages[0]!.planes
  const { kernel, stride, padding, pool } = stemOf(config.stem)
  return {
    config,
    stem: {
      ...synapse(['prologue.0', 'prologue.1'], [embed, config.channels, kernel], { stride, padding }, tree?.stem),
      pool,
    },
    stages: config.stages.map(({ depth }, stage) => {
      const own = tree?.stages[stage]
      const first = stage === 0 ? 0 : 1
      return {
        downsample: stage === 0 ? null : downsample(`layers.${stage}.0`, stage, own?.downsample),
        blocks: Array.from({ length: depth }, (_, block) => ({
          index: first + 2 * block,
          attention: attention(`layers.${stage}.${first + 2 * block}`, stage, own?.blocks[block]?.attention),
          feedForward: feedForward(`layers.${stage}.${first + 2 * block + 1}`, stage, own?.blocks[block]?.feedForward),
        })),
      }
    }),
    classifier: visit(
      { key: 'classifier.weight', shape: [config.classes, config.stages.at(-1)!.planes], role: 'weight' },
      tree?.classifier,
    ),
  }
}

/** What the tree does not keep: how many batches training has seen. */
const counter = (): Tensor<Reals> => tensor([], new Float64Array(1))

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
 * layout(variants.ti)[0] // => { key: 'prologue.0.weight', shape: [64, 3, 7, 7], role: 'weight' }
 */
export const layout = (config: Config): readonly Entry[] => {
  const entries: Entry[] = []
  const zero = zeroTensors()
  traverse(config, null, (entry) => {
    entries.push(entry)
    return zero(entry.shape)
  })
  return entries
}

/**
 * How many numbers a network learns (all, and without batch norm); counters and firing rates are not learnt.
 *
 * @example
 * parameterCount(variants.ti).all // => 11180992
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
 * const parsed = parse(variants.digits)(syntheticCheckpoint(variants.digits, 7))
 * pipe(parsed, Either.map(({ classifier }) => classifier.shape)) // => Either.right([10, 64])
 * parse(variants.digits)(syntheticCheckpoint(variants.cifar, 7))._tag // => 'Left'
 */
export const parse =
  (config: Config) =>
  (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, NetworkParameters> => {
    const valid = validate(config)
    if (Either.isLeft(valid)) return valid
    const notMap = mapFaults(tensors)
    if (isNonEmpty(notMap)) return Either.left(notMap)
    const entries = layout(config)
    const expected = new Set(entries.map(({ key }) => key))
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
      () =>
        traverse(config, null, ({ key, role }) =>
          role === 'counter' ? counter() : (tensors.get(key) as Tensor<Reals>),
        ),
    )
  }

/**
 * The flat map of tensors under the authors' keys, in the order of their state dict: what {@link parse} undoes. Counters,
 * which the tree does not keep, are 0.
 *
 * @example
 * const tensors = flatten(parameters)
 * tensors.get('classifier.weight') // => parameters.classifier
 * pipe(parse(variants.digits)(tensors), Either.map(flatten)) // => Either.right(tensors)
 */
export const flatten = (parameters: NetworkParameters): ReadonlyMap<string, Tensor> => {
  const tensors = new Map<string, Tensor>()
  traverse(parameters.config, parameters, ({ key }, own) => {
    tensors.set(key, own ?? tensor([], new BigInt64Array(1)))
    return own ?? counter()
  })
  return tensors
}

/**
 * The same tree with other numbers: every tensor becomes what `f` makes of it. Firing rates and PLIF's leaks come as
 * tensors too, counters do not.
 *
 * @example
 * const halved = mapParameters(({ role }, own) =>
 *   role === 'gain' ? tensor(own.shape, own.data.map((x) => x / 2)) : own,
 * )(parameters)
 * halved.stem.norm.weight.data[0] // => parameters.stem.norm.weight.data[0] / 2
 */
export const mapParameters =
  (f: (entry: Entry, own: Tensor<Reals>) => Tensor<Reals>) =>
  (parameters: NetworkParameters): NetworkParameters =>
    traverse(parameters.config, parameters, (entry, own) => (own === undefined ? counter() : f(entry, own)))

/**
 * The tree with every weight zero and every rate one: for what only needs shapes.
 *
 * @example
 * pipe(blank(variants.ti), Either.map(({ classifier }) => classifier.shape)) // => Either.right([1000, 384])
 */
export const blank = (config: Config): Either.Either<Faults, NetworkParameters> => {
  const valid = validate(config)
  if (Either.isLeft(valid)) return valid
  const zero = zeroTensors()
  return Either.right(
    traverse(config, null, ({ shape, role }) =>
      role === 'rate' ? tensor(shape, new Float32Array(sizeOf(shape)).fill(1)) : zero(shape),
    ),
  )
}
