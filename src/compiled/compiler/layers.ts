/** Compiling layers: a sum, its affine map, a residual and a neuron become one step. @module */

import { type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import type { Neuron } from '../../model/kernels.js'
import type { OperationName } from '../../model/operation.js'
import { blocksOf, type Channels } from '../machine/layout.js'
import { chargingOf } from '../machine/neuron.js'
import type { Firing } from '../machine/program.js'
import { type Builder, canonical, type Resolve, type Wanted } from './builder.js'
import { currentSource, type Source, sourceOf } from './sources.js'

const { fround } = Math

/** Rows of sums in a tile: enough to reuse a slab of weights many times, few enough to stay in the cache. */
const TILE_ROWS = 1600

/** Units a thread from which on their number need not be a multiple of the threads'. */
const EVEN = 8

/** Whether an operation makes its current in a layer's step. */
const summed: { readonly [N in OperationName]: boolean } = {
  stem: false,
  hold: false,
  fire: false,
  synapse: true,
  splitHeads: false,
  dstT: true,
  dst: true,
  mergeHeads: false,
  add: true,
  meanPool: false,
  classify: false,
}

/** Whether a value is made in a layer's step. */
export const isSummed = (value: Value): boolean => {
  const node = nodeOf(value)
  return node !== null && summed[node.operation]
}

/** Whether a value is a sum that nobody else reads, so that a step may begin with it. */
const isFusible = (B: Builder, value: Value): boolean =>
  isSummed(value) && nodeOf(value)?.operation !== 'add' && !B.given(value) && B.uses(value) === 1 && !B.views.has(value)

const numbersOf = ({ charge, threshold, reset }: Neuron): Pick<Firing, 'charging' | 'threshold' | 'reset'> => ({
  charging: chargingOf(charge),
  threshold: fround(threshold),
  reset,
})

/**
 * Cuts a layer into units: tiles of {@link TILE_ROWS} rows over all steps, of whole lines; and where those and the groups
 * are too few to share out evenly, the blocks of each into as many chunks as there are threads.
 */
const cut = (
  { steps, batch, positions, line }: Source,
  [groups, perGroup]: readonly [number, number],
  threads: number,
): { readonly tile: number; readonly chunks: number } => {
  const lines = Math.ceil(positions / line)
  const tiles = Math.ceil(lines / Math.max(1, Math.floor(TILE_ROWS / (steps * line))))
  const units = batch * tiles * groups
  const even = units % threads === 0 || units >= EVEN * threads
  if (even || perGroup >= threads) return { tile: Math.ceil(lines / tiles) * line, chunks: even ? 1 : threads }
  return { tile: Math.ceil(lines / (Math.ceil(tiles / threads) * threads)) * line, chunks: 1 }
}

/**
 * Emits the step that makes `value`, which is a sum, an `add`, or anything where only `neuron` is wanted of it. The
 * current is stored where more than one neuron reads it.
 */
export const emitLayer = (B: Builder, value: Value, neuron: NodeOf<'fire'> | null): void => {
  const node = nodeOf(value)
  const stored = B.views.has(value) || B.given(value) || !isSummed(value)
  let [core, other]: readonly [Value, Value | null] = [value, null]
  if (node?.operation === 'add' && !stored) {
    const [a, b] = [canonical(node.inputs[0]), canonical(node.inputs[1])]
    ;[core, other] = isFusible(B, a) || !isFusible(B, b) ? [a, b] : [b, a]
  }
  const read = stored || (core !== value && !isFusible(B, core))
  const source = read ? currentSource(B, B.place(core)) : sourceOf(B, core)
  const fused = [read ? null : nodeOf(core), core === value ? null : node, neuron].filter((one) => one !== null)
  const { steps, batch, positions, layout } = source
  const wanted = { channels: layout.channels, positions, layout }
  const residual = other === null ? null : B.place(other, wanted)
  const extents = { steps, batch, positions }
  const store =
    stored || (neuron !== null && B.uses(value) === 1) ? null : B.fresh('currents', extents, layout, B.byRows(value))
  if (store !== null) B.views.set(value, store)
  const firing = neuron === null ? null : placeFiring(B, neuron, wanted, extents)
  const views = [residual, store, ...(firing?.views ?? [])].filter((view) => view !== null)
  const masks = blocksOf(layout).map(([, real]) => (1 << real) - 1)
  B.push([...source.touches, ...views.map(({ buffer }) => buffer)], (at) => ({
    kind: 'layer',
    path: fused.at(-1)!.path,
    done: fused.map(({ path }) => path),
    ...extents,
    ...cut(source, [source.groups, masks.length / source.groups], B.threads),
    blocks: masks.length,
    source: source.part(at),
    residual: residual && at.lane(residual),
    store: store && at.lane(store),
    fire: firing && { ...firing.at(at), masks },
  }))
  if (firing !== null) B.fired(firing.neuron, firing.spikes)
}

/** Where a neuron's spikes and membranes lie. */
const placeFiring = (
  B: Builder,
  neuron: NodeOf<'fire'>,
  wanted: Wanted & { readonly layout: Channels },
  extents: { readonly steps: number; readonly batch: number; readonly positions: number },
) => {
  const spikes = B.fresh('spikes', extents, wanted.layout)
  const [, membrane] = neuron.inputs
  const before = membrane === null ? null : B.place(membrane, { ...wanted, steps: 1 })
  const after = B.remembered(neuron) ? B.fresh('currents', { ...extents, steps: 1 }, wanted.layout) : null
  B.views.set(neuron.outputs[0], spikes)
  if (after !== null) B.views.set(neuron.outputs[1], after)
  return {
    neuron,
    spikes,
    views: [spikes, before, after],
    at: (at: Resolve): Omit<Firing, 'masks'> => ({
      ...numbersOf(neuron.parameters),
      spikes: at.lane(spikes),
      membraneIn: before && at.lane(before),
      membraneOut: after && at.lane(after),
    }),
  }
}
