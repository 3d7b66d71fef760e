/**
 * The network as a graph: kernels that compute nothing and only write down what is to be computed.
 *
 * Running the model's text over {@link wiring} gives its wires; `assemble` turns wires into a program, and there sees
 * what may be fused. A wire is a value: it can be read any number of times, and never changes.
 * @module
 */
import type { Currents, Reals, Shape, Spikes, Tensor } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import type { Kernels, Neuron, Pool, Stem, Synapse } from '../model/kernels.js'

/** A wire that carries currents, and the operation that drives it. `given` is an input: a tensor, or bound at the run. */
export interface CurrentWire {
  readonly carries: 'currents'
  /** The path of the operation, such as `layers.0.0.W`. */
  readonly path: string
  readonly shape: Shape
  readonly from:
    | { readonly op: 'given'; readonly value: Currents | null }
    | { readonly op: 'stem'; readonly parameters: Stem; readonly x: CurrentWire }
    | { readonly op: 'pool'; readonly pool: Pool; readonly x: CurrentWire }
    | { readonly op: 'hold'; readonly x: CurrentWire }
    | { readonly op: 'synapse'; readonly parameters: Synapse; readonly x: SpikeWire }
    | { readonly op: 'half'; readonly heads: number; readonly which: 0 | 1; readonly x: CurrentWire }
    | {
        readonly op: 'dstT' | 'dst'
        readonly scale: readonly number[]
        readonly y: CurrentWire
        readonly x: SpikeWire
      }
    | { readonly op: 'merge'; readonly x: CurrentWire }
    | { readonly op: 'add'; readonly a: CurrentWire; readonly b: CurrentWire }
    | { readonly op: 'meanPool'; readonly x: CurrentWire }
    | { readonly op: 'classify'; readonly weight: Tensor<Reals>; readonly x: CurrentWire }
    | { readonly op: 'membrane'; readonly of: SpikeWire }
}

/** A wire that carries spikes. `membrane` null is a layer at rest. */
export interface SpikeWire {
  readonly carries: 'spikes'
  readonly path: string
  readonly shape: Shape
  readonly from:
    | { readonly op: 'given'; readonly value: Spikes | null }
    | { readonly op: 'fire'; readonly neuron: Neuron; readonly x: CurrentWire; readonly membrane: CurrentWire | null }
}

export type Wire = CurrentWire | SpikeWire

const currentsAt =
  (path: string) =>
  (shape: Shape, from: CurrentWire['from']): CurrentWire => ({ carries: 'currents', path, shape, from })

/** A wire fed with a tensor of currents, or with `null` one that is bound at each run. */
export const givenCurrents = (shape: Shape, value: Currents | null): CurrentWire =>
  currentsAt('')(shape, { op: 'given', value })

/** A wire fed with a tensor of spikes. */
export const givenSpikes = (value: Spikes): SpikeWire => ({
  carries: 'spikes',
  path: '',
  shape: value.shape,
  from: { op: 'given', value },
})

/** The wires an operation reads. */
export const sources = ({ from }: Wire): readonly Wire[] => {
  switch (from.op) {
    case 'given':
      return []
    case 'dstT':
    case 'dst':
      return [from.y, from.x]
    case 'add':
      return [from.a, from.b]
    case 'membrane':
      return [from.of]
    case 'fire':
      return from.membrane === null ? [from.x] : [from.x, from.membrane]
    case 'stem':
    case 'pool':
    case 'hold':
    case 'synapse':
    case 'half':
    case 'merge':
    case 'meanPool':
    case 'classify':
      return [from.x]
  }
}

const mapped = (
  [T, B, , H, W]: Shape,
  channels: number,
  window: { readonly height: number; readonly width: number; readonly stride: number; readonly padding: number },
): Shape => [
  T!,
  B!,
  channels,
  convolved(H!, window.height, window.stride, window.padding),
  convolved(W!, window.width, window.stride, window.padding),
]

const convolvedShape = (shape: Shape, { convolution: { weight, stride, padding } }: Synapse): Shape => {
  const [out, , height, width] = weight.shape as readonly [number, number, number, number]
  return mapped(shape, out, { height, width, stride, padding })
}

const drawingAt = (path: string): Kernels<SpikeWire, CurrentWire> => {
  const currents = currentsAt(path)
  return {
    stem: (parameters) => (x) => {
      const embedded = currents(convolvedShape(x.shape, parameters), { op: 'stem', parameters, x })
      const { pool } = parameters
      if (pool === null) return embedded
      const { kernel, stride, padding } = pool
      const shape = mapped(embedded.shape, embedded.shape[2]!, { height: kernel, width: kernel, stride, padding })
      return currents(shape, { op: 'pool', pool, x: embedded })
    },
    hold: (steps) => (x) => currents([steps, ...x.shape.slice(1)], { op: 'hold', x }),
    fire: (neuron) => (x) => (membranes) => {
      const spikes: SpikeWire = {
        carries: 'spikes',
        path,
        shape: x.shape,
        from: { op: 'fire', neuron, x, membrane: membranes.get(neuron.key) ?? null },
      }
      const after = currents(x.shape.slice(1), { op: 'membrane', of: spikes })
      return [spikes, new Map(membranes).set(neuron.key, after)]
    },
    synapse: (parameters) => (x) => currents(convolvedShape(x.shape, parameters), { op: 'synapse', parameters, x }),
    splitHeads: (heads) => (x) => {
      const [T, B, C2, h, w] = x.shape as readonly [number, number, number, number, number]
      const shape = [T, B, heads, C2 / heads / 2, h * w]
      return [currents(shape, { op: 'half', heads, which: 0, x }), currents(shape, { op: 'half', heads, which: 1, x })]
    },
    dstT: (scale) => (y, x) => {
      const [T, B, heads, , n] = y.shape as readonly [number, number, number, number, number]
      return currents([T, B, heads, n, x.shape[3]! * x.shape[4]!], { op: 'dstT', scale, y, x })
    },
    dst: (scale) => (y, x) => {
      const [T, B, heads, d] = y.shape as readonly [number, number, number, number, number]
      return currents([T, B, heads, d, x.shape[4]!], { op: 'dst', scale, y, x })
    },
    mergeHeads:
      ({ height, width }) =>
      (x) => {
        const [T, B, heads, d] = x.shape as readonly [number, number, number, number, number]
        return currents([T, B, heads * d, height, width], { op: 'merge', x })
      },
    add: (a, b) => currents(a.shape, { op: 'add', a, b }),
    meanPool: (x) => currents(x.shape.slice(0, 3), { op: 'meanPool', x }),
    classify: (weight) => (x) => currents([...x.shape.slice(0, 2), weight.shape[0]!], { op: 'classify', weight, x }),
    scope: (label) => drawingAt(path === '' ? label : `${path}.${label}`),
  }
}

/** The kernels that draw the graph. */
export const wiring: Kernels<SpikeWire, CurrentWire> = drawingAt('')
