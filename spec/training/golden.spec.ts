/** Two AdamW steps of a tiny PLIF network in training mode, against PyTorch's. */

import { readFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { type Reals, type Tensor, tensor } from '../../src/core/tensor.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { reverse } from '../../src/interpreters/gradient/reverse.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { type Config, variants } from '../../src/model/config.js'
import type { Charge } from '../../src/model/kernels.js'
import { fromRest } from '../../src/model/network.js'
import { descend } from '../../src/tasks/training/descent.js'
import { targets } from '../../src/tasks/training/loss.js'
import { noMoments } from '../../src/tasks/training/optimiser.js'
import { learn } from '../../src/tasks/training/step.js'
import { off, operation, reals, right } from '../golden.js'

const { tensors } = right(
  decodeSafetensors(new Uint8Array(readFileSync(new URL('../golden/training/two-steps.safetensors', import.meta.url)))),
)

const config: Config = {
  ...variants['dvsg']!,
  name: 'tiny',
  image: { height: 16, width: 16 },
  channels: 2,
  stages: [
    { planes: 4, heads: 1, patch: 4, depth: 1 },
    { planes: 8, heads: 2, patch: 2, depth: 1 },
    { planes: 12, heads: 3, patch: 1, depth: 1 },
  ],
  groupWidth: 4,
  classes: 5,
  steps: 3,
}

const under = (prefix: string): ReadonlyMap<string, Tensor> =>
  new Map(
    [...tensors].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  )

const optimiser = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01, decays: 'all' } as const
const base = tensorInterpreter(reference('float64'))
const learning = learn(base, config, { kind: 'mean' }, asTheAuthors('float64'))

describe('two steps of training, against PyTorch', () => {
  let [weights, moments] = [under('before.'), noMoments]
  it.each([0, 1])('step %i: logits, loss, every gradient, statistic and parameter', (step) => {
    const image = reals(tensors, `step${step}.input`)
    const labels = Array.from(tensors.get(`step${step}.label`)!.data, Number)
    const batch = { images: tensor([1, ...image.shape], image.data), targets: targets(labels, config.classes, 0.1) }
    const learned = right(learning(weights, batch))
    expect(off(learned.logits.data, reals(tensors, `step${step}.logits`).data)).toBeLessThan(1e-10)
    expect(off(Float64Array.of(learned.loss), reals(tensors, `step${step}.loss`).data)).toBeLessThan(1e-10)
    const gradients = under(`step${step}.grad.`)
    expect([...learned.gradients.keys()].sort()).toEqual([...gradients.keys()].sort())
    const wrong = [...gradients].map(
      ([key, { data }]) => [key, off(learned.gradients.get(key)!, data as Reals)] as const,
    )
    expect(wrong.filter(([, by]) => !(by < 1e-10))).toEqual([])
    const next = descend(config, optimiser, 'float64')(1e-3, weights, moments, learned)
    if (Either.isLeft(next)) throw new Error('the step is refused')
    ;({ weights, moments } = next.right)
    const after = under(`step${step}.after.`)
    expect([...weights.keys()].sort()).toEqual([...after.keys()].sort())
    const apart = [...after].map(([key, { data }]) => [
      key,
      data instanceof BigInt64Array
        ? Number(weights.get(key)!.data[0] !== data[0])
        : off(weights.get(key)!.data as Reals, data as Reals),
    ])
    expect(apart.filter(([, by]) => !((by as number) < 1e-10))).toEqual([])
  })
})

describe('the surrogate gradient of a neuron, against PyTorch', () => {
  const R = reverse(base, asTheAuthors('float64'))
  it.each(['lif', 'plif', 'if'])('%s', (name) => {
    const golden = operation(name).tensors
    const w = golden.get('w')
    const charge: Charge =
      name === 'if'
        ? { kind: 'IF' }
        : w === undefined
          ? { kind: 'LIF', tau: 2 }
          : { kind: 'PLIF', w: Number(w.data[0]) }
    const current = R.fromCurrents(reals(golden, 'current'))
    const spikes = fromRest(
      R.kernels.scope(name).fire({ key: name, charge, threshold: 1, reset: { kind: 'hard', value: 0 } })(current),
    )
    expect(R.toSpikes(spikes).data).toEqual(golden.get('spikes')!.data)
    const { of, learnt } = R.pullback([[spikes, reals(golden, 'cotangent').data]])
    expect(off(of(current)!, reals(golden, 'current_grad').data)).toBeLessThan(1e-12)
    expect([...learnt.keys()]).toEqual(w === undefined ? [] : ['plif.w'])
    if (w !== undefined) expect(off(learnt.get('plif.w')!, reals(golden, 'w_grad').data)).toBeLessThan(1e-12)
  })
})
