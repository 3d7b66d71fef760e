/** A plan serves the steps that follow while they differ in numbers alone: whatever else changes makes another plan. */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { type Drawn, runOf } from '../../src/compiled/training/runs.js'
import { wasmTrainer } from '../../src/compiled/training.js'
import { type Reals, sizeOf, tensor } from '../../src/core/tensor.js'
import { freshTraining, type Training } from '../../src/interpreters/gradient/training.js'
import { type CurrentValue, drawing, givenCurrents, type SpikeValue } from '../../src/interpreters/graph.js'
import { type Config, digits } from '../../src/model/config.js'
import type { Kernels, Neuron, Synapse } from '../../src/model/kernels.js'
import { forward, forwardFrames, network } from '../../src/model/network.js'
import { applyOf, kernelsOf } from '../../src/model/operation.js'
import { layout, parse } from '../../src/model/parameters.js'
import { measurable } from '../../src/tasks/training/step.js'
import { right } from '../right.js'

/** What a step is drawn from. */
interface Step {
  readonly config: Config
  readonly seed: number
  readonly frames: number
  readonly batch: number
  readonly still: boolean
  readonly training: Partial<Training>
  readonly reset: 'detached' | 'attached'
  readonly kernels: Kernels<SpikeValue, CurrentValue>
}

const small: Config = {
  ...digits,
  image: { height: 8, width: 8 },
  stages: [
    { planes: 4, heads: 1, patch: 4, depth: 1 },
    { planes: 8, heads: 2, patch: 2, depth: 1 },
  ],
  groupWidth: 4,
  threshold: 0.25,
  steps: 2,
}

const base: Step = {
  ...{ config: small, seed: 1, frames: 2, batch: 2, still: true, training: {}, reset: 'detached', kernels: drawing },
}

const drawn = ({ config, seed, frames, batch, still, training, reset, kernels }: Step): Drawn => {
  const weights = syntheticCheckpoint(config, seed)
  const net = network(kernels)(right(parse(config)(measurable(config, weights))))
  const shape = [still ? 1 : config.steps, batch, config.channels, config.image.height, config.image.width]
  const given = givenCurrents(shape, tensor(shape, Float32Array.from(syntheticInput(shape, frames).data)))
  const rates = layout(config).flatMap(({ key, role }) =>
    role === 'rate' ? [[key, Array.from(weights.get(key)!.data as Reals)] as const] : [],
  )
  const mode = { training: { ...freshTraining, rates: new Map(rates), ...training }, reset }
  return { logits: still ? forward(net)(config.steps)(given) : forwardFrames(net)(given), mode }
}

/** The bits that a trainer makes of a step, forward and back. */
const bitsOf = (trainer: ReturnType<typeof started>, { logits, mode }: Drawn): string => {
  const { logits: found, statistics, pullback } = right(trainer(logits, mode))
  const size = sizeOf(logits.shape)
  const learnt = pullback(Float32Array.from({ length: size }, (_, i) => ((i * 7) % 5) - 1.75))
  const hex = ({ buffer, byteOffset, byteLength }: Reals): string =>
    Buffer.from(buffer, byteOffset, byteLength).toString('hex')
  return JSON.stringify([hex(found.data), ...[...statistics, ...learnt].map(([key, values]) => [key, hex(values)])])
}

const started = () => {
  const team = wasmTrainer()
  if (Either.isLeft(team)) throw new Error(team.left)
  return team.right.trainer
}

const configured = (changed: Partial<Config>): Partial<Step> => ({ config: { ...small, ...changed } })

/** A step whose drawing has other parameters at one place. */
const placed = (place: string, change: (parameters: Neuron & Synapse) => unknown): Partial<Step> => ({
  kernels: kernelsOf((operation, parameters, path) =>
    applyOf(drawing)(
      operation,
      path === place ? (change(parameters as Neuron & Synapse) as typeof parameters) : parameters,
      path,
    ),
  ),
})

const numbers: readonly (readonly [string, Partial<Step>])[] = [
  ['the weights', { seed: 2 }],
  ['the frames', { frames: 3 }],
  ['the recorded rates', { training: { rates: new Map() } }],
]

const more: readonly (readonly [string, Partial<Step>])[] = [
  ['the thresholds', configured({ threshold: 0.5 })],
  ['the charges', configured({ charge: { kind: 'IF' } })],
  ["the charges' tau", configured({ charge: { kind: 'LIF', tau: 3 } })],
  ["the charges' w", configured({ charge: { kind: 'PLIF', w: 0.5 } })],
  ['the resets', configured({ reset: { kind: 'soft' } })],
  ['where a reset ends', configured({ reset: { kind: 'hard', value: -0.125 } })],
  ['the sign of a zero', configured({ reset: { kind: 'hard', value: -0 } })],
  ['the steps', configured({ steps: 3 })],
  ['the image', configured({ image: { height: 16, width: 8 } })],
  ['the stem', configured({ stem: { kind: 'imagenet' }, image: { height: 32, width: 32 } })],
  ['the heads', configured({ stages: small.stages.map((stage) => ({ ...stage, heads: 2 })) })],
  ['the patches', configured({ stages: small.stages.map((stage) => ({ ...stage, patch: 2 })) })],
  ['the depth', configured({ stages: small.stages.map((stage) => ({ ...stage, depth: 2 })) })],
  ['the groups', configured({ groupWidth: 2 })],
  ['the classes', configured({ classes: 7 })],
  ['the batch', { batch: 3 }],
  ['whether the image is still', { still: false }],
  ['the momentum', { training: { momentum: 0.25 } }],
  ['the momentum of the rates', { training: { rateMomentum: 0.5 } }],
  ['how often a frame counts', { training: { repeats: 2 } }],
  ['the scale', { training: { scaling: { kind: 'constant', factor: 0.125 } } }],
  ['the way through resets', { reset: 'attached' }],
  ['one threshold', placed('layers.0.0.activation_in', (p) => ({ ...p, threshold: 0.375 }))],
  ["one norm's eps", placed('layers.0.0.W', (p) => ({ ...p, norm: { ...p.norm, eps: 0.5 } }))],
]

describe('a plan of a step of training', () => {
  const first = drawn(base)
  const expected = bitsOf(started(), first)
  const trainer = started()

  it.each([...numbers, ...more])('is not taken for that of other steps: %s', (_, change) => {
    const other = drawn({ ...base, ...change })
    expect(bitsOf(trainer, first)).toBe(expected)
    expect(bitsOf(trainer, other)).toBe(bitsOf(started(), other))
    expect(bitsOf(trainer, first)).toBe(expected)
  })

  it.each(numbers)('serves steps that differ in numbers: %s', (_, change) => {
    expect(runOf(first, drawn({ ...base, ...change }))).not.toBeNull()
  })

  it.each(more)('serves no others: %s', (_, change) => {
    expect(runOf(first, drawn({ ...base, ...change }))).toBeNull()
  })
})
