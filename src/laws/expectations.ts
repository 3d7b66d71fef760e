/** The expectations file of a port: which laws it breaks on purpose, or does not want tried. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Expectation, Expectations } from './law.js'

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isExpectation = (value: unknown): value is Expectation =>
  isRecord(value) &&
  (value['expect'] === 'fail' || value['expect'] === 'skip') &&
  typeof value['why'] === 'string' &&
  Object.keys(value).length === 2

/**
 * Reads expectations from parsed JSON; every entry that cannot be is named.
 *
 * @example
 * const known = { 'fire.tie': { expect: 'fail', why: 'the chip fires above the threshold only' } }
 * parseExpectations(known) // => Either.right(known)
 */
export const parseExpectations = (json: unknown): Either.Either<readonly string[], Expectations> => {
  if (!isRecord(json)) return Either.left(['expectations are an object from law ids to { expect, why }'])
  const problems = Object.entries(json).flatMap(([id, value]) =>
    isExpectation(value) ? [] : [`${id}: an expectation is { "expect": "fail" or "skip", "why": "..." }`],
  )
  return problems.length === 0 ? Either.right(json as Expectations) : Either.left(problems)
}
