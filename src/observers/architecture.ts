/** The architecture of a network: what each operation gives, and what a dense network of its shapes would cost. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Shape, sizeOf } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import { type Checked, shapes } from '../interpreters/shapes.js'
import type { Convolution, Kernels, Pool } from '../model/kernels.js'
import { type Call, type OperationName, translateCall } from '../model/operation.js'
import { type Observed, observe } from './observe.js'

/** What a convolution visits: side by side with its weight, all that a port needs of it. */
export interface Geometry {
  readonly kernel: readonly [height: number, width: number]
  readonly stride: number
  readonly padding: number
  readonly groups: number
  /** The max-pool after it, where there is one: the stem's. */
  readonly pool: Pool | null
}

/** One row of the architecture table. */
export interface ArchitectureRow {
  readonly operation: OperationName
  readonly output: Shape
  /** Weights of the operation, `[out, in / groups, kh, kw]` or `[classes, C]`; null where there are none. */
  readonly weight: Shape | null
  /** Of a convolution; null where there is none. */
  readonly geometry: Geometry | null
  /** Multiply-accumulates of a dense network for the same shapes, padding counted. */
  readonly denseMacs: number
}

const convolutionMacs = ({ weight, stride, padding }: Convolution, input: Shape): number => {
  const [T, B, , H, W] = input as readonly [number, number, number, number, number]
  const [, , kh, kw] = weight.shape as readonly [number, number, number, number]
  return T * B * convolved(H, kh, stride, padding) * convolved(W, kw, stride, padding) * sizeOf(weight.shape)
}

type Dense = Pick<ArchitectureRow, 'weight' | 'geometry' | 'denseMacs'>

const convolutional = (convolution: Convolution, pool: Pool | null, input: Shape): Dense => {
  const { weight, stride, padding, groups } = convolution
  const [, , height, width] = weight.shape as readonly [number, number, number, number]
  return {
    weight: weight.shape,
    geometry: { kernel: [height, width], stride, padding, groups, pool },
    denseMacs: convolutionMacs(convolution, input),
  }
}

/** The weights of a call, its geometry and its multiply-accumulates. */
const denseOf = (call: Call<Shape, Shape>): Dense => {
  const none = { weight: null, geometry: null }
  switch (call.operation) {
    case 'stem':
      return convolutional(call.parameters.convolution, call.parameters.pool, call.inputs[0])
    case 'synapse':
      return convolutional(call.parameters.convolution, null, call.inputs[0])
    case 'dstT':
      return { ...none, denseMacs: sizeOf(call.outputs[0]) * call.inputs[0][3]! }
    case 'dst':
      return { ...none, denseMacs: sizeOf(call.outputs[0]) * call.inputs[0][4]! }
    case 'classify':
      return {
        ...none,
        weight: call.parameters.shape,
        denseMacs: sizeOf(call.outputs[0]) * call.parameters.shape[1]!,
      }
    case 'hold':
    case 'fire':
    case 'splitHeads':
    case 'mergeHeads':
    case 'add':
    case 'meanPool':
      return { ...none, denseMacs: 0 }
  }
}

const row = (call: Call<Checked, Checked>): ArchitectureRow | undefined => {
  const [output] = call.outputs
  if (Either.isLeft(output)) return undefined
  const known = Either.getOrElse((): Shape => [])
  const shaped = translateCall(call, { spikes: known, currents: known, membrane: known })
  return { operation: call.operation, output: output.right, ...denseOf(shaped) }
}

/**
 * The shapes interpreter, noting the architecture table.
 *
 * @example
 * const { notes } = forward(network(architecture)(parameters))(4)(unobserved(Either.right([1, 1, 1, 16, 16])))
 * notes.get('layers.0.0.W')?.weight // => [32, 16, 4, 4]
 */
export const architecture: Kernels<Observed<Checked, ArchitectureRow>, Observed<Checked, ArchitectureRow>> = observe<
  Checked,
  Checked,
  ArchitectureRow
>(row)(shapes)
