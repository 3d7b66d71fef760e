/** The `wasm` interpreter: the steps of `fast` on WebAssembly SIMD, bit for bit the same. @module */
import { interpreterOver, type WireInterpreter } from '../fast/kernels.js'
import type { Primitives } from '../fast/primitives.js'
import { binary, pagesOf, primitivesOver } from './instance.js'

/**
 * The WebAssembly interpreter. All its evaluations use one memory, which grows to the largest of them.
 *
 * @example
 * const { kernels, fromCurrents, currents } = wasm()
 * const logits = currents(forward(network(kernels)(parameters))(4)(fromCurrents(image))) // [4, B, classes]
 */
export const wasm = (): WireInterpreter => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const P: Primitives = primitivesOver(new WebAssembly.Module(binary(false)), memory)
  return interpreterOver((bytes) => {
    const missing = pagesOf(bytes) - memory.buffer.byteLength / 65536
    if (missing > 0) memory.grow(missing)
    return P
  })
}
