/** The costs of a fused run are those of the ledger over the reference, however it is run. */
import { describe, expect, it } from 'vitest'
import { syntheticInput } from '../../src/checkpoint/synthetic.js'
import { compile, compileThreads } from '../../src/compiled/network.js'
import type { Potentials } from '../../src/compiled/potentials.js'
import { type Reals, sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import type { Costs } from '../../src/interpreters/cost.js'
import { tensors } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { type Config, variants } from '../../src/model/config.js'
import { network } from '../../src/model/network.js'
import type { NetworkParameters } from '../../src/model/parameters.js'
import { ledger } from '../../src/observers/ledger.js'
import { unobserved } from '../../src/observers/observe.js'
import { right, synthetic } from '../golden.js'
import { sameBits } from './same.js'

const at = (name: string, side: number, changes: Partial<Config> = {}): Config => ({
  ...variants[name]!,
  image: { height: side, width: side },
  ...changes,
})

/** The ledger of a run from rest, of an image held for some steps or of frames. */
const expected = (parameters: NetworkParameters, input: Tensor<Reals>, steps: number | null): Costs => {
  const { embed, hold, respond } = network(ledger(tensors)(reference('float32')))(parameters)
  const current = embed(unobserved(input))
  return respond(steps === null ? current : hold(steps)(current))(new Map())[0].notes
}

const imageOf = ({ channels, image: { height, width } }: Config, batch: number): Tensor<Reals> =>
  syntheticInput([1, batch, channels, height, width], 7)

const sorted = (notes: Costs) => [...notes].sort(([a], [b]) => (a < b ? -1 : 1))

const cases: readonly (readonly [string, Config, number, number])[] = [
  ['digits', at('digits', 16), 3, 2],
  ['dvsg, wide', at('dvsg', 32), 2, 1],
  ['cifar', at('cifar', 16), 2, 2],
  ['ti', at('ti', 32), 2, 1],
  ['cifar of IF neurons', at('cifar', 16, { charge: { kind: 'IF' } }), 2, 1],
]

describe.each(cases)('%s', (_, config, steps, batch) => {
  const parameters = synthetic(config)
  const image = imageOf(config, batch)
  const want = sorted(expected(parameters, image, steps))

  it('costs something everywhere that it should', () => {
    expect(want.filter(([, { spikes }]) => spikes > 0).length).toBeGreaterThan(10)
    expect(want.filter(([, { sops }]) => sops > 0).length).toBeGreaterThan(20)
  })

  it.each(['fast', 'wasm'] as const)('%s has the ledger’s numbers, and its own logits', (kernels) => {
    const net = compile({ kernels })(parameters)
    const [logits, found] = right(net.measured.still(steps)(image))
    expect(sorted(found)).toEqual(want)
    expect(sameBits(logits, right(net.still(steps)(image)))).toBe(true)
  })

  it('threads have them too', async () => {
    const net = right(await compileThreads({ threads: 2 })(parameters)())
    const [, found] = right(await net.measured.still(steps)(image))
    net.close()
    expect(sorted(found)).toEqual(want)
  })
})

describe('frames, and more steps than are run at once', () => {
  const config = at('digits', 16)
  const parameters = synthetic(config)
  const net = compile()(parameters)

  it('cost what the ledger says of the whole', () => {
    const [T, B] = [37, 2]
    const frames = syntheticInput([T, B, 1, 16, 16], 5)
    const want = expected(parameters, frames, null)
    expect(sorted(right(net.measured.frames(frames))[1])).toEqual(sorted(want))
    const size = sizeOf([B, 1, 16, 16])
    const chunk = (from: number, to: number) =>
      tensor([to - from, B, 1, 16, 16], frames.data.slice(from * size, to * size))
    const [, state, first] = right(net.measured.step(chunk(0, 3))(new Map()))
    const [, , second] = right(net.measured.step(chunk(3, T))(state as Potentials))
    const spikes = [...want].map(([path, cost]) => [path, cost.spikes])
    expect(spikes).toEqual([...want].map(([path]) => [path, first.get(path)!.spikes + second.get(path)!.spikes]))
  })

  it('run the stem of a still image once', () => {
    const image = imageOf(config, 1)
    const [logits, found] = right(net.measured.still(70)(image))
    expect(logits.shape).toEqual([70, 1, 10])
    expect(sorted(found)).toEqual(sorted(expected(parameters, image, 70)))
  })
})

describe('progress', () => {
  it('hears every operation but layouts once, in an order that can be', () => {
    const parameters = synthetic(at('digits', 16))
    const seen: string[] = []
    const image = imageOf(parameters.config, 1)
    const progress = (path: string, steps: number) => seen.push(`${path} ${steps}`)
    const [, found] = right(compile()(parameters).measured.still(2)(image, { progress }))
    const layouts = [...found.keys()].filter((path) => /(^hold|split|merge)$/.test(path))
    expect([...seen].sort()).toEqual(
      [...found.keys()]
        .filter((path) => !layouts.includes(path))
        .map((path) => `${path} 2`)
        .sort(),
    )
    expect(seen[0]).toBe('prologue 2')
  })
})
