/**
 * What a layer of synapses computes, over any monoid: every spike sends a row of terms to the sums it reaches.
 *
 * A term is named by its synapse, a number; the numbers ascend in the canonical order of summation of `Kernels`, and what
 * neighbouring inputs send is combined two by two first. Over the free monoid a contraction answers, for every neuron, the
 * list of its active synapses; over the weights it answers the neuron's current. The text is the same, and it knows
 * nothing of numbers: it can only combine what it is given.
 * @module
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Size } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import { type Convolution, EIGHT } from '../model/kernels.js'

/**
 * Rows of synapses of neighbouring active inputs, ascending: of the row that starts at synapse s, `s + i` ends in the sum
 * `target + i`, for i below `length`. `values` has the inputs' values. Both lists are only lent for the call.
 */
export type Reach = (target: number, starts: readonly number[], length: number, values: readonly number[]) => void

/** Which synapse leads from which input to which sum. */
export interface Wiring {
  /** How many sums there are. */
  readonly targets: number
  /** Visits the rows of the active inputs (those not 0), neighbours together; every sum meets its synapses ascending. */
  readonly visit: (inputs: ArrayLike<number>, reach: Reach) => void
}

/**
 * The wiring of a convolution on one frame `[C, H, W]`, whose sums are `[H', W', C']`.
 *
 * Synapse `((ky kw + kx) C + c) (C' / groups) + i` is kernel row ky, kernel column kx, input channel c and the i-th
 * output channel of c's group. Inputs go by row, column and channel, so a sum meets its synapses by kernel row, kernel
 * column and channel; `together` neighbouring channels of a group (eight, unless told otherwise) are visited at once.
 *
 * @example
 * const weight = tensor([5, 2, 3, 3], new Float32Array(90))
 * convolution({ key: 'conv', weight, stride: 2, padding: 1, groups: 1 }, { height: 8, width: 8 }).targets // => 4 * 4 * 5
 */
export const convolution = (
  { weight, stride, padding, groups }: Convolution,
  { height, width }: Size,
  together = EIGHT,
): Wiring => {
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const [channels, row] = [inGroup * groups, out / groups]
  const [oh, ow] = [convolved(height, kh, stride, padding), convolved(width, kw, stride, padding)]
  return {
    targets: oh * ow * out,
    visit: (inputs, reach) => {
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let group = 0; group < groups; group++)
            for (let first = 0; first < inGroup; first += together) {
              const active: number[] = []
              const values: number[] = []
              for (let c = group * inGroup + first; c < group * inGroup + Math.min(first + together, inGroup); c++) {
                const value = inputs[(c * height + y) * width + x]!
                if (value === 0) continue
                active.push(c)
                values.push(value)
              }
              if (active.length === 0) continue
              const starts = active.slice()
              for (let ky = 0; ky < kh; ky++) {
                const oy = (y + padding - ky) / stride
                if (!Number.isInteger(oy) || oy < 0 || oy >= oh) continue
                for (let kx = 0; kx < kw; kx++) {
                  const ox = (x + padding - kx) / stride
                  if (!Number.isInteger(ox) || ox < 0 || ox >= ow) continue
                  for (let a = 0; a < active.length; a++) starts[a] = ((ky * kw + kx) * channels + active[a]!) * row
                  reach((oy * ow + ox) * out + group * row, starts, row, values)
                }
              }
            }
    },
  }
}

/**
 * The terms of a convolution in the order of its synapses: `term(weight, output channel)`.
 *
 * @example
 * const [weight, gain] = [tensor([2, 1, 1, 1], Float32Array.of(3, 4)), [10, 100]]
 * synapses({ key: 'conv', weight, stride: 1, padding: 0, groups: 1 }, (w, channel) => w * gain[channel]) // => [30, 400]
 */
export const synapses = <A>(
  { weight, groups }: Convolution,
  term: (weight: number, channel: number) => A,
): readonly A[] => {
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const [channels, row] = [inGroup * groups, out / groups]
  return Array.from({ length: kh * kw * channels * row }, (_, synapse) => {
    const [tap, c, i] = [Math.floor(synapse / row / channels), Math.floor(synapse / row) % channels, synapse % row]
    const co = Math.floor(c / inGroup) * row + i
    return term(weight.data[(co * inGroup + (c % inGroup)) * kh * kw + tap]!, co)
  })
}

/**
 * The wiring of one head of an attention product: inputs `[terms, positions]`, sums `[positions, width]`. Synapse
 * `term * width + i` leads from the term's input at a position to the i-th sum there, so a sum meets its terms ascending.
 *
 * @example
 * product(2, 1, 3).targets // => 3
 */
export const product = (terms: number, positions: number, width: number): Wiring => ({
  targets: positions * width,
  visit: (inputs, reach) => {
    for (let first = 0; first < terms; first += EIGHT)
      for (let at = 0; at < positions; at++) {
        const starts: number[] = []
        const values: number[] = []
        for (let term = first; term < Math.min(first + EIGHT, terms); term++) {
          const value = inputs[term * positions + at]!
          if (value === 0) continue
          starts.push(term * width)
          values.push(value)
        }
        if (starts.length > 0) reach(at * width, starts, width, values)
      }
  },
})

/**
 * Combines, for every sum, the terms of its active synapses in ascending order, starting at the empty one:
 * `sums[target] = ((empty <> (t1 <> t2)) <> (t3 <> t4)) <> ..`, the terms t two by two within each visit of the wiring, an
 * odd one alone. The table has the term of every synapse.
 *
 * Every homomorphism h of monoids commutes with it: `h(contract(M)(w)(table)(x)) = contract(M')(w)(h(table))(x)`.
 *
 * @example
 * import { MonoidSum } from 'fp-ts/lib/number.js'
 * import * as ReadonlyArray from 'fp-ts/lib/ReadonlyArray.js'
 * const [wiring, spikes, ids] = [product(3, 1, 1), [1, 0, 1], [0, 1, 2]] // three terms, the second silent
 * contract(ReadonlyArray.getMonoid<number>())(wiring)(ids.map((id) => [id]))(spikes) // => [[0, 2]]
 * contract(MonoidSum)(wiring)(ids.map(() => 1))(spikes) // => [2]
 */
export const contract =
  <A>(M: Monoid<A>) =>
  ({ targets, visit }: Wiring) =>
  (table: ArrayLike<A>) =>
  (inputs: ArrayLike<number>): readonly A[] => {
    const sums: A[] = Array.from({ length: targets }, () => M.empty)
    visit(inputs, (target, starts, length) => {
      for (let s = 0; s < starts.length; s += 2)
        for (let i = 0; i < length; i++) {
          const [a, b] = [starts[s]! + i, starts[s + 1]]
          const two = b === undefined ? table[a]! : M.concat(table[a]!, table[b + i]!)
          sums[target + i] = M.concat(sums[target + i]!, two)
        }
    })
    return sums
  }
