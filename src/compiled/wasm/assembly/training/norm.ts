/** Batch norm by the batch's statistics, channels last: sums in float64, a frame's first, frames in order. */

/** Two of four numbers, as float64. */
// @ts-ignore: decorator
@inline
function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/** Of each frame `[positions, channels]`: every channel's mean, and its sum of squared deviations from it. */
export function moments(first: i32, count: i32, _scratch: usize, z: usize, parts: usize, positions: i32, channels: i32): void {
  const row: usize = (channels as usize) << 2
  const size = f64x2.splat(positions as f64)
  for (let f: usize = first as usize; f < ((first + count) as usize); f++) {
    const from: usize = z + f * row * (positions as usize)
    const to: usize = parts + f * (row << 2)
    const deviations: usize = to + (row << 1)
    let c: usize = 0
    for (; c < (row & ~31); c += 32) {
      let at: usize = from + c
      let a = f64x2.splat(0)
      let b = a
      let d = a
      let e = a
      for (let p = 0; p < positions; p++) {
        a = f64x2.add(a, two(at))
        b = f64x2.add(b, two(at + 8))
        d = f64x2.add(d, two(at + 16))
        e = f64x2.add(e, two(at + 24))
        at += row
      }
      a = f64x2.div(a, size)
      b = f64x2.div(b, size)
      d = f64x2.div(d, size)
      e = f64x2.div(e, size)
      let own: usize = to + (c << 1)
      v128.store(own, a)
      v128.store(own, b, 16)
      v128.store(own, d, 32)
      v128.store(own, e, 48)
      at = from + c
      let g = f64x2.splat(0)
      let h = g
      let i = g
      let j = g
      for (let p = 0; p < positions; p++) {
        let x = f64x2.sub(two(at), a)
        g = f64x2.add(g, f64x2.mul(x, x))
        x = f64x2.sub(two(at + 8), b)
        h = f64x2.add(h, f64x2.mul(x, x))
        x = f64x2.sub(two(at + 16), d)
        i = f64x2.add(i, f64x2.mul(x, x))
        x = f64x2.sub(two(at + 24), e)
        j = f64x2.add(j, f64x2.mul(x, x))
        at += row
      }
      own = deviations + (c << 1)
      v128.store(own, g)
      v128.store(own, h, 16)
      v128.store(own, i, 32)
      v128.store(own, j, 48)
    }
    for (; c < row; c += 4) {
      let sum: f64 = 0
      for (let p: usize = 0; p < (positions as usize); p++) sum += load<f32>(from + p * row + c) as f64
      const mean = sum / (positions as f64)
      store<f64>(to + (c << 1), mean)
      let squares: f64 = 0
      for (let p: usize = 0; p < (positions as usize); p++) {
        const x = (load<f32>(from + p * row + c) as f64) - mean
        squares += x * x
      }
      store<f64>(deviations + (c << 1), squares)
    }
  }
}

/** The place of frame k of all, by step and then by sample, among parts that lie by sample and then by step. */
// @ts-ignore: decorator
@inline
function partOf(k: i32, steps: i32, batch: i32): usize {
  return ((k % batch) * steps + k / batch) as usize
}

/**
 * The moments of all frames, and the affine map of the norm. Into `norm`: mean, variance and inverse of the deviation
 * (float64), then gain and shift (float32). `given` has the weight's and the bias's rows of float64.
 */
export function joinMoments(
  _first: i32,
  _count: i32,
  _scratch: usize,
  parts: usize,
  given: usize,
  norm: usize,
  eps: f64,
  steps: i32,
  batch: i32,
  positions: i32,
  channels: i32,
): void {
  const row: usize = (channels as usize) << 3
  const frames = steps * batch
  memory.copy(norm, parts, row << 1)
  for (let k = 1; k < frames; k++) {
    const part: usize = parts + partOf(k, steps, batch) * (row << 1)
    const share = 1 / ((k + 1) as f64)
    const weight = ((positions * k) as f64) * share
    for (let at: usize = 0; at < row; at += 8) {
      const mean = load<f64>(norm + at)
      const apart = load<f64>(part + at) - mean
      store<f64>(norm + at, mean + apart * share)
      store<f64>(norm + row + at, load<f64>(norm + row + at) + (load<f64>(part + row + at) + apart * apart * weight))
    }
  }
  for (let at: usize = 0; at < row; at += 8) {
    const mean = load<f64>(norm + at)
    const variance = load<f64>(norm + row + at) / ((positions * frames) as f64)
    const deviation = Math.sqrt(variance + eps)
    const gain = load<f64>(given + at) / deviation
    store<f64>(norm + row + at, variance)
    store<f64>(norm + 2 * row + at, 1 / deviation)
    store<f32>(norm + 3 * row + (at >> 1), gain as f32)
    store<f32>(norm + 3 * row + ((row + at) >> 1), (load<f64>(given + row + at) - mean * gain) as f32)
  }
}

/** Positions whose sums are added up together, channels by channels: memory is read in its order. */
const ABREAST: usize = 4

