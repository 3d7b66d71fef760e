import * as State from 'fp-ts/lib/State.js'
import { describe, expect, it } from 'vitest'
import { type Currents, type Reals, type Spikes, type Tensor, tensor } from '../src/core/tensor.js'
import { reference } from '../src/interpreters/reference.js'
import { dssa } from '../src/model/dssa.js'
import { gwsffn, layer } from '../src/model/gwsffn.js'
import type { Charge, Convolution, Kernels, Neuron, Stateful, Synapse } from '../src/model/kernels.js'
import { fromRest } from '../src/model/network.js'
import { EPS } from '../src/model/parameters.js'
import { type Observed, observe, unobserved } from '../src/observers/observe.js'
import { operation, reals, worst } from './golden.js'

type Tensors = ReadonlyMap<string, Tensor>

interface Fired {
  readonly current: Currents
  readonly spikes: Spikes
}

const K: Kernels<Observed<Spikes, Fired>, Observed<Currents, Fired>> = observe<Spikes, Currents, Fired>((call) =>
  call.operation === 'fire' ? { current: call.inputs[0], spikes: call.outputs[0] } : undefined,
)(reference('float64'))

const synapse = (tensors: Tensors, weight: string, norm: string, options: Partial<Convolution> = {}): Synapse => ({
  convolution: {
    key: weight,
    weight: reals(tensors, `param.${weight}.weight`),
    stride: 1,
    padding: 0,
    groups: 1,
    ...options,
  },
  norm: {
    key: `${norm}.bn`,
    weight: reals(tensors, `param.${norm}.bn.weight`),
    bias: reals(tensors, `param.${norm}.bn.bias`),
    mean: reals(tensors, `param.${norm}.bn.running_mean`),
    variance: reals(tensors, `param.${norm}.bn.running_var`),
    eps: EPS,
  },
})

const neuron = (tensors: Tensors, key: string): Neuron => {
  const w = tensors.get(`param.${key}.w`)
  const charge: Charge = w === undefined ? { kind: 'LIF', tau: 2 } : { kind: 'PLIF', w: Number(w.data[0]) }
  return { key, charge, threshold: 1, reset: { kind: 'hard', value: 0 } }
}

const rates = (tensors: Tensors, key: string): readonly number[] => Array.from(reals(tensors, `param.${key}`).data)

/** Runs a module on its golden input and compares its output and every neuron within. */
const expectGolden = (
  tensors: Tensors,
  module: (input: Observed<Currents, Fired>) => Stateful<Observed<Currents, Fired>, Observed<Currents, Fired>>,
): void => {
  const { value, notes } = fromRest(module(unobserved(reals(tensors, 'input'))))
  const golden = reals(tensors, 'output')
  expect(value.shape).toEqual(golden.shape)
  expect(worst(value.data, golden.data)).toBeLessThan(1e-12)
  const neurons = [...tensors.keys()]
    .filter((key) => key.startsWith('spikes.'))
    .map((key) => key.slice('spikes.'.length))
  expect([...notes.keys()].sort()).toEqual(neurons.sort())
  for (const [key, { current, spikes }] of notes) {
    expect(spikes.shape).toEqual(tensors.get(`spikes.${key}`)?.shape)
    expect(spikes.data).toEqual(tensors.get(`spikes.${key}`)?.data)
    expect(worst(current.data, reals(tensors, `current.${key}`).data)).toBeLessThan(1e-12)
  }
}

describe('each module of the network, against its golden vectors', () => {
  it.each(['dssa-p1', 'dssa-p2', 'dssa-p4-plif'])('%s', (name) => {
    const { tensors, metadata } = operation(name)
    const [planes, heads, patch] = ['dim', 'heads', 'patch'].map((key) => Number(metadata[key])) as [
      number,
      number,
      number,
    ]
    const [, , , height, width] = reals(tensors, 'input').shape as [number, number, number, number, number]
    expectGolden(
      tensors,
      dssa(K)({
        planes,
        heads,
        size: { height, width },
        tokens: (height / patch) * (width / patch),
        in: neuron(tensors, 'activation_in'),
        W: synapse(tensors, 'W', 'norm', { stride: patch }),
        attn: neuron(tensors, 'activation_attn'),
        out: neuron(tensors, 'activation_out'),
        project: synapse(tensors, 'Wproj', 'norm_proj'),
        firingRateX: rates(tensors, 'firing_rate_x'),
        firingRateAttn: rates(tensors, 'firing_rate_attn'),
      }),
    )
  })

  it('gwffn', () => {
    const { tensors } = operation('gwffn')
    const part = (name: string, options: Partial<Convolution> = {}) => ({
      neuron: neuron(tensors, `${name}.0`),
      synapse: synapse(tensors, `${name}.1`, `${name}.2`, options),
    })
    expectGolden(
      tensors,
      gwsffn(K)({ up: part('up'), conv: part('conv.0', { padding: 1, groups: 2 }), down: part('down') }),
    )
  })

  it('downsample', () => {
    const { tensors } = operation('downsample')
    const p = {
      neuron: neuron(tensors, 'activation'),
      synapse: synapse(tensors, 'conv', 'norm', { stride: 2, padding: 1 }),
    }
    expectGolden(tensors, layer(K)('activation', 'conv', p))
  })

  it('stem', () => {
    const { tensors } = operation('stem')
    const stem = K.stem({
      ...synapse(tensors, 'prologue.0', 'prologue.1', { stride: 2, padding: 3 }),
      pool: { kernel: 3, stride: 2, padding: 1 },
    })
    expectGolden(tensors, (input) => State.of(stem(input)))
  })
})

describe('each neuron, against its golden vectors', () => {
  it.each([
    ['lif', () => ({ kind: 'LIF', tau: 2 })],
    ['if', () => ({ kind: 'IF' })],
    ['plif', (w: Tensor<Reals>) => ({ kind: 'PLIF', w: w.data[0]! })],
  ] as readonly (readonly [string, (w: Tensor<Reals>) => Charge])[])('%s', (name, charge) => {
    const { tensors } = operation(name)
    const w = name === 'plif' ? reals(tensors, 'w') : tensor([1], Float64Array.of(0))
    const p: Neuron = { key: name, charge: charge(w), threshold: 1, reset: { kind: 'hard', value: 0 } }
    const spikes = fromRest(reference('float64').fire(p)(reals(tensors, 'current')))
    expect(spikes.data).toEqual(tensors.get('spikes')?.data)
    expect(spikes.data.some((s) => s === 1)).toBe(true)
  })
})
