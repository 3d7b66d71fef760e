/**
 * SpikingResformer as pure functions: the model, its interpreters, and what feeds them. Nothing here touches a file, a
 * clock or a random number; what does is in `spikingresformer/node`.
 *
 * @packageDocumentation
 */
export * from './checkpoint/safetensors.js'
export * from './checkpoint/source.js'
export * from './checkpoint/synthetic.js'
export * from './compile.js'
export * from './core/fault.js'
export * from './core/tensor.js'
export * from './input/digits.js'
export * from './input/evaluation.js'
export * from './input/events.js'
export * from './input/image.js'
export * from './input/network.js'
export * as contraction from './interpreters/contraction.js'
export * from './interpreters/ledger.js'
export * from './interpreters/multiplier-free/arithmetic.js'
export * from './interpreters/multiplier-free.js'
export * from './interpreters/observe.js'
export * from './interpreters/reference.js'
export * from './interpreters/shapes.js'
export * from './interpreters/trace.js'
export * from './model/config.js'
export * from './model/dssa.js'
export * from './model/gwsffn.js'
export * from './model/kernels.js'
export * from './model/network.js'
export * from './model/neurons.js'
export * from './model/parameters.js'
export * from './model/scaling.js'
