/**
 * The network as a graph: kernels that compute nothing, and only write down what is to be computed.
 *
 * A node is a call of the dictionary. Its outputs are values, and so is what the graph is given; a value can be read any
 * number of times, and never changes. The shapes are those of the interpreter of shapes.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { describe } from '../core/fault.js'
import type { Currents, Shape, Spikes } from '../core/tensor.js'
import type { Kernels } from '../model/kernels.js'
import {
  applyOf,
  type Call,
  callOf,
  carriers,
  kernelsOf,
  type OperationName,
  type OutputsOf,
  translateInputs,
} from '../model/operation.js'
import { type Checked, shapes } from './shapes.js'

/** What is not made by a node: a tensor, or null where one is bound at each run. */
export interface Given<D> {
  readonly kind: 'given'
  readonly tensor: D | null
}

/** One of the outputs of a node. */
export interface Output {
  readonly kind: 'output'
  readonly node: Node
  readonly index: number
}

/** Currents, or membranes, of a graph. */
export interface CurrentValue {
  readonly carries: 'currents'
  readonly shape: Shape
  readonly from: Given<Currents> | Output
}

/** Spikes of a graph. */
export interface SpikeValue {
  readonly carries: 'spikes'
  readonly shape: Shape
  readonly from: Given<Spikes> | Output
}

/** A value of a graph. */
export type Value = CurrentValue | SpikeValue

/** A node: a call, whose path is the operation's, such as `layers.0.0.W`. */
export type Node = Call<SpikeValue, CurrentValue>

/** A node of one operation. */
export type NodeOf<N extends OperationName> = Extract<Node, { readonly operation: N }>

/**
 * Currents that are given, now or (`null`) at each run.
 *
 * @example
 * drawing.hold(4)(givenCurrents([1, 1, 3, 8, 8], null)).shape // => [4, 1, 3, 8, 8]
 */
export const givenCurrents = (shape: Shape, tensor: Currents | null): CurrentValue => ({
  carries: 'currents',
  shape,
  from: { kind: 'given', tensor },
})

/**
 * Spikes that are given.
 *
 * @example
 * givenSpikes(tensor([1], Uint8Array.of(1))).shape // => [1]
 */
export const givenSpikes = (tensor: Spikes): SpikeValue => ({
  carries: 'spikes',
  shape: tensor.shape,
  from: { kind: 'given', tensor },
})

/**
 * The node that makes a value; null where it is given.
 *
 * @example
 * const x = givenCurrents([1, 1, 3, 8, 8], null)
 * nodeOf(drawing.hold(4)(x))?.operation // => 'hold'
 * nodeOf(x) // => null
 */
export const nodeOf = ({ from }: Value): Node | null => {
  switch (from.kind) {
    case 'given':
      return null
    case 'output':
      return from.node
  }
}

/**
 * The values that a node reads.
 *
 * @example
 * const x = givenCurrents([1, 1, 3, 8, 8], null)
 * inputsOf(nodeOf(drawing.hold(4)(x))!) // => [x]
 */
export const inputsOf = ({ inputs }: Node): readonly Value[] =>
  inputs.flatMap((input: Value | null) => (input === null ? [] : [input]))

const shapeOf = ({ shape }: Value): Checked => Either.right(shape)
const shapesOf = { spikes: shapeOf, currents: shapeOf, membrane: shapeOf }

/**
 * The kernels that draw the graph.
 *
 * @throws RangeError where shapes do not fit: kernels have no other way to say so.
 */
export const drawing: Kernels<SpikeValue, CurrentValue> = kernelsOf((operation, parameters, path) => {
  const shaped = applyOf(shapes)(operation, parameters, path)
  return (...inputs) => {
    const outputs: Value[] = []
    const made = outputs as unknown as OutputsOf<typeof operation, SpikeValue, CurrentValue>
    const node = callOf<typeof operation, SpikeValue, CurrentValue>(operation, path, parameters, inputs, made)
    shaped(...translateInputs(operation, inputs, shapesOf)).forEach((shape, index) => {
      if (Either.isLeft(shape)) throw new RangeError(`${path}: ${describe(shape.left[0])}`)
      const carries = carriers[operation].outputs[index] === 'spikes' ? 'spikes' : 'currents'
      outputs.push({ carries, shape: shape.right, from: { kind: 'output', node, index } })
    })
    return made
  }
})
