/** Choosing an interpreter: the one place that knows the defaults. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { fast, threaded, wasm } from '../compiled/interpreter.js'
import { compileThreads, type Threaded } from '../compiled/network.js'
import type { Faults } from '../core/fault.js'
import type { Precision } from '../core/tensor.js'
import { type Interpreter, tensorInterpreter } from '../interpreters/interpreter.js'
import { reference } from '../interpreters/reference.js'
import type { NetworkParameters } from '../model/parameters.js'

/** The names of the interpreters a network can be run with. */
export const KERNELS = ['reference', 'fast', 'wasm'] as const

/** An interpreter by name. */
export type KernelsName = (typeof KERNELS)[number]

/** The precisions by name. */
export const PRECISIONS = ['float64', 'float32'] as const satisfies readonly Precision[]

/** What is said of how a network is to be run; what is not said is chosen. */
export interface KernelOptions {
  readonly precision?: Precision
  readonly kernels?: KernelsName
  readonly threads?: number
}

/** An interpreter of some carriers, that only who works for all carriers can use. */
export type Some = <R>(use: <S, C>(interpreter: Interpreter<S, C>) => R) => R

const some =
  <S, C>(interpreter: Interpreter<S, C>): Some =>
  (use) =>
    use(interpreter)

/** An interpreter, chosen. */
export interface Chosen {
  /** Why it is not what was asked for, in one sentence; otherwise null. */
  readonly notice: string | null
  readonly precision: Precision
  readonly name: KernelsName
  readonly threads: number
  readonly interpreter: Some
  /** A network compiled for it, which runs many samples without seeing every value; null where it is not compiled. */
  readonly compiled: ((parameters: NetworkParameters) => TaskEither.TaskEither<Faults, Threaded>) | null
}

/** What a command is for decides what it runs with unless told: exact numbers, or results soon. */
export type Purpose = 'exact' | 'quick'

const precisionFor = (purpose: Purpose, { precision, kernels, threads }: KernelOptions): Precision =>
  precision ??
  (kernels === 'fast' || kernels === 'wasm' || (kernels === undefined && (purpose === 'quick' || threads !== undefined))
    ? 'float32'
    : 'float64')

/**
 * The interpreter asked for. Left to choose, exact numbers are float64 by the reference, quick ones float32 by `wasm`;
 * where the engine does not have it, `fast` takes the place of `wasm`, bit for bit the same, with a notice.
 */
export const choose = (purpose: Purpose, options: KernelOptions): TaskEither.TaskEither<Faults, Chosen> => {
  const precision = precisionFor(purpose, options)
  const name = options.kernels ?? (precision === 'float32' ? 'wasm' : 'reference')
  const threads = options.threads ?? 1
  const alone = { precision, threads: 1, notice: null }
  switch (name) {
    case 'reference':
      return TaskEither.right({
        ...alone,
        name,
        interpreter: some(tensorInterpreter(reference(precision))),
        compiled: null,
      })
    case 'fast':
      return TaskEither.right({
        ...alone,
        name,
        interpreter: some(fast()),
        compiled: compileThreads({ kernels: 'fast' }),
      })
    case 'wasm': {
      const one = wasm()
      if (one.notice !== null || threads === 1)
        return TaskEither.right({
          ...alone,
          notice: one.notice,
          name: one.notice === null ? 'wasm' : 'fast',
          interpreter: some(one),
          compiled: compileThreads(),
        })
      return pipe(
        threaded(threads),
        TaskEither.map((team) => ({
          precision,
          name,
          threads,
          interpreter: some(team),
          compiled: compileThreads({ threads }),
          notice: null,
        })),
      )
    }
  }
}
