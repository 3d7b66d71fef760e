/**
 * Synapses as the bilinear map they are, and its two transposes: one wiring, read three ways.
 *
 * A synapse joins an entry of a table (a weight, an element of y), an input and a sum. `sum += entry * input` is the layer.
 * `entry += input * sum` is the gradient of the table: cotangents summed over the events that met it, for an input of zero
 * is not visited. `input += entry * sum` is the gradient of the inputs: dense, for a silent input has one too.
 *
 * Every product and every sum is rounded once. Terms come one by one: to an input by kernel row, kernel column and output
 * channel; to an entry of a head's own table by input row and input column; to an entry of a table that frames share by
 * sample, step, input row and input column, of each share of the batch on its own (at most eight shares, of `ceil(B / 8)`
 * samples that follow each other), and then the shares' sums in order.
 * @module
 */
import {
  type Precision,
  type Reals,
  rounding,
  type Shape,
  type Size,
  sizeOf,
  tensor,
  zeros,
} from '../../core/tensor.js'
import { convolved } from '../../core/window.js'
import type { Convolution } from '../../model/kernels.js'
import { convolution as wired } from '../contraction.js'
import { transposed } from '../reference/attention.js'
import { fanInWeights, fanOutRows, type Shape5 } from '../reference/convolution.js'

/** `sums = B(table, inputs)`, linear in each: forward, and towards each given the cotangent of the sums. */
export interface Bilinear {
  /** The sums. */
  readonly forward: (table: Reals, inputs: Reals | Uint8Array) => Reals
  /** The cotangent of the table, of inputs and the cotangent of the sums. */
  readonly toTable: (inputs: Reals | Uint8Array, sums: Reals) => Reals
  /** The cotangent of the inputs. */
  readonly toInputs: (table: Reals, sums: Reals) => Reals
}

/** A convolution's synapses, met by blocks of inputs `[C, height, width]`; its table is in the order of the synapses. */
export interface Connection {
  readonly convolution: Convolution
  readonly size: Size
  readonly blocks: number
  /** How many samples share one table, whose frames the blocks are, step by step; null where each block has its own. */
  readonly samples: number | null
}

/** Samples in a share of a batch. */
export const shareSize = (samples: number): number => Math.ceil(samples / 8)

/** The frames of each share of a batch, by sample and then by step. */
const sharesOf = (blocks: number, samples: number): readonly (readonly number[])[] => {
  const [size, steps] = [shareSize(samples), blocks / samples]
  return Array.from({ length: Math.ceil(samples / size) }, (_, share) =>
    Array.from({ length: Math.min(size, samples - share * size) * steps }, (_, i) => {
      const [sample, t] = [share * size + Math.floor(i / steps), i % steps]
      return t * samples + sample
    }),
  )
}

/** Makes the maps of a layer: readably, as here, or fast, with the same bits. */
export type Connect = (connection: Connection) => Bilinear

/** 1, 2, 3, ..: inputs that are all active, and whose values tell them apart. */
const everyInput = (length: number): readonly number[] => Array.from({ length }, (_, i) => i + 1)

/**
 * The maps of synapses over their wiring, readably: what the fast ones must equal bit for bit.
 *
 * @example
 * const weight = tensor([1, 2, 1, 1], Float64Array.of(3, 4))
 * const convolution = { key: '', weight, stride: 1, padding: 0, groups: 1 }
 * const maps = connect('float64')({ convolution, size: { height: 1, width: 1 }, blocks: 1, samples: 1 })
 * maps.forward(weight.data, Uint8Array.of(0, 1)) // => Float64Array.of(4)
 * maps.toTable(Uint8Array.of(0, 1), Float64Array.of(5)) // => Float64Array.of(0, 5)
 * maps.toInputs(weight.data, Float64Array.of(5)) // => Float64Array.of(15, 20)
 */
export const connect =
  (precision: Precision): Connect =>
  ({ convolution, size, blocks, samples }) => {
    const round = rounding(precision)
    const { targets, visit } = wired(convolution, size)
    const width = convolution.weight.shape[0]!
    const inputs = convolution.weight.shape[1]! * convolution.groups * size.height * size.width
    const table = sizeOf(convolution.weight.shape)
    const tableOf = (all: Reals, block: number): Reals =>
      samples === null ? all.subarray(block * table, (block + 1) * table) : all
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
        const meet = (rows: Reals, block: number): void => {
          const sums = sumsOf(cotangents, block)
          visit(inputsOf(x, block), (target, starts, length, values) => {
            for (let s = 0; s < starts.length; s++)
              for (let i = 0; i < length; i++) rows[starts[s]! + i]! += round(values[s]! * sums[target + i]!)
          })
        }
        const output = zeros(precision, samples === null ? blocks * table : table)
        if (samples === null) for (let block = 0; block < blocks; block++) meet(tableOf(output, block), block)
        else
          for (const share of sharesOf(blocks, samples)) {
            const rows = zeros(precision, table)
            for (const block of share) meet(rows, block)
            for (let entry = 0; entry < table; entry++) output[entry]! += rows[entry]!
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
export const convolution = (precision: Precision, connected: Connect, p: Convolution, shape: Shape): Bilinear => {
  const [T, B, , height, width] = shape as Shape5
  return reordered(
    connected({ convolution: p, size: { height, width }, blocks: T * B, samples: B }),
    (weights) => fanOutRows(precision, p, weights),
    (rows) => fanInWeights(precision, p, rows),
  )
}

/** The shape of `Conv(x)`. */
export const convolvedShape = ({ weight, stride, padding }: Convolution, [T, B, , H, W]: Shape): Shape => {
  const [out, , kh, kw] = weight.shape as readonly [number, number, number, number]
  return [T!, B!, out, convolved(H!, kh, stride, padding), convolved(W!, kw, stride, padding)]
}

/** A product is a convolution of one tap whose table is the other factor, a head's own. */
const product = (
  connected: Connect,
  blocks: number,
  [terms, width, positions]: readonly [number, number, number],
): Bilinear =>
  connected({
    convolution: { key: '', weight: tensor([width, terms, 1, 1], NONE), stride: 1, padding: 0, groups: 1 },
    size: { height: 1, width: positions },
    blocks,
    samples: null,
  })

/** Nothing: of such a weight, only the shape counts. */
const NONE = Float32Array.of()

/** `y^T x` a head, y `[T, B, heads, d, n]` as the table, x `[.., d, positions]`. */
export const productT = (connected: Connect, [T, B, heads, d, n]: Shape5, positions: number): Bilinear =>
  product(connected, T * B * heads, [d, n, positions])

/** `y x` a head, y `[T, B, heads, d, n]` as the table, x `[.., n, positions]`. */
export const productOf = (
  precision: Precision,
  connected: Connect,
  [T, B, heads, d, n]: Shape5,
  positions: number,
): Bilinear => {
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
  return reordered(product(connected, blocks, [n, d, positions]), flipped(d, n), flipped(n, d))
}
