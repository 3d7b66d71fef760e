/**
 * The primitives programs are made of, in plain TypeScript over typed arrays.
 *
 * `extract` and `accumulate` are all that spikes go through, and they only add. Addresses and strides are bytes; a row
 * of sums is sixteen float32. Every addition and multiplication is rounded to float32 (`Math.fround`).
 * @module
 */
import { dense, maxPool, meanRows, packColumns, packRows } from './dense.js'
import { type Bytes, bytesOf } from './layout.js'
import type { ChargeCode } from './program.js'

/** Rows of currents on their way through an affine map. */
export type Affine = readonly [
  x: number,
  xStep: number,
  xRow: number,
  positions: number,
  steps: number,
  gain: number,
  shift: number,
  residual: number,
  residualStep: number,
  residualRow: number,
  out: number,
  outStep: number,
  outRow: number,
]

/** The neurons at the end of it. */
export type Neurons = readonly [
  before: number,
  beforeRow: number,
  after: number,
  afterRow: number,
  spikes: number,
  spikesStep: number,
  spikesRow: number,
  mask: number,
  charge: ChargeCode,
  leak: number,
  threshold: number,
  rest: number,
  soft: number,
]

/** The operations over one linear memory that programs call. WebAssembly offers the same. */
export interface Primitives {
  /** The typed arrays over the memory. */
  readonly bytes: () => Bytes
  /**
   * Lists the active inputs of `positions` outputs over `steps` steps: for each its start in `starts` (one more at the
   * end), and in `lists` the offset of its row of weights, ascending, as 16-bit words. Returns the end of the lists.
   */
  readonly extract: (
    gather: number,
    gatherStride: number,
    positions: number,
    steps: number,
    base: number,
    stepStride: number,
    pieces: number,
    piecesEnd: number,
    starts: number,
    lists: number,
  ) => number
  /** `sums[r] = (resume ? sums[r] : 0) + weights[e0] + weights[e1] + ..` over the events e of each row r, in order. */
  readonly accumulate: (starts: number, rows: number, weights: number, sums: number, resume: number) => void
  /**
   * `out = x * gain + shift (+ residual)` on `positions` rows over `steps` steps; sixteen gains and shifts, and
   * `residual` 0 is none.
   */
  readonly affine: (...rows: Affine) => void
  /**
   * The same, and then sixteen neurons a position: charge, compare, reset; a bit a spike, masked by `mask`. `out` 0
   * stores no current, `before` 0 starts at `rest`, `after` 0 forgets the membranes.
   */
  readonly affineFire: (...rows: readonly [...Affine, ...Neurons]) => void
  /** One row of output positions of a convolution of currents, one block. */
  readonly dense: (
    input: number,
    inputRowBytes: number,
    inputStride: number,
    width: number,
    kernelRows: number,
    kernelWidth: number,
    stride: number,
    padding: number,
    channels: number,
    weights: number,
    outWidth: number,
    sums: number,
  ) => void
  /** One row of output positions of a max-pool, one block. */
  readonly maxPool: (
    input: number,
    inputRowBytes: number,
    inputStride: number,
    width: number,
    kernelRows: number,
    kernel: number,
    stride: number,
    padding: number,
    outWidth: number,
    out: number,
    outStride: number,
  ) => void
  /** The mean of `positions` rows, one block. */
  readonly meanRows: (from: number, fromRow: number, positions: number, out: number) => void
  /** `[block of width][row][16]` from rows of `width` channels. */
  readonly packRows: (from: number, fromRow: number, width: number, rows: number, to: number) => void
  /** The same from columns: `to[block][row][i] = from[block * 16 + i][row]`, zeros past `width`. */
  readonly packColumns: (from: number, fromRow: number, width: number, rows: number, to: number) => void
}

const { fround } = Math

const extract =
  ({ u8, u16, i32 }: Bytes): Primitives['extract'] =>
  (gather, gatherStride, positions, steps, base, stepStride, pieces, piecesEnd, starts, lists) => {
    let start = starts >> 2
    let out = lists >> 1
    for (let t = 0; t < steps; t++) {
      const frame = base + t * stepStride
      for (let p = 0; p < positions; p++) {
        i32[start++] = out << 1
        const table = (gather + p * gatherStride) >> 2
        for (let piece = pieces >> 2; piece < piecesEnd >> 2; piece += 4) {
          const row = i32[table + (i32[piece]! >> 2)]!
          if (row < 0) continue
          const bit = i32[piece + 1]!
          const shift = bit & 7
          let left = i32[piece + 2]!
          let k = i32[piece + 3]!
          for (let at = frame + row + (bit >> 3); left > 0; at++, left -= 8, k += 512) {
            let byte = ((u8[at]! | (u8[at + 1]! << 8)) >> shift) & (left < 8 ? (1 << left) - 1 : 255)
            while (byte !== 0) {
              const lowest = 31 - Math.clz32(byte & -byte)
              u16[out++] = k + (lowest << 6)
              byte &= byte - 1
            }
          }
        }
      }
    }
    i32[start] = out << 1
    return out << 1
  }

