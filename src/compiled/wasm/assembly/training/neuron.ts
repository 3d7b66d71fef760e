/** Neurons over all steps, and back: four at a time, every operation rounded once. */
import { ADD, DIVIDE, HARD } from '../../../machine/shared'

/** Membrane v and input x to the potential h. */
// @ts-ignore: decorator
@inline
function charged(charge: i32, v: v128, x: v128, rest: v128, k: v128): v128 {
  if (charge == ADD) return f32x4.add(v, x)
  const drive = f32x4.sub(x, f32x4.sub(v, rest))
  return f32x4.add(v, charge == DIVIDE ? f32x4.div(drive, k) : f32x4.mul(drive, k))
}

/** The membrane after a potential h. */
// @ts-ignore: decorator
@inline
function after(reset: i32, h: v128, spikes: v128, rest: v128, threshold: v128): v128 {
  return v128.bitselect(reset == HARD ? rest : f32x4.sub(h, threshold), h, spikes)
}

/** Four neurons, steps so many bytes apart: currents to spikes (bytes). */
// @ts-ignore: decorator
@inline
function fireFour(
  x: usize,
  xStep: usize,
  spikes: usize,
  spikesStep: usize,
  steps: i32,
  charge: i32,
  k: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
): void {
  let v = rest
  for (let t = 0; t < steps; t++) {
    const h = charged(charge, v, v128.load(x), rest, k)
    const s = f32x4.ge(h, threshold)
    v = after(reset, h, s, rest, threshold)
    const halves = i16x8.narrow_i32x4_s(s, s)
    v128.store32_lane(spikes, i8x16.neg(i8x16.narrow_i16x8_s(halves, halves)), 0)
    x += xStep
    spikes += spikesStep
  }
}

/** Copies `bytes` (fewer than sixteen) at each of so many steps. */
function copySteps(from: usize, fromStep: usize, to: usize, toStep: usize, bytes: usize, steps: i32): void {
  for (let t = 0; t < steps; t++) {
    memory.copy(to, from, bytes)
    from += fromStep
    to += toStep
  }
}

/** All steps of some samples' neurons; the currents of samples, and of steps, are so many bytes apart. */
export function fire(
  first: i32,
  count: i32,
  scratch: usize,
  x: usize,
  xSample: usize,
  xStep: usize,
  spikes: usize,
  steps: i32,
  neurons: i32,
  charge: i32,
  k: f32,
  reset: i32,
  rest: f32,
  threshold: f32,
): void {
  const n = neurons as usize
  const k4 = f32x4.splat(k)
  const rest4 = f32x4.splat(rest)
  const threshold4 = f32x4.splat(threshold)
  const spikesAt: usize = scratch + ((steps as usize) << 4)
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++) {
    const from: usize = x + sample * xSample
    const to: usize = spikes + sample * n * (steps as usize)
    let i: usize = 0
    for (; i + 4 <= n; i += 4) fireFour(from + (i << 2), xStep, to + i, n, steps, charge, k4, reset, rest4, threshold4)
    if (i == n) continue
    copySteps(from + (i << 2), xStep, scratch, 16, (n - i) << 2, steps)
    fireFour(scratch, 16, spikesAt, 4, steps, charge, k4, reset, rest4, threshold4)
    copySteps(spikesAt, 4, to + i, n, n - i, steps)
  }
}

/**
 * Four neurons back, last step first: cotangents of spikes to those of currents, added to `base` unless it is 0. Potentials
 * are computed again into `kept`. With `sums`, what their charges' drives times `dh` come to over the steps: four float64.
 */
