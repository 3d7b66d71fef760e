/**
 * The runner: the one place where a graph becomes a program, and a program runs.
 *
 * A run finds or compiles its program, makes the memory large enough, writes the constants that are not there yet and the
 * inputs, runs, and reads the outputs. Nothing it leaves in memory is ever read by the next, so equal inputs give equal
 * outputs. Programs are kept, the last used longest; constants until they take too much.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import type { Timing } from '../core/timing.js'
import type { Value } from '../interpreters/graph.js'
import type { Backend, Job } from './backend.js'
import { lower } from './compiler/lower.js'
import { type Constants, constantsFrom } from './machine/constants.js'
import type { Primitives } from './machine/primitives.js'
import { FIRST_FREE, type Port, type Program, type Tallied } from './machine/program.js'

/** A graph that was compiled: its program, and which port belongs to which value of the graph. */
export interface Plan<G> {
  readonly graph: G
  readonly program: Program
  readonly inputs: ReadonlyMap<Value, Port>
  readonly outputs: ReadonlyMap<Value, Port>
  /** Where the spikes of a neuron are counted, for those that were asked for. */
  readonly tallies: ReadonlyMap<Value, Tallied>
}

/** What is to be computed. */
export interface Task<G, A> {
  /** Graphs of one key are alike, so that their program is kept; null keeps nothing. */
  readonly key: string | null
  /** Draws the graph. */
  readonly draw: () => G
  /** What is wanted of it. */
  readonly outputs: (graph: G) => readonly Value[]
  /** Whether a value is at hand, besides those that are given. */
  readonly known?: (value: Value) => boolean
  /** Whether to count the spikes of each neuron. */
  readonly tallied?: boolean
  /** Writes the inputs, or says what is wrong with them. */
  readonly write: (P: Primitives, plan: Plan<G>) => Either.Either<Faults, unknown>
  /** Reads the outputs. */
  readonly read: (P: Primitives, plan: Plan<G>) => Either.Either<Faults, A>
}

/** What is kept at the most. */
export interface Limits {
  readonly programs: number
  /** Numbers in all kept programs. */
  readonly numbers: number
  /** Bytes of constants. */
  readonly constants: number
}

export const LIMITS: Limits = { programs: 64, numbers: 2 ** 21, constants: 2 ** 29 }

/** What a runner keeps. */
export interface Kept {
  readonly programs: number
  readonly numbers: number
  readonly constants: number
}

/** Compiles and runs graphs on a back end. */
export interface Runner {
  /** The job that computes one graph. */
  readonly job: <G, A>(task: Task<G, A>) => Job<A>
  /** Forgets all programs; parameters that go by the same keys take the place of those that went. */
  readonly rebind: () => void
  readonly kept: () => Kept
}

/** How many numbers a program is made of. */
const numbersIn = (value: unknown): number =>
  typeof value !== 'object' || value === null
    ? 1
    : Object.values(value).reduce<number>((sum, part) => sum + numbersIn(part), 0)

interface Entry {
  readonly plan: Plan<unknown>
  readonly numbers: number
}

/**
 * A runner on a back end.
 *
 * @param keyOf - what parameters go by: their path, in one network; or themselves, where networks may be many
 */
export const runnerOn = <R extends Timing>(
  backend: Backend<R>,
  keyOf: (path: string, parameters: unknown) => unknown,
  limits: Limits = LIMITS,
): Runner => {
  let constants: Constants = constantsFrom(FIRST_FREE)
  /** In the order of their last use. */
  const entries = new Map<string, Entry>()
  let numbers = 0

  const forget = (key: string): void => {
    const { plan, numbers: own } = entries.get(key)!
    entries.delete(key)
    numbers -= own
    backend.evict(plan.program)
  }
  const forgetAll = (): void => {
    for (const key of [...entries.keys()]) forget(key)
  }
  const keep = (key: string, plan: Plan<unknown>): void => {
    const own = numbersIn(plan.program.instructions)
    entries.set(key, { plan, numbers: own })
    numbers += own
    for (const oldest of [...entries.keys()]) {
      if (oldest === key || (entries.size <= limits.programs && numbers <= limits.numbers)) return
      forget(oldest)
    }
  }

  const compile = <G, A>({ draw, outputs, known, tallied }: Task<G, A>): Plan<G> => {
    if (constants.end() > limits.constants) {
      forgetAll()
      constants = constantsFrom(FIRST_FREE)
    }
    const end = constants.end()
    const graph = draw()
    const wanted = outputs(graph)
    const { program, feeds, tallies } = lower(wanted, {
      constants,
      keyOf,
      threads: backend.threads,
      known: known ?? (() => false),
      tallied: tallied ?? false,
    })
    // Constants that come late lie where other programs have values: those are compiled anew.
    if (constants.end() !== end) forgetAll()
    return {
      graph,
      program,
      inputs: new Map(feeds.map((value, i) => [value, program.inputs[i]!])),
      outputs: new Map(wanted.map((value, i) => [value, program.outputs[i]!])),
      tallies,
    }
  }

  const planOf = <G, A>(task: Task<G, A>): Plan<G> => {
    if (task.key === null) return compile(task)
    const known = entries.get(task.key)
    if (known !== undefined) {
      entries.delete(task.key)
      entries.set(task.key, known)
      return known.plan as Plan<G>
    }
    const plan = compile(task)
    keep(task.key, plan)
    return plan
  }

  return {
    *job(task) {
      const plan = planOf(task)
      const { program } = plan
      const memory = backend.memory(program.bytes + backend.threads * program.scratch)
      if (Either.isLeft(memory)) return memory
      const P = memory.right
      constants.write(P.bytes())
      const written = task.write(P, plan)
      if (Either.isLeft(written)) return written
      try {
        yield program
        return task.read(P, plan)
      } finally {
        if (task.key === null) backend.evict(program)
      }
    },
    rebind: forgetAll,
    kept: () => ({ programs: entries.size, numbers, constants: constants.end() }),
  }
}
