/** Judging an implementation by laws. @module */
import { check, property, type RunDetails } from 'fast-check'
import { fnv1a, hash32 } from '../core/random.js'
import type { Currents, Spikes } from '../core/tensor.js'
import { type Implementation, type Judged, judged, type Operations } from './implementation.js'
import type { Failure, Law, Options, Row, Verdict } from './law.js'

/**
 * The seed of a law's cases: a hash of its id, shifted by the base.
 *
 * @example
 * seedOf('fire.tie') // => 1438497233
 */
export const seedOf = (id: string, base = 0): number => (fnv1a(id) ^ hash32(base)) | 0

const thrown = (error: unknown): string => `threw ${error instanceof Error ? `${error.name}: ${error.message}` : error}`

/** The verdict on a case; an exception is a verdict like another. */
const holdsOf =
  (law: Law, K: Judged) =>
  (x: unknown): Verdict => {
    try {
      return law.holds(K as Operations<Spikes, Currents>)(x)
    } catch (error) {
      return thrown(error)
    }
  }

const failure = (law: Law, K: Judged, details: RunDetails<[unknown]>): Failure => {
  const counterexample = details.counterexample?.[0]
  const again = holdsOf(law, K)(counterexample)
  return {
    sentence: again === true ? 'failed, and held when asked again: the implementation is not deterministic' : again,
    counterexample,
    seed: details.seed,
    path: details.counterexamplePath ?? '',
  }
}

/** Tries a law on its cases: how many held, or the smallest that did not. */
const tried = (law: Law, K: Judged, { runs = 100, base = 0, shrink = true, seed, path }: Options): number | Failure => {
  const parameters = {
    seed: seed ?? seedOf(law.id, base),
    numRuns: Math.min(runs, law.atMost),
    endOnFailure: !shrink,
    ...(path === undefined ? {} : { path }),
  }
  const holds = holdsOf(law, K)
  try {
    const details = check(
      property(law.given, (x) => holds(x) === true),
      parameters,
    )
    return details.failed ? failure(law, K, details) : details.numRuns
  } catch (error) {
    // Only a path that is not this law's, or a generator that fails, comes here.
    return { sentence: thrown(error), counterexample: undefined, seed: parameters.seed, path: path ?? '' }
  }
}

const judge = (law: Law, K: Judged, earlier: ReadonlyMap<string, Row>, options: Options): Row => {
  const { id, statement } = law
  const expectation = options.expectations?.[id]
  if (expectation?.expect === 'skip') return { id, statement, status: 'skip', why: expectation.why }
  const operations = law.needs.filter((operation) => K[operation] === undefined)
  if (operations.length > 0) return { id, statement, status: 'missing', operations }
  const by = law.after.filter((other) => (earlier.get(other)?.status ?? 'pass') !== 'pass')
  if (by.length > 0) return { id, statement, status: 'blocked', by }
  const outcome = tried(law, K, options)
  if (typeof outcome === 'number')
    return expectation === undefined
      ? { id, statement, status: 'pass', runs: outcome }
      : { id, statement, status: 'xpass', why: expectation.why, runs: outcome }
  return expectation === undefined
    ? { id, statement, status: 'fail', ...outcome }
    : { id, statement, status: 'xfail', why: expectation.why, ...outcome }
}

/** The row of one law by itself, whatever it builds on. */
export const judgeOne = <S, C>(implementation: Implementation<S, C>, law: Law, options: Options = {}): Row =>
  judge(law, judged(implementation), new Map(), options)

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
  const K = judged(implementation)
  const earlier = new Map<string, Row>()
  for (const law of laws) {
    const row = judge(law, K, earlier, options)
    earlier.set(law.id, row)
    yield row
  }
}

/**
 * Judges an implementation: one row a law, in the order of the laws. Never throws, never stops at a failure, and the
 * same arguments give the same rows.
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

/**
 * The laws whose id matches a pattern, in which `*` stands for anything.
 *
 * @example
 * select('add.*')(laws).map(({ id }) => id) // => ['add.sum']
 */
export const select = (pattern: string): ((laws: readonly Law[]) => readonly Law[]) => {
  const literal = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'))
  const whole = new RegExp(`^${literal.join('.*')}$`)
  return (laws) => laws.filter(({ id }) => whole.test(id))
}
