/** The weight tree by the authors' names: what `parse` must make of a checkpoint, written out key by key. @module */
import type { Reals, Tensor } from '../../core/tensor.js'
import type { Config, StemConfig } from '../../model/config.js'
import type { BatchNorm, Charge, Neuron, Stem, Synapse } from '../../model/kernels.js'
import type { NetworkParameters } from '../../model/parameters.js'

/** Half of a side, rounded up: what a convolution or pool of 3, stride 2 and padding 1 leaves of it. */
const half = (side: number): number => Math.floor((side + 1) / 2)

type Options = readonly [stride: number, padding: number, groups: number]

/** Of a stem: its synapse, its pool, and how large a side comes out. */
interface Embedding extends Pick<Stem, 'pool'> {
  readonly options: Options
  readonly embedded: (side: number) => number
}

const embeddingOf = (stem: StemConfig): Embedding => {
  switch (stem.kind) {
    case 'imagenet':
      return { options: [2, 3, 1], pool: { kernel: 3, stride: 2, padding: 1 }, embedded: (side) => half(half(side)) }
    case 'plain':
      return { options: [1, 1, 1], pool: null, embedded: (side) => side }
  }
}

/** The tree of a checkpoint that has every tensor. */
export const treeOf = (config: Config, tensors: ReadonlyMap<string, Tensor>): NetworkParameters => {
  const of = (key: string): Tensor<Reals> => tensors.get(key) as Tensor<Reals>
  const chargeOf = (key: string): Charge => {
    switch (config.charge.kind) {
      case 'IF':
      case 'LIF':
        return config.charge
      case 'PLIF':
        return { kind: 'PLIF', w: of(`${key}.w`).data[0]! }
    }
  }
  const neuron = (key: string): Neuron => ({
    key,
    charge: chargeOf(key),
    threshold: config.threshold,
    reset: config.reset,
  })
  const norm = (key: string): BatchNorm => ({
    key: `${key}.bn`,
    weight: of(`${key}.bn.weight`),
    bias: of(`${key}.bn.bias`),
    mean: of(`${key}.bn.running_mean`),
    variance: of(`${key}.bn.running_var`),
    eps: 1e-5,
  })
  const synapse = (weight: string, at: string, [stride, padding, groups]: Options = [1, 0, 1]): Synapse => ({
    convolution: { key: weight, weight: of(`${weight}.weight`), stride: stride, padding: padding, groups: groups },
    norm: norm(at),
  })
  const { options, pool, embedded } = embeddingOf(config.stem)
  const sizes = config.stages.reduce<readonly { readonly height: number; readonly width: number }[]>(
    (before, _, L) =>
      before.concat(
        L === 0
          ? { height: embedded(config.image.height), width: embedded(config.image.width) }
          : { height: half(before[L - 1]!.height), width: half(before[L - 1]!.width) },
      ),
    [],
  )
  return {
    config,
    stem: {
      ...synapse('prologue.0', 'prologue.1', options),
      pool,
    },
    stages: config.stages.map(({ planes, heads, patch, depth }, L) => ({
      downsample:
        L === 0
          ? null
          : {
              neuron: neuron(`layers.${L}.0.activation`),
              synapse: synapse(`layers.${L}.0.conv`, `layers.${L}.0.norm`, [2, 1, 1]),
            },
      blocks: Array.from({ length: depth }, (_, block) => {
        const index = (L === 0 ? 0 : 1) + 2 * block
        const [a, f] = [`layers.${L}.${index}`, `layers.${L}.${index + 1}`]
        const size = sizes[L]!
        return {
          index,
          attention: {
            planes,
            heads,
            size,
            tokens: (size.height / patch) * (size.width / patch),
            firingRateX: Array.from(of(`${a}.firing_rate_x`).data),
            firingRateAttn: Array.from(of(`${a}.firing_rate_attn`).data),
            in: neuron(`${a}.activation_in`),
            W: synapse(`${a}.W`, `${a}.norm`, [patch, 0, 1]),
            attn: neuron(`${a}.activation_attn`),
            out: neuron(`${a}.activation_out`),
            project: synapse(`${a}.Wproj`, `${a}.norm_proj`),
          },
          feedForward: {
            up: { neuron: neuron(`${f}.up.0`), synapse: synapse(`${f}.up.1`, `${f}.up.2`) },
            conv: {
              neuron: neuron(`${f}.conv.0.0`),
              synapse: synapse(`${f}.conv.0.1`, `${f}.conv.0.2`, [1, 1, (config.ratio * planes) / config.groupWidth]),
            },
            down: { neuron: neuron(`${f}.down.0`), synapse: synapse(`${f}.down.1`, `${f}.down.2`) },
          },
        }
      }),
    })),
    classifier: of('classifier.weight'),
  }
}
