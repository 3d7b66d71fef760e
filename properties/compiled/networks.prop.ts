/** Whole networks of every tiny configuration, with real-valued weights: the fast paths have the reference's bits. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differences, graphTrace, referenceTrace, right, sameBits } from '../../spec/compiled/same.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { fast, wasm } from '../../src/compiled/interpreter.js'
import { type Compiled, compile } from '../../src/compiled/network.js'
import { membranesOf, type Potentials } from '../../src/compiled/potentials.js'
import { type Currents, type Tensor, tensor } from '../../src/core/tensor.js'
import { reference } from '../../src/interpreters/reference.js'
import { configuration } from '../../src/laws/given-network.js'
import type { Config } from '../../src/model/config.js'
import type { Membranes } from '../../src/model/kernels.js'
import { network, step } from '../../src/model/network.js'
import { type NetworkParameters, parse } from '../../src/model/parameters.js'

interface Case {
  readonly parameters: NetworkParameters
  readonly frames: Tensor<Float32Array>
  /** Where the sequence is cut in two. */
  readonly cut: number
}

/** A configuration with so many times the channels everywhere: more than one eight, and heads that cut eights. */
const widened =
  (times: number) =>
  (config: Config): Config => ({
    ...config,
    stages: config.stages.map((stage) => ({ ...stage, planes: times * stage.planes })),
    groupWidth: times * config.groupWidth,
  })

const given = fc
  .record({
    config: fc.tuple(configuration, fc.integer({ min: 1, max: 3 })).map(([config, times]) => widened(times)(config)),
    seed: fc.nat(),
    steps: fc.integer({ min: 2, max: 4 }),
    batch: fc.integer({ min: 1, max: 2 }),
    cut: fc.nat(),
  })
  .map(({ config, seed, steps, batch, cut }): Case => {
    const shape = [steps, batch, config.channels, config.image.height, config.image.width]
    return {
      parameters: right(parse(config)(syntheticCheckpoint(config, seed))),
      frames: tensor(shape, Float32Array.from(syntheticInput(shape, seed).data)),
      cut: 1 + (cut % (steps - 1)),
    }
  })

const rest: Membranes<Currents> = new Map()

const inTwo = (net: Compiled, { frames: { shape, data }, cut }: Case): readonly [Float32Array[], Potentials] => {
  const [steps, ...frame] = shape as readonly [number, ...number[]]
  const size = data.length / steps
  const part = (from: number, to: number) => tensor([to - from, ...frame], data.subarray(from * size, to * size))
  const [first, state] = right(net.step(part(0, cut))(new Map()))
  const [second, after] = right(net.step(part(cut, steps))(state))
  return [[first.data as Float32Array, second.data as Float32Array], after]
}

describe.each(['fast', 'wasm'] as const)('%s', (kernels) => {
  it('has the logits and membranes of the reference, in one chunk and in two', () => {
    fc.assert(
      fc.property(given, (drawn) => {
        const [logits, membranes] = step(network(reference('float32'))(drawn.parameters))(drawn.frames)(rest)
        const net = compile({ kernels })(drawn.parameters)
        expect(sameBits(right(net.frames(drawn.frames)), logits)).toBe(true)
        const [parts, after] = inTwo(net, drawn)
        expect(parts.flatMap((part) => [...part])).toEqual([...logits.data])
        const different = [...membranesOf(after)].filter(([key, value]) => !sameBits(value, membranes.get(key)!))
        expect(different).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('has every value of the reference', () => {
    const interpreter = kernels === 'fast' ? fast() : wasm()
    fc.assert(
      fc.property(given, ({ parameters, frames: { shape, data } }) => {
        const image = tensor([1, ...shape.slice(1)], data.subarray(0, data.length / shape[0]!))
        const expected = referenceTrace(parameters, 2, image)
        expect(differences(expected, graphTrace(interpreter, parameters, 2, image))).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})
