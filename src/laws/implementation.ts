/** What the laws judge: an implementation of the operations, in carriers of its own. @module */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import type { Currents, Precision, Reals, Size, Spikes, Tensor } from '../core/tensor.js'
import type { Events } from '../input/events.js'
import type { Config } from '../model/config.js'
import { dssa } from '../model/dssa.js'
import { gwsffn, layer } from '../model/gwsffn.js'
import type { Kernels, Stateful } from '../model/kernels.js'
import { type Network, network } from '../model/network.js'
import type { Dssa, Gwsffn, Layer, NetworkParameters } from '../model/parameters.js'
import { callable, notPromised } from './answers.js'
import type { Derivative, How, Named } from './gradient/derivative.js'

/**
 * Every operation a law may ask for.
 *
 * - The dictionary of {@link Kernels}, without `scope`.
 * - The parts of the model: `dssa`, `gwsffn`, `downsample`, `network`. Who offers all the kernels those parts use need
 *   not offer the parts: they are then the published text over those kernels.
 * - What surrounds the model: the scales `c1` and `c2` and the moving average `movingRate` of the firing rates, `parse`
 *   (a flat map of tensors to the weight tree), `integrateEvents` (events to frames), `sops` (the cost of a synapse).
 * - The derivative of the network: `differentiate` (reverse mode) and `pushForward` (forward mode).
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
  readonly network: (p: NetworkParameters) => Network<C>
  /** `1 / sqrt(f_X d)`, one a head. */
  readonly c1: (p: { readonly firingRateX: readonly number[]; readonly planes: number }) => readonly number[]
  /** `1 / sqrt(f_Attn n)`, one a head. */
  readonly c2: (p: { readonly firingRateAttn: readonly number[]; readonly tokens: number }) => readonly number[]
  /** One step of the firing rates' moving average. */
  readonly movingRate: (rates: readonly number[], batch: readonly number[]) => readonly number[]
  /** A flat map of tensors to the weight tree. */
  readonly parse: (
    config: Config,
  ) => (tensors: ReadonlyMap<string, Tensor>) => Either<Faults, NetworkParameters> | NetworkParameters
  /** Events to frames. */
  readonly integrateEvents: (
    p: Size & { readonly steps: number },
  ) => (events: Events) => Either<Faults, Tensor<Reals>> | Tensor<Reals>
  /** The network on frames, and reverse mode: its gradients there. */
  readonly differentiate: (how: How) => (p: NetworkParameters) => (inputs: Named) => Derivative
  /**
   * Forward mode: tangents of the image, of membranes and of what is learnt, to those of the logits and of each membrane
   * after the last step. Those that are not there are 0.
   */
  readonly pushForward: (how: How) => (p: NetworkParameters) => (inputs: Named) => (tangents: Named) => Named
  /** The synaptic operations of a run, by path. */
  readonly sops: (p: NetworkParameters) => (steps: number) => (image: C) => ReadonlyMap<string, number>
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
 * // mine.mjs, judged by `npx spikingresformer laws --kernels ./mine.mjs`
 * export const kernels = { add: (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) }) }
 */
export interface Implementation<S = Spikes, C = Currents> {
  readonly kernels: Partial<Operations<S, C> & Pick<Kernels<S, C>, 'scope'>>
  /** Left out: `S` and `C` are plain tensors. */
  readonly carriers?: Carriers<S, C>
  /** The precision it rounds to; left out, laws of every bit hold where either is kept. */
  readonly precision?: Precision
}

/** The operations of an implementation, over plain tensors. */
export type Judged = Partial<Operations<Spikes, Currents>>

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
export const uses: { readonly [part in 'dssa' | 'gwsffn' | 'downsample' | 'network']: readonly Operation[] } = {
  dssa: ['fire', 'synapse', 'splitHeads', 'dstT', 'dst', 'mergeHeads', 'add'],
  gwsffn: ['fire', 'synapse', 'add'],
  downsample: ['fire', 'synapse'],
  network: dictionary,
}

