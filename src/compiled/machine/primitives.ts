/**
 * The primitives that programs are made of: what a back end offers.
 *
 * `extract`, `concat` and `accumulate` are all that spikes go through, and they only add. Addresses and strides are
 * bytes; a row of sums is sixteen float32. Every addition and multiplication is rounded to float32 (`Math.fround`).
 * @module
 */
import type { Bytes } from './layout.js'

/** The operations over one linear memory that programs call. */
export interface Primitives {
  /** The typed arrays over the memory. */
  readonly bytes: () => Bytes
  /**
   * Lists the active inputs of `positions` outputs over `steps` steps, two by two: for each output its start in `starts`
   * (one more at the end), and in `lists` the rows of the table of pairs that they pick, ascending: 16-bit words, a row's
   * offset in units of eight bytes. Returns the end of the lists.
   */
  readonly extract: (
    gather: number,
    gatherStride: number,
    positions: number,
    steps: number,
    base: number,
    stepStride: number,
    pieces: number,
    piecesEnd: number,
    starts: number,
    lists: number,
  ) => number
  /**
   * Lists the same by copying lists: those of input positions, whose starts are at `from`, `fromStep` apart from step to
   * step; `gather` has the byte offset of an input position's start.
   */
  readonly concat: (
    gather: number,
    gatherStride: number,
    positions: number,
    steps: number,
    from: number,
    fromStep: number,
    pieces: number,
    piecesEnd: number,
    starts: number,
    lists: number,
  ) => number
  /**
   * Makes the table of pairs of `rows` rows of weights: for every eight rows 36, which are the eight, then the second's
   * sum with the first, the third's with the first and the second, and so on; nothing where the lists that start at `starts`
   * have no event. It may read all rows before, so that they
   * come into the cache; its answer only keeps those reads from being optimised away.
   */
  readonly pairs: (starts: number, lists: number, weights: number, rows: number, table: number) => number
  /** `sums[r] = (resume ? sums[r] : 0) + table[e0] + table[e1] + ..` over the events e of each row r, in order. */
  readonly accumulate: (starts: number, rows: number, table: number, sums: number, resume: number) => void
  /**
   * `out = x * gain + shift (+ residual)` on `positions` rows over `steps` steps, with sixteen gains and shifts: what they
   * are stands in a record (machine/record), of which this reads the first half.
   */
  readonly affine: (record: number) => void
  /**
   * The same, and then sixteen neurons a position: charge, compare, reset; a bit a spike, masked by `mask`. `out` 0
   * stores no current, `before` 0 starts at `rest`, `after` 0 forgets the membranes.
   */
  readonly affineFire: (record: number) => void
  /**
   * Counts the spikes of each row of `rowBytes` bytes into `counts`, one 32-bit word a position; adds to what is there where
   * it is to `resume`.
   */
  readonly tally: (spikes: number, rowBytes: number, positions: number, counts: number, resume: number) => void
  /** Which of so many float32 from an address is the first that is not finite; -1 where all are. */
  readonly notFinite: (from: number, count: number) => number
  /** One row of output positions of a convolution of currents, one block. */
  readonly dense: (
    input: number,
    inputRowBytes: number,
    inputStride: number,
    width: number,
    kernelRows: number,
    kernelWidth: number,
    stride: number,
    padding: number,
    channels: number,
    weights: number,
    outWidth: number,
    sums: number,
  ) => void
  /** One row of output positions of a max-pool, one block. */
  readonly maxPool: (
    input: number,
    inputRowBytes: number,
    inputStride: number,
    width: number,
    kernelRows: number,
    kernel: number,
    stride: number,
    padding: number,
    outWidth: number,
    out: number,
    outStride: number,
  ) => void
  /** The mean of `positions` rows, one block. */
  readonly meanRows: (from: number, fromRow: number, positions: number, out: number) => void
  /** `[block of width][row][16]` from rows of `width` channels; after the rows of a block, `skip` bytes are left out. */
  readonly packRows: (from: number, fromRow: number, width: number, rows: number, skip: number, to: number) => void
  /** The same from columns: `to[block][row][i] = from[block * 16 + i][row]`, zeros past `width`. */
  readonly packColumns: (from: number, fromRow: number, width: number, rows: number, skip: number, to: number) => void
}
