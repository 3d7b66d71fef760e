/** What training runs on. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { wasmConnect } from '../../compiled/gradient.js'
import type { Currents, Spikes } from '../../core/tensor.js'
import { connect } from '../../interpreters/gradient/bilinear.js'
import { tensorInterpreter } from '../../interpreters/interpreter.js'
import { reference } from '../../interpreters/reference.js'
import type { Engine } from './epoch.js'

/**
 * The reference in float32, and the gradients of its synapses on WebAssembly where the engine has it: the bits are the
 * same with any interpreter of float32, and with the readable gradients.
 */
export const trainingEngine = (): Engine<Spikes, Currents> => ({
  interpreter: tensorInterpreter(reference('float32')),
  connect: Either.getOrElse(() => connect('float32'))(wasmConnect()),
})
