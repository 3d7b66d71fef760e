/**
 * What spikes go through: lists of events, and sums of rows of weights. There is no multiplication here, not even for an
 * address; a test disassembles the module and holds it.
 */
import { EVENT_TABLE, EVENTS } from '../../machine/shared'

/** The table's address, and an eight's events, four times. */
const TABLE: usize = EVENT_TABLE as usize
const EVENTS_FOUR_TIMES: u64 = (EVENTS as u64) * 0x0001000100010001

/** Lists the active inputs of a tile; see `Primitives.extract`. */
export function extract(
  gather: usize,
  gatherStride: usize,
  positions: i32,
  steps: i32,
  base: usize,
  stepStride: usize,
  pieces: usize,
  piecesEnd: usize,
  starts: usize,
  lists: usize,
): usize {
  let out = lists
  for (let t = 0; t < steps; t++) {
    let table = gather
    for (let p = 0; p < positions; p++) {
      store<u32>(starts, out)
      starts += 4
      for (let piece = pieces; piece < piecesEnd; piece += 16) {
        const row = load<i32>(table + load<u32>(piece))
        if (row < 0) continue
        const bit = load<i32>(piece, 4)
        const shift = bit & 7
        let left = load<i32>(piece, 8)
        let k = load<u16>(piece, 12) as u64
        k |= k << 16
        k |= k << 32
        let at: usize = base + row + (bit >>> 3)
        // An eight at a time: the table lists a byte's events, and the next byte overwrites what is past them.
        for (; left >= 8; left -= 8) {
          const entry: usize = (((((load<u16>(at) as u32) >>> shift) & 255) as usize) << 4) + TABLE
          store<u64>(out, k + load<u64>(entry))
          out += load<u16>(entry, 8)
          k += EVENTS_FOUR_TIMES
          at++
        }
        if (left > 0) {
          const entry: usize = (((((load<u16>(at) as u32) >>> shift) & ((1 << left) - 1)) as usize) << 4) + TABLE
          store<u64>(out, k + load<u64>(entry))
          out += load<u16>(entry, 8)
        }
      }
      table += gatherStride
    }
    base += stepStride
  }
  store<u32>(starts, out)
  return out
}

/** Lists the same by copying the lists of input positions; see `Primitives.concat`. */
export function concat(
  gather: usize,
  gatherStride: usize,
  positions: i32,
  steps: i32,
  from: usize,
  fromStep: usize,
  pieces: usize,
  piecesEnd: usize,
  starts: usize,
  lists: usize,
): usize {
  let out = lists
  for (let t = 0; t < steps; t++) {
    let table = gather
    for (let p = 0; p < positions; p++) {
      store<u32>(starts, out)
      starts += 4
      for (let piece = pieces; piece < piecesEnd; piece += 16) {
        const position = load<i32>(table + load<u32>(piece))
        if (position < 0) continue
        const list: usize = from + position
        let event: usize = load<u32>(list)
        const bytes: usize = load<u32>(list, 4) - event
        const k = i16x8.splat(load<i16>(piece, 12))
        // Sixteen events are copied in any case: most lists are shorter, and what is too much the next one overwrites.
        v128.store(out, i16x8.add(k, v128.load(event)))
        v128.store(out, i16x8.add(k, v128.load(event, 16)), 16)
        const end = out + bytes
        for (out += 32; out < end; out += 16) {
          v128.store(out, i16x8.add(k, v128.load(event, 32)))
          event += 16
        }
        out = end
      }
      table += gatherStride
    }
    from += fromStep
  }
  store<u32>(starts, out)
  return out
}

