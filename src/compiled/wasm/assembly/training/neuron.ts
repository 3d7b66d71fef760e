/** Neurons over all steps, and back: some at a time through each step, every operation rounded once. */
import { ROW } from '../../../machine/pairs'
import { ADD, DIVIDE, HARD, MULTIPLY } from '../../../machine/shared'
import { sumOf } from './currents'

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

/** A step of neurons with so many bytes of currents: to spikes (bytes). */
// @ts-ignore: decorator
@inline
function fireStep(
  x: usize,
  spikes: usize,
  membranes: usize,
  bytes: usize,
  charge: i32,
  k: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const h = charged(charge, v128.load(membranes + i), v128.load(x + i), rest, k)
    const s = f32x4.ge(h, threshold)
    v128.store(membranes + i, after(reset, h, s, rest, threshold))
    const halves = i16x8.narrow_i32x4_s(s, s)
    v128.store32_lane(spikes + (i >> 2), i8x16.neg(i8x16.narrow_i16x8_s(halves, halves)), 0)
  }
}

/** Copies so many bytes at each of so many steps. */
function copySteps(from: usize, fromStep: usize, to: usize, toStep: usize, bytes: usize, steps: i32): void {
  for (let t = 0; t < steps; t++) {
    memory.copy(to, from, bytes)
    from += fromStep
    to += toStep
  }
}

/** All steps of some samples' neurons, whose currents are a sum, as {@link currents} has it. */
export function fire(
  first: i32,
  count: i32,
  scratch: usize,
  a: usize,
  aSample: usize,
  aStep: usize,
  aNorm: usize,
  b: usize,
  bSample: usize,
  bStep: usize,
  bNorm: usize,
  spikes: usize,
  steps: i32,
  positions: i32,
  channels: i32,
  charge: i32,
  k: f32,
  reset: i32,
  rest: f32,
  threshold: f32,
): void {
  const row: usize = (channels as usize) << 2
  const n = (positions * channels) as usize
  const k4 = f32x4.splat(k)
  const rest4 = f32x4.splat(rest)
  const threshold4 = f32x4.splat(threshold)
  const sums: usize = scratch + (ROW as usize)
  const fired: usize = sums + (ROW as usize)
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++)
    for (let i: usize = 0; i < n << 2; i += ROW as usize) {
      // What is behind the last neurons is computed too, and not kept.
      const bytes: usize = min<usize>(ROW, (n << 2) - i)
      const whole = (bytes & 15) == 0
      const own: usize = spikes + sample * n * (steps as usize) + (i >> 2)
      let to = whole ? own : fired
      const step: usize = whole ? n : (ROW as usize) >> 2
      for (let at: usize = 0; at < bytes; at += 16) v128.store(scratch + at, rest4)
      for (let t: usize = 0; t < (steps as usize); t++) {
        const x = sumOf(sums, a + sample * aSample + t * aStep + i, aNorm, b == 0 ? 0 : b + sample * bSample + t * bStep + i, bNorm, row, i % row, bytes)
        // The network of the authors on its own: the others' questions would cost as much as its answers.
        if (charge == MULTIPLY && reset == HARD) fireStep(x, to, scratch, bytes, MULTIPLY, k4, HARD, rest4, threshold4)
        else fireStep(x, to, scratch, bytes, charge, k4, reset, rest4, threshold4)
        to += step
      }
      if (!whole) copySteps(fired, step, own, n, bytes >> 2, steps)
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

/** A step of neurons again: potentials h from currents and from those of the step before, or from rest; and with drives. */
// @ts-ignore: decorator
@inline
function chargeStep(
  x: usize,
  before: usize,
  h: usize,
  drives: usize,
  bytes: usize,
  charge: i32,
  k: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    let v = rest
    if (before != 0) {
      const old = v128.load(before + i)
      v = after(reset, old, f32x4.ge(old, threshold), rest, threshold)
    }
    const current = v128.load(x + i)
    v128.store(h + i, charged(charge, v, current, rest, k))
    if (drives != 0) v128.store(drives + i, f32x4.sub(current, f32x4.sub(v, rest)))
  }
}

/**
 * A step back: cotangents of spikes to those of currents, added to `base` unless it is 0, and of membranes to those of the
 * step before. With `sums`, the drives times `dh` are added to these, in float64.
 */
