/** The primitives that currents go through, in plain TypeScript: affine map, residual and neuron. @module */
import type { Bytes } from '../machine/layout.js'
import type { Primitives } from '../machine/primitives.js'
import {
  AFTER,
  AFTER_ROW,
  BEFORE,
  BEFORE_ROW,
  BY,
  CHARGE,
  GAIN,
  MASK,
  OUT,
  OUT_ROW,
  OUT_STEP,
  POSITIONS,
  RESET,
  RESIDUAL,
  RESIDUAL_ROW,
  RESIDUAL_STEP,
  REST,
  SHIFT,
  SPIKES,
  SPIKES_ROW,
  SPIKES_STEP,
  STEPS,
  THRESHOLD,
  X,
  X_ROW,
  X_STEP,
} from '../machine/record.js'
import { ADD, DIVIDE, HARD, MULTIPLY } from '../machine/shared.js'

const { fround } = Math

/** The affine map and the residual. */
export const affine =
  ({ i32, f32 }: Bytes): Primitives['affine'] =>
  (record) => {
    const x = i32[(record + X) >> 2]!
    const xStep = i32[(record + X_STEP) >> 2]!
    const xRow = i32[(record + X_ROW) >> 2]!
    const positions = i32[(record + POSITIONS) >> 2]!
    const steps = i32[(record + STEPS) >> 2]!
    const gain = i32[(record + GAIN) >> 2]!
    const shift = i32[(record + SHIFT) >> 2]!
    const residual = i32[(record + RESIDUAL) >> 2]!
    const residualStep = i32[(record + RESIDUAL_STEP) >> 2]!
    const residualRow = i32[(record + RESIDUAL_ROW) >> 2]!
    const out = i32[(record + OUT) >> 2]!
    const outStep = i32[(record + OUT_STEP) >> 2]!
    const outRow = i32[(record + OUT_ROW) >> 2]!
    const [g, s] = [gain >> 2, shift >> 2]
    for (let t = 0; t < steps; t++)
      for (let p = 0; p < positions; p++) {
        const at = (x + t * xStep + p * xRow) >> 2
        const to = (out + t * outStep + p * outRow) >> 2
        const other = (residual + t * residualStep + p * residualRow) >> 2
        for (let c = 0; c < 16; c++) {
          const y = fround(fround(f32[at + c]! * f32[g + c]!) + f32[s + c]!)
          f32[to + c] = residual === 0 ? y : y + f32[other + c]!
        }
      }
  }

/** The charge equation. */
const charged = (v: number, x: number, charge: number, by: number, rest: number): number => {
  if (charge === ADD) return fround(v + x)
  const drive = fround(x - fround(v - rest))
  return fround(v + (charge === DIVIDE ? fround(drive / by) : fround(drive * by)))
}

/** The affine map, the residual and the neuron, sixteen neurons at a time. */
export const affineFire = ({ u16, i32, f32 }: Bytes): Primitives['affineFire'] => {
  const v = new Float32Array(16)
  return (record) => {
    const x = i32[(record + X) >> 2]!
    const xStep = i32[(record + X_STEP) >> 2]!
    const xRow = i32[(record + X_ROW) >> 2]!
    const positions = i32[(record + POSITIONS) >> 2]!
    const steps = i32[(record + STEPS) >> 2]!
    const gain = i32[(record + GAIN) >> 2]!
    const shift = i32[(record + SHIFT) >> 2]!
    const residual = i32[(record + RESIDUAL) >> 2]!
    const residualStep = i32[(record + RESIDUAL_STEP) >> 2]!
    const residualRow = i32[(record + RESIDUAL_ROW) >> 2]!
    const out = i32[(record + OUT) >> 2]!
    const outStep = i32[(record + OUT_STEP) >> 2]!
    const outRow = i32[(record + OUT_ROW) >> 2]!
    const before = i32[(record + BEFORE) >> 2]!
    const beforeRow = i32[(record + BEFORE_ROW) >> 2]!
    const after = i32[(record + AFTER) >> 2]!
    const afterRow = i32[(record + AFTER_ROW) >> 2]!
    const spikes = i32[(record + SPIKES) >> 2]!
    const spikesStep = i32[(record + SPIKES_STEP) >> 2]!
    const spikesRow = i32[(record + SPIKES_ROW) >> 2]!
    const mask = i32[(record + MASK) >> 2]!
    const charge = i32[(record + CHARGE) >> 2]!
    const by = f32[(record + BY) >> 2]!
    const threshold = f32[(record + THRESHOLD) >> 2]!
    const reset = i32[(record + RESET) >> 2]!
    const rest = f32[(record + REST) >> 2]!
    // Rounded here, so that the loop knows them as float32.
    const [k, theta, bottom] = [fround(by), fround(threshold), fround(rest)]
    const plain = charge === MULTIPLY && reset === HARD && Object.is(rest, 0)
    const [dx, dr, ds, dout] = [xStep >> 2, residualStep >> 2, spikesStep >> 1, outStep >> 2]
    const [g, s] = [gain >> 2, shift >> 2]
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < 16; c++) v[c] = before === 0 ? bottom : f32[((before + p * beforeRow) >> 2) + c]!
      let at = (x + p * xRow) >> 2
      let other = (residual + p * residualRow) >> 2
      let to = (out + p * outRow) >> 2
      let word = (spikes + p * spikesRow) >> 1
      for (let t = 0; t < steps; t++) {
        let bits = 0
        for (let c = 0; c < 16; c++) {
          let input = fround(fround(f32[at + c]! * f32[g + c]!) + f32[s + c]!)
          if (residual !== 0) input = fround(input + f32[other + c]!)
          if (out !== 0) f32[to + c] = input
          const u = v[c]!
          const h = plain ? fround(u + fround(fround(input - u) * k)) : charged(u, input, charge, k, bottom)
          const fired = h >= theta
          bits |= (fired ? 1 : 0) << c
          v[c] = fired ? (reset === HARD ? bottom : fround(h - theta)) : h
        }
        u16[word] = bits & mask
        at += dx
        other += dr
        to += dout
        word += ds
      }
      if (after !== 0) for (let c = 0; c < 16; c++) f32[((after + p * afterRow) >> 2) + c] = v[c]!
    }
  }
}

/** The first number that is not finite: its exponent is all ones. */
export const notFinite =
  ({ i32 }: Bytes): Primitives['notFinite'] =>
  (from, count) => {
    const start = from >> 2
    for (let i = 0; i < count; i++) if ((i32[start + i]! & 0x7f800000) === 0x7f800000) return i
    return -1
  }
