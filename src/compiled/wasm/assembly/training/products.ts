/** Attention's two products on one frame, and back: convolutions of one position whose weights are the other factor. */
import { contract } from './contract'
import { inputsOf } from './inputs'
import { weightsOf } from './weights'

/** How many of each head's spikes, at all positions of each frame, are one: into `counts`, one a head. */
export function countSpikes(first: i32, count: i32, _scratch: usize, spikes: usize, counts: usize, positions: i32, heads: i32, width: i32): void {
  const channels = heads * width
  for (let frame = first; frame < first + count; frame++)
    for (let head = 0; head < heads; head++) {
      let sum: u32 = 0
      for (let p = 0; p < positions; p++) {
        let at: usize = spikes + (((frame * positions + p) * channels + head * width) as usize)
        let left = width
        for (; left >= 8; left -= 8) {
          sum += popcnt<u64>(load<u64>(at)) as u32
          at += 8
        }
        for (; left > 0; left--) sum += load<u8>(at++)
      }
      store<u32>(counts + ((frame * heads + head) as usize << 2), sum)
    }
}

/**
 * The scale of each head from all frames' counts: the batch's rates into the recorded ones (float64), then `1 / sqrt(rate
 * terms)`. Into `scales`: the rates, then the scales (float32).
 */
export function joinRates(
  _first: i32,
  _count: i32,
  _scratch: usize,
  counts: usize,
  recorded: usize,
  scales: usize,
  momentum: f64,
  frames: i32,
  heads: i32,
  length: f64,
  terms: i32,
): void {
  let known = false
  for (let head = 0; head < heads; head++) known = known || load<f64>(recorded + ((head as usize) << 3)) != 0
  for (let head = 0; head < heads; head++) {
    let count: f64 = 0
    for (let f = 0; f < frames; f++) count += load<u32>(counts + ((f * heads + head) as usize << 2)) as f64
    const measured = (count * (heads as f64)) / length
    const old = load<f64>(recorded + ((head as usize) << 3))
    const rate = (known ? old * momentum + measured * (1 - momentum) : measured) as f32
    store<f32>(scales + ((head as usize) << 2), rate)
    store<f32>(scales + ((heads + head) as usize << 2), (1 / Math.sqrt((rate as f64) * (terms as f64))) as f32)
  }
}

/** Rows of a factor: number `lane` of row `term` of a head lies at `factor + head * byHead + term * byTerm + lane * byLane`. */
function pack9(factor: usize, byHead: usize, byTerm: usize, byLane: usize, heads: i32, terms: i32, width: i32, to: usize): void {
  const eights = (terms + 7) >> 3
  for (let head = 0; head < heads; head++)
    for (let o = 0; o < width; o += 16) {
      const lanes = min(16, width - o)
      memory.fill(to, 0, (eights * 9) as usize << 6)
      for (let term = 0; term < terms; term++) {
        const from: usize = factor + (head as usize) * byHead + (term as usize) * byTerm + (o as usize) * byLane
        const row: usize = to + ((((term >> 3) * 9 + (term & 7)) as usize) << 6)
        for (let lane = 0; lane < lanes; lane++) store<f32>(row + ((lane as usize) << 2), load<f32>(from + (lane as usize) * byLane))
      }
      to += (eights * 9) as usize << 6
    }
}

/** The same as the weights of `inputsOf`: `[head, block of eight terms, lane, 8]`. */
function pack8(factor: usize, byHead: usize, byTerm: usize, byLane: usize, heads: i32, terms: i32, width: i32, to: usize): void {
  for (let head = 0; head < heads; head++)
    for (let first = 0; first < terms; first += 8) {
      const count = min(8, terms - first)
      for (let lane = 0; lane < width; lane++) {
        const from: usize = factor + (head as usize) * byHead + (first as usize) * byTerm + (lane as usize) * byLane
        for (let term = 0; term < 8; term++) {
          store<f32>(to, term < count ? load<f32>(from + (term as usize) * byTerm) : 0)
          to += 4
        }
      }
    }
}

