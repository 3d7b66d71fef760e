/** The primitives that spikes go through, in plain TypeScript: they only list and add. @module */
import type { Bytes } from './layout.js'
import type { Primitives } from './primitives.js'

const { fround } = Math

/** Lists events, a byte of spikes at a time: two fours, whose events begin 128 apart, 8 a way. */
export const extract =
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
          for (let at = frame + row + (bit >> 3); left > 0; at++, left -= 8, k += 256) {
            const byte = ((u8[at]! | (u8[at + 1]! << 8)) >> shift) & (left < 8 ? (1 << left) - 1 : 255)
            if ((byte & 15) !== 0) u16[out++] = k + ((byte & 15) << 3)
            if (byte >> 4 !== 0) u16[out++] = k + 128 + ((byte >> 4) << 3)
          }
        }
      }
    }
    i32[start] = out << 1
    return out << 1
  }

/** Copies lists of input positions into lists of windows. */
export const concat =
  ({ u16, i32 }: Bytes): Primitives['concat'] =>
  (gather, gatherStride, positions, steps, from, fromStep, pieces, piecesEnd, starts, lists) => {
    let start = starts >> 2
    let out = lists >> 1
    for (let t = 0; t < steps; t++) {
      const frame = (from + t * fromStep) >> 2
      for (let p = 0; p < positions; p++) {
        i32[start++] = out << 1
        const table = (gather + p * gatherStride) >> 2
        for (let piece = pieces >> 2; piece < piecesEnd >> 2; piece += 4) {
          const position = i32[table + (i32[piece]! >> 2)]!
          if (position < 0) continue
          const list = frame + (position >> 2)
          const k = i32[piece + 3]!
          for (let e = i32[list]! >> 1, end = i32[list + 1]! >> 1; e < end; e++) u16[out++] = u16[e]! + k
        }
      }
    }
    i32[start] = out << 1
    return out << 1
  }

/** Tables of fours: the sum of the rows of a way is that of the way without its last row, and that row. */
export const fours =
  ({ f32 }: Bytes): Primitives['fours'] =>
  (weights, rows, table) => {
    let w = weights >> 2
    let to = table >> 2
    for (let row = 0; row < rows; row += 4, w += 64, to += 256)
      for (let lane = 0; lane < 16; lane++) {
        const at = to + lane
        const w0 = f32[w + lane]!
        const w1 = f32[w + lane + 16]!
        const w2 = f32[w + lane + 32]!
        const w3 = f32[w + lane + 48]!
        const w01 = fround(w0 + w1)
        const w02 = fround(w0 + w2)
        const w12 = fround(w1 + w2)
        const w012 = fround(w01 + w2)
        f32[at + 16] = w0
        f32[at + 32] = w1
        f32[at + 48] = w01
        f32[at + 64] = w2
        f32[at + 80] = w02
        f32[at + 96] = w12
        f32[at + 112] = w012
        f32[at + 128] = w3
        f32[at + 144] = w0 + w3
        f32[at + 160] = w1 + w3
        f32[at + 176] = w01 + w3
        f32[at + 192] = w2 + w3
        f32[at + 208] = w02 + w3
        f32[at + 224] = w12 + w3
        f32[at + 240] = w012 + w3
      }
  }

/** Sums rows of a table, eight channels at a time in local variables. */
export const accumulate =
  ({ u16, i32, f32 }: Bytes): Primitives['accumulate'] =>
  (starts, rows, table, sums, resume) => {
    for (let half = 0; half < 16; half += 8) {
      const w = (table >> 2) + half
      let s = (sums >> 2) + half
      let e = i32[starts >> 2]! >> 1
      for (let r = 1; r <= rows; r++, s += 16) {
        const end = i32[(starts >> 2) + r]! >> 1
        let a0 = fround(0)
        let a1 = fround(0)
        let a2 = fround(0)
        let a3 = fround(0)
        let a4 = fround(0)
        let a5 = fround(0)
        let a6 = fround(0)
        let a7 = fround(0)
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
          const k = w + (u16[e]! << 1)
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
