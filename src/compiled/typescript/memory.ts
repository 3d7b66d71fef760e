/** A memory of plain typed arrays, and the primitives over it. @module */
import { bytesOf } from '../machine/layout.js'
import { MOST_BYTES } from '../machine/memory.js'
import type { Primitives } from '../machine/primitives.js'
import { affine, affineFire, notFinite } from './currents.js'
import { dense, maxPool, meanRows, packColumns, packRows } from './dense.js'
import { accumulate, concat, extract, pairs, tally } from './spikes.js'

/** The primitives over one buffer. */
const primitivesOver = (buffer: ArrayBufferLike): Primitives => {
  const bytes = bytesOf(buffer)
  return {
    bytes: () => bytes,
    extract: extract(bytes),
    concat: concat(bytes),
    pairs: pairs(bytes),
    accumulate: accumulate(bytes),
    tally: tally(bytes),
    affine: affine(bytes),
    affineFire: affineFire(bytes),
    notFinite: notFinite(bytes),
    dense: dense(bytes),
    maxPool: maxPool(bytes),
    meanRows: meanRows(bytes),
    packRows: packRows(bytes),
    packColumns: packColumns(bytes),
  }
}

/** The primitives over a memory of at least so many bytes, replaced by one half as large again when more is asked for. */
export const typescriptMemory = (): ((bytes: number) => Primitives) => {
  let P = primitivesOver(new ArrayBuffer(0))
  return (bytes) => {
    const old = P.bytes().u8
    if (old.byteLength < bytes) {
      const ample = Math.max(bytes, Math.min(MOST_BYTES, old.byteLength * 1.5))
      P = primitivesOver(new ArrayBuffer(Math.ceil(ample / 64) * 64))
      P.bytes().u8.set(old)
    }
    return P
  }
}
