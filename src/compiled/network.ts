/**
 * A network compiled once and run many times, on the fast back ends.
 *
 * Weights are packed at the first run. A run is a pure function of its input: what it keeps in memory between runs never
 * reaches a result, and a thousand runs take the memory of one. Many steps are run in chunks, so that memory does not grow
 * with them.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Currents, type Reals, sameShape, showShape, type Tensor } from '../core/tensor.js'
import type { Signal, Timed, Timing } from '../core/timing.js'
import { finiteReals } from '../core/well-formed.js'
import type { Costs } from '../interpreters/cost.js'
import type { NetworkParameters } from '../model/parameters.js'
import { type Backend, CLOSED, ended, INSTEAD, type Job } from './backend.js'
import { MOST_THREADS } from './machine/record.js'
import { type Potentials, rest } from './potentials.js'
import { type Asked, CHUNK, copied, graphsOf, jobOf, type Outcome } from './request.js'
import { runnerOn } from './runner.js'
import { typescriptBackend } from './typescript/backend.js'
import { wasmBackend } from './wasm/backend.js'
import { mayShare } from './wasm/instance.js'
import { START_LIMIT, teamBackend } from './wasm/team.js'

/** The fast back ends: WebAssembly SIMD, or plain TypeScript, which runs wherever JavaScript runs. */
export type FastKernels = 'fast' | 'wasm'

/** What to run on. Both give the bits of `reference('float32')`, whatever the number of threads. */
export interface CompileOptions {
  /** `wasm` by default. */
  readonly kernels?: FastKernels
  /** 1 by default, which runs on the calling thread; more are workers. `fast` has one. */
  readonly threads?: number
  /** How many milliseconds the threads may take to start: 10,000 by default. */
  readonly startLimit?: number
}

/** Who follows a run. */
export interface Following {
  /** An `AbortSignal`: stops the run, between two operations, when it is aborted. */
  readonly signal?: Signal
  /** Hears the path of each operation that is done, such as `layers.0.0.W`, and of how many steps at once. */
  readonly progress?: (path: string, steps: number) => void
}

/** At once, or as a promise. */
export type Result<R extends Timing, A> = Timed<R, Either.Either<Faults, A>>

/** The three ways to run; `R` is how results come, and each gives what `Gives` makes of logits and membranes. */
export interface Ways<R extends Timing, Logits, Chunk> {
  /** The logits of a still image held for so many steps, from rest. */
  readonly still: (steps: number) => (image: Tensor<Reals>, following?: Following) => Result<R, Logits>
  /** The logits of frames, from rest. */
  readonly frames: (frames: Tensor<Reals>, following?: Following) => Result<R, Logits>
  /**
   * One chunk of a stream, one frame or more: from the membranes the last chunk left (none: rest) to those it leaves, as
   * the model's own `step`.
   */
  readonly step: (frames: Tensor<Reals>, following?: Following) => (state: Potentials) => Result<R, Chunk>
}

/**
 * A compiled network; `R` is how results come, at once or as promises.
 *
 * Tensors have the time axis first: an image `[1, B, c, H, W]`, frames `[T, B, c, H, W]`, logits `[T, B, classes]`. An
 * input of another shape, or with a number that is not finite, is a fault; so are results that are not finite.
 */
export interface Runs<R extends Timing> extends Ways<R, Currents, readonly [logits: Currents, state: Potentials]> {
  /** What runs: what was asked for, or what this engine has. */
  readonly kernels: FastKernels
  readonly threads: number
  /** Why it is not what was asked for, in one sentence; otherwise null. */
  readonly notice: string | null
  /**
   * The same with what each operation cost: spikes are counted where they lie, which takes little, and the numbers are
   * those of the ledger over the reference.
   */
  readonly measured: Ways<
    R,
    readonly [logits: Currents, costs: Costs],
    readonly [logits: Currents, state: Potentials, costs: Costs]
  >
}

/** A network on the calling thread. */
export type Compiled = Runs<'value'>

