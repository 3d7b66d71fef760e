/**
 * Interpreters of the model's text and what observes them: for who runs the network in numbers of their own, counts or
 * keeps what happens in it, draws it, or translates it.
 *
 * @module spikingresformer/interpreters
 */

// Interpreters
export type { Carriers, Interpreter } from '../interpreters/interpreter.js'
export { tensorInterpreter, tensorKernels, tensors } from '../interpreters/interpreter.js'

// Calls as data
export type {
  Apply,
  Call,
  Carrier,
  CarriersOf,
  Definitions,
  InputsOf,
  OperationName,
  OutputsOf,
  ParametersOf,
  Run,
  Signature,
  Signatures,
  Translation,
} from '../model/operation.js'
export {
  applyIn,
  applyOf,
  callOf,
  carriers,
  kernelsOf,
  operationNames,
  translateCall,
  translateInputs,
  translateOutputs,
} from '../model/operation.js'

// Shapes and graph
export type { CurrentValue, Given, Node, NodeOf, Output, SpikeValue, Value } from '../interpreters/graph.js'
export { drawing, givenCurrents, givenSpikes, inputsOf, nodeOf } from '../interpreters/graph.js'
export type { Checked } from '../interpreters/shapes.js'
export { shapes } from '../interpreters/shapes.js'

// Gradients
export type { Bilinear, Connect, Connection } from '../interpreters/gradient/bilinear.js'
export { connect } from '../interpreters/gradient/bilinear.js'
export type { Dual } from '../interpreters/gradient/forward.js'
export { dual } from '../interpreters/gradient/forward.js'
export type { Value as Differentiable, Vector } from '../interpreters/gradient/map.js'
export type { Base, Differentiation, Performed } from '../interpreters/gradient/performed.js'
export { asTheAuthors } from '../interpreters/gradient/performed.js'
export type { AnyTraced, Gradient, Reverse, Step, Traced } from '../interpreters/gradient/reverse.js'
export { detached, reverse } from '../interpreters/gradient/reverse.js'
export { smooth } from '../interpreters/gradient/smooth.js'
export type { Surrogate } from '../interpreters/gradient/surrogate.js'
export { atan } from '../interpreters/gradient/surrogate.js'
export type { Scaling, Statistics, Training } from '../interpreters/gradient/training.js'
export { freshTraining } from '../interpreters/gradient/training.js'

// Contraction
export type { Reach, Wiring } from '../interpreters/contraction.js'
export { contract, convolution, product, synapses } from '../interpreters/contraction.js'

// Multiplier-free
export type { Arithmetic, Representation } from '../interpreters/multiplier-free/arithmetic.js'
export { fixedPoint, floating } from '../interpreters/multiplier-free/arithmetic.js'
export type { Pending, Unit } from '../interpreters/multiplier-free/pending.js'
export type { Ends } from '../interpreters/multiplier-free.js'
export { multiplierFree } from '../interpreters/multiplier-free.js'
export { neurons } from '../model/neurons.js'

// Compiled interpreters
export type { LazyInterpreter, Noticed, ThreadedInterpreter } from '../compiled/interpreter.js'
export { fast, threaded, wasm } from '../compiled/interpreter.js'

// Observers
export type { Tally } from '../interpreters/cost.js'
export { costOf, fanOut, tallyOf } from '../interpreters/cost.js'
export type { ArchitectureRow, Geometry } from '../observers/architecture.js'
export { architecture } from '../observers/architecture.js'
export type { Flips } from '../observers/flips.js'
export { flips } from '../observers/flips.js'
export { costOfCall, ledger } from '../observers/ledger.js'
export type { Notes, Observed } from '../observers/observe.js'
export { joining, observe, unobserved } from '../observers/observe.js'
export { progress } from '../observers/progress.js'
export type { Line } from '../observers/trace.js'
export { lineOf, trace } from '../observers/trace.js'
