/** Neurons over all steps, and back: some at a time through each step, every operation rounded once. */
import { ROW } from '../../../machine/pairs'
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

/** Neurons with so many bytes of currents, steps so many bytes apart: currents to spikes (bytes). */
function fireSome(
  x: usize,
  xStep: usize,
  spikes: usize,
  spikesStep: usize,
  membranes: usize,
  bytes: usize,
  steps: i32,
  charge: i32,
  k: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(membranes + i, rest)
  for (let t = 0; t < steps; t++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const h = charged(charge, v128.load(membranes + i), v128.load(x + i), rest, k)
      const s = f32x4.ge(h, threshold)
      v128.store(membranes + i, after(reset, h, s, rest, threshold))
      const halves = i16x8.narrow_i32x4_s(s, s)
      v128.store32_lane(spikes + (i >> 2), i8x16.neg(i8x16.narrow_i16x8_s(halves, halves)), 0)
    }
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
  const vectors: usize = (n & ~3) << 2
  const k4 = f32x4.splat(k)
  const rest4 = f32x4.splat(rest)
  const threshold4 = f32x4.splat(threshold)
  const currents: usize = scratch + (ROW as usize)
  const fired: usize = currents + ((steps as usize) << 4)
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++) {
    const from: usize = x + sample * xSample
    const to: usize = spikes + sample * n * (steps as usize)
    for (let i: usize = 0; i < vectors; i += ROW as usize)
      fireSome(from + i, xStep, to + (i >> 2), n, scratch, min<usize>(ROW, vectors - i), steps, charge, k4, reset, rest4, threshold4)
    const left: usize = n & 3
    if (left == 0) continue
    copySteps(from + vectors, xStep, currents, 16, left << 2, steps)
    fireSome(currents, 16, fired, 4, scratch, 16, steps, charge, k4, reset, rest4, threshold4)
    copySteps(fired, 4, to + n - left, n, left, steps)
  }
}

/** The cotangent of potentials h, of those of spikes and of membranes. */
// @ts-ignore: decorator
@inline
function toPotential(
  reset: i32,
  attached: i32,
  h: v128,
  ds: v128,
  before: v128,
  rest: v128,
  threshold: v128,
  one: v128,
  pi: v128,
): v128 {
  const u = f32x4.mul(pi, f32x4.sub(h, threshold))
  const slope = f32x4.div(one, f32x4.add(one, f32x4.mul(u, u)))
  const jump = reset == HARD ? f32x4.sub(rest, h) : f32x4.neg(threshold)
  const spiked = attached ? f32x4.add(ds, f32x4.mul(jump, before)) : ds
  const stays = reset == HARD ? f32x4.mul(v128.andnot(one, f32x4.ge(h, threshold)), before) : before
  return f32x4.add(f32x4.mul(slope, spiked), stays)
}

/**
 * Neurons back, last step first: cotangents of spikes to those of currents, added to `base` unless it is 0. Potentials are
 * computed again into `kept`, which membranes lie before. With `sums`, what their charges' drives times `dh` come to over
 * the steps, in float64.
 */
function backSome(
  x: usize,
  xStep: usize,
  ds: usize,
  dx: usize,
  base: usize,
  step: usize,
  kept: usize,
  sums: usize,
  bytes: usize,
  steps: i32,
  charge: i32,
  k: v128,
  byX: v128,
  byV: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
  attached: i32,
  one: v128,
  pi: v128,
): void {
  const membranes: usize = kept - (ROW as usize)
  const drives: usize = (steps as usize) * (ROW as usize)
  let at = kept
  for (let i: usize = 0; i < bytes; i += 16) v128.store(membranes + i, rest)
  for (let t = 0; t < steps; t++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const v = v128.load(membranes + i)
      const current = v128.load(x + i)
      const h = charged(charge, v, current, rest, k)
      v128.store(at + i, h)
      v128.store(membranes + i, after(reset, h, f32x4.ge(h, threshold), rest, threshold))
      if (sums != 0) v128.store(at + drives + i, f32x4.sub(current, f32x4.sub(v, rest)))
    }
    x += xStep
    at += ROW as usize
  }
  memory.fill(membranes, 0, bytes)
  if (sums != 0) memory.fill(sums, 0, bytes << 1)
  let off = step * ((steps - 1) as usize)
  for (let t = 0; t < steps; t++) {
    at -= ROW as usize
    // The network of the authors on its own; the others' questions would cost as much as its answers.
    if (reset == HARD && attached == 0 && sums == 0)
      for (let i: usize = 0; i < bytes; i += 16) {
        const before = v128.load(membranes + i)
        const dh = toPotential(HARD, 0, v128.load(at + i), v128.load(ds + off + i), before, rest, threshold, one, pi)
        const current = f32x4.mul(byX, dh)
        v128.store(dx + off + i, base == 0 ? current : f32x4.add(v128.load(base + off + i), current))
        v128.store(membranes + i, f32x4.mul(byV, dh))
      }
    else
      for (let i: usize = 0; i < bytes; i += 16) {
        const before = v128.load(membranes + i)
        const dh = toPotential(reset, attached, v128.load(at + i), v128.load(ds + off + i), before, rest, threshold, one, pi)
        const current = f32x4.mul(byX, dh)
        v128.store(dx + off + i, base == 0 ? current : f32x4.add(v128.load(base + off + i), current))
        v128.store(membranes + i, f32x4.mul(byV, dh))
        if (sums != 0) addProducts(sums + (i << 1), v128.load(at + drives + i), dh)
      }
    off -= step
  }
}

/** `sums += a b` of four numbers, in float64. */
// @ts-ignore: decorator
@inline
function addProducts(sums: usize, a: v128, b: v128): void {
  const low = f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b))
  const high = f64x2.mul(
    f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 1)),
    f64x2.promote_low_f32x4(i64x2.shuffle(b, b, 1, 1)),
  )
  v128.store(sums, f64x2.add(v128.load(sums), low))
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16)
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
  const one = f32x4.splat(1)
  const pi = f32x4.splat(Math.PI as f32)
  const vectors: usize = (n & ~3) << 2
  const kept: usize = scratch + (ROW as usize)
  const currents: usize = kept + 2 * (steps as usize) * (ROW as usize)
  const cotangents: usize = currents + ((steps as usize) << 4)
  const olds: usize = cotangents + ((steps as usize) << 4)
  const sums: usize = olds + ((steps as usize) << 4)
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++) {
    const from: usize = x + sample * xSample
    const off: usize = sample * step * (steps as usize)
    for (let i: usize = 0; i < vectors; i += ROW as usize) {
      const at: usize = off + i
      backSome(from + i, xStep, ds + at, dx + at, base == 0 ? 0 : base + at, step, kept, parts == 0 ? 0 : sums + (i << 1), min<usize>(ROW, vectors - i), steps, charge, k4, byX4, byV4, reset, rest4, threshold4, attached, one, pi)
    }
    if (vectors < step) {
      const at: usize = off + vectors
      const bytes: usize = step - vectors
      copySteps(from + vectors, xStep, currents, 16, bytes, steps)
      copySteps(ds + at, step, cotangents, 16, bytes, steps)
      if (base != 0) copySteps(base + at, step, olds, 16, bytes, steps)
      backSome(currents, 16, cotangents, cotangents, base == 0 ? 0 : olds, 16, kept, parts == 0 ? 0 : sums + (vectors << 1), 16, steps, charge, k4, byX4, byV4, reset, rest4, threshold4, attached, one, pi)
      copySteps(cotangents, 16, dx + at, step, bytes, steps)
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
