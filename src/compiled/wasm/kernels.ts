/** The `wasm` interpreter: the steps of `fast` on WebAssembly SIMD, bit for bit the same. @module */
import { interpreterIn, type WireInterpreter } from '../interpreter.js'
import { wasmMemory } from './instance.js'

/**
 * The WebAssembly interpreter, on the calling thread.
 *
 * @example
 * const { kernels, fromCurrents, currents } = wasm()
 * const logits = currents(forward(network(kernels)(parameters))(4)(fromCurrents(image)))
 * logits.shape // => [4, 1, 10]
 */
export const wasm = (): WireInterpreter => interpreterIn(wasmMemory())
