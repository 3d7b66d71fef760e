/** Mistakes that only show beyond small sizes: strides, tails of eights, words of 32 bits, batches, steps. @module */
import { type Currents, type Reals, sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import { copyOf } from '../../src/laws/copies.js'
import { at, range, tabulate } from '../../src/laws/tensors.js'
import { dssa } from '../../src/model/dssa.js'
import { gwsffn, layer } from '../../src/model/gwsffn.js'
import { network } from '../../src/model/network.js'
import { whole } from '../subjects.js'
import { changedWhere, type Mutant, mutant, right } from './mutant.js'

/** The tensor with what `lost` says of each index at 0. */
const without = <D extends Reals | Uint8Array>(
  { shape, data }: Tensor<D>,
  axis: number,
  lost: (i: number, n: number) => boolean,
): Tensor<D> => {
  const [n, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))]
  return tensor(shape, data.map((x, i) => (lost(Math.floor(i / inner) % n, n) ? 0 : x)) as D)
}

/** Writes what it gives into what it gave before, wherever that has the same numbers of everything. */
const overwritten = (before: unknown, now: unknown): void => {
  if (typeof before !== 'object' || typeof now !== 'object' || before === null || now === null) return
  for (const [key, value] of Object.entries(now)) {
    const held = before as { [name: string]: unknown }
    if (typeof value === 'number') held[key] = value
    else overwritten(held[key], value)
  }
}

const reusing = <A extends readonly unknown[], B>(f: (...values: A) => B): ((...values: A) => B) => {
  let kept: B | undefined
  return (...values) => {
    const result = copyOf(f(...values))
    if (kept !== undefined) overwritten(kept, result)
    kept = result
    return result
  }
}

const { kernels: right_ } = whole(right)

/** Keeps what it made of its parameters in one place: who was made first runs as who was made last. */
const lastOf = <P, F>(make: (p: P) => F, over: (last: () => F) => F): ((p: P) => F) => {
  let last: F | undefined
  return (p) => {
    last = make(p)
    return over(() => last!)
  }
}

const tail = (i: number, n: number): boolean => n > 8 && i >= n - (n % 8)

const oddBatch = <X extends Currents>(x: X): X => without(x, 1, (b, B) => B > 1 && b >= 2 * (B >> 1)) as X

