/**
 * What currents go through, sixteen channels a row: the affine map (batch norm, or a head's scale), the residual, and the
 * neuron. What they work on stands in a record.
 */
import {
  X,
  X_STEP,
  X_ROW,
  POSITIONS,
  STEPS,
  GAIN,
  SHIFT,
  RESIDUAL,
  RESIDUAL_STEP,
  RESIDUAL_ROW,
  OUT,
  OUT_STEP,
  OUT_ROW,
  BEFORE,
  BEFORE_ROW,
  AFTER,
  AFTER_ROW,
  SPIKES,
  SPIKES_STEP,
  SPIKES_ROW,
  MASK,
  CHARGE,
  BY,
  THRESHOLD,
  RESET,
  REST,
} from '../../machine/record'
import { ADD, DIVIDE, HARD, MULTIPLY, SOFT } from '../../machine/shared'

/** `x * gain + shift`: the product is rounded, then the sum. */
// @ts-ignore: decorator
@inline
function mapped(x: v128, gain: usize, shift: usize): v128 {
  return f32x4.add(f32x4.mul(x, v128.load(gain)), v128.load(shift))
}

/** The affine map and the residual; see `Primitives.affine`. */
export function affine(record: usize): void {
  let x = load<usize>(record, X)
  const xStep = load<usize>(record, X_STEP)
  const xRow = load<usize>(record, X_ROW)
  const positions = load<i32>(record, POSITIONS)
  const steps = load<i32>(record, STEPS)
  const gain = load<usize>(record, GAIN)
  const shift = load<usize>(record, SHIFT)
  let residual = load<usize>(record, RESIDUAL)
  const residualStep = load<usize>(record, RESIDUAL_STEP)
  const residualRow = load<usize>(record, RESIDUAL_ROW)
  let out = load<usize>(record, OUT)
  const outStep = load<usize>(record, OUT_STEP)
  const outRow = load<usize>(record, OUT_ROW)
  for (let t = 0; t < steps; t++) {
    let at = x
    let other = residual
    let to = out
    for (let p = 0; p < positions; p++) {
      let a = mapped(v128.load(at), gain, shift)
      let b = mapped(v128.load(at, 16), gain + 16, shift + 16)
      let c = mapped(v128.load(at, 32), gain + 32, shift + 32)
      let d = mapped(v128.load(at, 48), gain + 48, shift + 48)
      if (residual) {
        a = f32x4.add(a, v128.load(other))
        b = f32x4.add(b, v128.load(other, 16))
        c = f32x4.add(c, v128.load(other, 32))
        d = f32x4.add(d, v128.load(other, 48))
        other += residualRow
      }
      v128.store(to, a)
      v128.store(to, b, 16)
      v128.store(to, c, 32)
      v128.store(to, d, 48)
      at += xRow
      to += outRow
    }
    x += xStep
    residual += residual ? residualStep : 0
    out += outStep
  }
}

/** The charge equation. */
// @ts-ignore: decorator
@inline
function charged(plain: bool, v: v128, x: v128, charge: i32, by: v128, rest: v128): v128 {
  if (plain) return f32x4.add(v, f32x4.mul(f32x4.sub(x, v), by))
  if (charge == ADD) return f32x4.add(v, x)
  const drive = f32x4.sub(x, f32x4.sub(v, rest))
  return f32x4.add(v, charge == DIVIDE ? f32x4.div(drive, by) : f32x4.mul(drive, by))
}

/** What a spike leaves behind. */
// @ts-ignore: decorator
@inline
function left(plain: bool, h: v128, fired: v128, reset: i32, threshold: v128, rest: v128): v128 {
  if (plain) return v128.andnot(h, fired)
  return reset == SOFT ? f32x4.sub(h, v128.and(threshold, fired)) : v128.bitselect(rest, h, fired)
}

/**
 * The loop of {@link affineFire}: eight neurons at a time over all steps, so that gains, shifts and membranes stay in
 * registers, and a byte of spikes a step. Known when compiled is whether the neuron is `plain` (hard reset to zero, a leak
 * that multiplies), whether it is `adding` a residual, and whether it is `storing` the current.
 */
