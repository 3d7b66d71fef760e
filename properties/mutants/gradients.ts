/** Wrong gradients. @module */
import type { Currents, Spikes } from '../../src/core/tensor.js'
import type { Derivative, How, Named } from '../../src/laws/gradient/derivative.js'
import { differentiated, pushedForward } from '../../src/laws/gradient/differentiate.js'
import type { Operations } from '../../src/laws/implementation.js'
import { mapped } from '../../src/laws/tensors.js'
import type { NetworkParameters } from '../../src/model/parameters.js'
import { type Mutant, mutant } from './mutant.js'

type Differentiate = Operations<Spikes, Currents>['differentiate']
type PushForward = Operations<Spikes, Currents>['pushForward']

const right: Differentiate = differentiated('float64')
const rightForward: PushForward = pushedForward('float64')

/** The same derivative with something of it changed. */
const changed =
  (
    change: (
      own: Derivative,
      at: { readonly how: How; readonly p: NetworkParameters; readonly inputs: Named },
    ) => Partial<Derivative>,
  ): Differentiate =>
  (how) =>
  (p) =>
  (inputs) => {
    const own = right(how)(p)(inputs)
    return { ...own, ...change(own, { how, p, inputs }) }
  }

const scaled = (named: Named, by: number): Named =>
  new Map([...named].map(([key, x]) => [key, mapped(x, (y) => by * y)]))

const without = (named: Named, leave: (key: string) => boolean): Named =>
  new Map([...named].filter(([key]) => !leave(key)))

const wrong = (
  id: string,
  mistake: string,
  dies: readonly [string, ...string[]],
  differentiate: Differentiate,
  pushForward: PushForward = rightForward,
): Mutant =>
  mutant(`gradient-${id}`, `the gradient: ${mistake}`, dies.map((law) => `gradient.${law}`) as [string, ...string[]], {
    differentiate,
    pushForward,
  })

/** Both ways under something else than was said. */
const under = (other: (how: How) => How): readonly [Differentiate, PushForward] => [
  (how) => right(other(how)),
  (how) => rightForward(other(how)),
]

/** The recorded statistics of the stem, moved by something else than they should. */
const moved = (part: string, by: (recorded: number, found: number, n: number) => number): Differentiate =>
  changed(({ statistics }, { p, inputs }) => {
    const key = `${p.stem.norm.key}.${part}`
    const found = statistics.get(key)
    const recorded = part === 'running_mean' ? p.stem.norm.mean : p.stem.norm.variance
    const [T, B, , H, W] = inputs.get('image')!.shape as [number, number, number, number, number]
    const side = p.stem.convolution.stride
    const n = (T * B * H * W) / (side * side)
    return found === undefined
      ? {}
      : {
          statistics: new Map([
            ...statistics,
            [key, { ...found, data: found.data.map((x, c) => by(recorded.data[c]!, x, n)) }],
          ]),
        }
  })

export const gradientMutants: readonly Mutant[] = [
  wrong('smoothed', 'computes with the smooth spike', ['primal'], ...under((how) => ({ ...how, spike: 'smooth' }))),
  wrong(
    'frozen-back',
    "takes the batch's statistics for constants on the way back",
    ['transpose'],
    changed((_, { how, p, inputs }) => ({ pull: right({ ...how, statistics: 'frozen' })(p)(inputs).pull })),
  ),
  wrong(
    'still',
    "takes the batch's statistics for constants, both ways",
    ['training'],
    changed((_, { how, p, inputs }) => ({ pull: right({ ...how, statistics: 'frozen' })(p)(inputs).pull })),
    (how) => rightForward({ ...how, statistics: 'frozen' }),
  ),
  wrong(
    'clipped',
    'clips cotangents at 1',
    ['linear'],
    changed(({ pull }) => ({
      pull: (w) => pull(new Map([...w].map(([key, x]) => [key, mapped(x, (y) => Math.max(-1, Math.min(1, y)))]))),
    })),
  ),
  wrong(
    'frozen-classifier',
    'leaves the classifier out',
    ['classifier', 'transpose'],
    right,
    (how) => (p) => (inputs) => (v) => rightForward(how)(p)(inputs)(without(v, (key) => key === 'classifier.weight')),
  ),
  wrong(
    'averaged',
    'divides by the size of the batch',
    ['batch', 'transpose'],
    changed(({ pull }, { inputs }) => ({ pull: (w) => scaled(pull(w), 1 / inputs.get('image')!.shape[1]!) })),
  ),
  wrong(
    'forgetful',
    "lets go of the membranes' cotangents",
    ['chunks'],
    changed(({ pull }, { inputs }) => ({ pull: (w) => without(pull(w), (key) => key !== 'image' && inputs.has(key)) })),
  ),
  wrong('untruncated', 'flows back over the border', ['truncated'], ...under((how) => ({ ...how, truncate: null }))),
  wrong(
    'attached',
    'differentiates the reset where it should not',
    ['detached'],
    ...under((how) => ({ ...how, reset: 'attached' })),
  ),
  wrong(
    'detached',
    'takes the reset for a constant where it should not',
    ['attached', 'differences'],
    ...under((how) => ({ ...how, reset: 'detached' })),
  ),
  wrong(
    'momentum',
    'has the momentum of another framework, 0.01',
    ['momentum'],
    moved('running_mean', (recorded, found) => recorded + (found - recorded) / 10),
  ),
  wrong(
    'biased',
    'records the biased variance',
    ['unbiased'],
    moved('running_var', (recorded, found, n) => 0.9 * recorded + ((found - 0.9 * recorded) * (n - 1)) / n),
  ),
]
