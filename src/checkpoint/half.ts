/** The two 16-bit floating-point formats, widened to float32 without rounding. @module */

/**
 * IEEE binary16 bit patterns as float32: 1 sign, 5 exponent (bias 15) and 10 fraction bits. Every value, subnormals,
 * infinities and NaNs included, has an exact float32 counterpart.
 *
 * @example
 * widenHalf(Uint16Array.of(0x3c00, 0x0001)) // => Float32Array.of(1, 2 ** -24)
 */
export const widenHalf = (bits: Uint16Array): Float32Array => {
  const values = new Float32Array(bits.length)
  const patterns = new Uint32Array(values.buffer)
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!
    const sign = (half & 0x8000) << 16
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0) values[i] = (sign === 0 ? 1 : -1) * fraction * 2 ** -24
    else patterns[i] = sign | ((exponent === 0x1f ? 0xff : exponent + 112) << 23) | (fraction << 13)
  }
  return values
}

/**
 * bfloat16 bit patterns as float32: the 16 bits are a float32's upper half.
 *
 * @example
 * widenBfloat16(Uint16Array.of(0x3f80, 0xc000)) // => Float32Array.of(1, -2)
 */
export const widenBfloat16 = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer)
