/**
 * Synapses as the bilinear map they are, and its two transposes: one wiring, read three ways.
 *
 * A synapse joins an entry of a table (a weight, an element of y), an input and a sum. `sum += entry * input` is the layer.
 * `entry += input * sum` is the gradient of the table: cotangents summed over the events that met it, for an input of zero
 * is not visited. `input += entry * sum` is the gradient of the inputs: dense, for a silent input has one too.
 *
 * Every product and every sum is rounded once. Terms come one by one: to a table entry by block (frame, or head), input row
 * and input column; to an input by kernel row, kernel column and output channel.
 * @module
 */
import { type Precision, type Reals, rounding, type Shape, sizeOf, zeros } from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { Convolution } from '../../model/kernels.js'
import { product, type Wiring, convolution as wired } from '../contraction.js'
import { transposed } from '../reference/attention.js'
import { fanInWeights, fanOutRows, type Shape5 } from '../reference/convolution.js'

/** `sums = B(table, inputs)`, linear in each: forward, and towards each given the cotangent of the sums. */
export interface Bilinear {
  readonly forward: (table: Reals, inputs: Reals | Uint8Array) => Reals
  readonly toTable: (inputs: Reals | Uint8Array, sums: Reals) => Reals
  readonly toInputs: (table: Reals, sums: Reals) => Reals
}

/** Blocks that are wired alike, each with inputs and sums of its own, and with a table of its own or one for all. */
interface Blocks {
  readonly wiring: Wiring
  readonly blocks: number
  readonly inputs: number
  readonly table: number
  readonly shared: boolean
  /** Sums at one position; they are `[positions, width]` in the wiring and `[width, positions]` outside. */
  readonly width: number
}

/** 1, 2, 3, ..: inputs that are all active, and whose values tell them apart. */
const everyInput = (length: number): readonly number[] => Array.from({ length }, (_, i) => i + 1)

const bilinear = (precision: Precision, { wiring, blocks, inputs, table, shared, width }: Blocks): Bilinear => {
  const round = rounding(precision)
  const { targets, visit } = wiring
  const tableOf = (all: Reals, block: number): Reals =>
    shared ? all : all.subarray(block * table, (block + 1) * table)
  const inputsOf = <A extends Reals | Uint8Array>(all: A, block: number): A =>
    all.subarray(block * inputs, (block + 1) * inputs) as A
  const sumsOf = (all: Reals, block: number): Reals =>
    transposed(precision, all.subarray(block * targets, (block + 1) * targets), width, targets / width)
  return {
    forward: (weights, x) => {
      const output = zeros(precision, blocks * targets)
      for (let block = 0; block < blocks; block++) {
        const [rows, sums] = [tableOf(weights, block), zeros(precision, targets)]
        visit(inputsOf(x, block), (target, starts, length, values) => {
          for (let s = 0; s < starts.length; s++)
            for (let i = 0; i < length; i++) sums[target + i]! += round(values[s]! * rows[starts[s]! + i]!)
        })
        output.set(transposed(precision, sums, targets / width, width), block * targets)
      }
      return output
    },
    toTable: (x, cotangents) => {
      const output = zeros(precision, shared ? table : blocks * table)
      for (let block = 0; block < blocks; block++) {
        const [rows, sums] = [tableOf(output, block), sumsOf(cotangents, block)]
        visit(inputsOf(x, block), (target, starts, length, values) => {
          for (let s = 0; s < starts.length; s++)
            for (let i = 0; i < length; i++) rows[starts[s]! + i]! += round(values[s]! * sums[target + i]!)
        })
      }
      return output
    },
    toInputs: (weights, cotangents) => {
      const output = zeros(precision, blocks * inputs)
      const every = everyInput(inputs)
      for (let block = 0; block < blocks; block++) {
        const [rows, sums, x] = [tableOf(weights, block), sumsOf(cotangents, block), inputsOf(output, block)]
        visit(every, (target, starts, length, values) => {
          for (let s = 0; s < starts.length; s++) {
            const [start, input] = [starts[s]!, values[s]! - 1]
            let sum = x[input]!
            for (let i = 0; i < length; i++) sum = round(sum + round(rows[start + i]! * sums[target + i]!))
            x[input] = sum
          }
        })
      }
      return output
    },
  }
}

/** The same map with the table in another order. */
const reordered = (map: Bilinear, into: (table: Reals) => Reals, back: (table: Reals) => Reals): Bilinear => ({
  forward: (table, inputs) => map.forward(into(table), inputs),
  toTable: (inputs, sums) => back(map.toTable(inputs, sums)),
  toInputs: (table, sums) => map.toInputs(into(table), sums),
})

/** `z = Conv(x)`, x `[T, B, C, H, W]`, with the weight as the table. */
export const convolution = (precision: Precision, p: Convolution, shape: Shape): Bilinear => {
  const [T, B, C, height, width] = shape as Shape5
  const map = bilinear(precision, {
    wiring: wired(p, { height, width }),
    blocks: T * B,
    inputs: C * height * width,
    table: sizeOf(p.weight.shape),
    shared: true,
    width: p.weight.shape[0]!,
  })
  return reordered(
    map,
    (weights) => fanOutRows(precision, p, weights),
    (rows) => fanInWeights(precision, p, rows),
  )
}

/** The shape of `Conv(x)`. */
export const convolvedShape = ({ weight, stride, padding }: Convolution, [T, B, , H, W]: Shape): Shape => {
  const [out, , kh, kw] = weight.shape as readonly [number, number, number, number]
  return [T!, B!, out, convolved(H!, kh, stride, padding), convolved(W!, kw, stride, padding)]
}

/** `y^T x` a head, y `[T, B, heads, d, n]` as the table, x `[.., d, positions]`. */
export const productT = (precision: Precision, [T, B, heads, d, n]: Shape5, positions: number): Bilinear =>
  bilinear(precision, {
    wiring: product(d, positions, n),
    blocks: T * B * heads,
    inputs: d * positions,
    table: d * n,
    shared: false,
    width: n,
  })

/** `y x` a head, y `[T, B, heads, d, n]` as the table, x `[.., n, positions]`. */
export const productOf = (precision: Precision, [T, B, heads, d, n]: Shape5, positions: number): Bilinear => {
  const blocks = T * B * heads
  const flipped =
    (rows: number, columns: number) =>
    (all: Reals): Reals => {
      const output = zeros(precision, all.length)
      for (let block = 0; block < blocks; block++) {
        const [from, to] = [block * rows * columns, (block + 1) * rows * columns]
        output.set(transposed(precision, all.subarray(from, to), rows, columns), from)
      }
      return output
    }
  const map = bilinear(precision, {
    wiring: product(n, positions, d),
    blocks,
    inputs: n * positions,
    table: n * d,
    shared: false,
    width: d,
  })
  return reordered(map, flipped(d, n), flipped(n, d))
}
