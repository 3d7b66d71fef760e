/** A run of a network as a row of golden data, to compare a port with. @module */
import type { Hash } from '../core/hash.js'
import { type Currents, type Precision, type Shape, type Tensor, tensor } from '../core/tensor.js'
import { type Cost, together } from '../interpreters/cost.js'
import type { OperationName } from '../model/operation.js'
import { type NetworkParameters, parameterCount } from '../model/parameters.js'
import { total } from '../observers/ledger.js'
import type { Notes } from '../observers/observe.js'
import type { Line } from '../observers/trace.js'
import { architectureOf } from './architecture.js'
import type { Chunk } from './observed.js'

/** The two convolutions of an attention block before its two products, as the golden rows have them. */
const ATTENTION = ['W', 'Wproj', 'matmul1', 'matmul2']

const goldenOrder = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const name = path.slice(path.lastIndexOf('.') + 1)
    const block = path.slice(0, path.length - name.length)
    return name === 'W' ? ATTENTION.map((other) => block + other) : ATTENTION.includes(name) ? [] : [path]
  })

/** A tensor that a run gave: its hash, as far as the run has come. */
export interface TracedValue {
  readonly operation: OperationName
  readonly shape: Shape
  /** The sum of its bytes, where they are spikes. */
  readonly spikes: number
  readonly hash: Hash
  /** Its chunks, where they are kept. */
  readonly values: readonly Tensor[]
}

/** A run so far. */
export interface FollowedRun {
  readonly logits: readonly Currents[]
  readonly costs: Notes<Cost>
  /** By path; the two halves of a split under `.0` and `.1`. */
  readonly traced: ReadonlyMap<string, TracedValue>
  readonly membranes: ReadonlyMap<string, Currents>
}

/**
 * A run that has not begun.
 *
 * @example
 * beginning.logits // => []
 */
export const beginning: FollowedRun = { logits: [], costs: new Map(), traced: new Map(), membranes: new Map() }

const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: Tensor): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const spikesIn = ({ data }: Tensor): number =>
  data instanceof Uint8Array ? data.reduce((sum, spike) => sum + spike, 0) : 0

/** Every value under its path; the two halves of a split under `.0` and `.1`. */
const named = (lines: Notes<Line>): readonly (readonly [name: string, operation: OperationName, value: Tensor])[] =>
  [...lines].flatMap(([path, { operation, output }]) =>
    output.map((value, i) => [output.length === 1 ? path : `${path}.${i}`, operation, value] as const),
  )

/**
 * A run that has gone on by a chunk: each value's hash goes on along its first axis, time.
 *
 * @example
 * const chunk = { logits: image, costs: new Map(), lines: new Map(), membranes: () => new Map() }
 * followed(sha256(), false)(beginning, chunk).logits.length // => 1
 */
export const followed =
  (start: Hash, keepValues: boolean) =>
  (before: FollowedRun, { logits, costs, lines, membranes }: Chunk): FollowedRun => {
    const traced = new Map(before.traced)
    for (const [name, operation, value] of named(lines)) {
      const past = before.traced.get(name)
      const [steps, ...rest] = value.shape as readonly [number, ...number[]]
      traced.set(name, {
        operation,
        shape: [(past?.shape[0] ?? 0) + steps, ...rest],
        spikes: (past?.spikes ?? 0) + spikesIn(value),
        hash: (past?.hash ?? start).update(bytesOf(value)),
        values: keepValues ? [...(past?.values ?? []), value] : [],
      })
    }
    return {
      logits: [...before.logits, logits],
      costs: together(before.costs, costs),
      traced,
      membranes: membranes(),
    }
  }

/** Tensors one after another along their first axis. */
const joined = (parts: readonly Tensor[], shape: Shape): Tensor => {
  const [first, ...others] = parts as readonly [Tensor, ...Tensor[]]
  if (others.length === 0) return first
  const bytes = new Uint8Array(parts.reduce((sum, { data }) => sum + data.byteLength, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(bytesOf(part), at)
    at += part.data.byteLength
  }
  const Kind = first.data.constructor as new (buffer: ArrayBuffer) => Tensor['data']
  return tensor(shape, new Kind(bytes.buffer))
}

/**
 * Every value of a run by name, in the order of execution, where they were kept.
 *
 * @example
 * valuesOf(beginning) // => new Map()
 */
export const valuesOf = ({ traced }: FollowedRun): ReadonlyMap<string, Tensor> =>
  new Map([...traced].map(([name, { values, shape }]) => [name, joined(values, shape)]))

const indices = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)

