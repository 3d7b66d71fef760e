/** What an implementation answers, before it is believed: refused in one sentence where it is nothing to judge. @module */
import type { Currents, Spikes } from '../core/tensor.js'

const REFUSED = 'Answer'

/** A refusal of an answer: thrown, caught by the judge, its message the verdict. */
const refused = (message: string): Error => Object.assign(new Error(message), { name: REFUSED })

const oneLine = (text: string, most = 300): string => {
  const line = text.replace(/\s*\p{Cc}+\s*/gu, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most)} ...`
}

/** Any value on one line; it never throws, whatever the value does. */
const shown = (value: unknown): string => {
  try {
    if (typeof value === 'string') return `'${value}'`
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'object' || value === null) return String(value)
    if (ArrayBuffer.isView(value)) return `${(value as Float64Array).length} numbers`
    return JSON.stringify(value)
  } catch {
    return 'something that cannot be shown'
  }
}

/**
 * What was thrown, on one line: an error's name and message, or the value itself.
 *
 * @example
 * thrown(new RangeError('out of spikes')) // => 'threw RangeError: out of spikes'
 * thrown({ code: 7 }) // => 'threw {"code":7}'
 */
export const thrown = (error: unknown): string => {
  try {
    if (error instanceof Error)
      return oneLine(error.name === REFUSED ? error.message : `threw ${error.name}: ${error.message}`)
  } catch {
    return 'threw an error whose message cannot be read'
  }
  return oneLine(`threw ${shown(error)}`)
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

/** The value, unless it is a Promise: laws are synchronous. */
export const notPromised = <A>(name: string, value: A): A => {
  if (isObject(value) && typeof value['then'] === 'function')
    throw refused(`${name} returned a Promise, should return its result (operations are synchronous)`)
  return value
}

/** What must be called next, where an operation is curried. */
export const callable = <F>(name: string, value: F): F => {
  if (typeof notPromised(name, value) !== 'function')
    throw refused(`${name} returned ${oneLine(shown(value), 60)}, should return a function (operations are curried)`)
  return value
}

/** A tensor, its numbers in a typed array; an array of numbers is as good. */
export const tensorOf = <T extends Currents | Spikes>(name: string, value: T): T => {
  const x: unknown = notPromised(name, value)
  const isNumbers = (data: unknown): data is ArrayLike<number> => ArrayBuffer.isView(data) || Array.isArray(data)
  if (!isObject(x) || !Array.isArray(x['shape']) || !isNumbers(x['data']))
    throw refused(`${name} returned ${oneLine(shown(x), 60)}, should return a tensor { shape, data }`)
  return ArrayBuffer.isView(value.data) ? value : { ...value, data: Float64Array.from(value.data) }
}

/** Two results: two halves, or a result and the membranes after it. */
export const pairOf = <P extends readonly [unknown, unknown]>(name: string, value: P, what: string): P => {
  const x: unknown = notPromised(name, value)
  if (!Array.isArray(x) || x.length !== 2)
    throw refused(`${name} returned ${oneLine(shown(x), 60)}, should return ${what}`)
  return value
}

/** The membranes after a call. */
export const mapOf = <M extends ReadonlyMap<string, unknown>>(name: string, value: M): M => {
  const x: unknown = notPromised(name, value)
  if (!isObject(x) || typeof x['entries'] !== 'function' || typeof x['get'] !== 'function')
    throw refused(`${name} returned ${oneLine(shown(x), 60)} as the membranes, should return a Map`)
  return value
}
