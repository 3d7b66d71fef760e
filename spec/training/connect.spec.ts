/** The gradients of synapses on WebAssembly have the bits of the readable ones, for any layer. */
import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { wasmConnect } from '../../src/compiled/gradient.js'
import { sym } from '../../src/core/random.js'
import { sizeOf, tensor } from '../../src/core/tensor.js'
import { type Connection, connect } from '../../src/interpreters/gradient/bilinear.js'

const whole = (min: number, max: number) => fc.integer({ min, max })

const layer: fc.Arbitrary<Connection> = fc
  .record({
    ...{ groups: whole(1, 3), inGroup: whole(1, 37), outGroup: whole(1, 21), kernel: whole(1, 3), stride: whole(1, 2) },
    ...{ padding: whole(0, 1), height: whole(3, 6), width: whole(3, 7), blocks: whole(1, 3), shared: fc.boolean() },
  })
  .map(({ groups, inGroup, outGroup, kernel, stride, padding, height, width, blocks, shared }) => ({
    convolution: {
      key: '',
      weight: tensor([groups * outGroup, inGroup, kernel, kernel], new Float32Array(0)),
      ...{ stride, padding, groups },
    },
    ...{ size: { height, width }, blocks, shared },
  }))

const drawn = (name: string, length: number): Float32Array => Float32Array.from(sym(name, 1, length))

describe('the gradients of synapses on WebAssembly', () => {
  const readable = connect('float32')
  const fast = Either.getOrElse((why: string): typeof readable => {
    throw new Error(why)
  })(wasmConnect())

  it('are those of the readable maps, bit for bit, for spikes and for real inputs', () => {
    fc.assert(
      fc.property(layer, (of) => {
        const { convolution, size, blocks, shared } = of
        const table = drawn('table', sizeOf(convolution.weight.shape) * (shared ? 1 : blocks))
        const inputs = blocks * convolution.weight.shape[1]! * convolution.groups * size.height * size.width
        const reals = drawn('inputs', inputs)
        const spikes = Uint8Array.from(reals, (x) => (x > 0.6 ? 1 : 0))
        const sums = drawn('sums', readable(of).forward(table, spikes).length)
        for (const x of [reals, spikes]) expect(fast(of).toTable(x, sums)).toEqual(readable(of).toTable(x, sums))
        expect(fast(of).toInputs(table, sums)).toEqual(readable(of).toInputs(table, sums))
      }),
      { numRuns: 60 },
    )
  })
})
