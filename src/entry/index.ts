/**
 * SpikingResformer as pure functions: the model, its reference, the compiled network, and what feeds them. Nothing here
 * touches a file, a clock or a random number; what does is in `spikingresformer/node`.
 *
 * @module spikingresformer
 */

// Tensors
export type { Currents, Numbers, Precision, Reals, Shape, Size, Spikes, Tensor } from '../core/tensor.js'
export { sizeOf, tensor } from '../core/tensor.js'

// Model
export type { Config, StageConfig, StemConfig } from '../model/config.js'
export { featureMaps, usualPreprocessing, validate, variants } from '../model/config.js'
export { dssa } from '../model/dssa.js'
export { gwsffn } from '../model/gwsffn.js'
export type {
  BatchNorm,
  Charge,
  Convolution,
  Kernels,
  Membranes,
  Neuron,
  Pool,
  Reset,
  Stateful,
  Stem,
  Synapse,
} from '../model/kernels.js'
export type { Network } from '../model/network.js'
export { forward, forwardFrames, fromRest, network, step, still } from '../model/network.js'
export type { Dssa, Gwsffn, Layer, NetworkParameters, Stage } from '../model/parameters.js'
export { headScale, movingRate } from '../model/scaling.js'

// Reference
export { reference } from '../interpreters/reference.js'

// Compiled
export type { Signal, Timed, Timing } from '../core/timing.js'
export type {
  Compiled,
  CompileOptions,
  FastKernels,
  Following,
  Result,
  Runs,
  Threaded,
  Ways,
} from '../compiled/network.js'
export { compile, compileThreads } from '../compiled/network.js'
export type { Potential, Potentials } from '../compiled/potentials.js'
export { membranesOf } from '../compiled/potentials.js'

// Checkpoints
export { parseConfig, parseConfigText } from '../checkpoint/configuration.js'
export { recognise } from '../checkpoint/recognise.js'
export type { Safetensors } from '../checkpoint/safetensors.js'
export { decodeSafetensors, decodeSafetensorsSource, encodeSafetensors } from '../checkpoint/safetensors.js'
export type { BlobLike, BlobRange, Source } from '../checkpoint/source.js'
export { sourceOfBlob, sourceOfBytes } from '../checkpoint/source.js'
export { syntheticCheckpoint, syntheticInput } from '../checkpoint/synthetic.js'
export type { Entry, Role } from '../model/entry.js'
export { flatten, layout, mapParameters, parameterCount, parse } from '../model/parameters.js'
export type { Extent, Said } from '../tasks/load.js'
export { load } from '../tasks/load.js'

// Inputs
export type { Layout, NetworkInput } from '../input/batch.js'
export { networkInput } from '../input/batch.js'
export type { Digit } from '../input/digits.js'
export { digitsInput, digitsValues, parseDigits, splitDigits } from '../input/digits.js'
export type { Interpolation, Preprocessing, Recipe } from '../input/evaluation.js'
export { evaluationInput, evaluationPixels, preprocessings, recipeOf } from '../input/evaluation.js'
export type { Column, Events, Split } from '../input/events.js'
export { integrateEvents } from '../input/events.js'
export type { Image } from '../input/image.js'
export { imageOf } from '../input/image.js'
export type { InputOptions, Read, Sample } from '../tasks/samples.js'
export { digitSample, imageSample, samplesOf, tensorSamples } from '../tasks/samples.js'

// Results
export type { Activity, Scored, Summary } from '../tasks/classification.js'
export { summary, topOf } from '../tasks/classification.js'
export { confusionOf } from '../tasks/evaluation.js'
export type { Hash } from '../core/hash.js'
export type { FollowedRun, Golden, TracedValue } from '../tasks/golden.js'
export { beginning, followed, goldenRow, valuesOf } from '../tasks/golden.js'
export type { Chunk, ObservedOptions } from '../tasks/observed.js'
export { observed } from '../tasks/observed.js'

// Cost
export type { Cost, Costs } from '../interpreters/cost.js'
export { costs } from '../interpreters/cost.js'
export { energy, JOULES_PER_MAC, JOULES_PER_SOP, total } from '../observers/ledger.js'
export { architectureOf, denseMacs } from '../tasks/architecture.js'

// Faults
export type { Fault, Faults } from '../core/fault.js'
export { describe, inFile } from '../core/fault.js'

// Types of `spikingresformer/interpreters` that the declarations name, so that a program's own declarations can too
export type { Interpreter } from '../interpreters/interpreter.js'
export type { ArchitectureRow } from '../observers/architecture.js'
export type { Notes } from '../observers/observe.js'

// Types of fp-ts that the declarations name, so that a program's own declarations can name them without fp-ts beside it
export type { Either } from 'fp-ts/lib/Either.js'
export type { Monoid } from 'fp-ts/lib/Monoid.js'
export type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
export type { State } from 'fp-ts/lib/State.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