/** Of each frame, every channel's sum of u and of `xhat u`, `xhat = (z - mean) / deviation`: in float64. */
export function cotangentSums(
  first: i32,
  count: i32,
  _scratch: usize,
  z: usize,
  u: usize,
  norm: usize,
  parts: usize,
  positions: i32,
  channels: i32,
): void {
  const row: usize = (channels as usize) << 2
  const frame: usize = (positions as usize) * row
  const some = ABREAST * row
  for (let f: usize = first as usize; f < ((first + count) as usize); f++) {
    const to: usize = parts + f * (row << 2)
    memory.fill(to, 0, row << 2)
    for (let begin = f * frame; begin < (f + 1) * frame; begin += some) {
      const end = min(begin + some, (f + 1) * frame)
      let c: usize = 0
      for (; c < (row & ~15); c += 16) {
        const mean = v128.load(norm + (c << 1))
        const mean2 = v128.load(norm + (c << 1), 16)
        const scale = v128.load(norm + 4 * row + (c << 1))
        const scale2 = v128.load(norm + 4 * row + (c << 1), 16)
        const plain: usize = to + (c << 1)
        const along: usize = plain + 2 * row
        let a = v128.load(plain)
        let b = v128.load(plain, 16)
        let d = v128.load(along)
        let e = v128.load(along, 16)
        for (let at = begin + c; at < end; at += row) {
          const x = two(u + at)
          const y = two(u + at + 8)
          a = f64x2.add(a, x)
          b = f64x2.add(b, y)
          d = f64x2.add(d, f64x2.mul(x, f64x2.mul(f64x2.sub(two(z + at), mean), scale)))
          e = f64x2.add(e, f64x2.mul(y, f64x2.mul(f64x2.sub(two(z + at + 8), mean2), scale2)))
        }
        v128.store(plain, a)
        v128.store(plain, b, 16)
        v128.store(along, d)
        v128.store(along, e, 16)
      }
      for (; c < row; c += 4) {
        const mean = load<f64>(norm + (c << 1))
        const scale = load<f64>(norm + 4 * row + (c << 1))
        let plain = load<f64>(to + (c << 1))
        let along = load<f64>(to + 2 * row + (c << 1))
        for (let at = begin + c; at < end; at += row) {
          const x = load<f32>(u + at) as f64
          plain += x
          along += x * (((load<f32>(z + at) as f64) - mean) * scale)
        }
        store<f64>(to + (c << 1), plain)
        store<f64>(to + 2 * row + (c << 1), along)
      }
    }
  }
}

/**
 * The sums of all frames, frames in order. Into `back`: the gradients of bias and weight (float32), then for the map that
 * follows the means of u and of `xhat u` and the gain (float64).
 */
export function joinSums(
  _first: i32,
  _count: i32,
  _scratch: usize,
  parts: usize,
  given: usize,
  norm: usize,
  back: usize,
  steps: i32,
  batch: i32,
  positions: i32,
  channels: i32,
): void {
  const row: usize = (channels as usize) << 3
  const frames = steps * batch
  const count = (frames * positions) as f64
  memory.fill(back + row, 0, row << 1)
  for (let k = 0; k < frames; k++) {
    const part: usize = parts + partOf(k, steps, batch) * (row << 1)
    for (let at: usize = 0; at < row << 1; at += 8) store<f64>(back + row + at, load<f64>(back + row + at) + load<f64>(part + at))
  }
  for (let at: usize = 0; at < row; at += 8) {
    const plain = load<f64>(back + row + at)
    const along = load<f64>(back + 2 * row + at)
    store<f32>(back + (at >> 1), plain as f32)
    store<f32>(back + ((row + at) >> 1), along as f32)
    store<f64>(back + row + at, plain / count)
    store<f64>(back + 2 * row + at, along / count)
    store<f64>(back + 3 * row + at, load<f64>(given + at) * load<f64>(norm + 2 * row + at))
  }
}

// @ts-ignore: decorator
@inline
function mapped(z: v128, u: v128, mean: v128, scale: v128, plain: v128, along: v128, gain: v128): v128 {
  const xhat = f64x2.mul(f64x2.sub(z, mean), scale)
  return f32x4.demote_f64x2_zero(f64x2.mul(gain, f64x2.sub(f64x2.sub(u, plain), f64x2.mul(xhat, along))))
}

/** `dz = gain (u - mean(u) - xhat mean(xhat u))` of some frames: in float64, each rounded once. */
export function normBack(
  first: i32,
  count: i32,
  _scratch: usize,
  z: usize,
  u: usize,
  norm: usize,
  back: usize,
  dz: usize,
  positions: i32,
  channels: i32,
): void {
  const row: usize = (channels as usize) << 2
  for (let f: usize = first as usize; f < ((first + count) as usize); f++) {
    const off: usize = f * row * (positions as usize)
    let c: usize = 0
    for (; c < (row & ~15); c += 16) {
      const d = c << 1
      const mean = v128.load(norm + d)
      const mean2 = v128.load(norm + d, 16)
      const scale = v128.load(norm + 4 * row + d)
      const scale2 = v128.load(norm + 4 * row + d, 16)
      const plain = v128.load(back + 2 * row + d)
      const plain2 = v128.load(back + 2 * row + d, 16)
      const along = v128.load(back + 4 * row + d)
      const along2 = v128.load(back + 4 * row + d, 16)
      const gain = v128.load(back + 6 * row + d)
      const gain2 = v128.load(back + 6 * row + d, 16)
      let at: usize = off + c
      for (let p = 0; p < positions; p++) {
        const low = mapped(two(z + at), two(u + at), mean, scale, plain, along, gain)
        const high = mapped(two(z + at + 8), two(u + at + 8), mean2, scale2, plain2, along2, gain2)
        v128.store(dz + at, i64x2.shuffle(low, high, 0, 2))
        at += row
      }
    }
    for (; c < row; c += 4) {
      const d = c << 1
      for (let p: usize = 0; p < (positions as usize); p++) {
        const at: usize = off + p * row + c
        const xhat = ((load<f32>(z + at) as f64) - load<f64>(norm + d)) * load<f64>(norm + 4 * row + d)
        const rest = (load<f32>(u + at) as f64) - load<f64>(back + 2 * row + d) - xhat * load<f64>(back + 4 * row + d)
        store<f32>(dz + at, (load<f64>(back + 6 * row + d) * rest) as f32)
      }
    }
  }
}
