/** The interpreter that training differentiates. @module */
import type { Currents, Spikes } from '../../core/tensor.js'
import { type Interpreter, tensorInterpreter } from '../../interpreters/interpreter.js'
import { reference } from '../../interpreters/reference.js'

/** The reference in float32: any other interpreter of float32 has the same bits. */
export const trainingInterpreter = (): Interpreter<Spikes, Currents> => tensorInterpreter(reference('float32'))
