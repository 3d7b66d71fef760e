/** Drawing in a terminal: digits, bars, tables and numbers, as text. @module */
import { exp } from '../core/functions.js'
import { printable } from './io.js'

const three = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const PREFIXES = [
  ['T', 1e12],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
  ['', 1],
  ['m', 1e-3],
  ['µ', 1e-6],
  ['n', 1e-9],
  ['p', 1e-12],
] as const

const scaled = (value: number, least: number): string => {
  const [prefix, unit] = PREFIXES.find(([, size]) => size >= least && value >= 0.9995 * size) ?? ['', 1]
  return `${three(value / unit)} ${prefix}`
}

/**
 * A count to three digits.
 *
 * @example
 * count(836613824) // => '837 M'
 */
export const count = (value: number): string => (value < 1000 ? String(value) : scaled(value, 1))

/**
 * An energy to three digits.
 *
 * @example
 * joules(7.5e-4) // => '750 µJ'
 */
export const joules = (value: number): string => `${scaled(value, 0)}J`

/** A fraction as a percentage. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of so many cells for a fraction from 0 to 1, to an eighth of a cell. */
export const bar = (fraction: number, cells: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * 8 * cells)
  return `${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`.padEnd(cells)
}

/** The probabilities of logits: `exp(l) / sum(exp(l))`. */
export const softmax = (logits: readonly number[]): readonly number[] => {
  const most = Math.max(...logits)
  const powers = logits.map((logit) => exp(logit - most))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

const SHADES = [' ', '░', '▒', '▓', '█']

/** The greys 232 (black) to 255 (white) of a terminal of 256 colours. */
const grey = (fraction: number): string => `\u001b[48;5;${232 + Math.round(fraction * 23)}m  \u001b[0m`

/**
 * A digit of 8 x 8 values from 0 to 16, two cells a pixel, so that pixels are about square: in greys, or in shades of
 * block characters where colours are not wanted. Eight lines of 16 cells.
 */
export const picture = (values: readonly number[], colour: boolean): readonly string[] =>
  Array.from({ length: 8 }, (_, row) =>
    values
      .slice(8 * row, 8 * row + 8)
      .map((value) => (colour ? grey(value / 16) : SHADES[Math.round(value / 4)]!.repeat(2)))
      .join(''),
  )

/** Two columns of lines side by side; the left is `width` cells wide. */
export const beside = (left: readonly string[], width: number, right: readonly string[]): readonly string[] =>
  Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${left[i] ?? ' '.repeat(width)}   ${right[i] ?? ''}`.trimEnd(),
  )

/** A column: its title, and whether its cells are numbers, which align to the right. */
export type Column = readonly [title: string, align?: 'right']

const widthOf = (text: string): number => [...text].length

/** A table of text with aligned columns; cells are made safe for a terminal. */
export const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] => {
  const cells = rows.map((row) => row.map(printable))
  const widths = columns.map(([title], i) =>
    Math.max(...[[title], ...cells.map((row) => [row[i] ?? ''])].map(([cell]) => widthOf(cell!))),
  )
  const line = (row: readonly string[]): string =>
    columns
      .map(([, align], i) => {
        const space = ' '.repeat(widths[i]! - widthOf(row[i] ?? ''))
        return align === 'right' ? space + (row[i] ?? '') : (row[i] ?? '') + space
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(([title]) => title)), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)]
}
