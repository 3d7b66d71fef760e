/** The primitives that spikes go through, in plain TypeScript: they only list and add. @module */
import { eventTable } from '../machine/events.js'
import type { Bytes } from '../machine/layout.js'
import type { Primitives } from '../machine/primitives.js'
import { EVENTS } from '../machine/shared.js'

const { fround } = Math

/** Lists events, a byte of spikes at a time: an eight. */
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
          for (let at = frame + row + (bit >> 3); left > 0; at++, left -= 8, k += EVENTS) {
            const byte = ((u8[at]! | (u8[at + 1]! << 8)) >> shift) & (left < 8 ? (1 << left) - 1 : 255)
            const entry = byte << 3
            for (let e = entry, end = entry + (eventTable[entry + 4]! >> 1); e < end; e++)
              u16[out++] = k + eventTable[e]!
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

/** Tables of pairs: eight rows of weights, then for each of them its sums with those before it. */
export const pairs =
  ({ i32, f32 }: Bytes): Primitives['pairs'] =>
  (starts, lists, weights, rows, table) => {
    if (i32[starts >> 2] === i32[(starts >> 2) + lists]) return 0
    let to = table >> 2
    for (let w = weights >> 2, end = w + rows * 16; w < end; w += 128) {
      f32.copyWithin(to, w, w + 128)
      to += 128
      for (let j = 16; j < 128; j += 16)
        for (let i = 0; i < j; i += 16)
          for (let lane = 0; lane < 16; lane++, to++) f32[to] = f32[w + i + lane]! + f32[w + j + lane]!
    }
    return 0
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

/** How many bits of a byte are set. */
const ones = Uint8Array.from(
  { length: 256 },
  (_, byte) => [0, 1, 2, 3, 4, 5, 6, 7].filter((i) => (byte >> i) & 1).length,
)

/** Counts the spikes of rows. */
export const tally =
  ({ u8, i32 }: Bytes): Primitives['tally'] =>
  (spikes, rowBytes, positions, counts, resume) => {
    let at = spikes
    for (let p = 0; p < positions; p++) {
      let count = resume === 0 ? 0 : i32[(counts >> 2) + p]!
      for (const end = at + rowBytes; at < end; at++) count += ones[u8[at]!]!
      i32[(counts >> 2) + p] = count
    }
  }
