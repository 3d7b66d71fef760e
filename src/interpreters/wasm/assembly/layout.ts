/** Addresses shared with `program.ts`. */

/** Where the table of set bits lies. */
export const BIT_TABLE: usize = 16
