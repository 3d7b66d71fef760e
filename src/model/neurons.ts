/** The neurons of a network, one after the other. @module */
import type { Neuron } from './kernels.js'
import type { NetworkParameters } from './parameters.js'

/**
 * Every spiking layer of a network in the order of execution.
 *
 * @example
 * neurons(parameters).map(({ key }) => key).slice(0, 2)
 * // => ['layers.0.0.activation_in', 'layers.0.0.activation_attn']
 */
export const neurons = ({ stages }: NetworkParameters): readonly Neuron[] =>
  stages.flatMap(({ downsample, blocks }) => [
    ...(downsample === null ? [] : [downsample.neuron]),
    ...blocks.flatMap(({ attention, feedForward }) => [
      attention.in,
      attention.attn,
      attention.out,
      feedForward.up.neuron,
      feedForward.conv.neuron,
      feedForward.down.neuron,
    ]),
  ])
