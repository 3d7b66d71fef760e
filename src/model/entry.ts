/** The entries of a checkpoint, and what may be wrong with one. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Fault, Faults } from '../core/fault.js'
import { type Reals, type Shape, sameShape, sizeOf, type Tensor } from '../core/tensor.js'
import { finiteReals, wellFormed } from '../core/well-formed.js'
import { audible } from './scaling.js'

/** The part a tensor of a checkpoint plays. */
export type Role = 'weight' | 'gain' | 'bias' | 'mean' | 'variance' | 'counter' | 'rate' | 'leak'

/** One expected entry of a checkpoint. */
export interface Entry {
  readonly key: string
  readonly shape: Shape
  readonly role: Role
}

const faultsOf = (checked: Either.Either<Faults, unknown>): readonly Fault[] =>
  Either.isLeft(checked) ? checked.left : []

/**
 * What is wrong with an entry of a checkpoint: missing, not a tensor whose data fit its shape, misshapen, not finite, not
 * a rate, not a variance.
 */
export const entryFaults =
  (tensors: ReadonlyMap<string, Tensor>) =>
  ({ key, shape, role }: Entry): readonly Fault[] => {
    const found = tensors.get(key)
    // The counter only matters to training, and a PLIF's scalar is stored as [] or as [1].
    if (found === undefined) return role === 'counter' ? [] : [{ _tag: 'MissingKey', key, shape }]
    const form = faultsOf(wellFormed(key)(found))
    if (form.length > 0) return form
    const scalar = shape.length === 0 && sizeOf(found.shape) === 1
    if (!scalar && !sameShape(found.shape, shape))
      return [{ _tag: 'MisshapenKey', key, shape: found.shape, expected: shape }]
    if (role === 'counter') return []
    const numbers = faultsOf(finiteReals(key)(found))
    if (numbers.length > 0) return numbers
    const data = found.data as Reals
    if (role === 'rate') return faultsOf(audible(key, data))
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
