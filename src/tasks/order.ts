/** The order in which a network computes its tensors, told from their names alone. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { digits } from '../model/config.js'
import { blank } from '../model/parameters.js'
import { architectureOf } from './architecture.js'

const BLOCK = /^layers\.(\d+)\.(\d+)\.(.+)$/

/** The place of a tensor: its name without its block, such as `conv.0.1`; two tensors of one place are computed alike. */
export const placeOf = (name: string): string => BLOCK.exec(name)?.[3] ?? name

/** The places of every network in the order of the last block that has each: attention, feed-forward, between stages. */
const places = (): readonly string[] => {
  const parameters = blank(digits)
  if (Either.isLeft(parameters)) return []
  const paths = [...architectureOf(parameters.right)].flatMap(([path, { operation }]) =>
    operation === 'splitHeads' ? [`${path}.0`, `${path}.1`] : [path],
  )
  const backwards = paths.toReversed().map(placeOf)
  return [...new Set(backwards)].toReversed()
}

type Rank = readonly [part: number, stage: number, block: number, place: number]

/**
 * Names in the order in which a network of any variant computes their tensors; those that it does not have come last, as
 * they are given.
 *
 * @example
 * inOrder(['classifier', 'layers.0.1.up.0', 'layers.0.0.residual', 'mine', 'prologue'])
 * // => ['prologue', 'layers.0.0.residual', 'layers.0.1.up.0', 'classifier', 'mine']
 */
export const inOrder = (names: readonly string[]): readonly string[] => {
  const at = new Map(places().map((place, i) => [place, i]))
  const head = at.get('pool') ?? 0
  const rankOf = (name: string): Rank => {
    const [, stage, block, place] = BLOCK.exec(name) ?? []
    const rank = at.get(place ?? name)
    if (rank === undefined) return [3, 0, 0, 0]
    return place === undefined ? [rank < head ? 0 : 2, 0, 0, rank] : [1, Number(stage), Number(block), rank]
  }
  return names
    .map((name) => ({ name, rank: rankOf(name) }))
    .sort((a, b) => a.rank.map((x, i) => x - b.rank[i]!).find((difference) => difference !== 0) ?? 0)
    .map(({ name }) => name)
}
