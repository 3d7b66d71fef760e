/**
 * A network compiled once and run many times, on the fast interpreters.
 *
 * Weights are packed at the first run. A run is a pure function of its image: what it keeps in memory between runs never
 * reaches a result, and a thousand runs take the memory of one.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, reasonOf, refuse } from '../core/fault.js'
import { type Currents, type Reals, type Shape, showShape, type Tensor } from '../core/tensor.js'
import { type CurrentWire, givenCurrents, wiring } from '../interpreters/graph.js'
import type { Membranes } from '../model/kernels.js'
import { network, step, still } from '../model/network.js'
import type { Parameters } from '../model/parameters.js'
import { arrayMemory } from './machine/memory.js'
import { type Drawing, engine, type Outcome, type Potentials, potentialTensor, type Request } from './runner.js'
import { hasSimd, mayShare, wasmMemory } from './wasm/instance.js'
import { threadedEngine } from './wasm/team.js'

/** The fast interpreters: WebAssembly SIMD, or plain TypeScript, which runs wherever JavaScript runs. */
export type FastKernels = 'fast' | 'wasm'

/** What to run on. Both give the bits of `reference('float32')`, whatever the number of threads. */
export interface CompileOptions {
  /** `wasm` by default. */
  readonly kernels?: FastKernels
  /** 1 by default, which runs on the calling thread; more are workers. `fast` has one. */
  readonly threads?: number
}

/**
 * A compiled network; `R` is how results come, at once or as promises.
 *
 * Tensors have the time axis first: an image `[1, B, c, H, W]`, frames `[T, B, c, H, W]`, logits `[T, B, classes]`. An
 * input of another shape is an `Input` fault.
 */
export interface Runs<R> {
  /** What runs: what was asked for, or what this engine has. */
  readonly kernels: FastKernels
  readonly threads: number
  /** Why it is not what was asked for, in one sentence; otherwise null. */
  readonly notice: string | null
  /** The logits of a still image held for so many steps, from rest. */
  readonly still: (steps: number) => (image: Tensor<Reals>) => Result<R, Currents>
  /** The logits of frames, from rest. */
  readonly frames: (frames: Tensor<Reals>) => Result<R, Currents>
  /** One chunk of a stream, one frame or more: from the membranes the last chunk left (null: rest) to those it leaves. */
  readonly step: (
    state: Potentials | null,
  ) => (frames: Tensor<Reals>) => Result<R, readonly [logits: Currents, state: Potentials]>
}

/** At once, or as a promise. */
export type Result<R, A> = R extends 'promise' ? Promise<Either.Either<Faults, A>> : Either.Either<Faults, A>

/** A network on the calling thread. */
export type Compiled = Runs<'value'>

/** A network on threads. */
export interface Threaded extends Runs<'promise'> {
  /** Stops the threads. They keep no process alive, and end with the page. */
  readonly close: () => void
}

const rest: Membranes<never> = new Map<string, never>()

/** Draws a network for requests. */
const drawing = (parameters: Parameters): ((request: Request) => Drawing) => {
  const net = network(wiring)(parameters)
  return ({ shape, steps, still: isStill, resume }) => {
    const respond = isStill ? still(net)(steps) : step(net)
    const input = givenCurrents(shape, null)
    const before: Membranes<CurrentWire> = resume
      ? new Map([...respond(input)(rest)[1]].map(([key, wire]) => [key, givenCurrents(wire.shape, null)]))
      : rest
    const [logits, after] = respond(input)(before)
    return { input, logits, before, after }
  }
}

const refused = (problem: string, advice: string): Either.Either<Faults, never> => Either.left(refuse(problem, advice))

/** Whether a tensor is an input `[T, B, c, H, W]` of the network. */
const checked =
  ({ config: { channels, image } }: Parameters) =>
  (input: Tensor<Reals>, steps?: number): Either.Either<Faults, Tensor<Reals>> => {
    const frame = [channels, image.height, image.width]
    const fits = input.shape.length === 5 && frame.every((extent, i) => input.shape[i + 2] === extent)
    const counts = input.shape.slice(0, 2).every((extent) => extent >= 1)
    if (fits && counts && (steps === undefined || input.shape[0] === steps)) return Either.right(input)
    return refused(
      `an input of shape ${showShape(input.shape)} is not one of this network`,
      `give [${steps ?? 'T'}, B, ${frame.join(', ')}]`,
    )
  }

/** Whether membranes are those of a batch of so many samples. */
const resumable = (state: Potentials | null, shape: Shape): boolean =>
  state === null || [...state.values()].every((potential) => potential.shape[0] === shape[1])

const unavailable = (reason: unknown): Faults => [
  {
    _tag: 'Unavailable',
    what: `the run did not fit this engine (${reasonOf(reason)})`,
    advice: 'take a smaller batch, or fewer steps at a time',
  } satisfies Fault,
]

type Execute<A> = (request: Request, image: Tensor, state: Potentials | null) => A

interface Requested {
  readonly request: Request
  readonly input: Tensor<Reals>
  readonly state: Potentials | null
}

