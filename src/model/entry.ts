/** The entries of a checkpoint, and what may be wrong with one. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Fault, Faults } from '../core/fault.js'
import { type Numbers, type Reals, type Shape, sameShape, sizeOf, type Tensor } from '../core/tensor.js'
import { audible } from './scaling.js'

/** The part a tensor of a checkpoint plays. */
export type Role = 'weight' | 'gain' | 'bias' | 'mean' | 'variance' | 'counter' | 'rate' | 'leak'

/** One expected entry of a checkpoint. */
export interface Entry {
  readonly key: string
  readonly shape: Shape
  readonly role: Role
}

const isReal = (data: Numbers): data is Reals => data instanceof Float32Array || data instanceof Float64Array

/** What is wrong with an entry of a checkpoint: missing, misshapen, not finite, not a rate, not a variance. */
export const entryFaults =
  (tensors: ReadonlyMap<string, Tensor>) =>
  ({ key, shape, role }: Entry): readonly Fault[] => {
    const found = tensors.get(key)
    // The counter only matters to training, and a PLIF's scalar is stored as [] or as [1].
    if (found === undefined) return role === 'counter' ? [] : [{ _tag: 'MissingKey', key, shape }]
    const scalar = shape.length === 0 && sizeOf(found.shape) === 1
    if (!scalar && !sameShape(found.shape, shape))
      return [{ _tag: 'MisshapenKey', key, shape: found.shape, expected: shape }]
    if (role === 'counter') return []
    const { data } = found
    if (!isReal(data)) return [{ _tag: 'WrongType', key, type: data.constructor.name, expected: 'real numbers' }]
    const index = (data as Float64Array).findIndex((x) => !Number.isFinite(x))
    if (index >= 0) return [{ _tag: 'NotFinite', key, index, value: data[index]! }]
    if (role === 'rate')
      return Either.match(
        (faults: Faults) => faults as readonly Fault[],
        () => [],
      )(audible(key, data))
    const negative = role === 'variance' ? (data as Float64Array).findIndex((x) => x < 0) : -1
    return negative < 0
      ? []
      : [
          {
            _tag: 'Input',
            problem: `${key}: element ${negative} is ${data[negative]}`,
            advice: 'a variance is never negative',
          },
        ]
  }
