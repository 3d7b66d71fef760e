/** Judging an implementation by laws. @module */
import { check, property, type RunDetails, sample } from 'fast-check'
import { fnv1a, hash32 } from '../core/random.js'
import type { Currents, Spikes } from '../core/tensor.js'
import { thrown } from './answers.js'
import { copyOf } from './copies.js'
import type { Implementation, Operation, Operations } from './implementation.js'
import type { Failure, Law, Options, Row, Verdict } from './law.js'
import { type Subject, subjectOf } from './translation.js'

/**
 * The seed of a law's cases: a hash of its id, shifted by the base.
 *
 * @example
 * seedOf('fire.tie') // => 1438497233
 */
export const seedOf = (id: string, base = 0): number => (fnv1a(id) ^ hash32(base)) | 0

/** Who is told how far the judging of a law is, so that one that is stopped can say where. */
export interface Watch {
  readonly begins: () => void
  /** The first case it does not hold of; smaller ones are looked for. */
  readonly finds: (sentence: string) => void
  /** Whether it was lost in the last case: then that case is the failure, and no smaller one is looked for. */
  readonly lost: () => boolean
}

const unwatched: Watch = { begins: () => undefined, finds: () => undefined, lost: () => false }

/** The verdict on a case, of which the implementation only ever sees a copy; an exception is a verdict like another. */
const holdsOf =
  (law: Law, { copies, values, reread, precision }: Subject) =>
  (x: unknown): Verdict => {
    try {
      const K = law.over === 'copies' ? copies : values
      return law.holds(K as Operations<Spikes, Currents>, { precision, reread })(copyOf(x))
    } catch (error) {
      return thrown(error)
    }
  }

/** Where the cases of a law begin, and how many there are. */
const casesOf = (law: Law, { runs = 100, base = 0, seed, path }: Options) => ({
  seed: seed ?? seedOf(law.id, base),
  numRuns: Math.min(runs, law.atMost),
  ...(path === undefined ? {} : { path }),
})

const failure = (law: Law, subject: Subject, details: RunDetails<[unknown]>, lost: string | null): Failure => {
  const counterexample = details.counterexample?.[0]
  const again = lost ?? holdsOf(law, subject)(counterexample)
  return {
    sentence: again === true ? 'failed, and held when asked again: the implementation is not deterministic' : again,
    counterexample,
    seed: details.seed,
    path: details.counterexamplePath ?? '',
  }
}

/** How many cases a law held of, or the smallest it did not. */
export type Outcome = number | Failure

/** Tries a law on its cases. */
export const tried = (law: Law, subject: Subject, options: Options, watch: Watch = unwatched): Outcome => {
  const holds = holdsOf(law, subject)
  const parameters = casesOf(law, options)
  let found = false
  let lost: string | null = null
  const asked = (x: unknown): boolean => {
    if (lost !== null) return true
    watch.begins()
    const verdict = holds(x)
    if (verdict !== true && watch.lost()) lost = verdict
    if (verdict !== true && !found) {
      found = true
      watch.finds(verdict)
    }
    return verdict === true
  }
  try {
    const details = check(property(law.given, asked), { ...parameters, endOnFailure: options.shrink === false })
    return details.failed ? failure(law, subject, details, lost) : details.numRuns
  } catch (error) {
    // Only a path that is not this law's, or a generator that fails, comes here.
    return { sentence: thrown(error), counterexample: undefined, seed: parameters.seed, path: options.path ?? '' }
  }
}

/** The failure of a law whose judging was stopped: in its `index`-th case, or in one smaller than that. */
export const stopped = (law: Law, options: Options, index: number, sentence: string): Failure => {
  const parameters = { seed: casesOf(law, options).seed, path: options.path ?? String(index) }
  try {
    return { sentence, counterexample: sample(law.given, { ...parameters, numRuns: 1 })[0], ...parameters }
  } catch {
    return { sentence, counterexample: undefined, ...parameters }
  }
}

/** The row of a law that is not tried: told to be skipped, about an operation that is not there, or blocked by another. */
export const untried = (
  { id, statement, needs, after }: Law,
  has: (operation: Operation) => boolean,
  earlier: ReadonlyMap<string, Row>,
  options: Options,
): Row | undefined => {
  const expectation = options.expectations?.[id]
  if (expectation?.expect === 'skip') return { id, statement, status: 'skip', why: expectation.why }
  const operations = needs.filter((operation) => !has(operation))
  if (operations.length > 0) return { id, statement, status: 'missing', operations }
  const by = after.filter((other) => (earlier.get(other)?.status ?? 'pass') !== 'pass')
  return by.length > 0 ? { id, statement, status: 'blocked', by } : undefined
}

