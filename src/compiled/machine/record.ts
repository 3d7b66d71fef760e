/**
 * The record of rows on their way through an affine map, a residual and sixteen neurons: how far from its start each 32-bit
 * word lies. Addresses and strides are bytes. AssemblyScript compiles this very file too: nothing but plain constants may
 * stand in it.
 * @module
 */

/** The currents. */
export const X = 0
export const X_STEP = 4
export const X_ROW = 8

/** How many rows, over how many steps. */
export const POSITIONS = 12
export const STEPS = 16

/** Sixteen gains and shifts. */
export const GAIN = 20
export const SHIFT = 24

/** What is added; 0 is none. */
export const RESIDUAL = 28
export const RESIDUAL_STEP = 32
export const RESIDUAL_ROW = 36

/** Where the currents go; 0 is nowhere. */
export const OUT = 40
export const OUT_STEP = 44
export const OUT_ROW = 48

/** The membranes; 0 is at rest. */
export const BEFORE = 52
export const BEFORE_ROW = 56

/** Where they go; 0 is nowhere. */
export const AFTER = 60
export const AFTER_ROW = 64

/** Where the spikes go, and which of sixteen are real. */
export const SPIKES = 68
export const SPIKES_STEP = 72
export const SPIKES_ROW = 76
export const MASK = 80

/** ADD, DIVIDE or MULTIPLY; by what, a float32. */
export const CHARGE = 84
export const BY = 88

/** A float32. */
export const THRESHOLD = 92

/** HARD or SOFT; what is left, a float32. */
export const RESET = 96
export const REST = 100

/** Bytes of a record, rounded up; one for each thread, of which there are at most so many. */
export const RECORD = 128
export const MOST_THREADS = 256

/**
 * Where the records lie, behind the table of events. They are written by threads whose view of a memory that just grew may
 * be old: so they lie in its first page, which every view has.
 */
export const RECORDS = 8192
