/** Laws of the parts beyond the published sizes: each is its equations there too, on sparse dyadic numbers. @module */
import fc, { type Arbitrary } from 'fast-check'
import type { Currents, Spikes } from '../../core/tensor.js'
import type { Synapse } from '../../model/kernels.js'
import { fromRest } from '../../model/network.js'
import type { Dssa, Gwsffn, Layer } from '../../model/parameters.js'
import { type Budgets, current, type Dyadic, potential, summed, times } from '../budget.js'
import { oneOf, whole } from '../given.js'
import { type Case, manner } from '../given-model.js'
import type { Operations } from '../implementation.js'
import { type Law, law } from '../law.js'
import { currentsOf, MOST, seededNorm, sparseRows } from '../sizes.js'
import { range } from '../tensors.js'
import { same } from '../verdict.js'
import { dssaOf, gwsffnOf, layerOf } from './definition.js'

const weights: Dyadic = { exponent: -1, largest: 1 }
const input: Dyadic = { exponent: -2, largest: 2 }

/** The current of at most {@link MOST} weights, through a norm of `seededNorm`. */
const y = current(weights, MOST, { gain: { exponent: -2, largest: 2 }, shift: { exponent: -4, largest: 3 } })
const scaled = (terms: number): Dyadic => times(summed(terms, y), { exponent: 0, largest: 4 })

/** The most that large parts come to. */
export const partSizeBudgets: Budgets = {
  'an attention potential of a large part': potential(scaled(129), { steps: 2, tau: 2 }),
  'a mixed potential of a large part': potential(scaled(195), { steps: 2, tau: 2 }),
}

const seed = whole(0, 2 ** 20)

const frames = oneOf<readonly [number, number]>([1, 1], [1, 3], [2, 1], [1, 5], [2, 2])

interface Geometry {
  readonly out: number
  readonly into: number
  readonly kernel?: number
  readonly stride?: number
  readonly padding?: number
  readonly groups?: number
}

const synapseOf = (
  name: string,
  seed_: number,
  { out, into, kernel = 1, stride = 1, padding = 0, groups = 1 }: Geometry,
): Synapse => ({
  convolution: {
    key: name,
    weight: sparseRows(name, seed_, [out, into / groups, kernel, kernel], weights),
    stride,
    padding,
    groups,
  },
  norm: seededNorm(name, seed_, out),
})

/** Firing rates whose scale over m terms is 1, 2 or 4, exactly: `f m = 4^-j`. */
const rates = (heads: number, terms: number, seed_: number): readonly number[] =>
  range(heads).map((h) => 4 ** -((h + seed_) % 3) / terms)

/** Numbers of terms whose inverse is exact enough that the product is 1 again. */
const invertible = (terms: number): boolean => terms * (1 / terms) === 1

const ATTENTIONS = {
  heads: fc.record({
    heads: fc.constantFrom(3, 5, 8, 12, 17),
    d: whole(1, 3),
    patch: whole(1, 2),
    rows: whole(1, 2),
    columns: whole(1, 3),
  }),
  'head width': fc.record({
    heads: whole(1, 2),
    d: fc.constantFrom(7, 9, 12, 17, 33, 65, 129),
    patch: whole(1, 2),
    rows: whole(1, 2),
    columns: whole(1, 2),
  }),
  tokens: fc.record({
    heads: whole(1, 2),
    d: whole(1, 2),
    patch: fc.constant(1),
    rows: fc.constantFrom(3, 5, 13),
    columns: fc.constantFrom(3, 7, 15),
  }),
  patches: fc.record({
    heads: whole(1, 2),
    d: whole(1, 3),
    patch: whole(3, 5),
    rows: whole(1, 2),
    columns: whole(1, 3),
  }),
}

const attention: Arbitrary<Omit<Case<Dssa>, 'later'>> = fc
  .record({
    size: fc.oneof(...Object.values(ATTENTIONS)),
    neurons: fc.record({ in: manner, attn: manner, out: manner }),
    frames,
    seed,
  })
  .filter(({ size: { d, rows, columns } }) => invertible(d) && invertible(rows * columns))
  .map(({ size: { heads, d, patch, rows, columns }, neurons, frames: [T, B], seed: s }) => {
    const planes = heads * d
    const size = { height: patch * rows, width: patch * columns }
    return {
      x: currentsOf('x', s, [T, B, planes, size.height, size.width], input),
      p: {
        planes,
        heads,
        size,
        tokens: rows * columns,
        firingRateX: rates(heads, d, s),
        firingRateAttn: rates(heads, rows * columns, s + 1),
        in: { ...neurons.in, key: 'in' },
        attn: { ...neurons.attn, key: 'attn' },
        out: { ...neurons.out, key: 'out' },
        W: synapseOf('W', s, { out: 2 * planes, into: planes, kernel: patch, stride: patch }),
        project: synapseOf('project', s, { out: planes, into: planes }),
      },
    }
  })

