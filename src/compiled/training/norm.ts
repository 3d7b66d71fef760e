/** Batch norm in training mode: by the batch's statistics, which all samples meet for. @module */
import { movedMoments } from '../../interpreters/gradient/training.js'
import type { NodeOf } from '../../interpreters/graph.js'
import type { Local, Spot } from '../machine/stages.js'
import type { Builder, Inner, Term } from './builder.js'
import type { Mode } from './runs.js'

/** A norm that was planned: y as a term of a sum, and how `dz` is made of `dy`. */
interface Normed {
  readonly term: () => Term
  /** Gives where `dz` lies: in the stage after all samples met. */
  readonly back: (dy: Spot) => Local
}

/** Plans `y = BN(z)` by the batch's statistics, z `[T, B, positions, channels]`. */
export const normed = (
  b: Builder,
  { training }: Mode,
  node: NodeOf<'synapse'> | NodeOf<'stem'>,
  [steps, batch, positions, repeats]: readonly [number, number, number, number],
  z: Inner,
): Normed => {
  const p = node.parameters.norm
  const channels = p.weight.data.length
  const frames = steps * batch
  const sizes = [positions, channels]
  const given = b.keep(16 * channels)
  const [norm, back] = [b.take(32 * channels), b.take(32 * channels)]
  b.before(({ doubles }, run) => {
    const { weight, bias } = run.node(node).parameters.norm
    doubles(given, channels).set(weight.data)
    doubles(given + 8 * channels, channels).set(bias.data)
  })
  const parts = b.take(16 * channels * frames)
  b.call('moments', steps, [b.placeOf(z).at, parts, ...sizes])
  b.meet('joinMoments', [parts, given, norm, p.eps, steps, batch, ...sizes])
  b.give(parts)
  b.statistics(({ doubles }, run) => {
    const recorded = run.node(node).parameters.norm
    const [mean, variance] = [doubles(norm, channels), doubles(norm + 8 * channels, channels)]
    return movedMoments('float32', training, recorded, { mean, variance }, frames * positions * repeats)
  })
  return {
    term: () => ({ ...b.placeOf(z), norm }),
    back: (dy) => {
      const sums = b.take(16 * channels * frames)
      b.call('cotangentSums', steps, [b.placeOf(z).at, dy, norm, sums, ...sizes])
      b.meet('joinSums', [sums, given, norm, back, steps, batch, ...sizes])
      b.give(sums)
      const dz = b.local(4 * steps * positions * channels)
      b.call('normBack', steps, [b.placeOf(z).at, dy, norm, back, dz, ...sizes])
      b.learnt(({ floats }) => [
        [`${p.key}.weight`, floats(back + 4 * channels, channels).slice()],
        [`${p.key}.bias`, floats(back, channels).slice()],
      ])
      return dz
    },
  }
}
