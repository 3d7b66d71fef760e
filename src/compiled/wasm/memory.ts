/** A WebAssembly memory, plain or shared, and the compiled kernels over it. @module */
import { type Bytes, bytesOf } from '../machine/layout.js'
import { MOST_BYTES } from '../machine/memory.js'
import type { Primitives } from '../machine/primitives.js'

/** Bytes in a page of WebAssembly memory. */
const PAGE = 65536

/** The most pages a memory may have. */
const MOST_PAGES = MOST_BYTES / PAGE

/** Pages for a number of bytes. */
const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE)

/** A fresh memory, for one thread or for a team. */
export const freshMemory = (shared: boolean): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared })

/** The kernels of a compiled module over a memory. The typed arrays follow the memory as it grows. */
export const primitivesOver = (module: WebAssembly.Module, memory: WebAssembly.Memory): Primitives => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  let bytes: Bytes = bytesOf(memory.buffer)
  return {
    ...(exports as unknown as Omit<Primitives, 'bytes'>),
    bytes: () => {
      if (bytes.u8.buffer !== memory.buffer || bytes.u8.byteLength !== memory.buffer.byteLength)
        bytes = bytesOf(memory.buffer)
      return bytes
    },
  }
}

/**
 * Grows a memory to at least so many bytes; by half of what it has if it grows at all, so that it does not do so often,
 * unless the engine refuses that much.
 */
export const grow = (memory: WebAssembly.Memory, bytes: number): void => {
  const pages = pagesOf(memory.buffer.byteLength)
  const missing = pagesOf(bytes) - pages
  if (missing <= 0) return
  const ample = Math.min(pages >> 1, MOST_PAGES - pages)
  try {
    memory.grow(Math.max(missing, ample))
  } catch (reason) {
    if (ample <= missing) throw reason
    memory.grow(missing)
  }
}

/** A memory of the calling thread, with the compiled kernels over it: of at least so many bytes. */
export const wasmMemory = (module: WebAssembly.Module): ((bytes: number) => Primitives) => {
  const memory = freshMemory(false)
  const P = primitivesOver(module, memory)
  return (bytes) => {
    grow(memory, bytes)
    return P
  }
}
