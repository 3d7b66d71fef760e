/** Sums of rows of weights that spikes pick, channels last: neighbours two by two, as `model/kernels` states. */
import { PAIRS, PAIRS_BYTES, TILE } from '../../../machine/pairs'

/** Eight bytes 0 or 1 to one byte, the first the lowest bit. */
const GATHER: u64 = 0x0102040810204080

/** Stores the first so many of sixteen numbers. */
// @ts-ignore: decorator
@inline
export function put(to: usize, lanes: i32, scratch: usize, a: v128, b: v128, c: v128, d: v128): void {
  if (lanes >= 16) {
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, c, 32)
    v128.store(to, d, 48)
  } else {
    v128.store(scratch, a)
    v128.store(scratch, b, 16)
    v128.store(scratch, c, 32)
    v128.store(scratch, d, 48)
    memory.copy(to, scratch, (lanes as usize) << 2)
  }
}

/** For each of so many lists of pairs the sum of what they pick, sixteen numbers wide. */
function accumulate(starts: usize, lists: i32, weights: usize, to: usize, toRow: usize, lanes: i32, scratch: usize): void {
  let event: usize = load<u32>(starts)
  for (let l = 0; l < lists; l++) {
    starts += 4
    const end: usize = load<u32>(starts)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    while (event < end) {
      const pair = load<u32>(event)
      const v: usize = weights + ((pair & 0xffff) << 6)
      const w: usize = weights + ((pair >>> 16) << 6)
      a = f32x4.add(a, f32x4.add(v128.load(v), v128.load(w)))
      b = f32x4.add(b, f32x4.add(v128.load(v, 16), v128.load(w, 16)))
      c = f32x4.add(c, f32x4.add(v128.load(v, 32), v128.load(w, 32)))
      d = f32x4.add(d, f32x4.add(v128.load(v, 48), v128.load(w, 48)))
      event += 4
    }
    put(to, lanes, scratch, a, b, c, d)
    to += toRow
  }
}

/**
 * The pairs of each position of `[height, width]`, channels `next` bytes apart: rows of weights, `step` more from column to
 * column. One list behind the other, from where to where into `starts`.
 */
function pairsOf(spikes: usize, height: i32, width: i32, inGroup: i32, next: usize, step: i32, starts: usize, lists: usize): void {
  const rest: u64 = ((1 as u64) << (((inGroup & 7) << 3) as u64)) - 1
  let end = lists
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      store<u32>(starts, end as u32)
      starts += 4
      let at = spikes
      let row = i16x8.splat((x * step) as i16)
      for (let left = inGroup; left > 0; left -= 8) {
        const eight = load<u64>(at) & (left >= 8 ? -1 : rest)
        const mask = ((eight * GATHER) >> 56) as usize
        v128.store(end, i16x8.add(row, v128.load((PAIRS as usize) + (mask << 4))))
        end += load<u8>((PAIRS_BYTES as usize) + mask) as usize
        row = i16x8.add(row, i16x8.splat(9))
        at += 8
      }
      spikes += next
    }
  store<u32>(starts, end as u32)
}

/**
 * The pairs that so many outputs meet, from number `first` on, one list an output: from where to where into `to`, the lists
 * behind it. The inputs of a row of taps lie together, and their rows of weights are as far apart as those of the taps: all
 * become the taps' by the same number, of sixteen bits as they are.
 */
function meet(
  starts: usize,
  to: usize,
  first: i32,
  count: i32,
  height: i32,
  width: i32,
  step: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outWidth: i32,
): void {
  let end: usize = to + ((count + 1) << 2)
  let oy = first / outWidth
  let ox = first % outWidth
  for (let p = 0; p < count; p++) {
    store<u32>(to + (p << 2), end as u32)
    const x = ox * stride - padding
    const left = max(0, x)
    const right = min(width, x + kernelWidth)
    for (let ky = 0; ky < kernelHeight && left < right; ky++) {
      const y = oy * stride - padding + ky
      if (y < 0 || y >= height) continue
      let pair: usize = load<u32>(starts + ((y * width + left) << 2))
      const last: usize = load<u32>(starts + ((y * width + right) << 2))
      const row = i16x8.splat(((ky * kernelWidth - x) * step) as i16)
      do {
        v128.store(end, i16x8.add(row, v128.load(pair)))
        end += 16
        pair += 16
      } while (pair < last)
      end -= pair - last
    }
    if (++ox == outWidth) {
      ox = 0
      oy++
    }
  }
  store<u32>(to + (count << 2), end as u32)
}

/**
 * One frame: spikes `[height, width, channels]` (bytes) to sums `[outHeight, outWidth, out]`. Weights are `[group, block of
 * sixteen outputs, tap, eight inputs, 9, 16]`; the ninth row is zero, and the partner of an odd spike.
 */
export function contract(
  spikes: usize,
  weights: usize,
  sums: usize,
  scratch: usize,
  height: i32,
  width: i32,
  groups: i32,
  inGroup: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const inputs = height * width
  const rows = ((inGroup + 7) >> 3) * 9
  const blockBytes: usize = (kernelHeight * kernelWidth * rows) << 6
  const blocks: usize = ((outGroup + 15) >> 4) as usize
  const sumsRow: usize = (groups * outGroup) << 2
  const positions = outHeight * outWidth
  const alone = kernelHeight * kernelWidth * stride == 1 && padding == 0
  const starts = scratch + 64
  const lists = starts + ((inputs + 1) << 2)
  for (let group = 0; group < groups; group++) {
    pairsOf(spikes + ((group * inGroup) as usize), height, width, inGroup, (groups * inGroup) as usize, alone ? 0 : rows, starts, lists)
    const met: usize = (load<u32>(starts + (inputs << 2)) + 31) & ~15
    for (let first = 0; first < positions; first += TILE) {
      const tile = min(TILE, positions - first)
      if (!alone) meet(starts, met, first, tile, height, width, rows, kernelHeight, kernelWidth, stride, padding, outWidth)
      let from = weights
      for (let o = 0; o < outGroup; o += 16) {
        const to: usize = sums + (first as usize) * sumsRow + ((group * outGroup + o) << 2)
        accumulate(alone ? starts + (first << 2) : met, tile, from, to, sumsRow, outGroup - o, scratch)
        from += blockBytes
      }
    }
    weights += blocks * blockBytes
  }
}

/** {@link contract} of some frames. */
export function synapse(
  first: i32,
  count: i32,
  scratch: usize,
  spikes: usize,
  weights: usize,
  sums: usize,
  height: i32,
  width: i32,
  groups: i32,
  inGroup: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const spikesFrame: usize = (height * width * groups * inGroup) as usize
  const sumsFrame: usize = (outHeight * outWidth * groups * outGroup) as usize << 2
  for (let f: usize = first as usize; f < ((first + count) as usize); f++)
    contract(spikes + f * spikesFrame, weights, sums + f * sumsFrame, scratch, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
}
