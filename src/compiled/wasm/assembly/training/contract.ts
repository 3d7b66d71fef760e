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
  const channels = groups * inGroup
  const eights = (inGroup + 7) >> 3
  const rest = inGroup & 7
  const restMask: u64 = ((1 as u64) << ((rest << 3) as u64)) - 1
  const blockBytes: usize = (kernelHeight * kernelWidth * eights * 9) << 6
  const sumsRow: usize = (groups * outGroup) << 2
  const positions = outHeight * outWidth
  const starts = scratch + 64
  const lists = starts + ((TILE + 4) << 2)
  for (let first = 0; first < positions; first += TILE) {
    const tile = min(TILE, positions - first)
    let from = weights
    for (let group = 0; group < groups; group++) {
      let end = lists
      let oy = first / outWidth
      let ox = first % outWidth
      for (let p = 0; p < tile; p++) {
        store<u32>(starts + (p << 2), end as u32)
        for (let ky = 0; ky < kernelHeight; ky++) {
          const y = oy * stride - padding + ky
          if (y < 0 || y >= height) continue
          for (let kx = 0; kx < kernelWidth; kx++) {
            const x = ox * stride - padding + kx
            if (x < 0 || x >= width) continue
            let at: usize = spikes + ((y * width + x) * channels + group * inGroup)
            let row = (ky * kernelWidth + kx) * eights * 9
            for (let left = inGroup; left >= 8; left -= 8) {
              const mask = ((load<u64>(at) * GATHER) >> 56) as usize
              v128.store(end, i16x8.add(i16x8.splat(row as i16), v128.load((PAIRS as usize) + (mask << 4))))
              end += load<u8>((PAIRS_BYTES as usize) + mask) as usize
              row += 9
              at += 8
            }
            if (rest > 0) {
              const mask = (((load<u64>(at) & restMask) * GATHER) >> 56) as usize
              v128.store(end, i16x8.add(i16x8.splat(row as i16), v128.load((PAIRS as usize) + (mask << 4))))
              end += load<u8>((PAIRS_BYTES as usize) + mask) as usize
            }
          }
        }
        if (++ox == outWidth) {
          ox = 0
          oy++
        }
      }
      store<u32>(starts + (tile << 2), end as u32)
      for (let o = 0; o < outGroup; o += 16) {
        const to: usize = sums + (first as usize) * sumsRow + ((group * outGroup + o) << 2)
        accumulate(starts, tile, from, to, sumsRow, outGroup - o, scratch)
        from += blockBytes
      }
    }
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
