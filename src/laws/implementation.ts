/** What the laws judge: an implementation of the operations, in carriers of its own. @module */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import type { Currents, Reals, Size, Spikes, Tensor } from '../core/tensor.js'
import type { Events } from '../input/events.js'
import type { Config } from '../model/config.js'
import { dssa } from '../model/dssa.js'
import { gwsffn, layer } from '../model/gwsffn.js'
import type { Kernels, Membranes, Stateful } from '../model/kernels.js'
import { type Network, network } from '../model/network.js'
import type { Dssa, Gwsffn, Layer, Parameters } from '../model/parameters.js'

/**
 * Every operation a law may ask for.
 *
 * - The dictionary of {@link Kernels}, without `scope`.
 * - The parts of the model: `dssa`, `gwsffn`, `downsample`, `network`. Who offers all the kernels those parts use need
 *   not offer the parts: they are then the published text over those kernels.
 * - What surrounds the model: the scales `c1` and `c2` and the moving average `movingRate` of the firing rates, `parse`
 *   (a flat map of tensors to the weight tree), `integrateEvents` (events to frames), `sops` (the cost of a synapse).
 *
 * `parse` and `integrateEvents` may answer an fp-ts `Either`, or the bare result and throw when they refuse.
 */
export interface Operations<S, C> extends Omit<Kernels<S, C>, 'scope'> {
  /** Dual spike self-attention with its residual. */
  readonly dssa: (p: Dssa) => (input: C) => Stateful<C, C>
  /** The group-wise spiking feed-forward network with its residuals. */
  readonly gwsffn: (p: Gwsffn) => (input: C) => Stateful<C, C>
  /** A neuron and the strided convolution it drives, between stages. */
  readonly downsample: (p: Layer) => (input: C) => Stateful<C, C>
  /** The whole network. */
  readonly network: (p: Parameters) => Network<C>
  /** `1 / sqrt(f_X d)`, one a head. */
  readonly c1: (p: { readonly firingRateX: readonly number[]; readonly planes: number }) => readonly number[]
  /** `1 / sqrt(f_Attn n)`, one a head. */
  readonly c2: (p: { readonly firingRateAttn: readonly number[]; readonly tokens: number }) => readonly number[]
  /** One step of the firing rates' moving average. */
  readonly movingRate: (rates: readonly number[], batch: readonly number[]) => readonly number[]
  /** A flat map of tensors to the weight tree. */
  readonly parse: (config: Config) => (tensors: ReadonlyMap<string, Tensor>) => Either<Faults, Parameters> | Parameters
  /** Events to frames. */
  readonly integrateEvents: (
    p: Size & { readonly steps: number },
  ) => (events: Events) => Either<Faults, Tensor<Reals>> | Tensor<Reals>
  /** The synaptic operations of a run, by path. */
  readonly sops: (p: Parameters) => (steps: number) => (image: C) => ReadonlyMap<string, number>
}

/** The name of an operation. */
export type Operation = keyof Operations<unknown, unknown>

/** How an implementation's own spikes and currents are made from plain tensors, and read back. */
export interface Carriers<S, C> {
  /** A tensor of spikes as the implementation holds it. */
  readonly fromSpikes: (spikes: Spikes) => S
  /** And read back: bytes 0 and 1. */
  readonly toSpikes: (spikes: S) => Spikes
  /** A tensor of currents as the implementation holds it. */
  readonly fromCurrents: (currents: Currents) => C
  /** And read back. */
  readonly toCurrents: (currents: C) => Currents
}

/**
 * An implementation under judgement: the operations it has, and its carriers where they are not plain tensors.
 *
 * @example
 * // mine.js, judged by `npx spikingresformer laws --kernels ./mine.js`
 * export const kernels = { add: (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) }) }
 */
export interface Implementation<S = Spikes, C = Currents> {
  readonly kernels: Partial<Operations<S, C> & Pick<Kernels<S, C>, 'scope'>>
  /** Left out: `S` and `C` are plain tensors. */
  readonly carriers?: Carriers<S, C>
}

/** The operations of an implementation, over plain tensors. */
export type Judged = Partial<Operations<Spikes, Currents>>

/** The same tensor, its numbers in a typed array; an array of numbers is as good. */
const typed = <T extends Currents | Spikes>(x: T): T =>
  ArrayBuffer.isView(x.data) ? x : { ...x, data: Float64Array.from(x.data) }

const plain: Carriers<Spikes, Currents> = {
  fromSpikes: (s) => s,
  toSpikes: typed,
  fromCurrents: (c) => c,
  toCurrents: typed,
}

const mapMembranes = <A, B>(f: (a: A) => B, membranes: Membranes<A>): Membranes<B> =>
  new Map([...membranes].map(([key, membrane]) => [key, f(membrane)]))

