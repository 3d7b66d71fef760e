/** The WebAssembly module: the primitives of `src/compiled/machine/primitives.ts` in SIMD, over an imported memory. */
export { extract, concat, accumulate, pairs, tally } from './spikes'
export { affine, affineFire, notFinite } from './currents'
export { dense, maxPool, meanRows, packRows, packColumns } from './dense'
