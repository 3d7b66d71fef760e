import fc, { type Arbitrary } from 'fast-check'
import { MonoidAny } from 'fp-ts/lib/boolean.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { MonoidSum } from 'fp-ts/lib/number.js'
import { getMonoid } from 'fp-ts/lib/ReadonlyArray.js'
import { Monoid as words } from 'fp-ts/lib/string.js'
import { describe, expect, it } from 'vitest'
import { sym } from '../../src/core/random.js'
import { type Precision, rounding, type Shape, type Spikes, sizeOf, tensor } from '../../src/core/tensor.js'
import { convolved } from '../../src/core/window.js'
import {
  contract,
  convolution as convolutionWiring,
  product,
  synapses,
  type Wiring,
} from '../../src/interpreters/contraction.js'
import { fanOut, tallyOf } from '../../src/interpreters/cost.js'
import { reference } from '../../src/interpreters/reference.js'
import { convolution, identityNorm, spikeTrain, whole } from '../../src/laws/given.js'
import { at, range } from '../../src/laws/tensors.js'
import type { Convolution } from '../../src/model/kernels.js'

const free = getMonoid<number>()

/** Addition in a precision: a monoid but for its rounding, which is why the order of the terms is specified. */
const addition = (precision: Precision): Monoid<number> => {
  const round = rounding(precision)
  return { empty: 0, concat: (a, b) => round(a + b) }
}

/** A layer of synapses on one frame: its wiring, the number of its synapses, and spikes. */
interface Layer {
  readonly wiring: Wiring
  readonly size: number
  readonly spikes: Uint8Array
}

/** The active synapses of every sum. */
const active = ({ wiring, size, spikes }: Layer): readonly (readonly number[])[] =>
  contract(free)(wiring)(range(size).map((id) => [id]))(spikes)

/** Convolutions of the laws, and some whose groups have more channels than are combined at once. */
const convolving = fc.oneof(
  convolution.chain(({ convolution: p, shape }) =>
    spikeTrain([1, 1, ...shape.slice(2)]).map((spikes) => ({ p, spikes })),
  ),
  fc.tuple(whole(1, 2), whole(3, 11), whole(1, 2)).chain(([groups, inGroup, kernel]) =>
    spikeTrain([1, 1, groups * inGroup, 2, 3]).map((spikes): { readonly p: Convolution; readonly spikes: Spikes } => {
      const shape = [2 * groups, inGroup, kernel, kernel]
      const weight = tensor(shape, new Float64Array(sizeOf(shape)))
      return { p: { key: 'convolution', weight, stride: 1, padding: 1, groups }, spikes }
    }),
  ),
)

const dims = fc.record({ terms: whole(1, 11), positions: whole(1, 4), width: whole(1, 4) })

const multiplying = dims.chain(({ terms, positions, width }) =>
  spikeTrain([terms, positions]).map((spikes) => ({ terms, positions, width, spikes })),
)

const sizeIn = ({ shape }: Spikes): { readonly height: number; readonly width: number } => ({
  height: shape[3]!,
  width: shape[4]!,
})

const ofConvolution = ({ p, spikes }: { readonly p: Convolution; readonly spikes: Spikes }): Layer => ({
  wiring: convolutionWiring(p, sizeIn(spikes)),
  size: sizeOf(p.weight.shape),
  spikes: spikes.data,
})

const layer: Arbitrary<Layer> = fc.oneof(
  convolving.map(ofConvolution),
  multiplying.map(({ terms, positions, width, spikes }) => ({
    wiring: product(terms, positions, width),
    size: terms * width,
    spikes: spikes.data,
  })),
)

/** Weights that are not dyadic, so that the order of their sum shows in float32. */
const realWeights = (name: string, shape: Shape, seed: number) => tensor(shape, sym(name, seed, sizeOf(shape)))

