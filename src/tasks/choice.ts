/** Choosing what a network is run with: the one place that knows the defaults. @module */
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

/** What was chosen, and is there. */
export interface Chosen {
  /** Why it is not what was asked for, in one sentence; otherwise null. */
  readonly notice: string | null
  readonly precision: Precision
  readonly name: KernelsName
  readonly threads: number
}

/** An interpreter that was chosen, for who wants to see every value. */
export interface ChosenInterpreter extends Chosen {
  readonly interpreter: Some
}

/** How a network that was chosen is run: compiled, or, where exact numbers are wanted of it, interpreted. */
export type Way =
  | { readonly kind: 'compiled'; readonly network: Threaded }
  | { readonly kind: 'interpreted'; readonly interpreter: Some }

/** A network that was chosen, for who wants the results and costs of many samples. */
export interface ChosenNetwork extends Chosen {
  readonly way: Way
}

/** What a command is for decides what it runs with unless told: exact numbers, or results soon. */
export type Purpose = 'exact' | 'quick'

const precisionFor = (purpose: Purpose, { precision, kernels, threads }: KernelOptions): Precision =>
  precision ??
  (kernels === 'fast' || kernels === 'wasm' || (kernels === undefined && (purpose === 'quick' || threads !== undefined))
    ? 'float32'
    : 'float64')

/** What is asked for. Left to choose, exact numbers are float64 by the reference, quick ones float32 by `wasm`. */
const askedFor = (
  purpose: Purpose,
  options: KernelOptions,
): { readonly name: KernelsName; readonly precision: Precision; readonly threads: number } => {
  const precision = precisionFor(purpose, options)
  const name = options.kernels ?? (precision === 'float32' ? 'wasm' : 'reference')
  return { name, precision, threads: options.threads ?? 1 }
}

/**
 * The interpreter asked for; where the engine does not have `wasm`, `fast` takes its place, bit for bit the same, with a
 * notice.
 */
export const chooseInterpreter = (
  purpose: Purpose,
  options: KernelOptions,
): TaskEither.TaskEither<Faults, ChosenInterpreter> => {
  const { name, precision, threads } = askedFor(purpose, options)
  const alone = { name, precision, threads: 1, notice: null }
  switch (name) {
    case 'reference':
      return TaskEither.right({ ...alone, interpreter: some(tensorInterpreter(reference(precision))) })
    case 'fast':
      return TaskEither.right({ ...alone, interpreter: some(fast()) })
    case 'wasm': {
      const one = wasm()
      if (one.notice !== null)
        return TaskEither.right({ ...alone, name: 'fast', notice: one.notice, interpreter: some(one) })
      return threads === 1
        ? TaskEither.right({ ...alone, interpreter: some(one) })
        : pipe(
            threaded(threads),
            TaskEither.map((team) => ({ ...alone, threads, interpreter: some(team) })),
          )
    }
  }
}

/**
 * The network asked for, compiled where it is not to be the reference's; what the engine does not have is replaced, bit
 * for bit the same, with a notice.
 */
export const chooseNetwork =
  (purpose: Purpose, options: KernelOptions) =>
  (parameters: NetworkParameters): TaskEither.TaskEither<Faults, ChosenNetwork> => {
    const { name, precision, threads } = askedFor(purpose, options)
    switch (name) {
      case 'reference': {
        const interpreter = some(tensorInterpreter(reference(precision)))
        return TaskEither.right({
          name,
          precision,
          threads: 1,
          notice: null,
          way: { kind: 'interpreted', interpreter },
        })
      }
      case 'fast':
      case 'wasm':
        return pipe(
          compileThreads({ kernels: name, threads })(parameters),
          TaskEither.map(
            (network): ChosenNetwork => ({
              name: network.kernels,
              precision,
              threads: network.threads,
              notice: network.notice,
              way: { kind: 'compiled', network },
            }),
          ),
        )
    }
  }
