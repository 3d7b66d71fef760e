/**
 * Numbers that both back ends know. AssemblyScript compiles this very file too: nothing but plain constants may stand in
 * it.
 * @module
 */

/** Where the table of a byte's events lies; the first sixteen bytes of the memory stay unused. */
export const EVENT_TABLE = 16

/**
 * An event is the offset of a row of a table of pairs, in units of eight bytes, so that sixteen bits reach through the
 * largest table. This is how far apart two rows are, and two eights, which have 36 rows.
 */
export const EVENT = 8
export const EVENTS = 288

/** How a neuron charges, as the kernels are told. */
export const ADD = 0
export const DIVIDE = 1
export const MULTIPLY = 2

/** What a spike leaves behind, as the kernels are told. */
export const HARD = 0
export const SOFT = 1
