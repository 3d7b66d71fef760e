/** What real numbers go through: the stem's convolution, pools, the classifier, and sums over steps. */
import { put } from './contract'

/** One frame of a convolution of real numbers: taps in order, channels in order. Weights are `[tap, channel, outputs in sixteens]`. */
export function stem(
  first: i32,
  count: i32,
  scratch: usize,
  image: usize,
  weights: usize,
  sums: usize,
  height: i32,
  width: i32,
  channels: i32,
  outs: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  for (let frame = first; frame < first + count; frame++) {
    const from: usize = image + (frame as usize) * ((height * width * channels) as usize << 2)
    let to: usize = sums + (frame as usize) * ((outHeight * outWidth * outs) as usize << 2)
    const rowBytes: usize = (((outs + 15) & ~15) as usize) << 2
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        for (let o = 0; o < outs; o += 16) {
          let a = f32x4.splat(0)
          let b = a
          let c = a
          let d = a
          for (let ky = 0; ky < kernelHeight; ky++) {
            const y = oy * stride - padding + ky
            if (y < 0 || y >= height) continue
            for (let kx = 0; kx < kernelWidth; kx++) {
              const x = ox * stride - padding + kx
              if (x < 0 || x >= width) continue
              let w: usize = weights + (((ky * kernelWidth + kx) * channels) as usize) * rowBytes + ((o as usize) << 2)
              let pixel: usize = from + (((y * width + x) * channels) as usize << 2)
              for (let ci = 0; ci < channels; ci++) {
                const value = v128.load32_splat(pixel)
                a = f32x4.add(a, f32x4.mul(value, v128.load(w)))
                b = f32x4.add(b, f32x4.mul(value, v128.load(w, 16)))
                c = f32x4.add(c, f32x4.mul(value, v128.load(w, 32)))
                d = f32x4.add(d, f32x4.mul(value, v128.load(w, 48)))
                pixel += 4
                w += rowBytes
              }
            }
          }
          put(to + ((o as usize) << 2), outs - o, scratch, a, b, c, d)
        }
        to += (outs as usize) << 2
      }
  }
}

/** The gradient of a convolution of real numbers by its weights, as {@link toWeights}: by sample, step, row and column. */
export function stemWeights(
  first: i32,
  count: i32,
  _scratch: usize,
  image: usize,
  sums: usize,
  rows: usize,
  share: i32,
  steps: i32,
  height: i32,
  width: i32,
  channels: i32,
  outs: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const rowBytes: usize = (((outs + 15) & ~15) as usize) << 2
  const bytes: usize = ((kernelHeight * kernelWidth * channels) as usize) * rowBytes
  const own: usize = rows + ((first / share) as usize) * bytes
  if (first % share == 0) memory.fill(own, 0, bytes)
  for (let o = 0; o < outs; o += 16)
    for (let tap = 0; tap < kernelHeight * kernelWidth; tap++)
      for (let ci = 0; ci < channels; ci++) {
        const row: usize = own + ((tap * channels + ci) as usize) * rowBytes + ((o as usize) << 2)
        let a = v128.load(row)
        let b = v128.load(row, 16)
        let c = v128.load(row, 32)
        let d = v128.load(row, 48)
        for (let f = first * steps; f < (first + count) * steps; f++)
          for (let oy = 0; oy < outHeight; oy++) {
            const y = oy * stride - padding + tap / kernelWidth
            if (y < 0 || y >= height) continue
            for (let ox = 0; ox < outWidth; ox++) {
              const x = ox * stride - padding + (tap % kernelWidth)
              if (x < 0 || x >= width) continue
              const value = v128.load32_splat(image + ((((f * height + y) * width + x) * channels + ci) as usize << 2))
              const at: usize = sums + ((((f * outHeight + oy) * outWidth + ox) * outs + o) as usize << 2)
              a = f32x4.add(a, f32x4.mul(value, v128.load(at)))
              b = f32x4.add(b, f32x4.mul(value, v128.load(at, 16)))
              c = f32x4.add(c, f32x4.mul(value, v128.load(at, 32)))
              d = f32x4.add(d, f32x4.mul(value, v128.load(at, 48)))
            }
          }
        v128.store(row, a)
        v128.store(row, b, 16)
        v128.store(row, c, 32)
        v128.store(row, d, 48)
      }
}

/** The largest value of each window of one frame. */
export function pool(first: i32, count: i32, _scratch: usize, x: usize, y: usize, height: i32, width: i32, channels: i32, kernel: i32, stride: i32, padding: i32, outHeight: i32, outWidth: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const from: usize = x + (frame as usize) * ((height * width * channels) as usize << 2)
    let to: usize = y + (frame as usize) * ((outHeight * outWidth * channels) as usize << 2)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          let largest: f32 = -Infinity as f32
          for (let row = max(0, oy * stride - padding); row < min(height, oy * stride - padding + kernel); row++)
            for (let column = max(0, ox * stride - padding); column < min(width, ox * stride - padding + kernel); column++)
              largest = max<f32>(largest, load<f32>(from + (((row * width + column) * channels + c) as usize << 2)))
          store<f32>(to, largest)
          to += 4
        }
  }
}

