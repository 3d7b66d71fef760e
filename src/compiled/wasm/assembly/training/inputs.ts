/** Cotangents of a layer's inputs from those of its sums, channels last: dense, products and sums each rounded once. */
import { PACKED } from '../../../machine/pairs'

/** Stores the first `lanes` of eight numbers, added to what lies at `base` unless that is 0. */
function putSome(to: usize, base: usize, lanes: i32, scratch: usize, a: v128, b: v128): void {
  v128.store(scratch, a)
  v128.store(scratch, b, 16)
  for (let i: usize = 0; i < (lanes as usize) << 2; i += 4) {
    const x = load<f32>(scratch + i)
    store<f32>(to + i, base != 0 ? load<f32>(base + i) + x : x)
  }
}

/** Stores eight numbers, or the first `lanes` of them. */
// @ts-ignore: decorator
@inline
function put8(to: usize, base: usize, off: usize, lanes: i32, scratch: usize, a: v128, b: v128): void {
  if (lanes < 8) putSome(to + off, base == 0 ? 0 : base + off, lanes, scratch, a, b)
  else if (base == 0) {
    v128.store(to + off, a)
    v128.store(to + off, b, 16)
  } else {
    v128.store(to + off, f32x4.add(v128.load(base + off), a))
    v128.store(to + off, f32x4.add(v128.load(base + off, 16), b), 16)
  }
}

/** A position: how far its inputs lie, and how many bytes of runs follow. */
const POSITION: usize = 8

/** A run, the taps of a row of the kernel that meet a position: how far its sums lie, and from where to where its weights. */
const RUN: usize = 12

/**
 * Eight channels of all positions from `at` to `end`, of four frames at once: `inputs[c] = sum of weights[i, c] * sums[i]`,
 * runs in order. The loop has two ends, for each is a place behind which the compiler moves no addition: so all fits in
 * registers.
 */
function inputsAt(
  at: usize,
  end: usize,
  sums: usize,
  weights: usize,
  to: usize,
  base: usize,
  frame: usize,
  frames: i32,
  lanes: i32,
  scratch: usize,
): void {
  while (at < end) {
    const off: usize = load<u32>(at)
    const runsEnd: usize = at + POSITION + load<u32>(at, 4)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    let g = a
    let h = a
    for (let run = at + POSITION; run < runsEnd; run += RUN) {
      let p: usize = sums + load<u32>(run)
      let w: usize = weights + load<u32>(run, 4)
      const last: usize = weights + load<u32>(run, 8)
      let u: v128
      let v: v128
      let x: v128
      do {
        u = v128.load(w)
        v = v128.load(w, 16)
        x = v128.load32_splat(p)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(p, 4)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(p, 8)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(p, 12)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        w += 32
        p += 16
        if (w == last) break
        u = v128.load(w)
        v = v128.load(w, 16)
        x = v128.load32_splat(p)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(p, 4)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(p, 8)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(p, 12)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        w += 32
        p += 16
      } while (w != last)
    }
    put8(to, base, off, lanes, scratch, a, b)
    if (frames > 1) put8(to, base, off + frame, lanes, scratch, c, d)
    if (frames > 2) put8(to, base, off + 2 * frame, lanes, scratch, e, f)
    if (frames > 3) put8(to, base, off + 3 * frame, lanes, scratch, g, h)
    at = runsEnd
  }
}

/** How many zeros stand before and behind a row of sums, so that every tap of every input has one. */
// @ts-ignore: decorator
@inline
export function before(kernel: i32, stride: i32, padding: i32): i32 {
  return (max(0, kernel - 1 - padding) + stride - 1) / stride
}

// @ts-ignore: decorator
@inline
export function behind(size: i32, stride: i32, padding: i32, outSize: i32): i32 {
  return max(0, (size - 1 + padding) / stride - (outSize - 1))
}

/**
 * Packs so many numbers of each of some positions, `outs` apart, four frames together: `[position, number, 4]`, the last
 * position first. So the taps of a row of the kernel follow each other.
 */
function pack(from: usize, frame: usize, frames: i32, positions: i32, outs: usize, count: i32, to: usize): void {
  const second: usize = frames > 1 ? frame : 0
  const third: usize = frames > 2 ? 2 * frame : 0
  const fourth: usize = frames > 3 ? 3 * frame : 0
  let position: usize = from + (positions as usize) * outs
  for (let p = 0; p < positions; p++) {
    position -= outs
    let at = position
    let left = count
    for (; left >= 4; left -= 4) {
      const a = v128.load(at)
      const b = v128.load(at + second)
      const c = v128.load(at + third)
      const d = v128.load(at + fourth)
      const ab = i32x4.shuffle(a, b, 0, 4, 1, 5)
      const cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
      const ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7)
      const cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7)
      v128.store(to, i64x2.shuffle(ab, cd, 0, 2))
      v128.store(to, i64x2.shuffle(ab, cd, 1, 3), 16)
      v128.store(to, i64x2.shuffle(ab2, cd2, 0, 2), 32)
      v128.store(to, i64x2.shuffle(ab2, cd2, 1, 3), 48)
      at += 16
      to += 64
    }
    for (; left > 0; left--) {
      store<f32>(to, load<f32>(at))
      store<f32>(to, load<f32>(at + second), 4)
      store<f32>(to, load<f32>(at + third), 8)
      store<f32>(to, load<f32>(at + fourth), 12)
      at += 4
      to += 16
    }
  }
}

