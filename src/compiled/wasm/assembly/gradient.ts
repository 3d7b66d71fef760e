/**
 * The two transposes of a layer of synapses: gradients of its inputs and of its weights. All values lie channels last,
 * `[positions, channels]`; every product and every sum is rounded once, in the order of `interpreters/gradient/bilinear`.
 */

/** `to[column * rows + row] = from[row * columns + column]`. */
export function transpose(from: usize, rows: i32, columns: i32, to: usize): void {
  for (let row = 0; row < rows; row += 8) {
    const last = min(row + 8, rows)
    for (let column = 0; column < columns; column++)
      for (let r = row; r < last; r++)
        store<f32>(to + (((column * rows + r) as usize) << 2), load<f32>(from + (((r * columns + column) as usize) << 2)))
  }
}

/** `inputs[input] += weight * sums[target]` at one position for four, eight or sixteen channels, taps in order. */
// @ts-ignore: decorator
@inline
function inputsAt(
  lanes: i32,
  y: i32,
  x: i32,
  sums: usize,
  weights: usize,
  tapBytes: usize,
  rowBytes: usize,
  out: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
  inputs: usize,
): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  for (let ky = 0; ky < kernelHeight; ky++) {
    const down = y + padding - ky
    if (down < 0 || down % stride != 0) continue
    const oy = down / stride
    if (oy >= outHeight) continue
    for (let kx = 0; kx < kernelWidth; kx++) {
      const right = x + padding - kx
      if (right < 0 || right % stride != 0) continue
      const ox = right / stride
      if (ox >= outWidth) continue
      let w = weights + tapBytes * ((ky * kernelWidth + kx) as usize)
      let sum = sums + (((oy * outWidth + ox) * out) as usize << 2)
      for (const end = sum + ((outGroup as usize) << 2); sum < end; sum += 4) {
        const s = v128.load32_splat(sum)
        a = f32x4.add(a, f32x4.mul(v128.load(w), s))
        if (lanes > 4) b = f32x4.add(b, f32x4.mul(v128.load(w, 16), s))
        if (lanes > 8) c = f32x4.add(c, f32x4.mul(v128.load(w, 32), s))
        if (lanes > 8) d = f32x4.add(d, f32x4.mul(v128.load(w, 48), s))
        w += rowBytes
      }
    }
  }
  v128.store(inputs, a)
  if (lanes > 4) v128.store(inputs, b, 16)
  if (lanes > 8) v128.store(inputs, c, 32)
  if (lanes > 8) v128.store(inputs, d, 48)
}

/**
 * The cotangents of one block's inputs `[height, width, channels]` from those of its sums `[outHeight, outWidth, out]`.
 * Weights are `[taps, groups, outGroup, padded]`, a group's channels padded to a multiple of four, as the inputs' are.
 */
export function gradientInputs(
  sums: usize,
  weights: usize,
  inputs: usize,
  height: i32,
  width: i32,
  groups: i32,
  padded: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const out = groups * outGroup
  const rowBytes: usize = (padded as usize) << 2
  const groupBytes: usize = rowBytes * (outGroup as usize)
  const tapBytes: usize = groupBytes * (groups as usize)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let group = 0; group < groups; group++) {
        const from = sums + ((group * outGroup) as usize << 2)
        const w = weights + groupBytes * (group as usize)
        const to = inputs + ((((y * width + x) * groups + group) * padded) as usize << 2)
        let c = 0
        for (; c + 16 <= padded; c += 16)
          inputsAt(16, y, x, from, w + ((c as usize) << 2), tapBytes, rowBytes, out, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth, to + ((c as usize) << 2))
        for (; c + 8 <= padded; c += 8)
          inputsAt(8, y, x, from, w + ((c as usize) << 2), tapBytes, rowBytes, out, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth, to + ((c as usize) << 2))
        for (; c < padded; c += 4)
          inputsAt(4, y, x, from, w + ((c as usize) << 2), tapBytes, rowBytes, out, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth, to + ((c as usize) << 2))
      }
}

/**
 * Adds to the rows of weights `[taps, channels, outGroup]` what one block's events met: an input that is 0 adds nothing.
 * Inputs are `[height, width, channels]`, sums `[outHeight, outWidth, out]`.
 */
export function gradientWeights(
  sums: usize,
  rows: usize,
  inputs: usize,
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
  const out = groups * outGroup
  const channels = groups * inGroup
  const rowBytes: usize = (outGroup as usize) << 2
  const vectors: usize = ((outGroup & ~3) as usize) << 2
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const pixel = inputs + (((y * width + x) * channels) as usize << 2)
      for (let channel = 0; channel < channels; channel++) {
        const value = load<f32>(pixel + ((channel as usize) << 2))
        if (value == 0) continue
        const v = f32x4.splat(value)
        const group = channel / inGroup
        for (let ky = 0; ky < kernelHeight; ky++) {
          const down = y + padding - ky
          if (down < 0 || down % stride != 0) continue
          const oy = down / stride
          if (oy >= outHeight) continue
          for (let kx = 0; kx < kernelWidth; kx++) {
            const right = x + padding - kx
            if (right < 0 || right % stride != 0) continue
            const ox = right / stride
            if (ox >= outWidth) continue
            const row = rows + rowBytes * (((ky * kernelWidth + kx) * channels + channel) as usize)
            const from = sums + (((oy * outWidth + ox) * out + group * outGroup) as usize << 2)
            let i: usize = 0
            for (; i < vectors; i += 16)
              v128.store(row + i, f32x4.add(v128.load(row + i), f32x4.mul(v, v128.load(from + i))))
            for (; i < rowBytes; i += 4) store<f32>(row + i, load<f32>(row + i) + value * load<f32>(from + i))
          }
        }
      }
    }
}
