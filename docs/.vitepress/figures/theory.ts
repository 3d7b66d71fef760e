/** What training made of the scale, in numbers of the runs. @module */
import type { Product, Row, Run, TheoryTraining } from '../data/theory-training.data'

/** The scales, in the order they are shown. */
export const SCALES = ['rates', 'constant', 'none'] as const

/** A scale as the reader knows it. */
export const nameOf = (scale: Run['scale']): string => ({ rates: '1/√(f m)', constant: '0.125', none: '1' })[scale]

/** Both products of a block: the scores, whose spikes are x, and the mix, whose spikes are attention's. */
export type Kind = 'scores' | 'mix'

export const productsOf = ({ products }: Row, kind: Kind): readonly Product[] =>
  products.filter(({ path }) => path.endsWith(kind === 'scores' ? 'matmul1' : 'matmul2'))

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** The geometric mean. */
export const geometric = (values: readonly number[]): number => Math.exp(mean(values.map(Math.log)))

/** What is drawn of a row. */
export interface Panel {
  readonly name: string
  readonly of: (row: Row) => number
  /** The ends of the axis, of its logarithm to base 2 where that is drawn. */
  readonly axis: readonly [number, number]
  readonly logarithmic: boolean
}

const over = (kind: Kind, pick: (product: Product) => number) => (row: Row) => mean(productsOf(row, kind).map(pick))

const rate = ({ rate: f }: Product): number => f
const variance = ({ variance: v }: Product): number => v

export const PANELS: readonly Panel[] = [
  { name: 'Firing rate of x', of: over('scores', rate), axis: [0, 0.2], logarithmic: false },
  { name: 'Firing rate of attention', of: over('mix', rate), axis: [0, 0.2], logarithmic: false },
  { name: 'Variance of the scores’ drive', of: over('scores', variance), axis: [-12, 6], logarithmic: true },
  { name: 'Variance of the mix’s drive', of: over('mix', variance), axis: [-12, 6], logarithmic: true },
  { name: 'Test accuracy', of: ({ testAccuracy }) => testAccuracy, axis: [0, 1], logarithmic: false },
  { name: 'Loss', of: ({ loss }) => loss ?? Number.NaN, axis: [0, 2.5], logarithmic: false },
]

/** The runs of a scale. */
export const runsOf = ({ runs }: TheoryTraining, scale: Run['scale']): readonly Run[] =>
  runs.filter((run) => run.scale === scale)

/** The mean test accuracy of a scale's runs after an epoch. */
export const accuracyAfter = (whole: TheoryTraining, scale: Run['scale'], epoch: number): number =>
  mean(
    runsOf(whole, scale)
      .flatMap(({ rows }) => rows.filter((row) => row.epoch === epoch))
      .map((row) => row.testAccuracy),
  )

/** What the drive's mean square is made of beyond 1 in a run by the rates: the lag of the average, and the rest. */
export const excess = (rows: readonly Row[], kind: Kind): { readonly lag: number; readonly joint: number } => {
  const products = rows.flatMap((row) => productsOf(row, kind))
  return {
    lag: geometric(products.map(({ independent }) => independent)),
    joint: geometric(products.map(({ mean: m, variance: v, independent }) => (v + m * m) / independent)),
  }
}