/** How many taps of a row (or column) of the kernel meet the inputs at a place within the stride. */
// @ts-ignore: decorator
@inline
function tapsOf(place: i32, kernel: i32, stride: i32, padding: i32): i32 {
  const first = (place + padding) % stride
  return first < kernel ? (kernel - 1 - first) / stride + 1 : 0
}

/** The least row (or column) of sums that an input meets, by the last tap. */
// @ts-ignore: decorator
@inline
function least(y: i32, kernel: i32, stride: i32, padding: i32): i32 {
  return (max(0, y + padding - kernel + 1) + stride - 1) / stride
}

/**
 * Writes the positions of a class in some rows, and the runs that meet each, outs of a group packed from row `top` on; gives
 * where they end.
 */
function positionsOf(
  to: usize,
  from: i32,
  rows: i32,
  top: i32,
  cy: i32,
  cx: i32,
  width: i32,
  channels: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): usize {
  const firstRow = (cy + padding) % stride
  const taps = tapsOf(cx, kernelWidth, stride, padding)
  for (let y = from + ((cy - (from % stride) + stride) % stride); y < from + rows; y += stride)
    for (let x = cx; x < width; x += stride) {
      let run = to + POSITION
      // By the first taps, which are further on, and by the last that there are.
      const right = min(outWidth - 1, (x + padding) / stride)
      const left = least(x, kernelWidth, stride, padding)
      const tap = ((x + padding) / stride) - right
      for (let ky = firstRow, row = 0; ky < kernelHeight && left <= right; ky += stride, row++) {
        const oy = (y + padding - ky) / stride
        if (y + padding < ky || oy >= outHeight) continue
        const start: usize = (((row * taps + tap) * outGroup) as usize) << 5
        store<u32>(run, ((((oy - top) * outWidth + outWidth - 1 - right) * outGroup) << 4) as u32)
        store<u32>(run, start as u32, 4)
        store<u32>(run, (start + ((((right - left + 1) * outGroup) as usize) << 5)) as u32, 8)
        run += RUN
      }
      store<u32>(to, (((y * width + x) * channels) << 2) as u32)
      store<u32>(to, (run - to - POSITION) as u32, 4)
      to = run
    }
  return to
}

/**
 * Some frames: cotangents of sums `[outHeight, outWidth, out]` to those of inputs `[height, width, channels]`, added to
 * `base` unless that is 0. Weights are `[group, class, block of eight inputs, tap of the class, output of the group, 8]`: a
 * class are the inputs at the same place within the stride, which the same taps meet. Four frames at a time, and as many
 * rows as a core's cache takes the sums of.
 */
export function inputsOf(
  frames: i32,
  sums: usize,
  weights: usize,
  inputs: usize,
  base: usize,
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
  const outs: usize = (groups * outGroup) as usize << 2
  const sumsFrame: usize = (outHeight * outWidth) as usize * outs
  const inputsFrame: usize = (height * width * channels) as usize << 2
  const line = outWidth * outGroup << 4
  const rows = min(height, max(1, stride * (PACKED / line - 1) - kernelHeight + 2))
  const ends = scratch + 64
  const positions: usize = ends + ((stride * stride) as usize << 2)
  for (let first = 0; first < height; first += rows) {
    const some = min(rows, height - first)
    const top = least(first, kernelHeight, stride, padding)
    const bottom = min(outHeight - 1, (first + some - 1 + padding) / stride)
    let end = positions
    for (let cy = 0; cy < stride; cy++)
      for (let cx = 0; cx < stride; cx++) {
        end = positionsOf(end, first, some, top, cy, cx, width, channels, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
        store<u32>(ends + ((cy * stride + cx) as usize << 2), end as u32)
      }
    const packed: usize = (end + 15) & ~15
    for (let frame = 0; frame < frames; frame += 4) {
      const four = min(4, frames - frame)
      let w = weights
      for (let group = 0; group < groups; group++) {
        for (let oy = top; oy <= bottom; oy++)
          pack(sums + (frame as usize) * sumsFrame + ((oy * outWidth) as usize) * outs + ((group * outGroup) as usize << 2), sumsFrame, four, outWidth, outs, outGroup, packed + ((oy - top) as usize) * (line as usize))
        let at = positions
        for (let cy = 0; cy < stride; cy++)
          for (let cx = 0; cx < stride; cx++) {
            const classEnd: usize = load<u32>(ends + ((cy * stride + cx) as usize << 2))
            const block: usize = ((tapsOf(cy, kernelHeight, stride, padding) * tapsOf(cx, kernelWidth, stride, padding) * outGroup) as usize) << 5
            for (let c = 0; c < inGroup; c += 8) {
              const off: usize = (frame as usize) * inputsFrame + ((group * inGroup + c) as usize << 2)
              inputsAt(at, classEnd, packed, w, inputs + off, base == 0 ? 0 : base + off, inputsFrame, four, inGroup - c, scratch)
              w += block
            }
            at = classEnd
          }
      }
    }
  }
}

/** {@link inputsOf} some frames. */
export function toInputs(
  first: i32,
  count: i32,
  scratch: usize,
  sums: usize,
  weights: usize,
  inputs: usize,
  base: usize,
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
  const f = first as usize
  const off: usize = f * ((height * width * groups * inGroup) as usize << 2)
  inputsOf(count, sums + f * ((outHeight * outWidth * groups * outGroup) as usize << 2), weights, inputs + off, base == 0 ? 0 : base + off, scratch, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
}
