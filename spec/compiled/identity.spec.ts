/** Every spike, current and logit of the fast paths has the bits of the float32 reference, for every variant. */
import { describe, expect, it } from 'vitest'
import { syntheticInput } from '../../src/checkpoint/synthetic.js'
import { fast, wasm } from '../../src/compiled/interpreter.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { type Config, variants } from '../../src/model/config.js'
import { synthetic } from '../golden.js'
import { differences, graphTrace, referenceTrace } from './same.js'

const at = (name: string, side: number): Config => ({ ...variants[name]!, image: { height: side, width: side } })

const imageOf = ({ channels, image: { height, width } }: Config, batch: number): Tensor<Float32Array> => {
  const shape = [1, batch, channels, height, width]
  return tensor(shape, Float32Array.from(syntheticInput(shape, 7).data))
}

/** The smallest images whose feature maps the patches divide. */
const cases = [
  ['digits', at('digits', 16), 3, 2],
  ['dvsg', at('dvsg', 16), 2, 2],
  ['cifar', at('cifar', 16), 2, 1],
  ['ti', at('ti', 32), 3, 1],
  ['s', at('s', 32), 2, 1],
  ['m', at('m', 32), 2, 1],
  ['l', at('l', 32), 2, 1],
] as const

describe.each(cases)('%s', (_, config, steps, batch) => {
  const parameters = synthetic(config)
  const image = imageOf(config, batch)
  const expected = referenceTrace(parameters, steps, image)

  it('has the whole network in its trace, and spikes in it', () => {
    const spikes = [...expected.values()].filter(({ operation }) => operation === 'fire')
    expect(spikes).toHaveLength(38)
    expect(spikes.some(({ output }) => output[0]!.data.some((spike) => spike !== 0))).toBe(true)
  })

  it('wasm is bit-identical at every operation', () => {
    expect(differences(expected, graphTrace(wasm(), parameters, steps, image))).toEqual([])
  })

  it('fast is bit-identical at every operation', () => {
    expect(differences(expected, graphTrace(fast(), parameters, steps, image))).toEqual([])
  })
})
