/** Compiling layers: a sum, its affine map, a residual and a neuron become one step. @module */

import { exponentOf, sigmoid } from '../../core/functions.js'
import type { SpikeWire, Wire } from '../../interpreters/graph.js'
import type { Charge, Neuron, Reset } from '../../model/kernels.js'
import { blocksOf } from '../machine/layout.js'
import type { Charging, Firing } from '../machine/program.js'
import { type Builder, canonical, type Resolve } from './builder.js'
import { currentSource, type Source, sourceOf } from './sources.js'

const { fround } = Math

/** Rows of sums in a tile: enough to reuse a slab of weights many times, few enough to stay in the cache. */
const TILE_ROWS = 1600

/** Units a thread from which on their number need not be a multiple of the threads'. */
const EVEN = 8

/** Whether an operation makes its current in a layer's step. */
export const isSummed = ({ from }: Wire): boolean => ['synapse', 'dstT', 'dst', 'add'].includes(from.op)

/** Whether a wire is a sum that nobody else reads, so that a step may begin with it. */
const isFusible = (B: Builder, wire: Wire): boolean =>
  isSummed(wire) && wire.from.op !== 'add' && !B.given(wire) && B.uses(wire) === 1 && !B.views.has(wire)

/** Whether dividing by a number and multiplying by its inverse are the same function: it is a power of two. */
const isPowerOfTwo = (x: number): boolean => 2 ** exponentOf(x) === x

const chargingOf = (charge: Charge): Charging => {
  switch (charge.kind) {
    case 'IF':
      return { kind: 'add' }
    case 'LIF': {
      const tau = fround(charge.tau)
      return isPowerOfTwo(tau) ? { kind: 'multiply', by: 1 / tau } : { kind: 'divide', by: tau }
    }
    case 'PLIF':
      return { kind: 'multiply', by: fround(sigmoid(charge.w)) }
  }
}

const resetOf = (reset: Reset): Reset => {
  switch (reset.kind) {
    case 'hard':
      return { kind: 'hard', value: fround(reset.value) }
    case 'soft':
      return reset
  }
}

const numbersOf = ({ charge, threshold, reset }: Neuron): Pick<Firing, 'charging' | 'threshold' | 'reset'> => ({
  charging: chargingOf(charge),
  threshold: fround(threshold),
  reset: resetOf(reset),
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
 * Emits the step that makes `wire`, which is a sum, an `add`, or anything where only `neuron` is wanted of it. The
 * current is stored where more than one neuron reads it.
 */
export const emitLayer = (B: Builder, wire: Wire, neuron: SpikeWire | null, membrane: Wire | undefined): void => {
  const { from } = wire
  const stored = B.views.has(wire) || B.given(wire) || !isSummed(wire)
  let [core, other]: readonly [Wire, Wire | null] = [wire, null]
  if (from.op === 'add' && !stored) {
    const [a, b] = [canonical(from.a), canonical(from.b)]
    ;[core, other] = isFusible(B, a) || !isFusible(B, b) ? [a, b] : [b, a]
  }
  const read = stored || (core !== wire && !isFusible(B, core))
  const source = read ? currentSource(B, B.place(core)) : sourceOf(B, core)
  const fused = [...(read ? [] : [core]), ...(core === wire ? [] : [wire]), ...(neuron === null ? [] : [neuron])]
  const done = fused.map(({ path }) => path)
  const { steps, batch, positions, layout } = source
  const wanted = { channels: layout.channels, positions, layout }
  const residual = other === null ? null : B.place(other, wanted)
  const extents = { steps, batch, positions }
  const store =
    stored || (neuron !== null && B.uses(wire) === 1) ? null : B.fresh('currents', extents, layout, B.byRows(wire))
  if (store !== null) B.views.set(wire, store)
  const spikes = neuron === null ? null : B.fresh('spikes', extents, layout)
  const before =
    neuron?.from.op === 'fire' && neuron.from.membrane !== null
      ? B.place(neuron.from.membrane, { ...wanted, steps: 1 })
      : null
  const after = membrane === undefined ? null : B.fresh('currents', { ...extents, steps: 1 }, layout)
  if (neuron !== null && spikes !== null) B.views.set(neuron, spikes)
  if (membrane !== undefined && after !== null) B.views.set(membrane, after)
  const views = [residual, store, spikes, before, after].filter((view) => view !== null)
  const masks = blocksOf(layout).map(([, real]) => (1 << real) - 1)
  const fire = (at: Resolve): Firing | null =>
    neuron?.from.op !== 'fire' || spikes === null
      ? null
      : {
          ...numbersOf(neuron.from.neuron),
          spikes: at.lane(spikes),
          membraneIn: before && at.lane(before),
          membraneOut: after && at.lane(after),
          masks,
        }
  B.push([...source.touches, ...views.map(({ buffer }) => buffer)], (at) => ({
    kind: 'layer',
    path: (neuron ?? wire).path,
    done,
    ...extents,
    ...cut(source, [source.groups, masks.length / source.groups], B.threads),
    blocks: masks.length,
    source: source.part(at),
    residual: residual && at.lane(residual),
    store: store && at.lane(store),
    fire: fire(at),
  }))
  if (spikes !== null && neuron !== null) B.fired(neuron, spikes)
}
