import * as State from 'fp-ts/lib/State.js'
import { describe, expect, it } from 'vitest'
import { syntheticInput } from '../src/checkpoint/synthetic.js'
import { type Currents, type Precision, tensor } from '../src/core/tensor.js'
import { tensors } from '../src/interpreters/interpreter.js'
import { reference } from '../src/interpreters/reference.js'
import { type Config, cifar, digits, dvsg, variants } from '../src/model/config.js'
import type { Membranes } from '../src/model/kernels.js'
import { forward, forwardFrames, fromRest, network, step, still } from '../src/model/network.js'
import { ledger } from '../src/observers/ledger.js'
import { unobserved } from '../src/observers/observe.js'
import { trace } from '../src/observers/trace.js'
import { synthetic } from './golden.js'

const small: Config = { ...cifar, image: { height: 32, width: 16 } }
const precisions: readonly Precision[] = ['float64', 'float32']

const slice = ({ shape: [, ...frame], data }: Currents, from: number, to: number): Currents => {
  const size = frame.reduce((x, y) => x * y, 1)
  return tensor([to - from, ...frame], data.slice(from * size, to * size))
}

describe.each(precisions)('time in %s', (precision) => {
  const net = network(reference(precision))(synthetic({ ...digits, steps: 6 }))
  const frames = tensor([6, 2, 1, 16, 16], syntheticInput([6, 2, 1, 16, 16], 3).data)
  const whole = forwardFrames(net)(frames)

  it.each([[[1, 1, 1, 1, 1, 1]], [[1, 5]], [[2, 2, 2]], [[5, 1]], [[3, 1, 2]]])(
    'in chunks of %j gives the same bits',
    (chunks) => {
      let at = 0
      let membranes: Membranes<Currents> = new Map()
      const logits: number[] = []
      for (const length of chunks) {
        const before = new Map([...membranes].map(([key, { data }]) => [key, data.slice()]))
        const [output, next] = step(net)(slice(frames, at, at + length))(membranes)
        for (const [key, data] of before)
          expect(Buffer.from(membranes.get(key)!.data.buffer).equals(Buffer.from(data.buffer))).toBe(true) // the caller's state is untouched
        logits.push(...output.data)
        membranes = next
        at += length
      }
      expect(logits).toEqual([...whole.data])
      expect(membranes.size).toBe(38)
    },
  )

  it('a still image held for T steps equals the same image as T frames', () => {
    const image = slice(frames, 0, 1)
    const repeated = tensor(
      [4, 2, 1, 16, 16],
      new Float64Array(4 * 512).map((_, i) => image.data[i % 512]!),
    )
    expect(forward(net)(4)(image)).toEqual(forwardFrames(net)(repeated))
  })

  it('a still image can be prolonged: 1 step and 3 more are 4', () => {
    const image = slice(frames, 0, 1)
    const [first, membranes] = still(net)(1)(image)(new Map())
    const rest = State.evaluate(membranes)(still(net)(3)(image))
    expect([...first.data, ...rest.data]).toEqual([...forward(net)(4)(image).data])
  })

  it('samples of a batch do not see each other', () => {
    const alone = forwardFrames(net)(
      tensor(
        [6, 1, 1, 16, 16],
        new Float64Array(6 * 256).map((_, i) => frames.data[Math.floor(i / 256) * 512 + 256 + (i % 256)]!),
      ),
    )
    expect([...alone.data]).toEqual([...whole.data].filter((_, i) => Math.floor(i / 10) % 2 === 1))
  })

  it('two runs agree, and so do runs under trace and ledger', () => {
    expect(forwardFrames(net)(frames)).toEqual(whole)
    const parameters = synthetic({ ...digits, steps: 6 })
    const seen = unobserved(frames)
    expect(forwardFrames(network(trace(tensors)(reference(precision)))(parameters))(seen).value).toEqual(whole)
    expect(forwardFrames(network(ledger(tensors)(reference(precision)))(parameters))(seen).value).toEqual(whole)
  })
})

describe('other shapes and neurons', () => {
  it('takes a rectangular image', () => {
    const net = network(reference('float32'))(synthetic(small))
    const logits = forward(net)(2)(tensor([1, 1, 3, 32, 16], syntheticInput([1, 3, 32, 16], 1).data))
    expect(logits.shape).toEqual([2, 1, 10])
    expect(logits.data.every(Number.isFinite)).toBe(true)
  })

  it('has 38 spiking layers in every variant', () => {
    for (const config of [digits, dvsg, cifar]) {
      const p = synthetic({ ...config, image: { height: 16, width: 16 } })
      const [, membranes] = step(network(reference('float32'))(p))(
        tensor([1, 1, config.channels, 16, 16], syntheticInput([1, config.channels, 16, 16], 1).data),
      )(new Map())
      expect(membranes.size).toBe(38)
    }
    expect(Object.keys(variants)).toEqual(['ti', 's', 'm', 'l', 'cifar', 'dvsg', 'digits'])
  })

  it('IF neurons and soft resets change the answer', () => {
    const image = tensor([1, 1, 1, 16, 16], syntheticInput([1, 1, 16, 16], 5).data)
    const logits = (
      [
        {},
        { charge: { kind: 'IF' } },
        { reset: { kind: 'soft' } },
        { reset: { kind: 'hard', value: -0.5 } },
        { threshold: 0.5 },
        { charge: { kind: 'LIF', tau: 4 } },
      ] as readonly Partial<Config>[]
    ).map((change) =>
      [...fromRest(still(network(reference('float64'))(synthetic({ ...digits, ...change })))(4)(image)).data].join(),
    )
    expect(new Set(logits).size).toBe(6)
  })
})
