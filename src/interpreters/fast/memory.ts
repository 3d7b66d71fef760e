/** Memories that programs run in, and what goes into one before its first run. @module */
import type { Pool } from './arena.js'
import { bitTable } from './geometry.js'
import type { Bytes } from './layout.js'
import { type Primitives, primitives } from './primitives.js'
import { BIT_TABLE } from './program.js'

/** Primitives over a memory of at least so many bytes; what it held so far stays. */
export type Memory = (bytes: number) => Primitives

/** A memory of plain typed arrays, replaced by one at least half as large again when more is asked for. */
export const arrayMemory = (): Memory => {
  let P = primitives(new ArrayBuffer(0))
  return (bytes) => {
    const old = P.bytes().u8
    if (old.byteLength < bytes) {
      P = primitives(new ArrayBuffer(Math.ceil(Math.max(bytes, old.byteLength * 1.5) / 64) * 64))
      P.bytes().u8.set(old)
    }
    return P
  }
}

/** Puts the table of set bits and the pool's new constants into memory. */
export const writeConstants = ({ u8, u16 }: Bytes, constants: Pool): void => {
  u16.set(bitTable(), BIT_TABLE / 2)
  for (const { at, data } of constants.fresh()) {
    const { buffer, byteOffset, byteLength } = data()
    u8.set(new Uint8Array(buffer, byteOffset, byteLength), at)
  }
}
