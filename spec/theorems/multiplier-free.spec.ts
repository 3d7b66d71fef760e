import * as Either from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Faults, describe as sentence } from '../../src/core/fault.js'
import { type Currents, type Spikes, tensor } from '../../src/core/tensor.js'
import { digitsInput, splitDigits } from '../../src/input/digits.js'
import { tensors } from '../../src/interpreters/interpreter.js'
import { fixedPoint, floating, type Representation } from '../../src/interpreters/multiplier-free/arithmetic.js'
import { NONE, pending, settled } from '../../src/interpreters/multiplier-free/pending.js'
import { multiplierFree } from '../../src/interpreters/multiplier-free.js'
import { reference } from '../../src/interpreters/reference.js'
import { digits } from '../../src/model/config.js'
import type { Kernels, Neuron } from '../../src/model/kernels.js'
import { forward, network } from '../../src/model/network.js'
import { neurons } from '../../src/model/neurons.js'
import { type NetworkParameters, parse } from '../../src/model/parameters.js'
import { bundledCheckpoint, bundledDigits } from '../../src/node/bundled.js'
import { readSafetensors } from '../../src/node/files.js'
import { flips } from '../../src/observers/flips.js'
import { ledger, total } from '../../src/observers/ledger.js'
import { type Notes, unobserved } from '../../src/observers/observe.js'
import { type Line, trace } from '../../src/observers/trace.js'

const right = <A>(either: Either.Either<Faults, A>): A => {
  if (Either.isRight(either)) return either.right
  throw new Error(either.left.map(sentence).join('\n'))
}

const neuron: Neuron = {
  key: 'layers.0.0.activation_in',
  charge: { kind: 'LIF', tau: 2 },
  threshold: 1,
  reset: { kind: 'hard', value: 0 },
}

/** What `multiplierFree` says against a neuron with this charge. */
const refusal = (charge: Neuron['charge']): readonly string[] => {
  const K = multiplierFree(reference('float64'), floating('float64'))([{ ...neuron, charge }])
  return Either.isLeft(K) ? K.left.map(sentence) : []
}

describe('what the network without multipliers refuses', () => {
  it('takes leaks that are powers of two', () => {
    expect(refusal({ kind: 'IF' })).toEqual([])
    expect(refusal({ kind: 'PLIF', w: 0 })).toEqual([])
    for (const tau of [1, 2, 4, 8, 64]) expect(refusal({ kind: 'LIF', tau })).toEqual([])
  })

  it('refuses another tau, and a learnt leak, by name', () => {
    expect(refusal({ kind: 'LIF', tau: 3 })).toEqual([
      'configuration: layers.0.0.activation_in: charge.tau is 3; without a multiplier a leak can only be halved: tau = 1, 2, 4, 8, ...',
    ])
    for (const tau of [1.5, 0.5, -2, Number.NaN]) expect(refusal({ kind: 'LIF', tau })).toHaveLength(1)
    expect(refusal({ kind: 'PLIF', w: 0.25 })).toEqual([
      'configuration: layers.0.0.activation_in: charge.w is 0.25; without a multiplier a leak can only be halved: w = 0, sigmoid(w) = 1/2',
    ])
  })
})

describe('currents in pending units', () => {
  const N = floating('float64')
  const K = right(multiplierFree(reference('float64'), N)([neuron])).kernels
  const y = pending(N)(tensor([1, 1, 2, 1, 2], Float64Array.of(1, 2, 3, 4)))
  const x = tensor([1, 1, 2, 1, 1], Uint8Array.of(1, 1))

  it('a product is not scaled; its unit is the scale, one a head', () => {
    const scores = K.dstT([2, 0.5])(y, x)
    expect(scores.data).toEqual([1, 2, 3, 4])
    expect(scores.unit).toEqual({ scale: [2, 0.5], run: 2 })
    expect(Array.from(settled(N)(scores).data)).toEqual([2, 4, 1.5, 2])
  })

  it('the neuron compares with threshold / unit: 1 / 2 and 1 / 0.5', () => {
    // LIF halves: 0.5, 1 against 0.5; 1.5, 2 against 2.
    const [spikes, membranes] = K.fire(neuron)(K.dstT([2, 0.5])(y, x))(new Map())
    expect(Array.from(spikes.data)).toEqual([1, 1, 0, 1])
    expect(membranes.get(neuron.key)).toEqual({
      shape: [1, 2, 2, 1],
      data: [0, 0, 1.5, 0],
      unit: { scale: [2, 0.5], run: 2 },
    })
  })

  it('an operation that cannot carry a unit settles it first', () => {
    const scores = K.dstT([2, 0.5])(y, x)
    expect(K.add(scores, scores)).toEqual({ shape: scores.shape, data: [4, 8, 3, 4], unit: NONE })
  })
})