/** The requests behind the three ways to run. */
const requests = (parameters: Parameters) => {
  const check = checked(parameters)
  const fresh = { resume: false, keep: false }
  return {
    still: (steps: number, image: Tensor<Reals>): Either.Either<Faults, Requested> =>
      Number.isSafeInteger(steps) && steps >= 1
        ? Either.map((input: Tensor<Reals>) => ({
            input,
            state: null,
            request: { shape: input.shape, steps, still: true, ...fresh },
          }))(check(image, 1))
        : refused(`${steps} is not a number of steps`, 'give a whole number of at least 1'),
    frames: (frames: Tensor<Reals>): Either.Either<Faults, Requested> =>
      Either.map((input: Tensor<Reals>) => ({
        input,
        state: null,
        request: { shape: input.shape, steps: input.shape[0]!, still: false, ...fresh },
      }))(check(frames)),
    step: (state: Potentials | null, frames: Tensor<Reals>): Either.Either<Faults, Requested> =>
      Either.chain((input: Tensor<Reals>) =>
        resumable(state, input.shape)
          ? Either.right({
              input,
              state,
              request: {
                shape: input.shape,
                steps: input.shape[0]!,
                still: false,
                resume: state !== null,
                keep: true,
              },
            })
          : refused('the membranes are of another batch', 'give the membranes that the last chunk of this batch left'),
      )(check(frames)),
  }
}

const onThisThread = (
  parameters: Parameters,
  execute: Execute<Outcome>,
  head: Pick<Compiled, 'kernels' | 'threads' | 'notice'>,
): Compiled => {
  const ask = requests(parameters)
  const run = ({ request, input, state }: Requested): Either.Either<Faults, Outcome> =>
    Either.tryCatch(() => execute(request, input, state), unavailable)
  const logits = Either.map(([first]: Outcome) => first)
  return {
    ...head,
    still: (steps) => (image) => logits(Either.chain(run)(ask.still(steps, image))),
    frames: (frames) => logits(Either.chain(run)(ask.frames(frames))),
    step: (state) => (frames) => Either.chain(run)(ask.step(state, frames)),
  }
}

/**
 * Compiles a network for the calling thread. Where WebAssembly SIMD is missing `wasm` becomes `fast`, with a notice.
 *
 * @example
 * const net = compile({ kernels: 'wasm' })(parameters)
 * const logits = net.still(4)(image) // Either<Faults, [4, B, classes]>
 * logits // => Either.right(forward(network(reference('float32'))(parameters))(4)(image))
 */
export const compile =
  ({ kernels = 'wasm' }: Pick<CompileOptions, 'kernels'> = {}) =>
  (parameters: Parameters): Compiled => {
    const draw = drawing(parameters)
    if (kernels === 'wasm' && hasSimd())
      return onThisThread(parameters, engine(wasmMemory(), draw), { kernels, threads: 1, notice: null })
    return onThisThread(parameters, engine(arrayMemory(), draw), {
      kernels: 'fast',
      threads: 1,
      notice: kernels === 'fast' ? null : 'This engine has no WebAssembly SIMD; running plain TypeScript instead.',
    })
  }

/** A network on the calling thread, with results as promises. */
const promising = ({ still: hold, frames, step: chunk, ...head }: Compiled, notice: string | null): Threaded => ({
  ...head,
  notice: notice ?? head.notice,
  still: (steps) => async (image) => hold(steps)(image),
  frames: async (input) => frames(input),
  step: (state) => async (input) => chunk(state)(input),
  close: () => undefined,
})

/**
 * Compiles a network for threads, and starts them. Where memory cannot be shared (a page that is not cross-origin
 * isolated), or with one thread, it runs on the calling thread, with a notice where that was not asked for.
 *
 * @example
 * const net = await compileThreads({ threads: 2 })(parameters)() // Either<Faults, Threaded>
 * if (Either.isLeft(net)) throw new Error(describe(net.left[0]))
 * await net.right.still(4)(image) // => compile()(parameters).still(4)(image)
 * net.right.close()
 */
export const compileThreads =
  ({ kernels = 'wasm', threads = 1 }: CompileOptions = {}) =>
  (parameters: Parameters): TaskEither<Faults, Threaded> =>
  async () => {
    if (!(Number.isSafeInteger(threads) && threads >= 1))
      return refused(`${threads} is not a number of threads`, 'give a whole number of at least 1')
    const single = (notice: string | null): Either.Either<Faults, Threaded> =>
      Either.right(promising(compile({ kernels })(parameters), notice))
    if (threads === 1) return single(null)
    if (kernels === 'fast') return single('Plain TypeScript runs on one thread.')
    if (!hasSimd()) return single(null)
    if (!mayShare()) return single('This page may not share memory with threads; running on one.')
    const started = await threadedEngine(drawing(parameters), threads).then(Either.right, (reason: unknown) =>
      Either.left(unavailable(reason)),
    )
    if (Either.isLeft(started)) return single('This engine refused to start threads; running on one.')
    const { execute, close } = started.right
    const ask = requests(parameters)
    const run = (asked: Either.Either<Faults, Requested>): Promise<Either.Either<Faults, Outcome>> =>
      Either.isLeft(asked)
        ? Promise.resolve(asked)
        : execute(asked.right.request, asked.right.input, asked.right.state).then(Either.right, (reason: unknown) =>
            Either.left(unavailable(reason)),
          )
    const logits = Either.map(([first]: Outcome) => first)
    return Either.right({
      kernels: 'wasm',
      threads,
      notice: null,
      still: (steps) => async (image) => logits(await run(ask.still(steps, image))),
      frames: async (frames) => logits(await run(ask.frames(frames))),
      step: (state) => async (frames) => run(ask.step(state, frames)),
      close,
    })
  }

/**
 * The membranes a chunk left, as tensors by neuron key.
 *
 * @example
 * const chunk = compile()(parameters).step(null)(image)
 * pipe(chunk, Either.map(([, state]) => membranesOf(state).get('layers.0.0.activation_in')?.shape))
 * // => Either.right([1, 16, 16, 16])
 */
export const membranesOf = (state: Potentials): Membranes<Currents> =>
  new Map([...state].map(([key, potential]) => [key, potentialTensor(potential)]))