// @ts-ignore: decorator
@inline
function run(
  plain: bool,
  adding: bool,
  storing: bool,
  x: usize,
  xStep: usize,
  xRow: usize,
  positions: i32,
  steps: i32,
  gain: usize,
  shift: usize,
  residual: usize,
  residualStep: usize,
  residualRow: usize,
  out: usize,
  outStep: usize,
  outRow: usize,
  before: usize,
  beforeRow: usize,
  after: usize,
  afterRow: usize,
  spikes: usize,
  spikesStep: usize,
  spikesRow: usize,
  mask: i32,
  charge: i32,
  by: f32,
  threshold: f32,
  reset: i32,
  rest: f32,
): void {
  const k = f32x4.splat(by)
  const theta = f32x4.splat(threshold)
  const r = f32x4.splat(rest)
  for (let p = 0; p < positions; p++) {
    for (let half: usize = 0; half < 2; half++) {
      const lane = half << 5
      const ga = v128.load(gain + lane)
      const gb = v128.load(gain + lane, 16)
      const sa = v128.load(shift + lane)
      const sb = v128.load(shift + lane, 16)
      const real = (mask >>> ((half as i32) << 3)) & 255
      let a = r
      let b = r
      if (before) {
        a = v128.load(before + lane)
        b = v128.load(before + lane, 16)
      }
      let at = x + lane
      let other = residual + lane
      let to = out + lane
      let bits = spikes + half
      for (let t = 0; t < steps; t++) {
        let xa = f32x4.add(f32x4.mul(v128.load(at), ga), sa)
        let xb = f32x4.add(f32x4.mul(v128.load(at, 16), gb), sb)
        at += xStep
        if (adding) {
          xa = f32x4.add(xa, v128.load(other))
          xb = f32x4.add(xb, v128.load(other, 16))
          other += residualStep
        }
        if (storing) {
          v128.store(to, xa)
          v128.store(to, xb, 16)
          to += outStep
        }
        a = charged(plain, a, xa, charge, k, r)
        b = charged(plain, b, xb, charge, k, r)
        const fa = f32x4.ge(a, theta)
        const fb = f32x4.ge(b, theta)
        store<u8>(bits, (i32x4.bitmask(fa) | (i32x4.bitmask(fb) << 4)) & real)
        bits += spikesStep
        a = left(plain, a, fa, reset, theta, r)
        b = left(plain, b, fb, reset, theta, r)
      }
      if (after) {
        v128.store(after + lane, a)
        v128.store(after + lane, b, 16)
      }
    }
    x += xRow
    residual += residual ? residualRow : 0
    out += out ? outRow : 0
    before += before ? beforeRow : 0
    after += after ? afterRow : 0
    spikes += spikesRow
  }
}

/** The affine map, the residual and the neuron; see `Primitives.affineFire`. */
export function affineFire(record: usize): void {
  const x = load<usize>(record, X)
  const xStep = load<usize>(record, X_STEP)
  const xRow = load<usize>(record, X_ROW)
  const positions = load<i32>(record, POSITIONS)
  const steps = load<i32>(record, STEPS)
  const gain = load<usize>(record, GAIN)
  const shift = load<usize>(record, SHIFT)
  const residual = load<usize>(record, RESIDUAL)
  const residualStep = load<usize>(record, RESIDUAL_STEP)
  const residualRow = load<usize>(record, RESIDUAL_ROW)
  const out = load<usize>(record, OUT)
  const outStep = load<usize>(record, OUT_STEP)
  const outRow = load<usize>(record, OUT_ROW)
  const before = load<usize>(record, BEFORE)
  const beforeRow = load<usize>(record, BEFORE_ROW)
  const after = load<usize>(record, AFTER)
  const afterRow = load<usize>(record, AFTER_ROW)
  const spikes = load<usize>(record, SPIKES)
  const spikesStep = load<usize>(record, SPIKES_STEP)
  const spikesRow = load<usize>(record, SPIKES_ROW)
  const mask = load<i32>(record, MASK)
  const charge = load<i32>(record, CHARGE)
  const by = load<f32>(record, BY)
  const threshold = load<f32>(record, THRESHOLD)
  const reset = load<i32>(record, RESET)
  const rest = load<f32>(record, REST)
  const plain = charge == MULTIPLY && reset == HARD && reinterpret<u32>(rest) == 0
  if (!plain) run(false, residual != 0, out != 0, x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, mask, charge, by, threshold, reset, rest)
  else if (residual) {
    if (out) run(true, true, true, x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, mask, charge, by, threshold, reset, rest)
    else run(true, true, false, x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, mask, charge, by, threshold, reset, rest)
  } else if (out) run(true, false, true, x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, mask, charge, by, threshold, reset, rest)
  else run(true, false, false, x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow, before, beforeRow, after, afterRow, spikes, spikesStep, spikesRow, mask, charge, by, threshold, reset, rest)
}

/** The first number that is not finite, sixteen at a time: a number less itself is zero unless it is not. */
export function notFinite(from: usize, count: i32): i32 {
  let i = 0
  for (; i + 16 <= count; i += 16) {
    const a = v128.load(from)
    const b = v128.load(from, 16)
    const c = v128.load(from, 32)
    const d = v128.load(from, 48)
    const sum = v128.or(
      v128.or(f32x4.sub(a, a), f32x4.sub(b, b)),
      v128.or(f32x4.sub(c, c), f32x4.sub(d, d)),
    )
    if (v128.any_true(sum)) break
    from += 64
  }
  for (; i < count; i++) {
    if ((load<u32>(from) & 0x7f800000) == 0x7f800000) return i
    from += 4
  }
  return -1
}
