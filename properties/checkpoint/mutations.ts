/** Damage done to real files: bytes flipped, cut off, moved, repeated, overwritten with extreme numbers. */
import fc from 'fast-check'

type Mutation = (bytes: Uint8Array) => Uint8Array

const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A position as a fraction of the file, so that shrinking keeps its meaning; both ends are likely. */
const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.999_999))

const at = (bytes: Uint8Array, fraction: number): number => Math.floor(fraction * bytes.length)

const overwrite =
  (fraction: number, values: Uint8Array): Mutation =>
  (bytes) => {
    const changed = new Uint8Array(bytes)
    changed.set(values.subarray(0, bytes.length - at(bytes, fraction)), at(bytes, fraction))
    return changed
  }

const flip = fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(
  ([fraction, mask]): Mutation =>
    (bytes) =>
      overwrite(fraction, Uint8Array.of((bytes[at(bytes, fraction)] ?? 0) ^ mask))(bytes),
)

const truncate = place.map(
  (fraction): Mutation =>
    (bytes) =>
      bytes.slice(0, at(bytes, fraction)),
)

const splice = fc.tuple(place, place, place).map(
  ([from, to, into]): Mutation =>
    (bytes) => {
      const piece = bytes.subarray(at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to)))
      return concat(bytes.subarray(0, at(bytes, into)), piece, bytes.subarray(at(bytes, into)))
    },
)

const remove = fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
  ([fraction, length]): Mutation =>
    (bytes) =>
      concat(bytes.subarray(0, at(bytes, fraction)), bytes.subarray(at(bytes, fraction) + length)),
)

const extreme = fc
  .tuple(
    place,
    fc.constantFrom([0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 127], [0, 0, 0, 128], [251, 255, 255, 255]),
  )
  .map(([fraction, values]): Mutation => overwrite(fraction, Uint8Array.from(values)))

const noise = fc
  .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 16 }))
  .map(([fraction, values]): Mutation => overwrite(fraction, values))

/** One of the files, damaged up to four times. */
export const damaged = (files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.constantFrom(...files),
      fc.array(fc.oneof(flip, flip, extreme, noise, remove, truncate, splice), { minLength: 1, maxLength: 4 }),
    )
    .map(([file, mutations]) => mutations.reduce((bytes, mutate) => mutate(bytes), file))
