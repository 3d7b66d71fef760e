/** Memories that programs run in, and what goes into one before its first run. @module */
import type { Pool } from '../compiler/allocate.js'
import { eventTable } from './events.js'
import type { Bytes } from './layout.js'
import { type Primitives, primitives } from './primitives.js'
import { EVENT_TABLE } from './program.js'

/** Primitives over a memory of at least so many bytes; what it held so far stays. */
export type Memory = (bytes: number) => Primitives

/** The most bytes a memory may have: addresses are signed 32-bit numbers in places. */
export const MOST_BYTES = 2 ** 31 - 2 ** 16

/** A memory of plain typed arrays, replaced by one at least half as large again when more is asked for. */
export const arrayMemory = (): Memory => {
  let P = primitives(new ArrayBuffer(0))
  return (bytes) => {
    const old = P.bytes().u8
    if (bytes > MOST_BYTES) throw new RangeError(`a run of ${bytes} bytes is more than a memory may have`)
    if (old.byteLength < bytes) {
      P = primitives(new ArrayBuffer(Math.ceil(Math.max(bytes, Math.min(MOST_BYTES, old.byteLength * 1.5)) / 64) * 64))
      P.bytes().u8.set(old)
    }
    return P
  }
}

/** Puts the table of events and the pool's new constants into memory. */
export const writeConstants = ({ u8, u16 }: Bytes, constants: Pool): void => {
  u16.set(eventTable, EVENT_TABLE / 2)
  for (const { at, data } of constants.fresh()) {
    const { buffer, byteOffset, byteLength } = data()
    u8.set(new Uint8Array(buffer, byteOffset, byteLength), at)
  }
}
