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
import { type Fault, type Faults, refuse, unlessFaulty } from '../core/fault.js'
import {
  type Currents,
  elementType,
  type Reals,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  type Tensor,
  tensor,
} from '../core/tensor.js'
import type { Signal, Timed, Timing } from '../core/timing.js'
import { finiteReals } from '../core/well-formed.js'
import { type Cost, costs } from '../interpreters/cost.js'
import { type CurrentValue, drawing, givenCurrents, nodeOf } from '../interpreters/graph.js'
import type { Membranes } from '../model/kernels.js'
import { network } from '../model/network.js'
import type { NetworkParameters } from '../model/parameters.js'
import { type Backend, CLOSED, ended, INSTEAD, type Job } from './backend.js'
import { type Costing, costing } from './ledger.js'
import { type Bytes, readView, sameChannels, type View, writeView } from './machine/layout.js'
import type { Primitives } from './machine/primitives.js'
import type { Port } from './machine/program.js'
import { MOST_THREADS } from './machine/record.js'
import { type Runner, runnerOn, type Task } from './runner.js'
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

/**
 * The membranes of a network between two chunks, by neuron key: a plain value, as they lie in memory (channels last), so
 * that keeping and restoring them is one copy a layer. {@link membranesOf} gives them as tensors.
 */
export type Potentials = ReadonlyMap<string, Potential>

/** One layer's membranes: the numbers, where they lie, and the shape `[B, ...]` they stand for. */
export interface Potential {
  readonly shape: Shape
  readonly view: View
  readonly data: Float32Array
}

/** What each operation of a run cost, by path. */
export type Costs = ReadonlyMap<string, Cost>

/** At once, or as a promise. */
export type Result<R extends Timing, A> = Timed<R, Either.Either<Faults, A>>