export const sizeMutants: readonly Mutant[] = [
  mutant('stride-by-shift', 'strides above 2 are 2', ['synapse.sizes', 'network.stages', 'network.published'], {
    synapse: (p) => (s) => {
      const good = right.synapse(p)(s)
      if (p.convolution.stride <= 2) return good
      const other = right.synapse({ ...p, convolution: { ...p.convolution, stride: 2 } })(s)
      return tabulate(good.shape, (...i) => at(other, ...i))
    },
  }),
  mutant('word-of-32', 'channels c and c + 32 of a group share a bit', ['synapse.sizes'], {
    synapse: (p) => (s) => {
      const I = p.convolution.weight.shape[1]!
      const P = sizeOf(s.shape.slice(3))
      const data = s.data.map((x, i) => {
        const c = (Math.floor(i / P) % s.shape[2]!) % I
        return range(Math.ceil(I / 32)).some((k) => {
          const d = (c % 32) + 32 * k
          return d < I && s.data[i + (d - c) * P] === 1
        })
          ? 1
          : x
      })
      return right.synapse(p)(I <= 32 ? s : tensor(s.shape, data))
    },
  }),
  mutant('synapse-tail', 'a loop over eights without the rest', ['synapse.sizes'], {
    synapse: (p) => (s) => {
      const I = p.convolution.weight.shape[1]!
      return right.synapse(p)(without(s, 2, (c) => tail(c % I, I)))
    },
  }),
  mutant('synapse-out-tail', 'output channels in eights without the rest', ['synapse.sizes'], {
    synapse: (p) => (s) => without(right.synapse(p)(s), 2, tail),
  }),
  mutant('dst-tail', 'the mix: a loop over eights without the rest', ['dst.sizes'], {
    dst: (c) => (y, a) => right.dst(c)(y, without(a, 3, tail)),
  }),
  mutant('dstT-tail', 'the scores: a loop over eights without the rest', ['dstT.sizes'], {
    dstT: (c) => (y, x) => right.dstT(c)(without(y, 3, tail), x),
  }),
  mutant('bgr', 'reads images of three channels blue first', ['stem.sizes'], {
    stem: (p) => (x) => {
      const P = sizeOf(x.shape.slice(3))
      return right.stem(p)(
        x.shape[2] === 3
          ? tensor(
              x.shape,
              x.data.map((_, i) => x.data[i + (2 - 2 * (Math.floor(i / P) % 3)) * P]!),
            )
          : x,
      )
    },
  }),
  mutant(
    'odd-batch',
    'of an odd batch the last sample is lost',
    ['synapse.sizes', 'meanPool.sizes', 'add.sizes', 'classify.sizes'],
    {
      synapse: (p) => (s) => oddBatch(right.synapse(p)(s)),
      meanPool: (x) => oddBatch(right.meanPool(x)),
      add: (a, b) => oddBatch(right.add(a, b)),
      classify: (w) => (x) => oddBatch(right.classify(w)(x)),
    },
  ),
  mutant('hold-four', 'holds at most four steps', ['hold.sizes'], {
    hold: (T) => (x) => without(right.hold(T)(x), 0, (t) => t >= 4),
  }),
  mutant('sixteen-steps', 'has no spikes after 16 steps', ['fire.sizes'], {
    fire: (p) => (x) => (m) => {
      const [s, after] = right.fire(p)(x)(m)
      return [without(s, 0, (t) => t >= 16), after]
    },
  }),
  mutant('eight-heads', 'knows eight heads', ['splitHeads.sizes', 'mergeHeads.sizes'], {
    splitHeads: (heads) => (y) => {
      const [y1, y2] = right.splitHeads(heads)(y)
      return [without(y1, 2, (h) => h >= 8), without(y2, 2, (h) => h >= 8)]
    },
    mergeHeads: (size) => (y) => right.mergeHeads(size)(without(y, 2, (h) => h >= 8)),
  }),
  mutant('four-heads', 'attention knows four heads', ['dssa.sizes'], {
    dssa: (p) => (x) => (m) => {
      const [y, after] = dssa(right)(p)(x)(m)
      return [p.heads > 4 ? without(y, 2, (c) => c >= (4 * p.planes) / p.heads) : y, after]
    },
  }),
  mutant('groups-of-eight', 'the feed-forward network groups channels by eight at most', ['gwsffn.sizes'], {
    gwsffn: (p) => {
      const hidden = p.conv.synapse.convolution.weight.shape[0]!
      const width = hidden / p.conv.synapse.convolution.groups
      if (width <= 8) return gwsffn(right)(p)
      const { convolution } = p.conv.synapse
      const weight = without(convolution.weight, 1, (c) => c >= 8)
      return gwsffn(right)({
        ...p,
        conv: { ...p.conv, synapse: { ...p.conv.synapse, convolution: { ...convolution, weight } } },
      })
    },
  }),
  mutant('downsample-odd-batch', 'of an odd batch the last sample is lost between stages', ['downsample.sizes'], {
    downsample: (p) => (x) => (m) => {
      const [y, after] = layer(right)('activation', 'conv', p)(x)(m)
      return [oddBatch(y), after]
    },
  }),
  mutant(
    'reused-around',
    'writes every result that is around the model into the same place',
    ['pure.c1', 'pure.c2', 'pure.movingRate', 'pure.integrateEvents', 'pure.parse'],
    {
      c1: reusing((p) => right_.c1!(p)),
      c2: reusing((p) => right_.c2!(p)),
      movingRate: reusing((rates, batch) => right_.movingRate!(rates, batch)),
      integrateEvents: (size) => reusing((events) => right_.integrateEvents!(size)(events)),
      parse: (config) => reusing((tensors) => right_.parse!(config)(tensors)),
    },
  ),
  mutant('last-parameters', 'runs over the parameters it was given last', ['pure.network', 'pure.synapse'], {
    network: lastOf(
      (p) => network(right)(p),
      (net) => ({
        embed: (x) => net().embed(x),
        hold: (T) => (x) => net().hold(T)(x),
        respond: (x) => net().respond(x),
      }),
    ),
    synapse: lastOf(
      (p) => right.synapse(p),
      (run) => (s) => run()(s),
    ),
  }),
  mutant('network-four-steps', 'the network holds an image for four steps at most', ['network.still'], {
    network: (p) => {
      const net = network(right)(p)
      return { ...net, hold: (T) => net.hold(Math.min(T, 4)) }
    },
  }),
  mutant('config-threshold', "the network has the configuration's threshold for every neuron", ['network.definition'], {
    network: (p) => network(right)(changedWhere(p, 'threshold', (n) => ({ ...n, threshold: p.config.threshold }))),
  }),
  mutant('one-epsilon', "every norm of the network has the stem's epsilon", ['network.definition'], {
    network: (p) => network(right)(changedWhere(p, 'eps', (n) => ({ ...n, eps: p.stem.norm.eps }))),
  }),
  mutant('one-reset', "every neuron of the network resets as the configuration's", ['network.definition'], {
    network: (p) => network(right)(changedWhere(p, 'reset', (n) => ({ ...n, reset: p.config.reset }))),
  }),
  mutant('third-block', "does not run a stage's third block", ['network.stages', 'network.published'], {
    network: (p) => network(right)({ ...p, stages: p.stages.map((s) => ({ ...s, blocks: s.blocks.slice(0, 2) })) }),
  }),
  mutant(
    'one-leak-a-block',
    "all neurons of a block take the first one's leak",
    ['dssa.definition', 'gwsffn.definition', 'network.definition'],
    {
      dssa: (p) =>
        dssa(right)({ ...p, attn: { ...p.attn, charge: p.in.charge }, out: { ...p.out, charge: p.in.charge } }),
      gwsffn: (p) =>
        gwsffn(right)({
          ...p,
          conv: { ...p.conv, neuron: { ...p.conv.neuron, charge: p.up.neuron.charge } },
          down: { ...p.down, neuron: { ...p.down.neuron, charge: p.up.neuron.charge } },
        }),
      network: (p) =>
        network(right)({
          ...p,
          stages: p.stages.map((stage) => ({
            ...stage,
            blocks: stage.blocks.map((b) => ({
              ...b,
              attention: {
                ...b.attention,
                attn: { ...b.attention.attn, charge: b.attention.in.charge },
                out: { ...b.attention.out, charge: b.attention.in.charge },
              },
            })),
          })),
        }),
    },
  ),
]