/** The row of a law that was tried. */
export const rowOf = ({ id, statement, level }: Law, outcome: Outcome, options: Options): Row => {
  const expectation = options.expectations?.[id]
  if (typeof outcome === 'number')
    return expectation === undefined
      ? { id, statement, status: 'pass', runs: outcome }
      : { id, statement, status: 'xpass', why: expectation.why, runs: outcome }
  if (expectation !== undefined) return { id, statement, status: 'xfail', why: expectation.why, ...outcome }
  const asked = level === 'spikes' || options.level === 'bits'
  return { id, statement, status: asked ? 'fail' : 'beyond', ...outcome }
}

const judge = (law: Law, subject: Subject, earlier: ReadonlyMap<string, Row>, options: Options): Row =>
  untried(law, (operation) => subject.copies[operation] !== undefined, earlier, options) ??
  rowOf(law, tried(law, subject, options), options)

/** Refuses options that judge nothing. */
const usable = (options: Options): Options => {
  const { runs = 100 } = options
  if (!(Number.isSafeInteger(runs) && runs >= 1))
    throw new RangeError(`runs is ${runs}, should be a whole number of at least 1`)
  return options
}

/** The row of one law by itself, whatever it builds on. */
export const judgeOne = <S, C>(implementation: Implementation<S, C>, law: Law, options: Options = {}): Row =>
  judge(law, subjectOf(implementation), new Map(), usable(options))

/**
 * The rows one by one, in the order of the laws, each judged when it is asked for.
 *
 * @example
 * const [first] = rows({ kernels: reference('float32') }, select('fire.*')(laws))
 * first.status // => 'pass'
 */
export function* rows<S, C>(
  implementation: Implementation<S, C>,
  laws: readonly Law[],
  options: Options = {},
): Generator<Row, void> {
  usable(options)
  const subject = subjectOf(implementation)
  const earlier = new Map<string, Row>()
  for (const law of laws) {
    const row = judge(law, subject, earlier, options)
    earlier.set(law.id, row)
    yield row
  }
}

/**
 * Judges an implementation: one row a law, in the order of the laws. Whatever an implementation does, it does not throw
 * and does not stop, and the same arguments give the same rows; only `runs` that are no number of cases are a `RangeError`.
 *
 * @example
 * runLaws({ kernels: reference('float32') }, select('fire.*')(laws)).filter(({ status }) => status !== 'pass') // => []
 */
export const runLaws = <S, C>(
  implementation: Implementation<S, C>,
  laws: readonly Law[],
  options: Options = {},
): readonly Row[] => [...rows(implementation, laws, options)]

/**
 * Whether anything was judged: not where every law was missing, blocked or skipped.
 *
 * @example
 * anyJudged(runLaws({ kernels: {} }, laws)) // => false
 */
export const anyJudged = (rows: readonly Row[]): boolean =>
  rows.some(({ status }) => status !== 'missing' && status !== 'blocked' && status !== 'skip')

/**
 * What an expectations file and a row may not say: ids that are no law's, and laws that failed or passed unexpectedly.
 *
 * @example
 * const wrong = { kernels: { add: (a) => a } }
 * unexpected(runLaws(wrong, select('add.sum')(laws)), laws)
 * // => ['add.sum: sum[0,0,0,0,0] = 0, should be 0.0625']
 */
export const unexpected = (
  rows: readonly Row[],
  laws: readonly Law[],
  { expectations = {} }: Options = {},
): readonly string[] => {
  const ids = new Set(laws.map(({ id }) => id))
  return [
    ...Object.keys(expectations)
      .filter((id) => !ids.has(id))
      .map((id) => `${id}: the expectations name it, but there is no such law`),
    ...rows.flatMap((row) =>
      row.status === 'fail'
        ? [`${row.id}: ${row.sentence}`]
        : row.status === 'xpass'
          ? [`${row.id}: expected to fail, but it holds; take it out of the expectations`]
          : [],
    ),
  ]
}
