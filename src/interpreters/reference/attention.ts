/** The reference's attention: both products add a row for every spike, two by two, then scale once. @module */
import { type Currents, type Precision, type Reals, rounding, type Spikes, tensor, zeros } from '../../core/tensor.js'
import { product } from '../contraction.js'
import { addRows, type Shape5 } from './convolution.js'

/** `[rows, columns] -> [columns, rows]`. */
export const transposed = (precision: Precision, data: Reals, rows: number, columns: number): Reals => {
  const out = zeros(precision, rows * columns)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!
  return out
}

/** `[T, B, 2C, h, w]` to the first and the last d rows of each head, `[T, B, heads, d, n]` both. */
export const splitHeads =
  (precision: Precision) =>
  (heads: number) =>
  ({ shape, data }: Currents): readonly [Currents, Currents] => {
    const [T, B, C2, h, w] = shape as Shape5
    const [d, n] = [C2 / heads / 2, h * w]
    const half = (which: 0 | 1): Currents => {
      const output = zeros(precision, data.length / 2)
      for (let head = 0; head < T * B * heads; head++) {
        const start = (2 * head + which) * d * n
        output.set(data.subarray(start, start + d * n), head * d * n)
      }
      return tensor([T, B, heads, d, n], output)
    }
    return [half(0), half(1)]
  }

/**
 * Every spike `(term, at)` of one head adds row `term` of `rows` to the sums at `at`; then the head's scale.
 * `spikes` is `[terms, positions]` from `offset`, `rows` `[terms, width]`; the result `[width, positions]`.
 */
const contract = (
  precision: Precision,
  spikes: Uint8Array,
  offset: number,
  [terms, positions, width]: readonly [number, number, number],
  rows: Reals,
  scale: number,
): Reals => {
  const sums = zeros(precision, positions * width)
  const send = addRows(precision)(sums, rows)
  product(terms, positions, width).visit(spikes.subarray(offset, offset + terms * positions), send)
  return transposed(
    precision,
    sums.map((sum) => sum * scale),
    positions,
    width,
  )
}

/** `attn = (y^T x) * scale`, `[n, HW]` a head: a spike of channel c at a position adds the tokens' row c. */
export const dstT = (precision: Precision) => (scale: readonly number[]) => {
  const scales = scale.map(rounding(precision))
  return (y: Currents, x: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Shape5
    const [height, width] = x.shape.slice(3) as [number, number]
    const positions = height * width
    const output = zeros(precision, T * B * heads * n * positions)
    for (let head = 0; head < T * B * heads; head++) {
      const rows = y.data.subarray(head * d * n, (head + 1) * d * n)
      const attn = contract(precision, x.data, head * d * positions, [d, positions, n], rows, scales[head % heads]!)
      output.set(attn, head * n * positions)
    }
    return tensor([T, B, heads, n, positions], output)
  }
}

/** `out = (y attn) * scale`, `[d, HW]` a head: an attention spike of token n at a position adds the token's column of y. */
export const dst = (precision: Precision) => (scale: readonly number[]) => {
  const scales = scale.map(rounding(precision))
  return (y: Currents, attn: Spikes): Currents => {
    const [T, B, heads, d, n] = y.shape as Shape5
    const positions = attn.shape[4]!
    const output = zeros(precision, T * B * heads * d * positions)
    for (let head = 0; head < T * B * heads; head++) {
      const rows = transposed(precision, y.data.subarray(head * d * n, (head + 1) * d * n), d, n)
      const mixed = contract(precision, attn.data, head * n * positions, [n, positions, d], rows, scales[head % heads]!)
      output.set(mixed, head * d * positions)
    }
    return tensor([T, B, heads, d, positions], output)
  }
}
