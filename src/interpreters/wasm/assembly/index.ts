/** The WebAssembly module: the primitives of `src/interpreters/fast/primitives.ts` in SIMD, over an imported memory. */
export { extract, concat, accumulate, pairs } from './spikes'
export { affine, affineFire } from './currents'
export { dense, maxPool, meanRows, packRows, packColumns } from './dense'
