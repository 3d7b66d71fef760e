/** Choosing an interpreter: the one place that knows the defaults. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { fast, type WireInterpreter } from '../compiled/interpreter.js'
import { hasSimd } from '../compiled/wasm/instance.js'
import { wasm } from '../compiled/wasm/kernels.js'
import { type ThreadedWires, threadedWires } from '../compiled/wasm/threaded.js'
import { type Faults, reasonOf } from '../core/fault.js'
import type { Currents, Precision, Shape, Spikes } from '../core/tensor.js'
import { reference } from '../interpreters/reference.js'
import type { Kernels } from '../model/kernels.js'

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

/** An interpreter, and the way between its values and tensors. */
export interface Interpreter<S, C> {
  readonly kernels: Kernels<S, C>
  readonly fromCurrents: (currents: Currents) => C
  readonly spikes: (spikes: S) => Spikes
  readonly currents: (currents: C) => Currents
  /** The shape of currents, whether they are computed or not. */
  readonly shape: (currents: C) => Shape
  /** Computes values together that so far are only written down; null where each is computed as it is made. */
  readonly force: ((values: readonly (S | C)[]) => void | Promise<void>) | null
}

/** An interpreter of some carriers, that only who works for all carriers can use. */
export type Some = <R>(use: <S, C>(interpreter: Interpreter<S, C>) => R) => R

const some =
  <S, C>(interpreter: Interpreter<S, C>): Some =>
  (use) =>
    use(interpreter)

const eager = (kernels: Kernels<Spikes, Currents>): Interpreter<Spikes, Currents> => ({
  kernels,
  fromCurrents: (currents) => currents,
  spikes: (spikes) => spikes,
  currents: (currents) => currents,
  shape: ({ shape }) => shape,
  force: null,
})

const ofWires = (interpreter: WireInterpreter | ThreadedWires): Some =>
  some({ ...interpreter, shape: ({ shape }) => shape })

/** An interpreter, chosen. */
export interface Chosen {
  /** Why it is not what was asked for, in one sentence; otherwise null. */
  readonly notice: string | null
  readonly precision: Precision
  readonly name: KernelsName
  readonly threads: number
  readonly interpreter: Some
}

/** What a command is for decides what it runs with unless told: exact numbers, or results soon. */
export type Purpose = 'exact' | 'quick'

const precisionFor = (purpose: Purpose, { precision, kernels, threads }: KernelOptions): Precision =>
  precision ??
  (kernels === 'fast' || kernels === 'wasm' || (kernels === undefined && (purpose === 'quick' || threads !== undefined))
    ? 'float32'
    : 'float64')

/** The WebAssembly interpreter on so many threads. */
const onThreads = (threads: number): TaskEither.TaskEither<Faults, Some> =>
  threads === 1
    ? TaskEither.fromIO(() => ofWires(wasm()))
    : pipe(
        TaskEither.tryCatch(
          () => threadedWires(threads),
          (error): Faults => [
            { _tag: 'Unavailable', what: `no threads: ${reasonOf(error)}`, advice: 'leave --threads out' },
          ],
        ),
        TaskEither.map(ofWires),
      )

/**
 * The interpreter asked for. Left to choose, exact numbers are float64 by the reference, quick ones float32 by `wasm`;
 * where the engine has no SIMD, `fast` takes the place of `wasm`, bit for bit the same, with a notice.
 */
export const choose = (purpose: Purpose, options: KernelOptions): TaskEither.TaskEither<Faults, Chosen> => {
  const precision = precisionFor(purpose, options)
  const wanted = options.kernels ?? (precision === 'float32' ? 'wasm' : 'reference')
  const threads = options.threads ?? 1
  if (wanted === 'wasm' && hasSimd())
    return pipe(
      onThreads(threads),
      TaskEither.map((interpreter) => ({ precision, name: 'wasm', threads, interpreter, notice: null })),
    )
  const notice =
    wanted === 'wasm' ? 'this engine has no WebAssembly SIMD, so the fast kernels run instead of wasm' : null
  return TaskEither.right(
    wanted === 'reference'
      ? { precision, name: 'reference', threads: 1, interpreter: some(eager(reference(precision))), notice }
      : { precision, name: 'fast', threads: 1, interpreter: ofWires(fast()), notice },
  )
}
