/** Cotangents of a layer's inputs from those of its sums, channels last: dense, products and sums each rounded once. */

/** Stores eight numbers, or the first `lanes` of them; added to what lies at `base`, unless that is 0. */
function put8(to: usize, base: usize, lanes: i32, scratch: usize, a: v128, b: v128): void {
  if (lanes >= 8) {
    if (base != 0) {
      a = f32x4.add(v128.load(base), a)
      b = f32x4.add(v128.load(base, 16), b)
    }
    v128.store(to, a)
    v128.store(to, b, 16)
  } else {
    v128.store(scratch, a)
    v128.store(scratch, b, 16)
    for (let i: usize = 0; i < (lanes as usize) << 2; i += 4) {
      const x = load<f32>(scratch + i)
      store<f32>(to + i, base != 0 ? load<f32>(base + i) + x : x)
    }
  }
}

/** Positions: where their sums lie, and where their inputs go. */
const POSITION: usize = 8

/**
 * Four positions, eight channels: `inputs[c] = sum of weights[tap, o, c] * sums[tap, o]`, taps in order, o in order. A tap
 * is two numbers: how far from a position its sums lie, and where its weights begin.
 */
function four(
  at: usize,
  taps: usize,
  tapsEnd: usize,
  weights: usize,
  outGroup: i32,
  to: usize,
  base: usize,
  count: i32,
  lanes: i32,
  scratch: usize,
): void {
  const second = count > 1 ? at + POSITION : at
  const third = count > 2 ? at + 2 * POSITION : at
  const fourth = count > 3 ? at + 3 * POSITION : at
  const i: usize = load<u32>(at)
  const j: usize = load<u32>(second)
  const k: usize = load<u32>(third)
  const l: usize = load<u32>(fourth)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (; taps < tapsEnd; taps += 8) {
    const off: usize = load<u32>(taps)
    let w: usize = weights + load<u32>(taps, 4)
    let p = i + off
    let q = j + off
    let r = k + off
    let s = l + off
    let left = outGroup
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
  let n: usize = load<u32>(at, 4)
  put8(to + n, base == 0 ? 0 : base + n, lanes, scratch, a, b)
  if (count > 1) {
    n = load<u32>(second, 4)
    put8(to + n, base == 0 ? 0 : base + n, lanes, scratch, c, d)
  }
  if (count > 2) {
    n = load<u32>(third, 4)
    put8(to + n, base == 0 ? 0 : base + n, lanes, scratch, e, f)
  }
  if (count > 3) {
    n = load<u32>(fourth, 4)
    put8(to + n, base == 0 ? 0 : base + n, lanes, scratch, g, h)
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

/** Copies `width` numbers of each position of `[rows, columns]` into the middle of zeros. */
export function frameIn(from: usize, fromRow: usize, rows: i32, columns: i32, width: i32, top: i32, left: i32, bottom: i32, right: i32, to: usize): void {
  const bytes = (width as usize) << 2
  const line = ((left + columns + right) as usize) * bytes
  memory.fill(to, 0, (top as usize) * line)
  to += (top as usize) * line
  for (let r = 0; r < rows; r++) {
    memory.fill(to, 0, (left as usize) * bytes)
    to += (left as usize) * bytes
    if (fromRow == bytes) {
      memory.copy(to, from, (columns as usize) * bytes)
      to += (columns as usize) * bytes
      from += (columns as usize) * bytes
    } else
      for (let c = 0; c < columns; c++) {
        for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i))
        to += bytes
        from += fromRow
      }
    memory.fill(to, 0, (right as usize) * bytes)
    to += (right as usize) * bytes
  }
  memory.fill(to, 0, (bottom as usize) * line)
}

/**
 * One frame: cotangents of sums `[outHeight, outWidth, out]` to those of inputs `[height, width, channels]`, added to
 * `base` unless that is 0. Weights are `[group, block of eight inputs, tap, output of the group, 8]`.
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
  const outBytes: usize = (outs as usize) << 2
  const top = before(kernelHeight, stride, padding)
  const left = before(kernelWidth, stride, padding)
  const bottom = behind(height, stride, padding, outHeight)
  const right = behind(width, stride, padding, outWidth)
  const line = left + outWidth + right
  const taps = scratch + 64
  const positions = taps + ((kernelHeight * kernelWidth) as usize << 3)
  const framed: usize = (positions + ((height * width) as usize << 3) + 15) & ~15
  let from = sums
  if (top + left + bottom + right > 0) {
    frameIn(sums, outBytes, outHeight, outWidth, outs, top, left, bottom, right, framed)
    from = framed
  }
  const tapBytes: usize = (outGroup as usize) << 5
  const blockBytes: usize = tapBytes * ((kernelHeight * kernelWidth) as usize)
  for (let cy = 0; cy < stride; cy++)
    for (let cx = 0; cx < stride; cx++) {
      let tapsEnd = taps
      for (let ky = (cy + padding) % stride; ky < kernelHeight; ky += stride)
        for (let kx = (cx + padding) % stride; kx < kernelWidth; kx += stride) {
          const down = top + (cy + padding - ky) / stride
          const over = left + (cx + padding - kx) / stride
          store<u32>(tapsEnd, ((down * line + over) as usize * outBytes) as u32)
          store<u32>(tapsEnd, ((ky * kernelWidth + kx) as usize * tapBytes) as u32, 4)
          tapsEnd += 8
        }
      let end = positions
      for (let y = cy, i = 0; y < height; y += stride, i++)
        for (let x = cx, j = 0; x < width; x += stride, j++) {
          store<u32>(end, (from + ((i * line + j) as usize) * outBytes) as u32)
          store<u32>(end, ((y * width + x) as usize * ((channels as usize) << 2)) as u32, 4)
          end += POSITION
        }
      for (let group = 0; group < groups; group++) {
        for (let at = positions; at < end; at += POSITION) store<u32>(at, load<u32>(at) + ((group > 0 ? outGroup << 2 : 0) as u32))
        let w: usize = weights + ((group * ((inGroup + 7) >> 3)) as usize) * blockBytes
        for (let c = 0; c < inGroup; c += 8) {
          const to: usize = inputs + ((group * inGroup + c) as usize << 2)
          const old: usize = base == 0 ? 0 : base + ((group * inGroup + c) as usize << 2)
          for (let at = positions; at < end; at += 4 * POSITION)
            four(at, taps, tapsEnd, w, outGroup, to, old, min(4, ((end - at) / POSITION) as i32), inGroup - c, scratch)
          w += blockBytes
        }
      }
    }
}

/** {@link inputsOf} one frame of many. */
export function toInputs(
  frame: i32,
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
  const from: usize = sums + (frame as usize) * ((outHeight * outWidth * groups * outGroup) as usize << 2)
  const off: usize = (frame as usize) * ((height * width * groups * inGroup) as usize << 2)
  inputsOf(from, weights, inputs + off, base == 0 ? 0 : base + off, scratch, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
}