/** The three ways to run; `R` is how results come, and each gives what `Gives` makes of logits and membranes. */
export interface Ways<R extends Timing, Logits, Chunk> {
  /** The logits of a still image held for so many steps, from rest. */
  readonly still: (steps: number) => (image: Tensor<Reals>, following?: Following) => Result<R, Logits>
  /** The logits of frames, from rest. */
  readonly frames: (frames: Tensor<Reals>, following?: Following) => Result<R, Logits>
  /** One chunk of a stream, one frame or more: from the membranes the last chunk left (null: rest) to those it leaves. */
  readonly step: (state: Potentials | null) => (frames: Tensor<Reals>, following?: Following) => Result<R, Chunk>
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

/** The most steps run together. */
const CHUNK = 32

/** What of a network is run at once: all of it on a held image or on frames, or the stem alone, or all behind it. */
type Part = 'still' | 'frames' | 'embed' | 'held'

interface Request {
  readonly part: Part
  readonly steps: number
  readonly batch: number
  readonly resume: boolean
  readonly keep: boolean
  readonly tallied: boolean
}

/** The graph of a request: its input, what it gives, and the membranes before (where it resumes) and after. */
interface Graph {
  readonly input: CurrentValue
  readonly output: CurrentValue
  readonly before: ReadonlyMap<string, CurrentValue>
  readonly after: ReadonlyMap<string, CurrentValue>
  readonly costing: Costing
}

const rest: Membranes<never> = new Map<string, never>()

/** Draws a network for requests. */
const graphsOf = (parameters: NetworkParameters): ((request: Request) => Graph) => {
  const { embed, hold, respond } = network(drawing)(parameters)
  const { channels, image } = parameters.config
  const frame = (steps: number, batch: number) =>
    givenCurrents([steps, batch, channels, image.height, image.width], null)
  return ({ part, steps, batch, resume }) => {
    const drawn = (input: CurrentValue, current: CurrentValue): Graph => {
      const before: Membranes<CurrentValue> = resume
        ? new Map([...respond(current)(rest)[1]].map(([key, { shape }]) => [key, givenCurrents(shape, null)]))
        : rest
      const [output, after] = respond(current)(before)
      return { input, output, before, after, costing: costing(output) }
    }
    switch (part) {
      case 'still': {
        const input = frame(1, batch)
        return drawn(input, hold(steps)(embed(input)))
      }
      case 'frames': {
        const input = frame(steps, batch)
        return drawn(input, embed(input))
      }
      case 'embed': {
        const input = frame(1, batch)
        const output = embed(input)
        return { input, output, before: rest, after: rest, costing: costing(output) }
      }
      case 'held': {
        const input = givenCurrents(embed(frame(1, batch)).shape, null)
        return drawn(input, hold(steps)(input))
      }
    }
  }
}

const floats = (bytes: Bytes, { view, base }: Port): Float32Array =>
  bytes.f32.subarray(base / 4, (base + view.steps * view.stepStride) / 4)

/** One layer's membranes as a tensor. */
const potentialTensor = ({ shape, view, data }: Potential): Currents => ({
  shape,
  data: readView({ f32: data } as Bytes, view, 0) as Float32Array,
})

/** What a run gave. */
interface Outcome {
  readonly output: Currents
  readonly state: Potentials
  readonly costs: Costs
}

/** The fault of a value in memory that is not finite everywhere; nothing where it is. */
const notFinite = (P: Primitives, key: string, { view, base }: Port): readonly Fault[] => {
  if (P.notFinite(base, (view.steps * view.stepStride) / 4) < 0) return []
  const data = readView(P.bytes(), view, base)
  const index = data.findIndex((x) => !Number.isFinite(x))
  return index < 0 ? [] : [{ _tag: 'NotFinite', key, index, value: data[index]! }]
}

const sameView = (a: View, b: View): boolean =>
  sameChannels(a, b) &&
  [a.batch, a.positions, a.rowStride, a.blockStride].join() ===
    [b.batch, b.positions, b.rowStride, b.blockStride].join()

const ANOTHER = 'give the membranes that the last chunk of this network and batch left'

/** Writes membranes that are those of the network and the batch, and finite. */
const resume = (
  P: Primitives,
  ports: ReadonlyMap<string, Port>,
  state: Potentials,
  before: readonly Fault[],
): Either.Either<Faults, null> => {
  const strange = [...state.keys()].filter((key) => !ports.has(key))
  if (strange.length > 0)
    return refused(`membranes are given of ${strange[0]}, which this network does not have`, ANOTHER)
  const faults = [...ports].flatMap(([key, port]): readonly Fault[] => {
    const found = state.get(key)
    if (found === undefined) return refuse(`the membranes of ${key} are missing`, ANOTHER)
    const to = floats(P.bytes(), port)
    const fits = sameShape(found.shape, port.shape) && sameView(found.view, port.view)
    if (!fits || elementType(found.data) !== 'float32' || found.data.length !== to.length)
      return refuse(
        `the membranes of ${key} are not of shape ${showShape(port.shape)}, or not as they were left`,
        ANOTHER,
      )
    to.set(found.data)
    return notFinite(P, key, port)
  })
  return unlessFaulty([...before, ...faults], () => null)
}

/** The task of a request on an input, from membranes. */
const taskOf = (
  draw: (request: Request) => Graph,
  request: Request,
  input: Tensor<Reals>,
  state: Potentials | null,
): Task<Graph, Outcome> => ({
  key: Object.values(request).join(' '),
  draw: () => draw(request),
  outputs: ({ output, after }) => [output, ...(request.keep ? after.values() : [])],
  tallied: request.tallied,
  write: (P, { graph, inputs }) => {
    const port = inputs.get(graph.input)!
    writeView(P.bytes(), port.view, port.base, input.data)
    const ports = new Map([...graph.before].map(([key, value]) => [key, inputs.get(value)!]))
    // A number of float64 may be too large for float32.
    const faults = notFinite(P, 'the input, in float32', port)
    return state === null ? unlessFaulty(faults, () => null) : resume(P, ports, state, faults)
  },
  read: (P, { graph, outputs, tallies }) => {
    const bytes = P.bytes()
    const port = outputs.get(graph.output)!
    const kept = request.keep ? [...graph.after].map(([key, value]) => [key, outputs.get(value)!] as const) : []
    const faults = [[nodeOf(graph.output)!.path, port] as const, ...kept].flatMap(([path, of]) =>
      notFinite(P, path, of),
    )
    return unlessFaulty(faults, () => ({
      output: { shape: port.shape, data: readView(bytes, port.view, port.base) as Float32Array },
      state: new Map(kept.map(([key, of]) => [key, potentialOf(bytes, of)])),
      costs: request.tallied ? graph.costing(bytes, tallies) : rest,
    }))
  },
})

const potentialOf = (bytes: Bytes, port: Port): Potential => ({
  shape: port.shape,
  view: { ...port.view, offset: 0 },
  data: floats(bytes, port).slice(),
})

const added = (a: Costs, b: Costs): Costs =>
  [...b].reduce((sum, [path, cost]) => sum.set(path, costs.concat(sum.get(path) ?? costs.empty, cost)), new Map(a))

/** `length` elements of the first axis. */
const part = ({ shape: [, ...inner], data }: Tensor<Reals>, from: number, length: number): Tensor<Reals> =>
  tensor([length, ...inner], data.subarray(from * sizeOf(inner), (from + length) * sizeOf(inner)))

const joined = (parts: readonly Currents[]): Currents => {
  const [first] = parts as readonly [Currents, ...Currents[]]
  if (parts.length === 1) return first
  const data = new Float32Array(parts.reduce((sum, { data: { length } }) => sum + length, 0))
  parts.reduce((at, { data: own }) => {
    data.set(own, at)
    return at + own.length
  }, 0)
  return tensor([parts.reduce((steps, { shape }) => steps + shape[0]!, 0), ...first.shape.slice(1)], data)
}

/** What is run of an input, and what is wanted of it. */
interface Asked {
  readonly part: 'still' | 'frames'
  readonly input: Tensor<Reals>
  readonly steps: number
  readonly state: Potentials | null
  readonly keep: boolean
  readonly tallied: boolean
}

/** The job of a run: in one program, or where the steps are many in chunks, of which the stem of a still image is one. */
const jobOf =
  (runner: Runner, draw: (request: Request) => Graph, hear: (steps: number) => void) =>
  ({ part: whole, input, steps, state, keep, tallied }: Asked): Job<Outcome> => {
    const batch = input.shape[1]!
    const run = (
      request: Omit<Request, 'batch' | 'tallied'>,
      of: Tensor<Reals>,
      from: Potentials | null,
    ): Job<Outcome> => {
      hear(request.steps)
      return runner.job(taskOf(draw, { ...request, batch, tallied }, of, from))
    }
    if (steps <= CHUNK) return run({ part: whole, steps, resume: state !== null, keep }, input, state)
    return (function* () {
      let held = input
      const logits: Currents[] = []
      let spent: Costs = rest
      let membranes = state
      if (whole === 'still') {
        const embedded = yield* run({ part: 'embed', steps: 1, resume: false, keep: false }, input, null)
        if (Either.isLeft(embedded)) return embedded
        held = embedded.right.output
        spent = embedded.right.costs
      }
      for (let t = 0; t < steps; t += CHUNK) {
        const own = Math.min(CHUNK, steps - t)
        const request = { part: whole === 'still' ? 'held' : whole, steps: own, resume: membranes !== null } as const
        const last = t + own === steps
        const outcome = yield* run(
          { ...request, keep: keep || !last },
          whole === 'still' ? held : part(input, t, own),
          membranes,
        )
        if (Either.isLeft(outcome)) return outcome
        logits.push(outcome.right.output)
        spent = added(spent, outcome.right.costs)
        membranes = outcome.right.state
      }
      return Either.right({ output: joined(logits), state: membranes!, costs: spent })
    })()
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
            Either.map((input) => ({ part: 'still', input, steps, state: null, keep: false, tallied })),
          )
        : refused(`${steps} is not a number of steps`, 'give a whole number of at least 1'),
    frames: (frames: Tensor<Reals>, tallied: boolean): Either.Either<Faults, Asked> =>
      pipe(
        check(frames),
        Either.map((input) => ({ part: 'frames', input, steps: input.shape[0]!, state: null, keep: false, tallied })),
      ),
    step: (state: Potentials | null, frames: Tensor<Reals>, tallied: boolean): Either.Either<Faults, Asked> =>
      pipe(
        check(frames),
        Either.map((input) => ({ part: 'frames', input, steps: input.shape[0]!, state, keep: true, tallied })),
      ),
  }
}

/** A copy of what a run is asked, for when the caller may write to its own before the run reads it. */
const copied = (asked: Asked): Asked => ({
  ...asked,
  input: tensor(asked.input.shape, asked.input.data.slice()),
  state:
    asked.state &&
    new Map([...asked.state].map(([key, potential]) => [key, { ...potential, data: potential.data.slice() }])),
})

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
      (state) =>
      (frames, following = {}) =>
        run(ask.step(state, frames, tallied), following, chunk),
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
    step: (state) => promised(step(state)),
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
