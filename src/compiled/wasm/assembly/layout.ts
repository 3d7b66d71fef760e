/** Addresses shared with `program.ts`. */

/** Where the table of a byte's events lies. */
export const EVENT_TABLE: usize = 16
