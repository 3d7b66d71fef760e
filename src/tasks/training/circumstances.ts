/** What training may only go on with: the version, seed, recipe, network and data it was begun with. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { shortened } from '../../core/fault.js'
import { fnv1a } from '../../core/random.js'
import type { Dataset, Plan } from './given.js'

/** A plan, and what its classes are called, where the data say it. */
export interface NamedPlan extends Plan {
  readonly names?: readonly string[] | null
}

/** The name under which the metadata of a state of training hold what it was begun with. */
export const CIRCUMSTANCES = 'circumstances'

/** A number for all bytes of a data set: another data set, or another order, has another. */
const fingerprint = ({ shape, data, labels }: Dataset): number => {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)
  return words.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193) >>> 0, fnv1a(JSON.stringify([shape, labels])))
}

/** What must be the same where training goes on, as JSON. */
export const circumstances = ({ config, recipe, seed, training, test, names }: NamedPlan, version: string): string =>
  JSON.stringify({
    version,
    seed,
    recipe,
    config,
    data: [fingerprint(training), test === null ? null : fingerprint(test)],
    ...(names === null || names === undefined ? {} : { names }),
  })

type Fields = Readonly<Record<string, unknown>>

/** An object in JSON. */
const fieldsOf = (text: string): Fields | null => {
  const parsed = Either.tryCatch(
    () => JSON.parse(text) as unknown,
    () => null,
  )
  return Either.isRight(parsed) && isFields(parsed.right) ? parsed.right : null
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two values of JSON are equal, in whatever order their fields are. */
const same = (one: unknown, other: unknown): boolean => {
  if (isFields(one) && isFields(other)) return unlike(one, other) === undefined
  return Array.isArray(one) && Array.isArray(other)
    ? one.length === other.length && one.every((value, i) => same(value, other[i]))
    : one === other
}

const unlike = (there: Fields, here: Fields): string | undefined =>
  [...new Set([...Object.keys(here), ...Object.keys(there)])].find((key) => !same(there[key], here[key]))

const shown = (value: unknown): string => (value === undefined ? 'none' : shortened(JSON.stringify(value)))

/**
 * What differs between circumstances that were found and those that are wanted, of a recipe or a configuration its first
 * field: null where nothing does, undefined where the former are none.
 */
export const difference = (found: string, wanted: string): string | null | undefined => {
  const [there, here] = [fieldsOf(found), JSON.parse(wanted) as Fields]
  if (there === null) return undefined
  const name = unlike(there, here)
  if (name === undefined) return null
  if (name === 'names') return 'data whose classes have other names'
  if (there[name] === undefined || here[name] === undefined) return undefined
  if (name === 'data') return 'other data'
  const what = name === 'config' ? 'configuration' : name
  const [before, now] = [there[name], here[name]]
  if (!isFields(now)) return `another ${what} (${shown(before)} there, ${shown(now)} here)`
  const fields = isFields(before) ? before : {}
  const field = unlike(fields, now)!
  return `another ${what} (${field}: ${shown(fields[field])} there, ${shown(now[field])} here)`
}
