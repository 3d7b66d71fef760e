/** Real inputs (stem, pools, classifier) and the packing of attention's operands; see `Primitives`. */

/** Sixteen channels at one output position: `kernelRows` rows of `taps` taps of `length` products. */
// @ts-ignore: decorator
@inline
function one(
  input: usize,
  inputRowBytes: usize,
  inputStride: usize,
  kernelRows: i32,
  taps: i32,
  length: i32,
  weights: usize,
  weightsRowBytes: usize,
  sums: usize,
): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  for (let ky = 0; ky < kernelRows; ky++) {
    let w = weights
    let pixel = input
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < length; i++) {
        const x = v128.load32_splat(pixel + ((i as usize) << 2))
        a = f32x4.add(a, f32x4.mul(x, v128.load(w)))
        b = f32x4.add(b, f32x4.mul(x, v128.load(w, 16)))
        c = f32x4.add(c, f32x4.mul(x, v128.load(w, 32)))
        d = f32x4.add(d, f32x4.mul(x, v128.load(w, 48)))
        w += 64
      }
      pixel += inputStride
    }
    input += inputRowBytes
    weights += weightsRowBytes
  }
  v128.store(sums, a)
  v128.store(sums, b, 16)
  v128.store(sums, c, 32)
  v128.store(sums, d, 48)
}

/** The same at two output positions, `apart` bytes apart in the input, so that weights are read once for both. */
// @ts-ignore: decorator
@inline
function two(
  input: usize,
  apart: usize,
  inputRowBytes: usize,
  inputStride: usize,
  kernelRows: i32,
  taps: i32,
  length: i32,
  weights: usize,
  weightsRowBytes: usize,
  sums: usize,
): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (let ky = 0; ky < kernelRows; ky++) {
    let w = weights
    let pixel = input
    for (let tap = 0; tap < taps; tap++) {
      let value = pixel
      for (const end: usize = value + ((length as usize) << 2); value < end; value += 4) {
        const x = v128.load32_splat(value)
        const y = v128.load32_splat(value + apart)
        const wa = v128.load(w)
        a = f32x4.add(a, f32x4.mul(x, wa))
        e = f32x4.add(e, f32x4.mul(y, wa))
        const wb = v128.load(w, 16)
        b = f32x4.add(b, f32x4.mul(x, wb))
        f = f32x4.add(f, f32x4.mul(y, wb))
        const wc = v128.load(w, 32)
        c = f32x4.add(c, f32x4.mul(x, wc))
        g = f32x4.add(g, f32x4.mul(y, wc))
        const wd = v128.load(w, 48)
        d = f32x4.add(d, f32x4.mul(x, wd))
        h = f32x4.add(h, f32x4.mul(y, wd))
        w += 64
      }
      pixel += inputStride
    }
    input += inputRowBytes
    weights += weightsRowBytes
  }
  v128.store(sums, a)
  v128.store(sums, b, 16)
  v128.store(sums, c, 32)
  v128.store(sums, d, 48)
  v128.store(sums, e, 64)
  v128.store(sums, f, 80)
  v128.store(sums, g, 96)
  v128.store(sums, h, 112)
}

/** One row of output positions of a convolution of currents, sixteen channels: product and sum each rounded. */
export function dense(
  input: usize,
  inputRowBytes: usize,
  inputStride: usize,
  width: i32,
  kernelRows: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  channels: i32,
  weights: usize,
  outWidth: i32,
  sums: usize,
): void {
  const tapBytes: usize = (channels as usize) << 6
  const rowBytes: usize = tapBytes * (kernelWidth as usize)
  // Pixels that follow each other without a gap make one long tap of a row of the kernel.
  const close = inputStride == (channels as usize) << 2
  for (let ox = 0; ox < outWidth; ox++) {
    const left = ox * stride - padding
    const from = max(0, -left)
    const to = min(kernelWidth, width - left)
    const pixel: usize = input + ((left + from) as usize) * inputStride
    const w: usize = weights + (from as usize) * tapBytes
    const taps = close ? 1 : to - from
    const length = close ? (to - from) * channels : channels
    if (left >= 0 && left + stride + kernelWidth <= width && ox + 1 < outWidth) {
      const apart: usize = (stride as usize) * inputStride
      two(pixel, apart, inputRowBytes, inputStride, kernelRows, taps, length, w, rowBytes, sums)
      sums += 128
      ox++
    } else {
      one(pixel, inputRowBytes, inputStride, kernelRows, taps, length, w, rowBytes, sums)
      sums += 64
    }
  }
}

/** One row of output positions of a max-pool, sixteen channels; padding never wins. */
export function maxPool(
  input: usize,
  inputRowBytes: usize,
  inputStride: usize,
  width: i32,
  kernelRows: i32,
  kernel: i32,
  stride: i32,
  padding: i32,
  outWidth: i32,
  out: usize,
  outStride: usize,
): void {
  for (let ox = 0; ox < outWidth; ox++) {
    const left = ox * stride - padding
    const from = max(0, -left)
    const to = min(kernel, width - left)
    let a = f32x4.splat(-Infinity)
    let b = a
    let c = a
    let d = a
    for (let ky = 0; ky < kernelRows; ky++) {
      let at: usize = input + (ky as usize) * inputRowBytes + ((left + from) as usize) * inputStride
      for (let kx = from; kx < to; kx++) {
        a = f32x4.max(a, v128.load(at))
        b = f32x4.max(b, v128.load(at, 16))
        c = f32x4.max(c, v128.load(at, 32))
        d = f32x4.max(d, v128.load(at, 48))
        at += inputStride
      }
    }
    v128.store(out, a)
    v128.store(out, b, 16)
    v128.store(out, c, 32)
    v128.store(out, d, 48)
    out += outStride
  }
}

/** The mean of rows, sixteen channels: the sum in order, then one division. */
export function meanRows(from: usize, fromRow: usize, positions: i32, out: usize): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  for (let p = 0; p < positions; p++) {
    a = f32x4.add(a, v128.load(from))
    b = f32x4.add(b, v128.load(from, 16))
    c = f32x4.add(c, v128.load(from, 32))
    d = f32x4.add(d, v128.load(from, 48))
    from += fromRow
  }
  const n = f32x4.splat(positions as f32)
  v128.store(out, f32x4.div(a, n))
  v128.store(out, f32x4.div(b, n), 16)
  v128.store(out, f32x4.div(c, n), 32)
  v128.store(out, f32x4.div(d, n), 48)
}

/** Rows of channels to blocks of rows, zeros past `width`. */
export function packRows(from: usize, fromRow: usize, width: i32, rows: i32, skip: usize, to: usize): void {
  for (let block = 0; block < width; block += 16) {
    let at = from
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < 16; i++)
        store<f32>(to + ((i as usize) << 2), block + i < width ? load<f32>(at + ((i as usize) << 2)) : 0)
      at += fromRow
      to += 64
    }
    to += skip
    from += 64
  }
}

/** Columns (one channel of sixteen rows) to blocks of rows, zeros past `width`. */
export function packColumns(from: usize, fromRow: usize, width: i32, rows: i32, skip: usize, to: usize): void {
  for (let block = 0; block < width; block += 16) {
    const real = min(16, width - block)
    for (let r = 0; r < rows; r++) {
      let at: usize = from + ((r as usize) << 2)
      for (let i = 0; i < 16; i++) {
        store<f32>(to + ((i as usize) << 2), i < real ? load<f32>(at) : 0)
        at += fromRow
      }
      to += 64
    }
    to += skip
    from += fromRow << 4
  }
}
