/** Neurons: currents to spikes over all steps, and back by the surrogate. @module */
import { sizeOf } from '../../core/tensor.js'
import { chargeSlopes, type Slopes } from '../../interpreters/gradient/neuron.js'
import { type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import { chargeNumbers, chargingOf, resetNumbers } from '../machine/neuron.js'
import { ROW } from '../machine/pairs.js'
import { type Builder, termArguments } from './builder.js'
import type { Mode } from './runs.js'
import { type Back, batchOf, stepsOf } from './values.js'

const attachment = (reset: Slopes['reset']): number => {
  switch (reset) {
    case 'detached':
      return 0
    case 'attached':
      return 1
  }
}

export const fire = (b: Builder, { reset }: Mode, node: NodeOf<'fire'>): Back => {
  const { key, charge, threshold } = node.parameters
  const [[current], [spikes]] = [node.inputs, node.outputs]
  const [T, batch] = [stepsOf(spikes.shape), batchOf(spikes.shape)]
  const [neurons, channels] = [sizeOf(spikes.shape.slice(2)), channelsOf(spikes)]
  const sizes = [neurons / channels, channels]
  const [kind, k] = chargeNumbers(chargingOf(charge))
  const after = [...resetNumbers(node.parameters.reset), threshold]
  b.held(spikes, (to) => {
    const args = [...termArguments(b.termsOf(current)), to, T, ...sizes, kind, k, ...after]
    b.call('fire', 1, args, 64 + ROW * (2 + T / 4))
  })
  return () => {
    const ds = b.cotangentOf(spikes)
    if (ds === null) return
    const { byX, byV, byW } = chargeSlopes(charge)
    const again = termArguments(b.termsOf(current))
    const parts = charge.kind === 'PLIF' ? b.take(8 * batch) : 0
    b.receive(current, (to, base) => {
      b.call(
        'fireBack',
        1,
        [...[...again, ds, to, base, parts, T, ...sizes], ...[kind, k, byX, byV, ...after, attachment(reset)]],
        256 + ROW * (2 + 3 * T) + 8 * neurons,
      )
    })
    b.release(spikes)
    if (parts === 0) return
    const dw = b.take(4)
    b.later('joinLeak', [parts, batch, byW, dw], () => {
      b.give(parts)
    })
    b.learnt(({ floats }) => [[`${key}.w`, floats(dw, 1).slice()]])
  }
}

/** Channels of a value as it lies: an attention map's are its heads' tokens. */
const channelsOf = (value: Value): number => {
  const node = nodeOf(value)
  const made = node?.operation === 'fire' ? nodeOf(node.inputs[0]) : node
  const [, , channels, rows] = value.shape as readonly [number, number, number, number]
  return made?.operation === 'dstT' || made?.operation === 'dst' ? channels * rows : channels
}
