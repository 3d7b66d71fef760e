/** Comparing runs bit by bit. */

import type { LazyInterpreter } from '../../src/compiled/interpreter.js'
import type { Numbers, Tensor } from '../../src/core/tensor.js'
import { tensors } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Kernels } from '../../src/model/kernels.js'
import { forward, network } from '../../src/model/network.js'
import type { NetworkParameters } from '../../src/model/parameters.js'
import { type Notes, type Observed, unobserved } from '../../src/observers/observe.js'
import { type Line, trace } from '../../src/observers/trace.js'

const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Buffer => Buffer.from(buffer, byteOffset, byteLength)

export { right } from '../golden.js'

/** Whether two tensors have the same shape, type and bits. */
export const sameBits = (a: Tensor, b: Tensor): boolean =>
  a.shape.join() === b.shape.join() &&
  a.data.constructor === b.data.constructor &&
  bytesOf(a.data).equals(bytesOf(b.data))

/** The paths at which two traces differ, in either way. */
export const differences = (expected: Notes<Line>, actual: Notes<Line>): readonly string[] => {
  const paths = new Set([...expected.keys(), ...actual.keys()])
  return [...paths].filter((path) => {
    const [a, b] = [expected.get(path)?.output ?? [], actual.get(path)?.output ?? []]
    return a.length === 0 || a.length !== b.length || !a.every((tensor, i) => sameBits(tensor, b[i]!))
  })
}

const notesOf =
  <S, C>(K: Kernels<Observed<S, Line>, Observed<C, Line>>, p: NetworkParameters, steps: number) =>
  (image: C): Notes<Line> =>
    forward(network(K)(p))(steps)(unobserved(image)).notes

/** Every spike, current and logit of the float32 reference. */
export const referenceTrace = (p: NetworkParameters, steps: number, image: Tensor<Float32Array>): Notes<Line> =>
  notesOf(trace(tensors)(reference('float32')), p, steps)(image)

/** The same of an interpreter of graphs. */
export const graphTrace = (
  { kernels, toSpikes: spikes, toCurrents: currents, fromCurrents }: LazyInterpreter<'value'>,
  p: NetworkParameters,
  steps: number,
  image: Tensor<Float32Array>,
): Notes<Line> => notesOf(trace({ toSpikes: spikes, toCurrents: currents })(kernels), p, steps)(fromCurrents(image))