/** A row of golden data. */
export interface Golden {
  readonly variant: string
  readonly image: number | readonly number[]
  readonly T: number
  readonly classes: number
  readonly batch: number
  readonly seed: number
  readonly frames: boolean
  readonly parameters: number
  readonly sops: Readonly<Record<string, number>>
  readonly sopsTotal: number
  readonly layers: readonly {
    readonly layer: string
    readonly shape: Shape
    readonly spikes: number
    readonly sha256: string
  }[]
  readonly meanLogits: readonly (readonly number[])[]
  readonly logitsPerStepSum: readonly (readonly number[])[]
  readonly top1: readonly number[]
  readonly precision: Precision
  readonly operations: readonly {
    readonly path: string
    readonly operation: OperationName
    readonly shape: Shape
    readonly sha256: string
  }[]
  readonly membranes: readonly { readonly key: string; readonly shape: Shape; readonly sha256: string }[]
}

/**
 * The golden row of a run, every operation of which was kept: the fields, names and order of `networks.json`, then the
 * precision and the hashes of everything.
 *
 * `layers` has each neuron layer's shape, number of spikes and the SHA-256 of its spikes as bytes 0 and 1 in row-major
 * order `[T, B, ...]`; `sops` the synaptic operations of each operation that consumes spikes; `meanLogits`
 * `[B][classes]` means over the steps, `logitsPerStepSum` `[T][B]` sums over the classes. `image` is the side of a
 * square, or `[height, width]`. `operations` has every tensor in the order of execution, spikes hashed as in `layers`,
 * currents as the little-endian numbers of the run's precision; `membranes` those after the last step, `[B, ...]`, by
 * the neurons' keys in the order they fire.
 *
 * @example
 * const keep = { chunk: Infinity, keep: () => true, tick: () => {} }
 * const run = observed(tensorInterpreter(reference('float64')), parameters, keep)({ kind: 'still', tensor: image })
 * let following = beginning
 * for await (const chunk of run) following = followed(sha256(), false)(following, chunk)
 * goldenRow(parameters, { seed: 7, frames: false, hash: sha256() }, following).layers.length // => 38
 */
export const goldenRow = (
  parameters: NetworkParameters,
  { seed, frames, hash }: { readonly seed: number; readonly frames: boolean; readonly hash: Hash },
  { logits: chunks, costs, traced, membranes }: FollowedRun,
): Golden => {
  const { name, image } = parameters.config
  const [, B, classes] = chunks[0]!.shape as readonly [number, number, number]
  const rows = chunks.flatMap(({ data }) =>
    indices(data.length / (B * classes)).map((t) =>
      indices(B).map((b) => Array.from(data.subarray((t * B + b) * classes, (t * B + b + 1) * classes))),
    ),
  )
  const T = rows.length
  const meanLogits = indices(B).map((b) =>
    indices(classes).map((k) => rows.reduce((sum, row) => sum + row[b]![k]!, 0) / T),
  )
  const consumers = [...architectureOf(parameters)]
    .filter(([, { operation }]) => ['synapse', 'dstT', 'dst'].includes(operation))
    .map(([path]) => path)
  const operations = [...traced].map(([path, { operation, shape, spikes, hash: own }]) => ({
    path,
    operation,
    shape,
    spikes,
    sha256: own.hex(),
  }))
  return {
    variant: name,
    image: image.height === image.width ? image.height : [image.height, image.width],
    T,
    classes,
    batch: B,
    seed,
    frames,
    parameters: parameterCount(parameters.config).all,
    sops: Object.fromEntries(goldenOrder(consumers).map((path) => [path, costs.get(path)!.sops])),
    sopsTotal: total(costs).sops,
    layers: operations
      .filter(({ operation }) => operation === 'fire')
      .map(({ path, shape, spikes, sha256 }) => ({ layer: path, shape, spikes, sha256 })),
    meanLogits,
    logitsPerStepSum: rows.map((row) => row.map((logits) => logits.reduce((sum, x) => sum + x, 0))),
    top1: meanLogits.map((row) => row.indexOf(Math.max(...row))),
    precision: chunks[0]!.data instanceof Float32Array ? 'float32' : 'float64',
    operations: operations.map(({ path, operation, shape, sha256 }) => ({ path, operation, shape, sha256 })),
    membranes: [...membranes].map(([key, membrane]) => ({
      key,
      shape: membrane.shape,
      sha256: hash.update(bytesOf(membrane)).hex(),
    })),
  }
}
