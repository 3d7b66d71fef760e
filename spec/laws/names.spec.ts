/** The names a network goes by, and what its parser says of each thing that can be wrong: mutation testing asks for them. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { describe as sentence } from '../../src/core/fault.js'
import { type Currents, type Spikes, type Tensor, tensor } from '../../src/core/tensor.js'
import { reference } from '../../src/interpreters/reference.js'
import { type Config, ti, validate } from '../../src/model/config.js'
import { forward, network } from '../../src/model/network.js'
import { neurons } from '../../src/model/neurons.js'
import { parse } from '../../src/model/parameters.js'
import { observe, unobserved } from '../../src/observers/observe.js'

const config: Config = {
  ...ti,
  image: { height: 4, width: 4 },
  channels: 1,
  stem: { kind: 'plain' },
  stages: [
    { planes: 2, heads: 1, patch: 2, depth: 1 },
    { planes: 2, heads: 2, patch: 1, depth: 2 },
  ],
  ratio: 1,
  groupWidth: 1,
  classes: 2,
}

const checkpoint = (of: Config): Map<string, Tensor> => new Map(syntheticCheckpoint(of, 1))

const parsed = (of: Config, tensors: ReadonlyMap<string, Tensor>) =>
  Either.getOrElseW((faults: readonly Parameters<typeof sentence>[0][]): never => {
    throw new Error(faults.map(sentence).join('; '))
  })(parse(of)(tensors))

const faultsOf = (of: Config, tensors: ReadonlyMap<string, Tensor>): readonly string[] =>
  Either.match(
    (faults: readonly Parameters<typeof sentence>[0][]) => faults.map(sentence),
    () => [] as readonly string[],
  )(parse(of)(tensors))

const attention = (at: string): readonly string[] =>
  [
    'activation_in',
    'W',
    'split',
    'matmul1',
    'activation_attn',
    'matmul2',
    'merge',
    'activation_out',
    'Wproj',
    'residual',
  ].map((name) => `${at}.${name}`)
const feedForward = (at: string): readonly string[] =>
  ['up.0', 'up.1', 'conv.0.0', 'conv.0.1', 'conv.residual', 'down.0', 'down.1', 'residual'].map(
    (name) => `${at}.${name}`,
  )

describe('a network of two stages', () => {
  const parameters = () => parsed(config, checkpoint(config))

  it('names every operation, in the order they run', () => {
    const K = observe<Spikes, Currents, string>(({ operation }) => operation)(reference('float64'))
    const image = unobserved(syntheticInput([1, 1, 1, 4, 4], 1))
    expect([...forward(network(K)(parameters()))(1)(image).notes.keys()]).toEqual([
      'prologue',
      'hold',
      ...attention('layers.0.0'),
      ...feedForward('layers.0.1'),
      'layers.1.0.activation',
      'layers.1.0.conv',
      ...attention('layers.1.1'),
      ...feedForward('layers.1.2'),
      ...attention('layers.1.3'),
      ...feedForward('layers.1.4'),
      'pool',
      'classifier',
    ])
  })

  it('names every neuron by the authors’ key, in the order they run', () => {
    const block = (L: number, at: number): readonly string[] => [
      ...['activation_in', 'activation_attn', 'activation_out'].map((name) => `layers.${L}.${at}.${name}`),
      ...['up.0', 'conv.0.0', 'down.0'].map((name) => `layers.${L}.${at + 1}.${name}`),
    ]
    expect(neurons(parameters()).map(({ key }) => key)).toEqual([
      ...block(0, 0),
      'layers.1.0.activation',
      ...block(1, 1),
      ...block(1, 3),
    ])
  })
})

describe('a checkpoint', () => {
  const plif: Config = { ...config, charge: { kind: 'PLIF', w: 0 } }
  const w = 'layers.1.0.activation.w'
  const norm = 'layers.0.0.norm.bn'

  it('has a PLIF’s scalar under its neuron, as [] or as [1], and nothing larger', () => {
    const tensors = checkpoint(plif)
    const own = tensors.get(w)!.data
    expect(own).toHaveLength(1)
    for (const shape of [[], [1]]) {
      const tree = parsed(plif, new Map([...tensors, [w, tensor(shape, own)]]))
      expect(neurons(tree).find(({ key }) => `${key}.w` === w)?.charge).toEqual({ kind: 'PLIF', w: own[0] })
    }
    expect(faultsOf(plif, new Map([...tensors, [w, tensor([2], Float32Array.of(0, 0))]]))).toEqual([
      expect.stringContaining(`${w}: has shape [2], expected []`),
    ])
  })

  it('of one number is not thereby of any shape', () => {
    const one: Config = { ...config, stages: [{ planes: 1, heads: 1, patch: 1, depth: 1 }] }
    const key = 'layers.0.0.Wproj.weight'
    expect(faultsOf(one, new Map([...checkpoint(one), [key, tensor([1], Float32Array.of(1))]]))).toEqual([
      expect.stringContaining(`${key}: has shape [1], expected [1, 1, 1, 1]`),
    ])
  })

  it('may have counters or not, whole numbers or not, but scalars', () => {
    const counter = `${norm}.num_batches_tracked`
    const withCounter = (x: Tensor) => new Map([...checkpoint(config), [counter, x]])
    expect(faultsOf(config, withCounter(tensor([], BigInt64Array.of(7n))))).toEqual([])
    expect(faultsOf(config, withCounter(tensor([3], BigInt64Array.of(7n, 7n, 7n))))).toEqual([
      expect.stringContaining(`${counter}: has shape [3], expected []`),
    ])
  })

  it('may have variances of zero, but none below', () => {
    const key = `${norm}.running_var`
    const withVariance = (x: number) => {
      const { shape, data } = checkpoint(config).get(key)!
      return new Map([
        ...checkpoint(config),
        [key, tensor(shape, Float32Array.from(data as Float32Array).fill(x, 0, 1))],
      ])
    }
    expect(faultsOf(config, withVariance(0))).toEqual([])
    expect(faultsOf(config, withVariance(-1))).toEqual([`${key}: element 0 is -1; a variance is never negative`])
    expect(faultsOf(config, withVariance(Number.NaN))).toEqual([expect.stringContaining(`${key}: element 0 is NaN`)])
  })
})

describe('a configuration', () => {
  it.each([
    ['image.height', { image: { height: 0.5, width: 4 } }],
    ['image.width', { image: { height: 4, width: 0.5 } }],
    ['channels', { channels: 0 }],
    ['ratio', { ratio: 0 }],
    ['groupWidth', { groupWidth: 0 }],
    ['stages[0].planes', { stages: [{ planes: 0, heads: 1, patch: 1, depth: 1 }] }],
    ['stages[0].depth', { stages: [{ planes: 1, heads: 1, patch: 1, depth: 0.5 }] }],
    ['reset.value', { reset: { kind: 'hard', value: Number.NEGATIVE_INFINITY } }],
  ] as const)('names %s alone', (field, wrong) => {
    expect(validate({ ...config, ...wrong } as Config)).toMatchObject({ left: [{ field }] })
  })

  it('names the side a patch does not divide', () => {
    expect(
      validate({ ...config, image: { height: 4, width: 6 }, stages: [{ planes: 2, heads: 1, patch: 4, depth: 1 }] }),
    ).toEqual(
      Either.left([
        {
          _tag: 'Configuration',
          field: 'stages[0].patch',
          problem: "is 4, which does not divide the feature map's width, 6",
        },
      ]),
    )
  })

  it('may have a tau of 1: a neuron without memory', () => {
    expect(validate({ ...config, charge: { kind: 'LIF', tau: 1 } })).toMatchObject({ _tag: 'Right' })
  })
})