/** Makes a table of pairs; see `Primitives.pairs`. */
export function pairs(starts: usize, lists: i32, weights: usize, rows: i32, table: usize): i32 {
  if (load<u32>(starts) == load<u32>(starts + ((lists as usize) << 2))) return 0
  // All lines are asked for at once: the table's stores would keep each next one waiting.
  let seen: i32 = 0
  for (let at: usize = weights, end: usize = weights + ((rows as usize) << 6); at < end; at += 64) seen |= load<i32>(at)
  for (let row = 0; row < rows; row += 8) {
    for (const end: usize = weights + 64; weights < end; weights += 16) {
      const a = v128.load(weights)
      const b = v128.load(weights, 64)
      const c = v128.load(weights, 128)
      const d = v128.load(weights, 192)
      const e = v128.load(weights, 256)
      const f = v128.load(weights, 320)
      const g = v128.load(weights, 384)
      const h = v128.load(weights, 448)
      v128.store(table, a)
      v128.store(table, b, 64)
      v128.store(table, c, 128)
      v128.store(table, d, 192)
      v128.store(table, e, 256)
      v128.store(table, f, 320)
      v128.store(table, g, 384)
      v128.store(table, h, 448)
      v128.store(table, f32x4.add(a, b), 512)
      v128.store(table, f32x4.add(a, c), 576)
      v128.store(table, f32x4.add(b, c), 640)
      v128.store(table, f32x4.add(a, d), 704)
      v128.store(table, f32x4.add(b, d), 768)
      v128.store(table, f32x4.add(c, d), 832)
      v128.store(table, f32x4.add(a, e), 896)
      v128.store(table, f32x4.add(b, e), 960)
      v128.store(table, f32x4.add(c, e), 1024)
      v128.store(table, f32x4.add(d, e), 1088)
      v128.store(table, f32x4.add(a, f), 1152)
      v128.store(table, f32x4.add(b, f), 1216)
      v128.store(table, f32x4.add(c, f), 1280)
      v128.store(table, f32x4.add(d, f), 1344)
      v128.store(table, f32x4.add(e, f), 1408)
      v128.store(table, f32x4.add(a, g), 1472)
      v128.store(table, f32x4.add(b, g), 1536)
      v128.store(table, f32x4.add(c, g), 1600)
      v128.store(table, f32x4.add(d, g), 1664)
      v128.store(table, f32x4.add(e, g), 1728)
      v128.store(table, f32x4.add(f, g), 1792)
      v128.store(table, f32x4.add(a, h), 1856)
      v128.store(table, f32x4.add(b, h), 1920)
      v128.store(table, f32x4.add(c, h), 1984)
      v128.store(table, f32x4.add(d, h), 2048)
      v128.store(table, f32x4.add(e, h), 2112)
      v128.store(table, f32x4.add(f, h), 2176)
      v128.store(table, f32x4.add(g, h), 2240)
      table += 16
    }
    weights += 448
    table += 2240
  }
  return seen
}

/** Sums rows of a table of pairs picked by events; see `Primitives.accumulate`. */
export function accumulate(starts: usize, rows: i32, table: usize, sums: usize, resume: i32): void {
  let event: usize = load<u32>(starts)
  for (let r = 0; r < rows; r++) {
    starts += 4
    const end: usize = load<u32>(starts)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    if (resume) {
      a = v128.load(sums)
      b = v128.load(sums, 16)
      c = v128.load(sums, 32)
      d = v128.load(sums, 48)
    }
    while (event < end) {
      const w: usize = table + ((load<u16>(event) as usize) << 3)
      a = f32x4.add(a, v128.load(w))
      b = f32x4.add(b, v128.load(w, 16))
      c = f32x4.add(c, v128.load(w, 32))
      d = f32x4.add(d, v128.load(w, 48))
      event += 2
    }
    v128.store(sums, a)
    v128.store(sums, b, 16)
    v128.store(sums, c, 32)
    v128.store(sums, d, 48)
    sums += 64
  }
}

/** Counts the spikes of rows, eight bytes at a time; see `Primitives.tally`. */
export function tally(spikes: usize, rowBytes: i32, positions: i32, counts: usize, resume: i32): void {
  for (let p = 0; p < positions; p++) {
    let count: u64 = resume ? (load<u32>(counts) as u64) : 0
    let left = rowBytes
    for (; left >= 8; left -= 8) {
      count += popcnt<u64>(load<u64>(spikes))
      spikes += 8
    }
    for (; left > 0; left -= 2) {
      count += popcnt<u32>(load<u16>(spikes))
      spikes += 2
    }
    store<u32>(counts, count as u32)
    counts += 4
  }
}
