/** The membranes of a compiled network between two chunks. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../core/fault.js'
import { type Currents, elementType, type Shape, sameShape, showShape } from '../core/tensor.js'
import type { Membranes } from '../model/kernels.js'
import { type Bytes, readView, sameChannels, type View } from './machine/layout.js'
import type { Primitives } from './machine/primitives.js'
import type { Port } from './machine/program.js'

/**
 * The membranes of a network between two chunks, by neuron key: a plain value, as they lie in memory (channels last), so
 * that keeping and restoring them is one copy a layer. {@link membranesOf} gives them as tensors. Empty is rest.
 */
export type Potentials = ReadonlyMap<string, Potential>

/** One layer's membranes: the shape `[B, ...]` they stand for, and their numbers as they lie in memory. */
export interface Potential {
  readonly shape: Shape
  readonly data: Float32Array
  /** Where the numbers lie; it says nothing outside. */
  readonly place: unknown
}

/** A network at rest. */
export const rest: ReadonlyMap<string, never> = new Map<string, never>()

const floats = (bytes: Bytes, { view, base }: Port): Float32Array =>
  bytes.f32.subarray(base / 4, (base + view.steps * view.stepStride) / 4)

/** The fault of a value in memory that is not finite everywhere; nothing where it is. */
export const notFinite = (P: Primitives, key: string, { view, base }: Port): readonly Fault[] => {
  if (P.notFinite(base, (view.steps * view.stepStride) / 4) < 0) return []
  const data = readView(P.bytes(), view, base)
  const index = data.findIndex((x) => !Number.isFinite(x))
  return index < 0 ? [] : [{ _tag: 'NotFinite', key, index, value: data[index]! }]
}

/** Whether a potential lies as a view says. */
const liesAs = (b: View, { place }: Potential): boolean => {
  const a = place as View | null
  return (
    typeof a === 'object' &&
    a !== null &&
    sameChannels(a, b) &&
    [a.batch, a.positions, a.rowStride, a.blockStride].join() ===
      [b.batch, b.positions, b.rowStride, b.blockStride].join()
  )
}

const ANOTHER = 'give the membranes that the last chunk of this network and batch left'

/** Writes membranes that are those of the network and the batch, and finite. */
export const resume = (
  P: Primitives,
  ports: ReadonlyMap<string, Port>,
  state: Potentials,
  before: readonly Fault[],
): Either.Either<Faults, null> => {
  const strange = [...state.keys()].filter((key) => !ports.has(key))
  if (strange.length > 0)
    return Either.left(refuse(`membranes are given of ${strange[0]}, which this network does not have`, ANOTHER))
  const faults = [...ports].flatMap(([key, port]): readonly Fault[] => {
    const found = state.get(key)
    if (found === undefined) return refuse(`the membranes of ${key} are missing`, ANOTHER)
    const to = floats(P.bytes(), port)
    const fits = sameShape(found.shape, port.shape) && liesAs(port.view, found)
    if (!fits || elementType(found.data) !== 'float32' || found.data.length !== to.length)
      return refuse(
        `the membranes of ${key} are not of shape ${showShape(port.shape)}, or not as they were left`,
        ANOTHER,
      )
    to.set(found.data)
    return notFinite(P, key, port)
  })
  return unlessFaulty([...before, ...faults], () => null)
}

/** A copy of what a layer left in memory. */
export const potentialOf = (bytes: Bytes, port: Port): Potential => ({
  shape: port.shape,
  data: floats(bytes, port).slice(),
  place: { ...port.view, offset: 0 },
})

/**
 * The membranes a chunk left, as tensors by neuron key.
 *
 * @example
 * const chunk = compile()(parameters).step(image)(new Map())
 * pipe(chunk, Either.map(([, state]) => membranesOf(state).get('layers.0.0.activation_in')?.shape))
 * // => Either.right([1, 16, 16, 16])
 */
export const membranesOf = (state: Potentials): Membranes<Currents> =>
  new Map(
    [...state].map(([key, { shape, data, place }]) => [
      key,
      { shape, data: readView({ f32: data } as Bytes, place as View, 0) as Float32Array },
    ]),
  )