/** A network on threads. */
export interface Threaded extends Runs<'promise'> {
  /** Stops the threads: runs under way, waiting or yet to come are faults. They keep no process alive, and end with the page. */
  readonly close: () => void
}

const refused = (problem: string, advice: string): Either.Either<Faults, never> => Either.left(refuse(problem, advice))

/** Whether a tensor is an input `[T, B, c, H, W]` of the network. */
const checked =
  ({ config: { channels, image } }: NetworkParameters) =>
  (given: Tensor<Reals>, steps?: number): Either.Either<Faults, Tensor<Reals>> =>
    pipe(
      finiteReals('the input')(given),
      Either.chain((input) => {
        const frame = [channels, image.height, image.width]
        const fits = input.shape.length === 5 && sameShape(input.shape.slice(2), frame)
        const counts = input.shape.slice(0, 2).every((extent) => extent >= 1)
        if (fits && counts && (steps === undefined || input.shape[0] === steps)) return Either.right(input)
        return refused(
          `an input of shape ${showShape(input.shape)} is not one of this network`,
          `give [${steps ?? 'T'}, B, ${frame.join(', ')}]`,
        )
      }),
    )

/** What is asked by the three ways to run. */
const asking = (parameters: NetworkParameters) => {
  const check = checked(parameters)
  return {
    still: (steps: number, image: Tensor<Reals>, tallied: boolean): Either.Either<Faults, Asked> =>
      Number.isSafeInteger(steps) && steps >= 1
        ? pipe(
            check(image, 1),
            Either.map((input) => ({ part: 'still', input, steps, state: rest, keep: false, tallied })),
          )
        : refused(`${steps} is not a number of steps`, 'give a whole number of at least 1'),
    frames: (frames: Tensor<Reals>, tallied: boolean): Either.Either<Faults, Asked> =>
      pipe(
        check(frames),
        Either.map((input) => ({ part: 'frames', input, steps: input.shape[0]!, state: rest, keep: false, tallied })),
      ),
    step: (frames: Tensor<Reals>, state: Potentials, tallied: boolean): Either.Either<Faults, Asked> =>
      pipe(
        check(frames),
        Either.map((input) => ({ part: 'frames', input, steps: input.shape[0]!, state, keep: true, tallied })),
      ),
  }
}

/** A network on a back end. */
export const networkOn = <R extends Timing>(
  backend: Backend<R>,
  parameters: NetworkParameters,
  head: Pick<Runs<R>, 'kernels' | 'notice'>,
): Runs<R> => {
  const ask = asking(parameters)
  const draw = graphsOf(parameters)
  const runner = runnerOn(backend, (path) => path)
  const run = <A>(
    found: Either.Either<Faults, Asked>,
    { signal, progress }: Following,
    give: (outcome: Outcome) => A,
  ): Result<R, A> => {
    const own = Either.map((asked: Asked) => (backend.busy() || asked.steps > CHUNK ? copied(asked) : asked))(found)
    let steps = 0
    const job = (function* (): Job<A> {
      if (Either.isLeft(own)) return own
      const outcome = yield* jobOf(runner, draw, (count) => {
        steps = count
      })(own.right)
      return Either.map(give)(outcome)
    })()
    return backend.perform(job, { signal, progress: progress && ((path) => progress(path, steps)) })
  }
  const ways = <Logits, Chunk>(
    tallied: boolean,
    logits: (outcome: Outcome) => Logits,
    chunk: (outcome: Outcome) => Chunk,
  ): Ways<R, Logits, Chunk> => ({
    still:
      (steps) =>
      (image, following = {}) =>
        run(ask.still(steps, image, tallied), following, logits),
    frames: (frames, following = {}) => run(ask.frames(frames, tallied), following, logits),
    step:
      (frames, following = {}) =>
      (state) =>
        run(ask.step(frames, state, tallied), following, chunk),
  })
  return {
    ...head,
    threads: backend.threads,
    ...ways(
      false,
      ({ output }) => output,
      ({ output, state }) => [output, state] as const,
    ),
    measured: ways(
      true,
      ({ output, costs: spent }) => [output, spent] as const,
      ({ output, state, costs: spent }) => [output, state, spent] as const,
    ),
  }
}

