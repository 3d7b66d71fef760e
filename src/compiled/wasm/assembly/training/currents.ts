/**
 * Currents as sums of one or two terms: of what lies somewhere, or of what a norm makes of it. They are made where they are
 * read, a few at a time, so that they need not lie in memory.
 */
import { ROW } from '../../../machine/pairs'

/** `z gain + shift`, product and sum each rounded. */
// @ts-ignore: decorator
@inline
function affine(z: usize, gain: usize, shift: usize): v128 {
  return f32x4.add(f32x4.mul(v128.load(z), v128.load(gain)), v128.load(shift))
}

/**
 * The affine maps of a norm, gains and then shifts a `row` of channels each: of so many bytes of z from channel byte c on.
 * They are added to what lies at `base` unless that is 0.
 */
function mapped(to: usize, base: usize, z: usize, gain: usize, row: usize, c: usize, bytes: usize): void {
  const end = to + bytes
  if (row & 15) {
    for (; to < end; to += 4) {
      const y: f32 = load<f32>(z) * load<f32>(gain + c) + load<f32>(gain + row + c)
      store<f32>(to, base == 0 ? y : load<f32>(base) + y)
      if (base != 0) base += 4
      z += 4
      c += 4
      if (c == row) c = 0
    }
    return
  }
  while (to < end) {
    const some = min(row - c, end - to)
    const by = gain + c
    if (base == 0) for (let i: usize = 0; i < some; i += 16) v128.store(to + i, affine(z + i, by + i, by + row + i))
    else {
      for (let i: usize = 0; i < some; i += 16)
        v128.store(to + i, f32x4.add(v128.load(base + i), affine(z + i, by + i, by + row + i)))
      base += some
    }
    to += some
    z += some
    c = 0
  }
}

/** So many bytes of a sum from channel byte c on, and where they lie: at `to`, unless there is one term that lies somewhere. */
export function sumOf(to: usize, a: usize, aNorm: usize, b: usize, bNorm: usize, row: usize, c: usize, bytes: usize): usize {
  if (aNorm != 0) {
    mapped(to, 0, a, aNorm + 6 * row, row, c, bytes)
    a = to
  }
  if (b == 0) return a
  if (bNorm != 0) mapped(to, a, b, bNorm + 6 * row, row, c, bytes)
  else {
    const vectors = bytes & ~15
    let i: usize = 0
    for (; i < vectors; i += 16) v128.store(to + i, f32x4.add(v128.load(a + i), v128.load(b + i)))
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(a + i) + load<f32>(b + i))
  }
  return to
}

/** Sums of some samples in a place of their own. Samples, and steps, of the terms are so many bytes apart. */
export function currents(
  first: i32,
  count: i32,
  _scratch: usize,
  a: usize,
  aSample: usize,
  aStep: usize,
  aNorm: usize,
  b: usize,
  bSample: usize,
  bStep: usize,
  bNorm: usize,
  sums: usize,
  steps: i32,
  positions: i32,
  channels: i32,
): void {
  const row: usize = (channels as usize) << 2
  const bytes: usize = (positions as usize) * row
  let to: usize = sums + (first as usize) * (steps as usize) * bytes
  for (let sample: usize = first as usize; sample < ((first + count) as usize); sample++)
    for (let t: usize = 0; t < (steps as usize); t++) {
      const x: usize = a + sample * aSample + t * aStep
      const y: usize = b == 0 ? 0 : b + sample * bSample + t * bStep
      for (let i: usize = 0; i < bytes; i += ROW as usize) {
        const some = min<usize>(ROW, bytes - i)
        const from = sumOf(to + i, x + i, aNorm, y == 0 ? 0 : y + i, bNorm, row, i % row, some)
        if (from != to + i) memory.copy(to + i, from, some)
      }
      to += bytes
    }
}
