/** The architecture of a network as a table: what each operation gives and would cost if it were dense. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { forward, network } from '../model/network.js'
import type { NetworkParameters } from '../model/parameters.js'
import { type ArchitectureRow, architecture } from '../observers/architecture.js'
import { unobserved } from '../observers/observe.js'

/**
 * A row for each operation by its path, in the order they run, for one still image, whose stem runs once, over the
 * configuration's steps; shapes `[T, B, ...]`.
 *
 * @example
 * architectureOf(parameters).get('prologue')?.output // => [1, 1, 16, 16, 16]
 */
export const architectureOf = (parameters: NetworkParameters): ReadonlyMap<string, ArchitectureRow> => {
  const { channels, image, steps } = parameters.config
  const input = Either.right([1, 1, channels, image.height, image.width])
  return forward(network(architecture)(parameters))(steps)(unobserved(input)).notes
}

/**
 * The multiply-accumulates of a dense network of these shapes: in the stem, and in the rest of the network at a step.
 *
 * @example
 * denseMacs(parameters).stem // => 16 * 16 * 16 * 9
 */
export const denseMacs = (parameters: NetworkParameters): { readonly stem: number; readonly step: number } => {
  const rows = [...architectureOf(parameters).values()]
  const sum = (stem: boolean): number =>
    rows.filter(({ operation }) => (operation === 'stem') === stem).reduce((macs, row) => macs + row.denseMacs, 0)
  return { stem: sum(true), step: sum(false) / parameters.config.steps }
}