// @ts-ignore: decorator
@inline
function backFour(
  x: usize,
  xStep: usize,
  ds: usize,
  dx: usize,
  base: usize,
  step: usize,
  kept: usize,
  sums: usize,
  steps: i32,
  charge: i32,
  k: v128,
  byX: v128,
  byV: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
  attached: i32,
): void {
  let v = rest
  let at = kept
  for (let t = 0; t < steps; t++) {
    const current = v128.load(x)
    const h = charged(charge, v, current, rest, k)
    v128.store(at, h)
    if (sums != 0) v128.store(at, f32x4.sub(current, f32x4.sub(v, rest)), 16)
    v = after(reset, h, f32x4.ge(h, threshold), rest, threshold)
    x += xStep
    at += 32
  }
  const one = f32x4.splat(1)
  const pi = f32x4.splat(Math.PI as f32)
  const left = reset == HARD ? rest : f32x4.neg(threshold)
  let off = step * ((steps - 1) as usize)
  let before = f32x4.splat(0)
  let low = f64x2.splat(0)
  let high = low
  for (let t = 0; t < steps; t++) {
    at -= 32
    const h = v128.load(at)
    const u = f32x4.mul(pi, f32x4.sub(h, threshold))
    const slope = f32x4.div(one, f32x4.add(one, f32x4.mul(u, u)))
    let spiked = v128.load(ds + off)
    if (attached) spiked = f32x4.add(spiked, f32x4.mul(reset == HARD ? f32x4.sub(left, h) : left, before))
    const stays = reset == HARD ? f32x4.mul(v128.bitselect(f32x4.splat(0), one, f32x4.ge(h, threshold)), before) : before
    const dh = f32x4.add(f32x4.mul(slope, spiked), stays)
    let current = f32x4.mul(byX, dh)
    if (base != 0) current = f32x4.add(v128.load(base + off), current)
    v128.store(dx + off, current)
    before = f32x4.mul(byV, dh)
    if (sums != 0) {
      const drive = v128.load(at, 16)
      low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(drive), f64x2.promote_low_f32x4(dh)))
      high = f64x2.add(
        high,
        f64x2.mul(
          f64x2.promote_low_f32x4(i64x2.shuffle(drive, drive, 1, 1)),
          f64x2.promote_low_f32x4(i64x2.shuffle(dh, dh, 1, 1)),
        ),
      )
    }
    off -= step
  }
  if (sums != 0) {
    v128.store(sums, low)
    v128.store(sums, high, 16)
  }
}

/** All steps of some samples' neurons back. With `parts`, each sample's share of the leak's gradient: channel by channel. */
export function fireBack(
  first: i32,
  count: i32,
  scratch: usize,
  x: usize,
  xSample: usize,
  xStep: usize,
  ds: usize,
  dx: usize,
  base: usize,
  parts: usize,
  steps: i32,
  positions: i32,
  channels: i32,
  charge: i32,
  k: f32,
  byX: f32,
  byV: f32,
  reset: i32,
  rest: f32,
  threshold: f32,
  attached: i32,
): void {
  const n = (positions * channels) as usize
  const step: usize = n << 2
  const k4 = f32x4.splat(k)
  const byX4 = f32x4.splat(byX)
  const byV4 = f32x4.splat(byV)
  const rest4 = f32x4.splat(rest)
  const threshold4 = f32x4.splat(threshold)
  const length: usize = (steps as usize) << 4
  const sums: usize = scratch + 5 * length
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++) {
    const from: usize = x + sample * xSample
    const off: usize = sample * step * (steps as usize)
    let i: usize = 0
    for (; i + 4 <= n; i += 4) {
      const at: usize = off + (i << 2)
      backFour(from + (i << 2), xStep, ds + at, dx + at, base == 0 ? 0 : base + at, step, scratch, parts == 0 ? 0 : sums + (i << 3), steps, charge, k4, byX4, byV4, reset, rest4, threshold4, attached)
    }
    if (i < n) {
      const at: usize = off + (i << 2)
      const bytes: usize = (n - i) << 2
      const currents: usize = scratch + 2 * length
      const spikes: usize = currents + length
      const olds: usize = spikes + length
      copySteps(from + (i << 2), xStep, currents, 16, bytes, steps)
      copySteps(ds + at, step, spikes, 16, bytes, steps)
      if (base != 0) copySteps(base + at, step, olds, 16, bytes, steps)
      backFour(currents, 16, spikes, spikes, base == 0 ? 0 : olds, 16, scratch, parts == 0 ? 0 : sums + (i << 3), steps, charge, k4, byX4, byV4, reset, rest4, threshold4, attached)
      copySteps(spikes, 16, dx + at, step, bytes, steps)
    }
    if (parts == 0) continue
    let sum: f64 = 0
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < positions; p++) sum += load<f64>(sums + ((p * channels + c) as usize << 3))
    store<f64>(parts + (sample << 3), sum)
  }
}

/** The gradient of a leak from its samples' shares, samples in order. */
export function joinLeak(_first: i32, _count: i32, _scratch: usize, parts: usize, batch: i32, byW: f64, to: usize): void {
  let sum: f64 = 0
  for (let b = 0; b < batch; b++) sum += load<f64>(parts + ((b as usize) << 3))
  store<f32>(to, (byW * sum) as f32)
}