/**
 * Compiles a network for the calling thread. Where the engine does not have WebAssembly SIMD, `wasm` becomes `fast`, with
 * a notice that says why.
 *
 * @example
 * const net = compile({ kernels: 'wasm' })(parameters)
 * const logits = net.still(4)(image) // Either<Faults, [4, B, classes]>
 * logits // => Either.right(forward(network(reference('float32'))(parameters))(4)(image))
 */
export const compile =
  ({ kernels = 'wasm' }: Pick<CompileOptions, 'kernels'> = {}) =>
  (parameters: NetworkParameters): Compiled => {
    const fast = (notice: string | null): Compiled =>
      networkOn(typescriptBackend(), parameters, { kernels: 'fast', notice })
    switch (kernels) {
      case 'fast':
        return fast(null)
      case 'wasm': {
        const backend = wasmBackend()
        return Either.isRight(backend)
          ? networkOn(backend.right, parameters, { kernels, notice: null })
          : fast(`${backend.left}; ${INSTEAD}`)
      }
    }
  }

const ONE_THREAD = 'Plain TypeScript runs on one thread'

/** Why there are no threads, and why no WebAssembly: whatever is lacking is named, once. */
const bothNotices = (threads: string | null, kernels: string | null): string | null =>
  threads === null
    ? kernels
    : threads === ONE_THREAD
      ? `${threads}.`
      : kernels?.startsWith(threads) === true
        ? `${kernels} ${ONE_THREAD}.`
        : [`${threads}; running on one.`, ...(kernels === null ? [] : [kernels])].join(' ')

/** A network on the calling thread, with results as promises; closed, it refuses as threads do. */
const promising = (net: Compiled, notice: string | null): Threaded => {
  let closed = false
  const promised =
    <A extends readonly unknown[], B>(run: (...values: A) => Result<'value', B>) =>
    async (...values: A): Result<'promise', B> =>
      closed ? Either.left(ended(CLOSED)) : run(...values)
  const ways = <L, C>({ still, frames, step }: Ways<'value', L, C>): Ways<'promise', L, C> => ({
    still: (steps) => promised(still(steps)),
    frames: promised(frames),
    step: (frames, following) => promised(step(frames, following)),
  })
  return {
    kernels: net.kernels,
    threads: net.threads,
    notice,
    ...ways(net),
    measured: ways(net.measured),
    close: () => {
      closed = true
    },
  }
}

/**
 * Compiles a network for threads, and starts them. Where memory cannot be shared (a page that is not cross-origin
 * isolated), where threads do not start in time, or with one thread, it runs on the calling thread, with a notice where
 * that was not asked for.
 *
 * @example
 * const net = await compileThreads({ threads: 2 })(parameters)() // Either<Faults, Threaded>
 * if (Either.isLeft(net)) throw new Error(describe(net.left[0]))
 * await net.right.still(4)(image) // => compile()(parameters).still(4)(image)
 * net.right.close()
 */
export const compileThreads =
  ({ kernels = 'wasm', threads = 1, startLimit = START_LIMIT }: CompileOptions = {}) =>
  (parameters: NetworkParameters): TaskEither<Faults, Threaded> =>
  async () => {
    if (!(Number.isSafeInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
      return refused(`${threads} is not a number of threads`, `give a whole number from 1 to ${MOST_THREADS}`)
    const single = (reason: string | null): Either.Either<Faults, Threaded> => {
      const net = compile({ kernels })(parameters)
      return Either.right(promising(net, bothNotices(reason, net.notice)))
    }
    if (threads === 1) return single(null)
    if (kernels === 'fast') return single(ONE_THREAD)
    if (!mayShare()) return single('This page may not share memory with threads')
    const team = await teamBackend(threads, startLimit)
    if (Either.isLeft(team)) return single(team.left)
    const { right: backend } = team
    return Either.right({
      ...networkOn(backend, parameters, { kernels: 'wasm', notice: null }),
      close: backend.close,
    })
  }