/** The same operations over plain tensors; an operation that is not there stays away. */
const translated = <S, C>(
  K: Partial<Operations<S, C>>,
  { fromSpikes, toSpikes, fromCurrents, toCurrents }: Carriers<S, C>,
): Judged => {
  const stateful =
    <A, B>(run: (input: C) => Stateful<C, A>, read: (a: A) => B) =>
    (input: Currents): Stateful<Currents, B> => {
      const step = run(fromCurrents(input))
      return (membranes) => {
        const [out, after] = step(mapMembranes(fromCurrents, membranes))
        return [read(out), mapMembranes(toCurrents, after)]
      }
    }
  const current =
    (run: (input: C) => C) =>
    (input: Currents): Currents =>
      toCurrents(run(fromCurrents(input)))
  const product = (run: (y: C, x: S) => C) => (y: Currents, x: Spikes) =>
    toCurrents(run(fromCurrents(y), fromSpikes(x)))
  const { stem, hold, fire, synapse, splitHeads, dstT, dst, mergeHeads, add, meanPool, classify, ...rest } = K
  const { dssa, gwsffn, downsample, network, sops, ...around } = rest
  return {
    ...around,
    ...(stem && { stem: (p) => current(stem(p)) }),
    ...(hold && { hold: (steps) => current(hold(steps)) }),
    ...(fire && { fire: (p) => stateful(fire(p), toSpikes) }),
    ...(synapse && {
      synapse: (p) => {
        const run = synapse(p)
        return (spikes) => toCurrents(run(fromSpikes(spikes)))
      },
    }),
    ...(splitHeads && {
      splitHeads: (heads) => {
        const run = splitHeads(heads)
        return (y) => {
          const [y1, y2] = run(fromCurrents(y))
          return [toCurrents(y1), toCurrents(y2)]
        }
      },
    }),
    ...(dstT && { dstT: (scale) => product(dstT(scale)) }),
    ...(dst && { dst: (scale) => product(dst(scale)) }),
    ...(mergeHeads && { mergeHeads: (size) => current(mergeHeads(size)) }),
    ...(add && { add: (a, b) => toCurrents(add(fromCurrents(a), fromCurrents(b))) }),
    ...(meanPool && { meanPool: current(meanPool) }),
    ...(classify && { classify: (weight) => current(classify(weight)) }),
    ...(dssa && { dssa: (p) => stateful(dssa(p), toCurrents) }),
    ...(gwsffn && { gwsffn: (p) => stateful(gwsffn(p), toCurrents) }),
    ...(downsample && { downsample: (p) => stateful(downsample(p), toCurrents) }),
    ...(network && {
      network: (p) => {
        const { embed, hold, respond } = network(p)
        return { embed: current(embed), hold: (steps) => current(hold(steps)), respond: stateful(respond, toCurrents) }
      },
    }),
    ...(sops && {
      sops: (p) => (steps) => {
        const run = sops(p)(steps)
        return (image) => run(fromCurrents(image))
      },
    }),
  }
}

const dictionary = [
  'stem',
  'hold',
  'fire',
  'synapse',
  'splitHeads',
  'dstT',
  'dst',
  'mergeHeads',
  'add',
  'meanPool',
  'classify',
] as const satisfies readonly Operation[]

/** Which operations of the dictionary each part of the model is written over. */
const uses: { readonly [part in 'dssa' | 'gwsffn' | 'downsample' | 'network']: readonly Operation[] } = {
  dssa: ['fire', 'synapse', 'splitHeads', 'dstT', 'dst', 'mergeHeads', 'add'],
  gwsffn: ['fire', 'synapse', 'add'],
  downsample: ['fire', 'synapse'],
  network: dictionary,
}

/** The operations that may behave differently when one of these does: themselves, and the parts written over them. */
export const touchedBy = (operations: readonly Operation[]): ReadonlySet<Operation> =>
  new Set<Operation>([
    ...operations,
    ...(Object.keys(uses) as (keyof typeof uses)[]).filter((part) => uses[part].some((x) => operations.includes(x))),
    ...(operations.some((x) => uses.network.includes(x)) ? (['sops'] as const) : []),
  ])

/**
 * The operations to judge: an implementation's own, over plain tensors, and the published model over its kernels for
 * every part it does not offer itself.
 */
export const judged = <S, C>({ kernels, carriers }: Implementation<S, C>): Judged => {
  const { scope, ...own } = kernels
  const K: Kernels<S, C> = { ...(own as Operations<S, C>), scope: scope ?? (() => K) }
  const derivable = (part: keyof typeof uses): boolean => uses[part].every((name) => kernels[name] !== undefined)
  const operations: Partial<Operations<S, C>> = {
    ...(derivable('dssa') && { dssa: dssa(K) }),
    ...(derivable('gwsffn') && { gwsffn: gwsffn(K) }),
    ...(derivable('downsample') && { downsample: (p: Layer) => layer(K)('activation', 'conv', p) }),
    ...(derivable('network') && { network: network(K) }),
    ...(own as Partial<Operations<S, C>>),
  }
  // Without carriers of its own, an implementation's values are plain tensors.
  return translated(operations, carriers ?? (plain as unknown as Carriers<S, C>))
}
