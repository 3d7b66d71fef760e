/**
 * SpikingResformer as pure functions: the model, its interpreters, and what feeds them. Nothing here touches a file, a
 * clock or a random number; what does is in `spikingresformer/node`.
 *
 * @module spikingresformer
 */
// Of fp-ts, what the declarations name, so that a program's own declarations can name it without fp-ts beside it.
export type { Either } from 'fp-ts/lib/Either.js'
export type { Monoid } from 'fp-ts/lib/Monoid.js'
export type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
export type { State } from 'fp-ts/lib/State.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
export * from '../checkpoint/safetensors.js'
export * from '../checkpoint/source.js'
export * from '../checkpoint/synthetic.js'
export {
  type Compiled,
  type CompileOptions,
  type Costs,
  compile,
  compileThreads,
  type FastKernels,
  type Following,
  membranesOf,
  type Potential,
  type Potentials,
  type Result,
  type Runs,
  type Threaded,
} from '../compiled/network.js'
export * from '../core/fault.js'
export * from '../core/random.js'
export * from '../core/tensor.js'
export * from '../core/well-formed.js'
export * from '../core/window.js'
export * from '../input/batch.js'
export * from '../input/digits.js'
export * from '../input/evaluation.js'
export * from '../input/events.js'
export * from '../input/image.js'
export * as contraction from '../interpreters/contraction.js'
export * from '../interpreters/cost.js'
export { type Dual, dual } from '../interpreters/gradient/forward.js'
export { asTheAuthors, type Base, type Differentiation } from '../interpreters/gradient/performed.js'
export {
  detached,
  type Gradient,
  type Reverse,
  reverse,
  type Step,
  type Traced,
} from '../interpreters/gradient/reverse.js'
export { atan, type Surrogate } from '../interpreters/gradient/surrogate.js'
export { freshTraining, type Training } from '../interpreters/gradient/training.js'
export * from '../interpreters/interpreter.js'
export * from '../interpreters/multiplier-free/arithmetic.js'
export type { Pending, Unit } from '../interpreters/multiplier-free/pending.js'
export * from '../interpreters/multiplier-free.js'
export * from '../interpreters/reference.js'
export * from '../interpreters/shapes.js'
export * from '../model/config.js'
export * from '../model/dssa.js'
export type { Entry, Role } from '../model/entry.js'
export * from '../model/gwsffn.js'
export * from '../model/kernels.js'
export * from '../model/network.js'
export * from '../model/neurons.js'
export * from '../model/operation.js'
export * from '../model/parameters.js'
export * from '../model/scaling.js'
export * from '../observers/architecture.js'
export * from '../observers/ledger.js'
export * from '../observers/observe.js'
export * from '../observers/trace.js'
