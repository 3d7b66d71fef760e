/** The compiled kernels over a memory: the same primitives as `fast`, in SIMD. @module */
import { type Bytes, bytesOf } from '../machine/layout.js'
import { type Memory, MOST_BYTES } from '../machine/memory.js'
import type { Primitives } from '../machine/primitives.js'
import { PLAIN, SHARED } from './generated/module.js'

/** Bytes in a page of WebAssembly memory. */
export const PAGE = 65536

/** The most pages a memory may have. */
export const MOST_PAGES = MOST_BYTES / PAGE

/** Pages for a number of bytes. */
export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE)

const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

/** The bytes of the compiled kernels, for a plain or a shared memory. */
export const binary = (shared: boolean): Uint8Array<ArrayBuffer> => decode(shared ? SHARED : PLAIN)

/** Whether this engine has WebAssembly with SIMD. */
export const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(binary(false))

/** Whether memory may be shared with threads here: always in Node, in a page only when it is cross-origin isolated. */
export const mayShare = (): boolean =>
  typeof SharedArrayBuffer === 'function' &&
  (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated !== false

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

/** A memory of the calling thread, with the compiled kernels over it. */
export const wasmMemory = (): Memory => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES })
  const P = primitivesOver(new WebAssembly.Module(binary(false)), memory)
  return (bytes) => {
    grow(memory, bytes)
    return P
  }
}
