/** The attention's products of currents and spikes, with their scales of the batch. @module */
import { fixedScale, rateKey } from '../../interpreters/gradient/training.js'
import { type CurrentValue, type NodeOf, nodeOf } from '../../interpreters/graph.js'
import { BLOCK } from '../machine/layout.js'
import type { Spot } from '../machine/stages.js'
import type { Builder } from './builder.js'
import { contractScratch, inputsScratch, productGeometry, weightsScratch } from './geometry.js'
import { blocksOf } from './pack.js'
import type { Mode } from './runs.js'
import { type Back, beyond } from './values.js'

/** The whole of which a value is a half, and how many bytes of a head come before it. */
const halfOf = (value: CurrentValue): readonly [whole: CurrentValue, before: number] => {
  const node = nodeOf(value) as NodeOf<'splitHeads'>
  return [node.inputs[0], value === node.outputs[0] ? 0 : 4 * value.shape[3]!]
}

/** A place for the scale of each head where it is fixed, written before each run. */
const factors = (b: Builder, fixed: readonly number[] | null): number | null => {
  if (fixed === null) return null
  const at = b.keep(4 * fixed.length)
  b.before(({ floats }) => {
    floats(at, fixed.length).set(fixed)
  })
  return at
}

export const product = (b: Builder, { training }: Mode, node: NodeOf<'dstT'> | NodeOf<'dst'>): Back => {
  const [[half, x], [output]] = [node.inputs, node.outputs]
  const [T, batch, heads, d, n] = half.shape as readonly [number, number, number, number, number]
  const [frames, positions] = [T * batch, output.shape[4]!]
  const [terms, width] = node.operation === 'dstT' ? [d, n] : [n, d]
  const [whole, offset] = halfOf(half)
  const row = 8 * heads * d
  const [byTerm, byLane] = node.operation === 'dstT' ? [4, row] : [row, 4]
  const strides = [n * row, 8 * d, byTerm, byLane]
  const [recorded, counts, scales] = [b.keep(8 * heads), b.take(4 * heads * frames), b.take(8 * heads)]
  const key = rateKey(node.operation, node.path)
  b.before(({ doubles }, { rates }) => {
    const known = rates.get(key)
    if (known === undefined) doubles(recorded, heads).fill(0)
    else doubles(recorded, heads).set(known)
  })
  b.call('countSpikes', T, [b.placeOf(x).at, counts, positions, heads, terms])
  const length = frames * positions * heads * terms
  b.meet('joinRates', [counts, recorded, scales, training.rateMomentum, frames, heads, length, terms])
  b.statistics(({ floats }) => [[key, floats(scales, heads).slice()]])
  const geometry = productGeometry(positions, heads, terms, width)
  const packed = 64 * heads * blocksOf(width, BLOCK) * blocksOf(terms, 8) * 9
  const sizes = [positions, heads, terms, width]
  const scale = factors(b, fixedScale(training.scaling, heads)) ?? scales + 4 * heads
  const factor = (): Spot => beyond(b.placeOf(whole).at, offset)
  b.held(output, (to) => {
    const args = [b.placeOf(x).at, factor(), ...strides, scale, to, ...sizes]
    b.call('product', T, args, 64 + packed + contractScratch(geometry))
  })
  return () => {
    const dy = b.cotangentOf(output)!
    const table = Math.max(
      4 * heads * blocksOf(terms, 8) * 8 * width + inputsScratch(geometry),
      4 * heads * terms * blocksOf(width, BLOCK) * BLOCK + weightsScratch(geometry, 1),
    )
    const into = b.cotangentOf(whole) ?? startHalves(b, whole)
    b.receive(x, (inputs, base) => {
      b.call(
        'productBack',
        T,
        [b.placeOf(x).at, factor(), ...strides, scale, dy, inputs, base, beyond(into, offset), ...sizes],
        160 + 4 * positions * heads * width + table,
      )
    })
    b.release(output)
  }
}

/** A place for the cotangent of a whole, which its two halves fill. */
const startHalves = (b: Builder, whole: CurrentValue): Spot => {
  b.receive(whole, () => undefined)
  return b.cotangentOf(whole)!
}
