/** Wrong neurons. @module */
import { type Currents, type Spikes, sizeOf, tensor } from '../../src/core/tensor.js'
import { charged, rest } from '../../src/laws/operations/neuron.js'
import { range, take } from '../../src/laws/tensors.js'
import type { Neuron, Stateful } from '../../src/model/kernels.js'
import { type Mutant, mutant, right } from './mutant.js'

type Fire = (p: Neuron) => (x: Currents) => Stateful<Currents, Spikes>

/** The pieces of a neuron, one of which a mutant gets wrong. */
interface Pieces {
  readonly start: (p: Neuron) => number
  readonly charge: (p: Neuron, v: number, x: number) => number
  readonly spike: (p: Neuron, h: number) => number
  readonly left: (p: Neuron, h: number, spike: number) => number
}

const pieces: Pieces = {
  start: rest,
  charge: charged,
  spike: ({ threshold }, h) => (h >= threshold ? 1 : 0),
  left: ({ threshold, reset }, h, spike) => (spike === 0 ? h : reset.kind === 'hard' ? reset.value : h - threshold),
}

const neuron = (wrong: Partial<Pieces>): Fire => {
  const { start, charge, spike, left } = { ...pieces, ...wrong }
  return (p) =>
    ({ shape, data }) =>
    (membranes) => {
      const n = sizeOf(shape.slice(1))
      const v = Float64Array.from(membranes.get(p.key)?.data ?? new Float64Array(n).fill(start(p)))
      const spikes = new Float64Array(data.length)
      for (let i = 0; i < data.length; i++) {
        const h = charge(p, v[i % n]!, data[i]!)
        spikes[i] = spike(p, h)
        v[i % n] = left(p, h, spikes[i]!)
      }
      // A graded spike is no byte.
      const graded = spikes.some((s) => s !== 0 && s !== 1)
      const bytes = graded ? (spikes as unknown as Uint8Array) : Uint8Array.from(spikes)
      return [tensor(shape, bytes), new Map(membranes).set(p.key, tensor(shape.slice(1), v))]
    }
}

const leaky = (p: Neuron, v: number, x: number, leak: number): number => v + (x - (v - rest(p))) * leak

/** The neuron run on another input. */
const fed =
  (change: (x: Currents) => Currents): Fire =>
  (p) =>
  (x) =>
    right.fire(p)(change(x))

/** Time and batch are one axis to it: the membrane of one sample goes on into the next. */
const folded: Fire = (p) => (x) => (membranes) => {
  const [T, B, ...layer] = x.shape
  const [spikes, after] = right.fire(p)(tensor([T! * B!, 1, ...layer], x.data))(
    new Map([...membranes].map(([key, m]) => [key, take(m, 0, [0])])),
  )
  const last = after.get(p.key)!
  return [tensor(x.shape, spikes.data), new Map(membranes).set(p.key, take(last, 0, Array(B).fill(0)))]
}

/** Only the first neuron of a frame that would fire does. */
const winner: Fire = (p) => (x) => (membranes) => {
  const [spikes, after] = right.fire(p)(x)(membranes)
  const frame = sizeOf(x.shape.slice(2))
  const first = spikes.data.map((s, i) => (s === 1 && spikes.data.indexOf(1, i - (i % frame)) === i ? 1 : 0))
  return [tensor(x.shape, first), after]
}

const refractory: Fire = (p) => (x) => (membranes) => {
  const [spikes, after] = right.fire(p)(x)(membranes)
  const n = sizeOf(x.shape.slice(1))
  return [
    tensor(
      x.shape,
      spikes.data.map((s, i) => (s === 1 && i >= n && spikes.data[i - n] === 1 ? 0 : s)),
    ),
    after,
  ]
}

const scribbles: Fire = (p) => (x) => (membranes) => {
  const [spikes, after] = right.fire(p)(x)(membranes)
  const kept = membranes.get(p.key)
  if (kept !== undefined) kept.data.set(after.get(p.key)!.data)
  return [spikes, after]
}