describe('theorem 1 (c): spikes only, by parametricity', () => {
  it('over the free monoid a convolution lists its active synapses in canonical order, each once', () => {
    fc.assert(
      fc.property(convolving, (layer) => {
        const { weight, stride, padding, groups } = layer.p
        const [out, inGroup, kh, kw] = weight.shape as [number, number, number, number]
        const { height, width } = sizeIn(layer.spikes)
        const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
        const [channels, row] = [inGroup * groups, out / groups]
        // The definition of a convolution, written from the output's side.
        const expected = range(oh).flatMap((oy) =>
          range(ow).flatMap((ox) =>
            range(out).map((co) =>
              range(kh).flatMap((ky) =>
                range(kw).flatMap((kx) =>
                  range(inGroup)
                    .map((i) => Math.floor(co / row) * inGroup + i)
                    .filter(
                      (c) => at(layer.spikes, 0, 0, c, oy * stride - padding + ky, ox * stride - padding + kx) === 1,
                    )
                    .map((c) => ((ky * kw + kx) * channels + c) * row + (co % row)),
                ),
              ),
            ),
          ),
        )
        expect(active(ofConvolution(layer))).toEqual(expected)
      }),
    )
  })

  it('over the free monoid an attention product lists its active terms ascending, each once', () => {
    fc.assert(
      fc.property(multiplying, ({ terms, positions, width, spikes }) => {
        const expected = range(positions).flatMap((position) =>
          range(width).map((i) =>
            range(terms)
              .filter((term) => at(spikes, term, position) === 1)
              .map((term) => term * width + i),
          ),
        )
        const wiring = product(terms, positions, width)
        expect(active({ wiring, size: terms * width, spikes: spikes.data })).toEqual(expected)
      }),
    )
  })

  it('the canonical order is the ascending order of the synapses', () => {
    fc.assert(
      fc.property(layer, (layer) => {
        for (const list of active(layer)) expect([...new Set(list)].sort((a, b) => a - b)).toEqual(list)
      }),
    )
  })

  it('what eight neighbouring inputs send is combined two by two: the brackets of the order of summation', () => {
    const bracket = (a: string, b: string): string => (a === '' ? b : `(${a} ${b})`)
    const brackets: Monoid<string> = { empty: '', concat: bracket }
    /** The brackets of a list of synapses, of which those of one eight follow each other. */
    const twoByTwo = (list: readonly number[], eight: (id: number) => number): string =>
      [...new Set(list.map(eight))]
        .flatMap((key) => {
          const ids = list.filter((id) => eight(id) === key)
          return ids.flatMap((id, i) =>
            i % 2 === 1 ? [] : [ids[i + 1] === undefined ? `${id}` : `(${id} ${ids[i + 1]})`],
          )
        })
        .reduce(bracket, '')
    const inBrackets = ({ wiring, size, spikes }: Layer) => contract(brackets)(wiring)(range(size).map(String))(spikes)
    fc.assert(
      fc.property(convolving, ({ p, spikes }) => {
        const layer = ofConvolution({ p, spikes })
        const [out, inGroup] = p.weight.shape as [number, number]
        const [row, channels] = [out / p.groups, inGroup * p.groups]
        const eight = (id: number): number => {
          const [tap, c] = [Math.floor(id / row / channels), Math.floor(id / row) % channels]
          return tap * channels + Math.floor((c % inGroup) / 8)
        }
        expect(inBrackets(layer)).toEqual(active(layer).map((list) => twoByTwo(list, eight)))
      }),
    )
    fc.assert(
      fc.property(fc.record({ terms: whole(1, 20), width: whole(1, 3) }), fc.nat(), ({ terms, width }, seed) => {
        const spikes = Uint8Array.from(range(terms), (term) => (seed >> term) & 1)
        const layer = { wiring: product(terms, 1, width), size: terms * width, spikes }
        expect(inBrackets(layer)).toEqual(
          active(layer).map((list) => twoByTwo(list, (id) => Math.floor(id / width / 8))),
        )
      }),
    )
  })

  it('homomorphisms commute with it: to words, to counts, to a semilattice, to matrices that do not commute', () => {
    interface Homomorphism<A> {
      readonly to: Monoid<A>
      readonly generator: (id: number) => A
    }
    // A homomorphism from the free monoid is a monoid and where each generator goes; it folds a list.
    const commutes = <A>({ to, generator }: Homomorphism<A>, layer: Layer): void =>
      expect(contract(to)(layer.wiring)(range(layer.size).map(generator))(layer.spikes)).toEqual(
        active(layer).map((list) => list.map(generator).reduce(to.concat, to.empty)),
      )
    type Matrix = readonly [number, number, number, number]
    const matrices: Monoid<Matrix> = {
      empty: [1, 0, 0, 1],
      concat: ([a, b, c, d], [e, f, g, h]) => [
        (a * e + b * g) % 997,
        (a * f + b * h) % 997,
        (c * e + d * g) % 997,
        (c * f + d * h) % 997,
      ],
    }
    fc.assert(
      fc.property(layer, fc.nat(1000), (layer, salt) => {
        commutes({ to: words, generator: (id) => `<${id}>` }, layer)
        commutes({ to: MonoidSum, generator: () => 1 }, layer)
        commutes({ to: MonoidAny, generator: (id) => (id + salt) % 3 === 0 }, layer)
        commutes({ to: matrices, generator: (id): Matrix => [1, (id + salt) % 7, id % 5, 1] }, layer)
      }),
    )
  })

  it('homomorphisms between two other monoids commute with it: length of words, parity of counts', () => {
    fc.assert(
      fc.property(layer, (layer) => {
        const run = <A>(M: Monoid<A>, generator: (id: number) => A): readonly A[] =>
          contract(M)(layer.wiring)(range(layer.size).map(generator))(layer.spikes)
        const word = (id: number): string => 'x'.repeat(id % 4)
        expect(run(words, word).map((w) => w.length)).toEqual(run(MonoidSum, (id) => word(id).length))
        const parity: Monoid<number> = { empty: 0, concat: (a, b) => (a + b) % 2 }
        expect(run(MonoidSum, (id) => id).map((n) => n % 2)).toEqual(run(parity, (id) => id % 2))
      }),
    )
  })

  it('counting is the SOPs of the ledger', () => {
    fc.assert(
      fc.property(convolving, (layer) => {
        const { wiring, size, spikes } = ofConvolution(layer)
        const counts = contract(MonoidSum)(wiring)(range(size).map(() => 1))(spikes)
        expect(counts.reduce((a, b) => a + b, 0)).toBe(fanOut(layer.p, tallyOf(layer.spikes)))
      }),
    )
  })

  for (const precision of ['float32', 'float64'] as const) {
    it(`over ${precision} weights, a convolution is the reference's, bit for bit, on weights that are not dyadic`, () => {
      fc.assert(
        fc.property(convolving, fc.nat(), ({ p, spikes }, seed) => {
          const weight = realWeights('weight', p.weight.shape, seed)
          const layer = { p: { ...p, weight }, spikes }
          const { wiring } = ofConvolution(layer)
          const [out] = weight.shape as [number]
          const sums = contract(addition(precision))(wiring)(synapses(layer.p, rounding(precision)))(spikes.data)
          const current = reference(precision).synapse({ convolution: layer.p, norm: identityNorm(out) })(spikes)
          // The sums are [H', W', C'], the currents [C', H', W'].
          const positions = wiring.targets / out
          expect(range(wiring.targets).map((i) => sums[(i % positions) * out + Math.floor(i / positions)])).toEqual(
            Array.from(current.data),
          )
        }),
      )
    })

    it(`over ${precision} currents, both attention products are the reference's, bit for bit`, () => {
      fc.assert(
        fc.property(multiplying, fc.nat(), ({ terms, positions, width, spikes }, seed) => {
          const y = realWeights('y', [terms, width], seed)
          const table = Array.from(y.data, rounding(precision))
          const sums = contract(addition(precision))(product(terms, positions, width))(table)(spikes.data)
          const expected = range(width).flatMap((i) => range(positions).map((position) => sums[position * width + i]))
          const K = reference(precision)
          const rows = tensor([1, 1, 1, terms, width], precision === 'float32' ? Float32Array.from(y.data) : y.data)
          const columns = tensor(
            [1, 1, 1, width, terms],
            rows.data.map((_, i) => rows.data[(i % terms) * width + Math.floor(i / terms)]!),
          )
          const scores = K.dstT([1])(rows, tensor([1, 1, terms, 1, positions], spikes.data))
          const mixed = K.dst([1])(columns, tensor([1, 1, 1, terms, positions], spikes.data))
          expect(Array.from(scores.data)).toEqual(expected)
          expect(Array.from(mixed.data)).toEqual(expected)
        }),
      )
    })
  }
})