/** Every operation there is, by name. */
export const operationNames: readonly Operation[] = [
  ...dictionary,
  ...(Object.keys(uses) as (keyof typeof uses)[]),
  'c1',
  'c2',
  'movingRate',
  'parse',
  'integrateEvents',
  'differentiate',
  'pushForward',
  'sops',
]

/** All names an object answers to, those of its prototypes included. */
const namesOf = (value: object): readonly string[] => {
  const above = Object.getPrototypeOf(value) as object | null
  const own = Object.getOwnPropertyNames(value).filter((name) => name !== 'constructor')
  return above === null || above === Object.prototype ? own : [...new Set([...own, ...namesOf(above)])]
}

/** How many letters must change to make one word of another. */
const distance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < b.length; j++)
      row.push(Math.min(row[j]! + 1, above[j + 1]! + 1, above[j]! + (a[i] === b[j] ? 0 : 1)))
    above = row
  }
  return above[b.length]!
}

/** The word nearest to one that is not among them, letters' case and underscores aside. */
const nearest = (name: string, words: readonly string[]): string => {
  const plain = (word: string): string => word.toLowerCase().replaceAll('_', '')
  return words.toSorted((a, b) => distance(plain(a), plain(name)) - distance(plain(b), plain(name)))[0]!
}

/**
 * What is wrong with the names of an implementation's kernels: functions whose name is no operation's, operations that
 * are no functions. `scope` may be there; it is not used.
 *
 * @example
 * misnamed({ dst_t: () => null }) // => ['dst_t is no operation; the nearest is dstT']
 */
export const misnamed = (kernels: object): readonly string[] =>
  namesOf(kernels).flatMap((name) => {
    const value = (kernels as { readonly [name: string]: unknown })[name]
    if ((operationNames as readonly string[]).includes(name))
      return value === undefined || typeof value === 'function' ? [] : [`${name} is no function`]
    return typeof value !== 'function' || name === 'scope'
      ? []
      : [`${name} is no operation; the nearest is ${nearest(name, operationNames)}`]
  })

/** The operations an implementation has itself, a prototype's included; never its `scope`. */
const ownOperations = <S, C>(kernels: Implementation<S, C>['kernels']): Partial<Operations<S, C>> =>
  Object.fromEntries(
    operationNames.flatMap((name) => {
      const operation: unknown = kernels[name]
      return typeof operation === 'function' ? [[name, operation.bind(kernels) as unknown]] : []
    }),
  )

type Call = (...inputs: readonly unknown[]) => unknown

/** How many calls an operation takes, where it is not two: parameters, then values. */
const CALLS: { readonly [name: string]: number } = { fire: 3, add: 1, meanPool: 1 }

/** The operation, whose every answer is no Promise: in the midst of a part, that would be a riddle. */
const answering =
  (name: string, f: Call, calls: number): Call =>
  (...inputs) => {
    const answer = notPromised(name, f(...inputs))
    return calls === 1 ? answer : answering(name, callable(name, answer) as Call, calls - 1)
  }

/**
 * The operations to judge: an implementation's own, and the published model over its kernels for every part it does not
 * offer itself. Its `scope` is left out: `{ ...reference, fire: mine }` is judged as what it says, not as the reference.
 */
export const completed = <S, C>({ kernels }: Implementation<S, C>): Partial<Operations<S, C>> => {
  const own = ownOperations(kernels)
  const guarded = Object.fromEntries(
    Object.entries(own).map(([name, f]) => [name, answering(name, f as Call, CALLS[name] ?? 2)]),
  )
  const K: Kernels<S, C> = { ...(guarded as unknown as Operations<S, C>), scope: () => K }
  const derivable = (part: keyof typeof uses): boolean => uses[part].every((name) => own[name] !== undefined)
  return {
    ...(derivable('dssa') && { dssa: dssa(K) }),
    ...(derivable('gwsffn') && { gwsffn: gwsffn(K) }),
    ...(derivable('downsample') && { downsample: (p: Layer) => layer(K)('activation', 'conv', p) }),
    ...(derivable('network') && { network: network(K) }),
    ...own,
  }
}
