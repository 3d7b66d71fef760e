/** Hashes, by Node. @module */
import { createHash, type Hash as Digest } from 'node:crypto'
import type { Hash } from '../core/hash.js'

const hashOf = (digest: Digest): Hash => ({
  update: (bytes) => hashOf(digest.copy().update(bytes)),
  hex: () => digest.copy().digest('hex'),
})

/**
 * The SHA-256 of nothing yet, to be given bytes piece by piece.
 *
 * @example
 * sha256().update(Uint8Array.of(1)).update(Uint8Array.of(0)).hex().slice(0, 8) // => '47dc540c'
 */
export const sha256 = (): Hash => hashOf(createHash('sha256'))
