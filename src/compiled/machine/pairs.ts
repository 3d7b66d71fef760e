/**
 * Numbers that the kernels of training and their callers know. AssemblyScript compiles this very file too: nothing but plain
 * constants may stand in it.
 * @module
 */

/** Where the table of a byte's pairs lies, 256 times four pairs of two 16-bit rows, and how many bytes of pairs each has. */
export const PAIRS = 1024
export const PAIRS_BYTES = 5120

/** Where the tables end. */
export const PAIRS_END = 5376

/** Output positions whose pairs are listed together. */
export const TILE = 128

/** How many bytes of sums are packed together for the gradients of inputs: a part of a core's own cache. */
export const PACKED = 262144

/**
 * Bytes of the currents of neurons that go through a step together: so many are read in the order of memory, and what is kept
 * of them stays in a core's own cache.
 */
export const ROW = 65536
