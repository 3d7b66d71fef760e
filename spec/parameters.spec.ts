import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint } from '../src/checkpoint/synthetic.js'
import { type Tensor, tensor } from '../src/core/tensor.js'
import { type Config, digits } from '../src/model/config.js'
import { flatten, layout, mapParameters, parse } from '../src/model/parameters.js'
import { right } from './golden.js'

const small: Config = {
  ...digits,
  groupWidth: 4,
  stages: [1, 2].map((heads) => ({ planes: 4 * heads, heads, patch: 2, depth: heads })),
}
const plif: Config = { ...small, charge: { kind: 'PLIF', w: 0 } }

describe.each([
  ['a network', small],
  ['a network of PLIFs', plif],
])('the tree of %s', (_, config) => {
  const tensors: ReadonlyMap<string, Tensor> = syntheticCheckpoint(config, 3)
  const tree = right(parse(config)(tensors))

  it('is flattened to what it was read from, in the order of its layout', () => {
    const flat = flatten(tree)
    expect([...flat.keys()]).toEqual(layout(config).map(({ key }) => key))
    for (const { key, shape, role } of layout(config)) {
      const expected = role === 'counter' ? tensor([], new BigInt64Array(1)) : tensors.get(key)
      expect(flat.get(key), key).toEqual({ shape, data: expected?.data })
    }
  })

  it('is mapped entry by entry, by the keys of the layout; nothing else of it changes', () => {
    const seen: string[] = []
    const one = mapParameters(({ key }, own) => {
      seen.push(key)
      return tensor(
        own.shape,
        own.data.map((x) => x / 2),
      )
    })(tree)
    const learnt = layout(config).filter(({ role }) => role !== 'counter')
    expect(seen).toEqual(learnt.map(({ key }) => key))
    const [before, after] = [flatten(tree), flatten(one)]
    for (const { key } of learnt)
      expect(Array.from(after.get(key)!.data as Float32Array), key).toEqual(
        Array.from(before.get(key)!.data as Float32Array, (x) => x / 2),
      )
    expect(mapParameters((_, own) => own)(one)).toEqual(one)
    expect(one.config).toBe(config)
  })

  it('says of every convolution and norm by which key its tensors go', () => {
    const { convolution, norm } = tree.stages[0]!.blocks[0]!.attention.W
    const flat = flatten(tree)
    expect(flat.get(`${convolution.key}.weight`)).toBe(convolution.weight)
    expect([flat.get(`${norm.key}.weight`), flat.get(`${norm.key}.bias`)]).toEqual([norm.weight, norm.bias])
  })
})

it('numbers that float32 would round are flattened in float64', () => {
  const tree = right(parse(plif)(syntheticCheckpoint(plif, 3)))
  const exact = mapParameters(({ role }, own) =>
    role === 'leak' || role === 'rate' ? tensor(own.shape, Float64Array.from(own.data).fill(0.1)) : own,
  )(tree)
  expect(right(parse(plif)(flatten(exact)))).toEqual(exact)
})