const feedForward: Arbitrary<Omit<Case<Gwsffn>, 'later'>> = fc
  .record({
    planes: fc.constantFrom(3, 4, 5, 8, 9, 17, 24, 33),
    ratio: fc.constantFrom(1, 2, 3, 4),
    which: whole(0, 7),
    height: fc.constantFrom(1, 3, 5, 9),
    width: fc.constantFrom(1, 2, 4, 7),
    neurons: fc.record({ up: manner, conv: manner, down: manner }),
    frames,
    seed,
  })
  .map(({ planes, ratio, which, height, width, neurons, frames: [T, B], seed: s }) => {
    const hidden = planes * ratio
    const divisors = range(hidden + 1, 1).filter((n) => hidden % n === 0)
    const groups = divisors[which % divisors.length]!
    const layer = (name: 'up' | 'conv' | 'down', geometry: Geometry): Layer => ({
      neuron: { ...neurons[name], key: name },
      synapse: synapseOf(name, s, geometry),
    })
    return {
      x: currentsOf('x', s, [T, B, planes, height, width], input),
      p: {
        up: layer('up', { out: hidden, into: planes }),
        conv: layer('conv', { out: hidden, into: hidden, kernel: 3, padding: 1, groups }),
        down: layer('down', { out: planes, into: hidden }),
      },
    }
  })

const halving: Arbitrary<Omit<Case<Layer>, 'later'>> = fc
  .record({
    planes: fc.constantFrom(1, 3, 8, 9, 17, 33, 65),
    out: fc.constantFrom(1, 3, 8, 9, 17, 33, 65),
    height: fc.constantFrom(1, 2, 5, 8, 13),
    width: fc.constantFrom(1, 3, 4, 7, 14),
    neuron: manner,
    frames,
    seed,
  })
  .map(({ planes, out, height, width, neuron, frames: [T, B], seed: s }) => ({
    x: currentsOf('x', s, [T, B, planes, height, width], input),
    p: {
      neuron: { ...neuron, key: 'activation' },
      synapse: synapseOf('conv', s, { out, into: planes, kernel: 3, stride: 2, padding: 1 }),
    },
  }))

type Part = 'dssa' | 'gwsffn' | 'downsample'
type Parameters = { readonly dssa: Dssa; readonly gwsffn: Gwsffn; readonly downsample: Layer }

const sizes = <const N extends Part>(
  part: N,
  statement: string,
  given: Arbitrary<Omit<Case<Parameters[N]>, 'later'>>,
  definition: (p: Parameters[N], x: Currents) => Currents,
): Law =>
  law<Omit<Case<Parameters[N]>, 'later'>, N>({
    id: `${part}.sizes`,
    statement,
    formula: 'F(x) = \\text{its equations}',
    source: 'the equations hold at every size',
    needs: [part],
    after: [`${part}.definition`],
    atMost: 40,
    given,
    holds:
      (K) =>
      ({ p, x }) => {
        const run = (K as Pick<Operations<Spikes, Currents>, Part>)[part] as (
          of: Parameters[N],
        ) => ReturnType<Operations<Spikes, Currents>[Part]>
        return same('output', fromRest(run(p)(x)), definition(p, x))
      },
  })

export const partSizeLaws: readonly Law[] = [
  sizes(
    'dssa',
    'Dual spike self-attention is its equations beyond the published sizes: heads of any width, any number of heads, tokens and patches, odd batches.',
    attention,
    dssaOf,
  ),
  sizes(
    'gwsffn',
    'The feed-forward network is its equations beyond the published sizes: channels, ratios, groups and maps of any size, odd batches.',
    feedForward,
    gwsffnOf,
  ),
  sizes(
    'downsample',
    'The layer between stages is its equations beyond the published sizes: channels and maps of any size, odd batches.',
    halving,
    layerOf,
  ),
]
