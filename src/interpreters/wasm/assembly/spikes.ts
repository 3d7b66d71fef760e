/**
 * What spikes go through: lists of events, and sums of rows of weights. There is no multiplication here, not even for an
 * address; a test disassembles the module and holds it.
 */
import { EVENT_TABLE } from './layout'

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
        let k = load<u16>(piece, 12) as u32
        k |= k << 16
        let at: usize = base + row + (bit >>> 3)
        // Two fours at a time: the table lists a byte's events, and the next byte overwrites what is past them.
        for (; left >= 8; left -= 8) {
          const entry: usize = ((((load<u16>(at) >>> shift) & 255) as usize) << 3) + EVENT_TABLE
          store<u32>(out, k + load<u32>(entry))
          out += load<u16>(entry, 4)
          k += 0x1000100
          at++
        }
        if (left > 0) {
          const entry: usize = ((((load<u16>(at) >>> shift) & ((1 << left) - 1)) as usize) << 3) + EVENT_TABLE
          store<u32>(out, k + load<u32>(entry))
          out += load<u16>(entry, 4)
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

/** Makes a table of fours; see `Primitives.fours`. */
export function fours(weights: usize, rows: i32, table: usize): void {
  for (let row = 0; row < rows; row += 4) {
    for (const end: usize = weights + 64; weights < end; weights += 16) {
      const a = v128.load(weights)
      const b = v128.load(weights, 64)
      const c = v128.load(weights, 128)
      const d = v128.load(weights, 192)
      const ab = f32x4.add(a, b)
      const ac = f32x4.add(a, c)
      const bc = f32x4.add(b, c)
      const abc = f32x4.add(ab, c)
      v128.store(table, a, 64)
      v128.store(table, b, 128)
      v128.store(table, ab, 192)
      v128.store(table, c, 256)
      v128.store(table, ac, 320)
      v128.store(table, bc, 384)
      v128.store(table, abc, 448)
      v128.store(table, d, 512)
      v128.store(table, f32x4.add(a, d), 576)
      v128.store(table, f32x4.add(b, d), 640)
      v128.store(table, f32x4.add(ab, d), 704)
      v128.store(table, f32x4.add(c, d), 768)
      v128.store(table, f32x4.add(ac, d), 832)
      v128.store(table, f32x4.add(bc, d), 896)
      v128.store(table, f32x4.add(abc, d), 960)
      table += 16
    }
    weights += 192
    table += 960
  }
}

/** Sums rows of a table of fours picked by events; see `Primitives.accumulate`. */
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
