/** The bundled network's input: handwritten digits of 8 x 8 pixels, valued 0 (paper) to 16 (ink). @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Tensor, tensor } from '../core/tensor.js'
import { type Image, negative, toGrey } from './image.js'
import { resizeBox } from './resample.js'

/** Pixels on a side of a digit. */
const side = 8

/** The network sees each pixel as 2 x 2. */
const seen = 2 * side

/** The value of full ink. */
const ink = 16

/** One row of the data set: 64 values from 0 to 16, row by row, and the digit they show. */
export interface Digit {
  readonly values: readonly number[]
  readonly label: number
}

const unfit = (problem: string): Faults => refuse(problem, `give ${side * side} numbers from 0 to ${ink}, row by row`)

/**
 * The network's input `[1, 16, 16]`: `value / 8 - 1` (so -1 to 1), each pixel doubled in both directions.
 *
 * @example
 * const ink = Array.from({ length: 64 }, () => 16)
 * pipe(digitsInput(ink), Either.map(({ data }) => data[0])) // => Either.right(1)
 */
export const digitsInput = (values: readonly number[]): Either.Either<Faults, Tensor<Float64Array>> => {
  if (values.length !== side * side) return Either.left(unfit(`${values.length} numbers are not a digit`))
  const odd = values.findIndex((value) => !(value >= 0 && value <= ink))
  if (odd >= 0) return Either.left(unfit(`element ${odd} of a digit is ${values[odd]}`))
  const data = Float64Array.from({ length: seen * seen }, (_, i) => {
    const row = Math.floor(i / seen / 2)
    const column = Math.floor((i % seen) / 2)
    return values[row * side + column]! / (ink / 2) - 1
  })
  return Either.right(tensor([1, seen, seen], data))
}

/**
 * The 64 values of an image: to grey, averaged over areas to 8 x 8, then `grey * 16 / 255`, not rounded.
 *
 * The data set is bright ink on dark. For ink on paper, `invert` takes the grey image's negative first; the negative of
 * a grey image, inverted, is so exactly the image itself.
 *
 * @example
 * pipe(photo, digitsValues({ invert: true }), digitsInput, Either.map(({ shape }) => shape))
 * // => Either.right([1, 16, 16])
 */
export const digitsValues =
  ({ invert }: { readonly invert: boolean }) =>
  (source: Image): readonly number[] => {
    const grey = toGrey(source)
    const small = resizeBox({ height: side, width: side })(invert ? negative(grey) : grey)
    return Array.from(small.pixels, (value) => (value * ink) / 255)
  }

const header = [...Array.from({ length: side * side }, (_, i) => `p${i}`), 'label'].join(',')

const parseRow = (line: string, index: number): Either.Either<Faults, Digit> => {
  const cells = line.split(',')
  const bad = (problem: string): Either.Either<Faults, Digit> =>
    Either.left([
      {
        _tag: 'Format',
        format: 'table of digits',
        problem: `line ${index + 2} ${problem}`,
        advice: `a line is ${side * side} integers from 0 to ${ink} and a label from 0 to 9`,
      },
    ])
  if (cells.length !== side * side + 1) return bad(`has ${cells.length} cells`)
  const odd = cells.findIndex((cell, i) => !/^\d{1,2}$/.test(cell) || Number(cell) > (i < side * side ? ink : 9))
  if (odd >= 0) return bad(`has ${JSON.stringify(cells[odd]!.slice(0, 20))} in cell ${odd + 1}`)
  const numbers = cells.map(Number)
  return Either.right({ values: numbers.slice(0, -1), label: numbers[side * side]! })
}

/**
 * The digits of a table in CSV: the header `p0,...,p63,label`, then a digit a line. The first line that is not one is
 * named.
 *
 * @example
 * const columns = Array.from({ length: 64 }, (_, i) => `p${i}`)
 * const table = [[...columns, 'label'], [...columns.map(() => 0), 7]].join('\n')
 * pipe(parseDigits(table), Either.map(([digit]) => digit.label)) // => Either.right(7)
 */
export const parseDigits = (text: string): Either.Either<Faults, readonly Digit[]> => {
  const [first, ...lines] = text.replace(/\r?\n$/, '').split(/\r?\n/)
  return first === header
    ? pipe(
        lines,
        Either.traverseArrayWithIndex((index, line: string) => parseRow(line, index)),
      )
    : Either.left([
        {
          _tag: 'Format',
          format: 'table of digits',
          problem: 'its first line is not the header',
          advice: `start with p0,p1, and so on to p${side * side - 1},label`,
        },
      ])
}

/** How many of the data set's rows the network was trained on: the first ones. The rest are its test. */
export const trainingRows = 1437

/**
 * The data set's rows for training and, unseen by it, for test.
 *
 * @example
 * await pipe(bundledDigits, TaskEither.map(splitDigits), TaskEither.map(({ test }) => test.length))()
 * // => Either.right(360)
 */
export const splitDigits = (
  digits: readonly Digit[],
): { readonly training: readonly Digit[]; readonly test: readonly Digit[] } => ({
  training: digits.slice(0, trainingRows),
  test: digits.slice(trainingRows),
})