// @ts-ignore: decorator
@inline
function backStep(
  h: usize,
  ds: usize,
  dx: usize,
  base: usize,
  membranes: usize,
  drives: usize,
  sums: usize,
  bytes: usize,
  byX: v128,
  byV: v128,
  reset: i32,
  rest: v128,
  threshold: v128,
  attached: i32,
  one: v128,
  pi: v128,
): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const before = v128.load(membranes + i)
    const dh = toPotential(reset, attached, v128.load(h + i), v128.load(ds + i), before, rest, threshold, one, pi)
    const current = f32x4.mul(byX, dh)
    v128.store(dx + i, base == 0 ? current : f32x4.add(v128.load(base + i), current))
    v128.store(membranes + i, f32x4.mul(byV, dh))
    if (sums != 0) addProducts(sums + (i << 1), v128.load(drives + i), dh)
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

/**
 * All steps of some samples' neurons back, last step first; potentials are computed again, of currents that are a sum. With
 * `parts`, each sample's share of the leak's gradient: channel by channel.
 */
export function fireBack(
  first: i32,
  count: i32,
  scratch: usize,
  a: usize,
  aSample: usize,
  aStep: usize,
  aNorm: usize,
  b: usize,
  bSample: usize,
  bStep: usize,
  bNorm: usize,
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
  const row: usize = (channels as usize) << 2
  const n = (positions * channels) as usize
  const frame: usize = n << 2
  const k4 = f32x4.splat(k)
  const byX4 = f32x4.splat(byX)
  const byV4 = f32x4.splat(byV)
  const rest4 = f32x4.splat(rest)
  const threshold4 = f32x4.splat(threshold)
  const one = f32x4.splat(1)
  const pi = f32x4.splat(Math.PI as f32)
  const block: usize = ROW as usize
  const all: usize = (steps as usize) * block
  const sums: usize = scratch + block
  const kept: usize = sums + block
  const drives: usize = parts == 0 ? 0 : kept + all
  const made: usize = kept + 2 * all
  const along: usize = made + all
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++) {
    for (let i: usize = 0; i < frame; i += block) {
      // What is behind the last neurons is computed too, and not kept.
      const bytes: usize = min<usize>(block, frame - i)
      const whole = (bytes & 15) == 0
      for (let t: usize = 0; t < (steps as usize); t++) {
        const x = sumOf(sums, a + sample * aSample + t * aStep + i, aNorm, b == 0 ? 0 : b + sample * bSample + t * bStep + i, bNorm, row, i % row, bytes)
        const h: usize = kept + t * block
        const before: usize = t == 0 ? 0 : h - block
        // The network of the authors on its own: the others' questions would cost as much as its answers.
        if (charge == MULTIPLY && reset == HARD && parts == 0 && t > 0)
          chargeStep(x, h - block, h, 0, bytes, MULTIPLY, k4, HARD, rest4, threshold4)
        else chargeStep(x, before, h, parts == 0 ? 0 : drives + t * block, bytes, charge, k4, reset, rest4, threshold4)
      }
      memory.fill(scratch, 0, block)
      if (parts != 0) memory.fill(along + (i << 1), 0, ((bytes + 15) & ~15) << 1)
      const own: usize = sample * frame * (steps as usize) + i
      for (let t: usize = (steps - 1) as usize; t < (steps as usize); t--) {
        const at: usize = own + t * frame
        const h: usize = kept + t * block
        const to: usize = whole ? dx + at : made + t * block
        if (reset == HARD && attached == 0 && parts == 0)
          if (base == 0) backStep(h, ds + at, to, 0, scratch, 0, 0, bytes, byX4, byV4, HARD, rest4, threshold4, 0, one, pi)
          else backStep(h, ds + at, to, base + at, scratch, 0, 0, bytes, byX4, byV4, HARD, rest4, threshold4, 0, one, pi)
        else
          backStep(h, ds + at, to, base == 0 ? 0 : base + at, scratch, drives + t * block, parts == 0 ? 0 : along + (i << 1), bytes, byX4, byV4, reset, rest4, threshold4, attached, one, pi)
      }
      if (!whole) copySteps(made, block, dx + own, frame, bytes, steps)
    }
    if (parts == 0) continue
    let sum: f64 = 0
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < positions; p++) sum += load<f64>(along + ((p * channels + c) as usize << 3))
    store<f64>(parts + (sample << 3), sum)
  }
}

/** The gradient of a leak from its samples' shares, samples in order. */
export function joinLeak(_first: i32, _count: i32, _scratch: usize, parts: usize, batch: i32, byW: f64, to: usize): void {
  let sum: f64 = 0
  for (let b = 0; b < batch; b++) sum += load<f64>(parts + ((b as usize) << 3))
  store<f32>(to, (byW * sum) as f32)
}
