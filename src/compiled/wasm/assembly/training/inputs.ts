/** Cotangents of a layer's inputs from those of its sums, channels last: dense, products and sums each rounded once. */

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

/** A position: how far its sums lie, how far its inputs, and its row among those of its class. */
const POSITION: usize = 16

/** A run: a row of the kernel. How far from a position its sums lie, which follow each other tap by tap, and its row. */
const RUN: usize = 8

/**
 * Eight channels of all positions, four by four: `inputs[c] = sum of weights[i, c] * sums[i]`, runs in order, `length` numbers
 * each. A run that is outside of the rows for all four positions is left out.
 */
function inputsAt(
  at: usize,
  end: usize,
  sums: usize,
  runs: usize,
  runsEnd: usize,
  weights: usize,
  length: i32,
  outHeight: i32,
  to: usize,
  base: usize,
  lanes: i32,
  scratch: usize,
): void {
  for (; at < end; at += 4 * POSITION) {
    const last: usize = end - POSITION
    const second: usize = min(at + POSITION, last)
    const third: usize = min(at + 2 * POSITION, last)
    const fourth: usize = min(at + 3 * POSITION, last)
    const i: usize = sums + load<u32>(at)
    const j: usize = sums + load<u32>(second)
    const k: usize = sums + load<u32>(third)
    const l: usize = sums + load<u32>(fourth)
    const first = load<i32>(at, 8)
    const lowest = load<i32>(fourth, 8)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    let g = a
    let h = a
    let w = weights
    for (let run = runs; run < runsEnd; run += RUN) {
      const off: usize = load<u32>(run)
      const row = load<i32>(run, 4)
      if (first + row >= outHeight || lowest + row < 0) {
        w += (length as usize) << 5
        continue
      }
      let p = i + off
      let q = j + off
      let r = k + off
      let s = l + off
      let left = length
      for (; left >= 4; left -= 4) {
        let u = v128.load(w)
        let v = v128.load(w, 16)
        let x = v128.load32_splat(p)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(q)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(r)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(s)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        u = v128.load(w, 32)
        v = v128.load(w, 48)
        x = v128.load32_splat(p, 4)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(q, 4)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(r, 4)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(s, 4)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        u = v128.load(w, 64)
        v = v128.load(w, 80)
        x = v128.load32_splat(p, 8)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(q, 8)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(r, 8)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(s, 8)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        u = v128.load(w, 96)
        v = v128.load(w, 112)
        x = v128.load32_splat(p, 12)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(q, 12)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(r, 12)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(s, 12)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        w += 128
        p += 16
        q += 16
        r += 16
        s += 16
      }
      for (; left > 0; left--) {
        const u = v128.load(w)
        const v = v128.load(w, 16)
        let x = v128.load32_splat(p)
        a = f32x4.add(a, f32x4.mul(u, x))
        b = f32x4.add(b, f32x4.mul(v, x))
        x = v128.load32_splat(q)
        c = f32x4.add(c, f32x4.mul(u, x))
        d = f32x4.add(d, f32x4.mul(v, x))
        x = v128.load32_splat(r)
        e = f32x4.add(e, f32x4.mul(u, x))
        f = f32x4.add(f, f32x4.mul(v, x))
        x = v128.load32_splat(s)
        g = f32x4.add(g, f32x4.mul(u, x))
        h = f32x4.add(h, f32x4.mul(v, x))
        w += 32
        p += 4
        q += 4
        r += 4
        s += 4
      }
    }
    put8(to, base, load<u32>(at, 4), lanes, scratch, a, b)
    if (second > at) put8(to, base, load<u32>(second, 4), lanes, scratch, c, d)
    if (third > second) put8(to, base, load<u32>(third, 4), lanes, scratch, e, f)
    if (fourth > third) put8(to, base, load<u32>(fourth, 4), lanes, scratch, g, h)
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
 * Copies a group's sums, rows of `outs`, into the middle of zeros, each row from right to left: so the taps of a row of the
 * kernel follow each other.
 */
function mirror(
  from: usize,
  rows: i32,
  columns: i32,
  outs: i32,
  width: i32,
  top: i32,
  left: i32,
  bottom: i32,
  right: i32,
  to: usize,
): void {
  const bytes: usize = (width as usize) << 2
  const line = ((left + columns + right) as usize) * bytes
  memory.fill(to, 0, (top as usize) * line)
  to += (top as usize) * line
  for (let r = 0; r < rows; r++) {
    memory.fill(to, 0, (right as usize) * bytes)
    to += (right as usize) * bytes
    let at: usize = from + ((((r + 1) * columns - 1) * outs) as usize << 2)
    for (let c = 0; c < columns; c++) {
      for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(at + i))
      to += bytes
      at -= (outs as usize) << 2
    }
    memory.fill(to, 0, (left as usize) * bytes)
    to += (left as usize) * bytes
  }
  memory.fill(to, 0, (bottom as usize) * line)
}

/**
 * One frame: cotangents of sums `[outHeight, outWidth, out]` to those of inputs `[height, width, channels]`, added to
 * `base` unless that is 0. Weights are `[class, group, block of eight inputs, tap of the class, output of the group, 8]`: a
 * class are the inputs at the same place within the stride, which the same taps meet.
 */
export function inputsOf(
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
  const outs = groups * outGroup
  const top = before(kernelHeight, stride, padding)
  const left = before(kernelWidth, stride, padding)
  const bottom = behind(height, stride, padding, outHeight)
  const right = behind(width, stride, padding, outWidth)
  // Where each input has one tap, its sums are read where they lie.
  const own = kernelHeight <= stride && kernelWidth <= stride && top + left + bottom + right == 0
  const line = left + outWidth + right
  const runs = scratch + 64
  const positions: usize = runs + (kernelHeight as usize) * RUN
  const copies: usize = (positions + ((height * width) as usize) * POSITION + 15) & ~15
  const copyBytes: usize = (((top + outHeight + bottom) * line * outGroup) as usize) << 2
  const bytes: usize = ((own ? outs : outGroup) as usize) << 2
  if (!own)
    for (let group = 0; group < groups; group++)
      mirror(sums + ((group * outGroup) as usize << 2), outHeight, outWidth, outs, outGroup, top, left, bottom, right, copies + (group as usize) * copyBytes)
  let w = weights
  for (let cy = 0; cy < stride; cy++)
    for (let cx = 0; cx < stride; cx++) {
      const firstTap = (cx + padding) % stride
      const taps = firstTap < kernelWidth ? (kernelWidth - 1 - firstTap) / stride + 1 : 0
      const over = left + (cx + padding - firstTap) / stride
      let runsEnd = runs
      for (let ky = (cy + padding) % stride; ky < kernelHeight && taps > 0; ky += stride) {
        const row = (cy + padding - ky) / stride
        const column = own ? over : line - 1 - over
        store<u32>(runsEnd, ((((top + row) * line + column) as usize) * bytes) as u32)
        store<i32>(runsEnd, row, 4)
        runsEnd += RUN
      }
      let end = positions
      for (let y = cy, i = 0; y < height; y += stride, i++)
        for (let x = cx, j = 0; x < width; x += stride, j++) {
          store<u32>(end, (((i * line + (own ? j : -j)) as usize) * bytes) as u32)
          store<u32>(end, (((y * width + x) * channels) << 2) as u32, 4)
          store<i32>(end, i, 8)
          end += POSITION
        }
      const length = taps * outGroup
      const blockBytes: usize = ((((runsEnd - runs) / RUN) as i32) * length) as usize << 5
      for (let group = 0; group < groups; group++) {
        const from: usize = own ? sums + ((group * outGroup) as usize << 2) : copies + (group as usize) * copyBytes
        for (let c = 0; c < inGroup; c += 8) {
          const off: usize = (group * inGroup + c) as usize << 2
          inputsAt(positions, end, from, runs, runsEnd, w, length, outHeight, inputs + off, base == 0 ? 0 : base + off, inGroup - c, scratch)
          w += blockBytes
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
  const sumsFrame: usize = (outHeight * outWidth * groups * outGroup) as usize << 2
  const inputsFrame: usize = (height * width * groups * inGroup) as usize << 2
  for (let f: usize = first as usize; f < ((first + count) as usize); f++)
    inputsOf(sums + f * sumsFrame, weights, inputs + f * inputsFrame, base == 0 ? 0 : base + f * inputsFrame, scratch, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
}