const accumulate =
  ({ u16, i32, f32 }: Bytes): Primitives['accumulate'] =>
  (starts, rows, weights, sums, resume) => {
    for (let half = 0; half < 16; half += 8) {
      const w = (weights >> 2) + half
      let s = (sums >> 2) + half
      let e = i32[starts >> 2]! >> 1
      for (let r = 1; r <= rows; r++, s += 16) {
        const end = i32[(starts >> 2) + r]! >> 1
        let a0 = 0
        let a1 = 0
        let a2 = 0
        let a3 = 0
        let a4 = 0
        let a5 = 0
        let a6 = 0
        let a7 = 0
        if (resume !== 0) {
          a0 = f32[s]!
          a1 = f32[s + 1]!
          a2 = f32[s + 2]!
          a3 = f32[s + 3]!
          a4 = f32[s + 4]!
          a5 = f32[s + 5]!
          a6 = f32[s + 6]!
          a7 = f32[s + 7]!
        }
        for (; e < end; e++) {
          const k = w + (u16[e]! >> 2)
          a0 = fround(a0 + f32[k]!)
          a1 = fround(a1 + f32[k + 1]!)
          a2 = fround(a2 + f32[k + 2]!)
          a3 = fround(a3 + f32[k + 3]!)
          a4 = fround(a4 + f32[k + 4]!)
          a5 = fround(a5 + f32[k + 5]!)
          a6 = fround(a6 + f32[k + 6]!)
          a7 = fround(a7 + f32[k + 7]!)
        }
        f32[s] = a0
        f32[s + 1] = a1
        f32[s + 2] = a2
        f32[s + 3] = a3
        f32[s + 4] = a4
        f32[s + 5] = a5
        f32[s + 6] = a6
        f32[s + 7] = a7
      }
    }
  }

const affine =
  ({ f32 }: Bytes): Primitives['affine'] =>
  (x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow) => {
    const [g, s] = [gain >> 2, shift >> 2]
    for (let t = 0; t < steps; t++)
      for (let p = 0; p < positions; p++) {
        const at = (x + t * xStep + p * xRow) >> 2
        const to = (out + t * outStep + p * outRow) >> 2
        const other = (residual + t * residualStep + p * residualRow) >> 2
        for (let c = 0; c < 16; c++) {
          const y = fround(fround(f32[at + c]! * f32[g + c]!) + f32[s + c]!)
          f32[to + c] = residual === 0 ? y : y + f32[other + c]!
        }
      }
  }

/** Charges a neuron: 0 adds, 1 divides by the leak, 2 and 3 multiply by it. */
const charged = (v: number, x: number, charge: ChargeCode, leak: number, rest: number): number => {
  if (charge === 0) return fround(v + x)
  const drive = fround(x - fround(v - rest))
  return fround(v + (charge === 1 ? fround(drive / leak) : fround(drive * leak)))
}

const affineFire =
  ({ u16, f32 }: Bytes): Primitives['affineFire'] =>
  (...rows) => {
    const [x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, ...rest0] = rows
    const [out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, ...neuron] = rest0
    const [mask, charge, leak, threshold, rest, soft] = neuron
    const [dx, dr, ds, dout] = [xStep >> 2, residualStep >> 2, spikesStep >> 1, outStep >> 2]
    for (let p = 0; p < positions; p++) {
      const bits = (spikes + p * spikesRow) >> 1
      for (let t = 0; t < steps; t++) u16[bits + t * ds] = 0
      for (let c = 0; c < 16; c++) {
        const [by, plus] = [f32[(gain >> 2) + c]!, f32[(shift >> 2) + c]!]
        let v = before === 0 ? rest : f32[((before + p * beforeRow) >> 2) + c]!
        let at = ((x + p * xRow) >> 2) + c
        let other = ((residual + p * residualRow) >> 2) + c
        let to = ((out + p * outRow) >> 2) + c
        for (let t = 0; t < steps; t++, at += dx, other += dr, to += dout) {
          let input = fround(fround(f32[at]! * by) + plus)
          if (residual !== 0) input = fround(input + f32[other]!)
          if (out !== 0) f32[to] = input
          const h = charged(v, input, charge, leak, rest)
          if (h >= threshold) {
            u16[bits + t * ds]! |= 1 << c
            v = soft === 0 ? rest : fround(h - threshold)
          } else v = h
        }
        if (after !== 0) f32[((after + p * afterRow) >> 2) + c] = v
      }
      for (let t = 0; t < steps; t++) u16[bits + t * ds]! &= mask
    }
  }

/** The primitives over one buffer. */
export const primitives = (buffer: ArrayBufferLike): Primitives => {
  const bytes = bytesOf(buffer)
  return {
    bytes: () => bytes,
    extract: extract(bytes),
    accumulate: accumulate(bytes),
    affine: affine(bytes),
    affineFire: affineFire(bytes),
    dense: dense(bytes),
    maxPool: maxPool(bytes),
    meanRows: meanRows(bytes),
    packRows: packRows(bytes),
    packColumns: packColumns(bytes),
  }
}