export const neuronMutants: readonly Mutant[] = [
  mutant('above', 'fires on > instead of >=', ['fire.tie'], {
    fire: neuron({ spike: ({ threshold }, h) => (h > threshold ? 1 : 0) }),
  }),
  mutant('soft-reset', 'resets by h - threshold whatever it is asked for', ['fire.reset.hard'], {
    fire: neuron({ left: ({ threshold }, h, spike) => (spike === 0 ? h : h - threshold) }),
  }),
  mutant('hard-reset', 'resets to 0 where a soft reset is asked for', ['fire.reset.soft'], {
    fire: neuron({ left: (p, h, spike) => (spike === 0 ? h : rest(p)) }),
  }),
  mutant('undecayed-input', 'does not decay the input: v / 2 + x', ['fire.charge', 'fire.subthreshold'], {
    fire: neuron({ charge: (p, v, x) => (p.charge.kind === 'IF' ? v + x : charged(p, v, 0) + x) }),
  }),
  mutant('tau-two', 'has tau = 2 whatever it is asked for', ['fire.charge', 'fire.period'], {
    fire: neuron({ charge: (p, v, x) => (p.charge.kind === 'LIF' ? leaky(p, v, x, 1 / 2) : charged(p, v, x)) }),
  }),
  mutant('averaged', 'computes (v + x) / 2, which rounds differently', ['fire.order'], {
    fire: neuron({
      charge: (p, v, x) => (p.charge.kind === 'LIF' && p.charge.tau === 2 ? (v + x + rest(p)) / 2 : charged(p, v, x)),
    }),
  }),
  mutant('no-reset', 'forgets to reset', ['fire.below'], { fire: neuron({ left: (_, h) => h }) }),
  mutant('graded', 'sends the potential instead of a spike', ['fire.binary'], {
    fire: neuron({ spike: ({ threshold }, h) => (h >= threshold ? h : 0) }),
  }),
  mutant('threshold-one', 'has threshold 1 whatever it is asked for', ['fire.scaling', 'fire.tie'], {
    fire: neuron({
      spike: (_, h) => (h >= 1 ? 1 : 0),
      left: (p, h, spike) => pieces.left({ ...p, threshold: 1 }, h, spike),
    }),
  }),
  mutant('reset-zero', 'resets to 0, not to the reset value', ['fire.reset.hard'], {
    fire: neuron({ left: (p, h, spike) => (p.reset.kind === 'hard' && spike === 1 ? 0 : pieces.left(p, h, spike)) }),
  }),
  mutant('starts-at-zero', 'starts at 0, not at the reset value', ['fire.rest'], { fire: neuron({ start: () => 0 }) }),
  mutant('refractory', 'never fires twice in a row', ['fire.period'], { fire: refractory }),
  mutant('absolute', 'fires on the magnitude of the potential', ['fire.monotone'], {
    fire: neuron({ spike: ({ threshold }, h) => (Math.abs(h) >= threshold ? 1 : 0) }),
  }),
  mutant('anticipates', 'reads the input one step ahead', ['fire.causal'], {
    fire: fed((x) =>
      take(
        x,
        0,
        range(x.shape[0]!).map((t) => Math.min(t + 1, x.shape[0]! - 1)),
      ),
    ),
  }),
  mutant(
    'forgets',
    'starts every chunk from rest',
    ['fire.chunks', 'dssa.chunks', 'gwsffn.chunks', 'downsample.chunks', 'network.chunks'],
    {
      fire: (p) => (x) => (membranes) => {
        const [spikes, after] = right.fire(p)(x)(new Map())
        return [spikes, new Map([...membranes, ...after])]
      },
    },
  ),
  mutant(
    'time-in-batch',
    'folds time into the batch: samples leak into each other',
    ['fire.samples', 'dssa.samples', 'gwsffn.samples', 'downsample.samples', 'network.samples'],
    {
      fire: folded,
    },
  ),
  mutant('winner', 'lets only the first neuron of a frame fire', ['fire.neurons'], { fire: winner }),
  mutant('one-key', 'keeps every membrane under the same key', ['fire.key', 'network.definition'], {
    fire: (p) => right.fire({ ...p, key: 'v' }),
  }),
  mutant('plif-frozen', "ignores a PLIF's w", ['fire.leak'], {
    fire: neuron({ charge: (p, v, x) => (p.charge.kind === 'PLIF' ? leaky(p, v, x, 1 / 2) : charged(p, v, x)) }),
  }),
  mutant('plif-raw', "uses a PLIF's w without the sigmoid", ['fire.plif'], {
    fire: neuron({ charge: (p, v, x) => (p.charge.kind === 'PLIF' ? leaky(p, v, x, p.charge.w) : charged(p, v, x)) }),
  }),
  mutant('membrane-in-place', 'writes the new membrane into the one it was given', ['pure.fire'], { fire: scribbles }),
  mutant(
    'reversed-time',
    'runs through the frames backwards',
    ['dssa.causal', 'gwsffn.causal', 'downsample.causal', 'network.causal'],
    {
      fire: (p) => (x) => (membranes) => {
        const backwards = range(x.shape[0]!).toReversed()
        const [spikes, after] = right.fire(p)(take(x, 0, backwards))(membranes)
        return [take(spikes, 0, backwards), after]
      },
    },
  ),
]
