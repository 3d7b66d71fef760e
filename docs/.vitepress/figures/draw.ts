/** Numbers as places and as text. @module */

/** A linear scale from an interval of values to one of places. */
export const scale =
  ([from, to]: readonly [number, number], [start, end]: readonly [number, number]) =>
  (value: number): number =>
    Math.round((start + ((value - from) / (to - from)) * (end - start)) * 100) / 100

/** A number as a reader wants it: at most so many decimals, a true minus. */
export const show = (value: number, decimals = 3): string =>
  String(Math.round(value * 10 ** decimals) / 10 ** decimals).replace('-', '−')

/** A count with its thousands apart, on one line. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** Whole numbers from 0. */
export const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)