describe('the trained digits network', () => {
  let parameters: NetworkParameters
  let image: Currents
  beforeAll(async () => {
    const { tensors } = right(await readSafetensors(right(await bundledCheckpoint()))())
    parameters = right(parse(digits)(tensors))
    const { shape, data } = right(digitsInput(splitDigits(right(await bundledDigits())).test[0]!.values))
    image = tensor([1, 1, ...shape], data)
  })

  const spikes = <C>(K: Kernels<Spikes, C>, currents: (c: C) => Currents, input: C): Notes<Line> =>
    forward(
      network(trace({ toSpikes: (s: Spikes) => s, toCurrents: currents }, (operation) => operation === 'fire')(K))(
        parameters,
      ),
    )(4)(unobserved(input)).notes

  for (const precision of ['float64', 'float32'] as const)
    it(`in ${precision}, no spike of any layer differs from the reference's`, () => {
      const N = floating(precision)
      const I = right(multiplierFree(reference(precision), N)(neurons(parameters)))
      const rows = flips(
        spikes(reference(precision), (c) => c, image),
        spikes(I.kernels, I.toCurrents, I.fromCurrents(image)),
      )
      expect(rows).toHaveLength(38)
      expect(rows.every(({ spikes }) => spikes > 0)).toBe(true)
      expect(rows.filter((row) => row.flips > 0)).toEqual([])
    })

  it('with integers of 2^-8 some spikes flip, and flips sees them', () => {
    const N = fixedPoint(8)
    const I = right(multiplierFree(reference('float64'), N)(neurons(parameters)))
    const rows = flips(
      spikes(reference('float64'), (c) => c, image),
      spikes(I.kernels, I.toCurrents, I.fromCurrents(image)),
    )
    const flipped = rows.reduce((sum, row) => sum + row.flips, 0)
    expect(flipped).toBe(25_903)
  })

  it('between stem and classifier every number is an addition, a comparison or a halving, as the ledger counts them', () => {
    const tally = { concat: 0, subtract: 0, halve: 0, atLeast: 0, of: 0, to: 0 }
    const N = floating('float64')
    const counted = <K extends keyof typeof tally>(name: K): Representation<number>[K] =>
      ((...args: [number, number]) => {
        tally[name]++
        return (N[name] as (...args: [number, number]) => number)(...args)
      }) as Representation<number>[K]
    const counting: Representation<number> = {
      empty: 0,
      concat: counted('concat'),
      subtract: counted('subtract'),
      halve: counted('halve'),
      atLeast: counted('atLeast'),
      of: counted('of'),
      to: counted('to'),
    }
    const K = right(multiplierFree(reference('float64'), counting)(neurons(parameters))).kernels
    const net = network(K)(parameters)
    const current = net.hold(4)(net.embed(pending(N)(image)))
    const before = { ...tally }
    net.respond(current)(new Map())
    const during = Object.fromEntries(
      Object.entries(tally).map(([name, n]) => [name, n - before[name as keyof typeof tally]]),
    )

    const cost = total(forward(network(ledger(tensors)(reference('float64')))(parameters))(4)(unobserved(image)).notes)
    const stem = total(
      new Map([...ledger(tensors)(reference('float64')).scope('s').stem(parameters.stem)(unobserved(image)).notes]),
    )
    const biases = cost.affines - stem.affines
    // A neuron that leaks by a half: subtract the rest, subtract from the input, halve, add.
    const [features, classes] = [4 * 64, 10]
    expect(during).toEqual({
      // SOPs, residuals, the pool, one addition a neuron (the ledger's other one is a subtraction), one a bias.
      concat: cost.additions - cost.neurons + biases,
      subtract: 2 * cost.neurons,
      halve: cost.neurons,
      atLeast: cost.neurons,
      // What the classifier reads, and its logits.
      to: features,
      // A threshold and a rest for every head of every neuron layer.
      of: 4 * classes + 2 * neurons(parameters).length + extraHeads(parameters),
    })
  })
})

/** Attention's two neuron layers have a threshold and a rest for each head after the first as well. */
const extraHeads = ({ stages }: NetworkParameters): number =>
  stages.flatMap(({ blocks }) => blocks).reduce((n, { attention }) => n + 2 * 2 * (attention.heads - 1), 0)
