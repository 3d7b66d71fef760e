/** Numbers from names and seeds, the same in every language: what synthetic data and laws are drawn from. @module */

/**
 * The 32-bit FNV-1a hash of a text's UTF-8 bytes.
 *
 * @example
 * fnv1a('image') // => 3008443898
 */
export const fnv1a = (text: string): number =>
  new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5)

/**
 * A bijective mixer of 32 bits; all arithmetic wraps.
 *
 * @example
 * hash32(7) // => 2876371455
 */
export const hash32 = (x: number): number => {
  const a = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  const b = Math.imul(a ^ (a >>> 15), 0xd35a2d97)
  return (b ^ (b >>> 15)) >>> 0
}

/**
 * `length` numbers in [-1, 1), multiples of 2^-23: `(hash32(fnv1a(name) ^ hash32(seed) ^ hash32(i)) >>> 8) / 2^23 - 1`.
 *
 * @example
 * sym('image', 7, 1) // => Float64Array.of(0.6169610023498535)
 */
export const sym = (name: string, seed: number, length: number): Float64Array => {
  const start = fnv1a(name) ^ hash32(seed)
  return new Float64Array(length).map((_, i) => (hash32(start ^ hash32(i)) >>> 8) / 2 ** 23 - 1)
}