/** `to = from * scale` of each head's `width` numbers, rows of `heads width`. */
function scaled(from: usize, scales: usize, heads: i32, width: i32, positions: i32, to: usize): void {
  for (let p = 0; p < positions; p++)
    for (let head = 0; head < heads; head++) {
      const s = load<f32>(scales + ((head as usize) << 2))
      const s4 = f32x4.splat(s)
      let i = 0
      for (; i + 4 <= width; i += 4) {
        v128.store(to, f32x4.mul(v128.load(from), s4))
        from += 16
        to += 16
      }
      for (; i < width; i++) {
        store<f32>(to, load<f32>(from) * s)
        from += 4
        to += 4
      }
    }
}

/**
 * Of each frame, spikes `[positions, heads terms]` times a factor, to `[positions, heads width]`, scaled. The factor is a half of y, whose
 * frames are `factorFrame` bytes apart.
 */
export function product(
  first: i32,
  count: i32,
  scratch: usize,
  spikes: usize,
  factor: usize,
  factorFrame: usize,
  byHead: usize,
  byTerm: usize,
  byLane: usize,
  scales: usize,
  output: usize,
  positions: i32,
  heads: i32,
  terms: i32,
  width: i32,
): void {
  for (let frame = first; frame < first + count; frame++) {
    const table = scratch
    const rest: usize = table + (((heads * ((width + 15) >> 4) * ((terms + 7) >> 3) * 9) as usize) << 6)
    pack9(factor + (frame as usize) * factorFrame, byHead, byTerm, byLane, heads, terms, width, table)
    const to: usize = output + (frame as usize) * ((positions * heads * width) as usize << 2)
    const from: usize = spikes + (frame as usize) * ((positions * heads * terms) as usize)
    contract(from, table, to, rest, positions, 1, heads, terms, width, 1, 1, 1, 0, positions, 1)
    scaled(to, scales, heads, width, positions, to)
  }
}

/** The product back: cotangents of its output to those of the spikes (added to `base` unless it is 0) and of the factor. */
export function productBack(
  first: i32,
  count: i32,
  scratch: usize,
  spikes: usize,
  factor: usize,
  factorFrame: usize,
  byHead: usize,
  byTerm: usize,
  byLane: usize,
  scales: usize,
  cotangents: usize,
  inputs: usize,
  base: usize,
  factorBack: usize,
  positions: i32,
  heads: i32,
  terms: i32,
  width: i32,
): void {
  for (let frame = first; frame < first + count; frame++) {
    const outBytes: usize = (positions * heads * width) as usize << 2
    const inBytes: usize = (positions * heads * terms) as usize << 2
    const sums = scratch
    const table: usize = (sums + outBytes + 79) & ~15
    const rest: usize = table + (((heads * ((terms + 7) >> 3) * width) as usize) << 5)
    scaled(cotangents + (frame as usize) * outBytes, scales, heads, width, positions, sums)
    pack8(factor + (frame as usize) * factorFrame, byHead, byTerm, byLane, heads, terms, width, table)
    const off: usize = (frame as usize) * inBytes
    // Positions four by four: as four frames, or as frames of one.
    const frames = positions % 4 == 0 ? 4 : positions
    const each = positions / frames
    inputsOf(frames, sums, table, inputs + off, base == 0 ? 0 : base + off, rest, each, 1, heads, terms, width, 1, 1, 1, 0, each, 1)
    const rowBytes: usize = (((width + 15) & ~15) as usize) << 2
    const rows = table
    const own: usize = rows + ((heads * terms) as usize) * rowBytes
    memory.fill(rows, 0, (heads * terms) as usize * rowBytes)
    for (let head = 0; head < heads; head++)
      weightsOf(spikes + (frame as usize) * ((positions * heads * terms) as usize), sums, rows, own, 1, head, positions, 1, heads, terms, width, 1, 1, 1, 0, positions, 1)
    const to: usize = factorBack + (frame as usize) * factorFrame
    for (let head = 0; head < heads; head++)
      for (let term = 0; term < terms; term++)
        for (let lane = 0; lane < width; lane++)
          store<f32>(
            to + (head as usize) * byHead + (term as usize) * byTerm + (lane as usize) * byLane,
            load<f32>(rows + ((head * terms + term) as usize) * rowBytes + ((lane as usize) << 2)),
          )
  }
}
