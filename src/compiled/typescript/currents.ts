/** The primitives that currents go through, in plain TypeScript: affine map, residual and neuron. @module */
import type { Bytes } from '../machine/layout.js'
import type { Primitives } from '../machine/primitives.js'
import { ADD, DIVIDE, HARD, MULTIPLY } from '../machine/shared.js'

const { fround } = Math

/** The affine map and the residual. */
export const affine =
  ({ f32 }: Bytes): Primitives['affine'] =>
  (x, xStep, xRow, positions, steps, gain, shift, residual, residualStep, residualRow, out, outStep, outRow) => {
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
export const affineFire = ({ u16, f32 }: Bytes): Primitives['affineFire'] => {
  const v = new Float32Array(16)
  return (
    x,
    xStep,
    xRow,
    positions,
    steps,
    gain,
    shift,
    residual,
    residualStep,
    residualRow,
    out,
    outStep,
    outRow,
    before,
    beforeRow,
    after,
    afterRow,
    spikes,
    spikesStep,
    spikesRow,
    mask,
    charge,
    by,
    threshold,
    reset,
    rest,
  ) => {
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