/** Cotangents of the pooled to those of what was pooled: to the first of each window's largest. */
export function poolBack(first: i32, count: i32, _scratch: usize, x: usize, dy: usize, dx: usize, height: i32, width: i32, channels: i32, kernel: i32, stride: i32, padding: i32, outHeight: i32, outWidth: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const bytes: usize = (height * width * channels) as usize << 2
    const from: usize = x + (frame as usize) * bytes
    const to: usize = dx + (frame as usize) * bytes
    let by: usize = dy + (frame as usize) * ((outHeight * outWidth * channels) as usize << 2)
    memory.fill(to, 0, bytes)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          let best: usize = 0
          let found = false
          for (let row = max(0, oy * stride - padding); row < min(height, oy * stride - padding + kernel); row++)
            for (let column = max(0, ox * stride - padding); column < min(width, ox * stride - padding + kernel); column++) {
              const at: usize = ((row * width + column) * channels + c) as usize << 2
              if (found && !(load<f32>(from + at) > load<f32>(from + best))) continue
              best = at
              found = true
            }
          store<f32>(to + best, load<f32>(to + best) + load<f32>(by))
          by += 4
        }
  }
}

/** The sum over all steps of some samples: steps in order. */
export function sumSteps(first: i32, count: i32, _scratch: usize, from: usize, to: usize, steps: i32, length: i32): void {
  const bytes: usize = (length as usize) << 2
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++)
    for (let i: usize = 0; i < bytes; i += 4) {
      let sum: f32 = 0
      for (let t: usize = 0; t < (steps as usize); t++) sum += load<f32>(from + (sample * (steps as usize) + t) * bytes + i)
      store<f32>(to + sample * bytes + i, sum)
    }
}

/** The mean over the positions of one frame: the sum in order, then one division. */
export function mean(first: i32, count: i32, _scratch: usize, x: usize, y: usize, positions: i32, channels: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const row: usize = (channels as usize) << 2
    const from: usize = x + (frame as usize) * row * (positions as usize)
    const to: usize = y + (frame as usize) * row
    for (let c: usize = 0; c < row; c += 4) {
      let sum: f32 = 0
      for (let p: usize = 0; p < (positions as usize); p++) sum += load<f32>(from + p * row + c)
      store<f32>(to + c, sum / (positions as f32))
    }
  }
}

/** The mean back. */
export function meanBack(first: i32, count: i32, _scratch: usize, dy: usize, dx: usize, positions: i32, channels: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const row: usize = (channels as usize) << 2
    const to: usize = dx + (frame as usize) * row * (positions as usize)
    const from: usize = dy + (frame as usize) * row
    for (let c: usize = 0; c < row; c += 4) {
      const share: f32 = load<f32>(from + c) / (positions as f32)
      for (let p: usize = 0; p < (positions as usize); p++) store<f32>(to + p * row + c, share)
    }
  }
}

/** `logits = weights x` of one frame, weights `[classes, channels]`; channels in order. */
export function classify(first: i32, count: i32, _scratch: usize, x: usize, weights: usize, logits: usize, channels: i32, classes: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const from: usize = x + (frame as usize) * ((channels as usize) << 2)
    for (let k = 0; k < classes; k++) {
      let sum: f32 = 0
      for (let c = 0; c < channels; c++) sum += load<f32>(weights + ((k * channels + c) as usize << 2)) * load<f32>(from + ((c as usize) << 2))
      store<f32>(logits + ((frame * classes + k) as usize << 2), sum)
    }
  }
}

/** The classifier back to the x of one frame: classes in order. */
export function classifyBack(first: i32, count: i32, _scratch: usize, dlogits: usize, weights: usize, dx: usize, channels: i32, classes: i32): void {
  for (let frame = first; frame < first + count; frame++) {
    const from: usize = dlogits + (frame as usize) * ((classes as usize) << 2)
    for (let c = 0; c < channels; c++) {
      let sum: f32 = 0
      for (let k = 0; k < classes; k++) sum += load<f32>(weights + ((k * channels + c) as usize << 2)) * load<f32>(from + ((k as usize) << 2))
      store<f32>(dx + ((frame * channels + c) as usize << 2), sum)
    }
  }
}

/** The gradient of the classifier's weights, as {@link toWeights}: by sample and step. */
export function classifyWeights(
  first: i32,
  count: i32,
  _scratch: usize,
  x: usize,
  dlogits: usize,
  rows: usize,
  share: i32,
  steps: i32,
  channels: i32,
  classes: i32,
): void {
  const bytes: usize = (((channels * classes + 3) & ~3) as usize) << 2
  const own: usize = rows + ((first / share) as usize) * bytes
  if (first % share == 0) memory.fill(own, 0, bytes)
  for (let f = first * steps; f < (first + count) * steps; f++)
    for (let k = 0; k < classes; k++) {
      const by = load<f32>(dlogits + ((f * classes + k) as usize << 2))
      for (let c = 0; c < channels; c++) {
        const at: usize = own + ((k * channels + c) as usize << 2)
        store<f32>(at, load<f32>(at) + load<f32>(x + ((f * channels + c) as usize << 2)) * by)
      }
    }
}
