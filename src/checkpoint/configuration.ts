/** Configurations in JSON, from a file or a checkpoint's metadata: untrusted, every fault named. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Fault, type Faults, nameOf, reasonOf, unlessFaulty } from '../core/fault.js'
import { preprocessings } from '../input/evaluation.js'
import {
  type Config,
  type StageConfig,
  type StemConfig,
  usualPreprocessing,
  validate,
  variants,
} from '../model/config.js'
import type { Charge, Reset } from '../model/kernels.js'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown): string => {
  const text = pipe(
    Either.tryCatch(() => JSON.stringify(value), nameOf),
    Either.getOrElse(() => 'a value nested too deeply'),
  )
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}

const fault = (field: string, problem: string): Fault => ({ _tag: 'Configuration', field, problem })

/** What is wrong with a field, if anything. */
type Check = (field: string, value: unknown) => readonly Fault[]

const number: Check = (field, value) =>
  typeof value === 'number' ? [] : [fault(field, `must be a number, not ${show(value)}`)]

/** Larger counts are slips of the keyboard, or meant to exhaust whoever reads them. */
const upTo =
  (most: number): Check =>
  (field, value) =>
    typeof value === 'number' && value > most
      ? [fault(field, `must be at most ${most}, not ${value}`)]
      : number(field, value)

const count = upTo(65_536)

const text: Check = (field, value) =>
  typeof value === 'string' ? [] : [fault(field, `must be a text, not ${show(value)}`)]

const oneOf =
  (...choices: readonly string[]): Check =>
  (field, value) =>
    choices.includes(value as string) ? [] : [fault(field, `must be ${choices.join(' or ')}, not ${show(value)}`)]

/** An object with exactly the given fields. */
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (field, value) => {
    if (!isObject(value)) return [fault(field, `must be an object, not ${show(value)}`)]
    const at = (name: string): string => (field === '' ? name : `${field}.${name}`)
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(fields, name))
    return [
      ...unknown.map((name) => fault(at(name), `is not a field; the fields are ${Object.keys(fields).join(', ')}`)),
      ...Object.entries(fields).flatMap(([name, check]) =>
        Object.hasOwn(value, name) ? check(at(name), value[name]) : [fault(at(name), 'is missing')],
      ),
    ]
  }

/** The fields of each kind of a union, beside `kind`. */
type Kinds<U extends { readonly kind: string }> = {
  readonly [K in U['kind']]: { readonly [F in Exclude<keyof Extract<U, { readonly kind: K }>, 'kind'>]: Check }
}

/** An object whose `kind` says which fields it has. */
const tagged =
  (kinds: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  (field, value) => {
    if (!isObject(value)) return [fault(field, `must be an object, not ${show(value)}`)]
    if (!Object.hasOwn(value, 'kind')) return [fault(`${field}.kind`, 'is missing')]
    const kind = oneOf(...Object.keys(kinds))(`${field}.kind`, value['kind'])
    return kind.length > 0 ? kind : record({ kind: text, ...kinds[value['kind'] as string] })(field, value)
  }

const stage = record({ planes: count, heads: count, patch: count, depth: upTo(256) } satisfies Readonly<
  Record<keyof StageConfig, Check>
>)

const stages: Check = (field, value) =>
  Array.isArray(value) && value.length <= 16
    ? value.flatMap((item, i) => stage(`${field}[${i}]`, item))
    : [fault(field, `must be a list of at most 16 stages, not ${show(value)}`)]

const three: Check = (field, value) =>
  Array.isArray(value) && value.length === 3
    ? value.flatMap((item, i) => number(`${field}[${i}]`, item))
    : [fault(field, `must be a list of three numbers, not ${show(value)}`)]

const config = record({
  name: text,
  image: record({ height: count, width: count }),
  channels: count,
  stem: tagged({ imagenet: {}, plain: {} } satisfies Kinds<StemConfig>),
  stages,
  ratio: count,
  groupWidth: count,
  classes: count,
  charge: tagged({ IF: {}, LIF: { tau: number }, PLIF: { w: number } } satisfies Kinds<Charge>),
  threshold: number,
  reset: tagged({ hard: { value: number }, soft: {} } satisfies Kinds<Reset>),
  steps: count,
  preprocessing: tagged({
    ...Object.fromEntries(preprocessings.map((kind) => [kind, {}])),
    own: { mean: three, deviation: three, crop: number, interpolation: oneOf('bicubic', 'bilinear') },
  }),
} satisfies Readonly<Record<keyof Config, Check>>)

/**
 * A configuration from a JSON value: an object with the fields of `Config`, and optionally `extends`, the name of a
 * variant that gives the fields left out. Unknown, missing and mistyped fields are all named at once; if there are
 * none, every inconsistency. A stem may be the name of its kind, as files have it that were written before it was an object.
 *
 * @example
 * parseConfig({ extends: 'ti', name: 'mine', classes: 50 }) // => Either.right({ ...variants.ti, name: 'mine', classes: 50 })
 */
export const parseConfig = (value: unknown): Either.Either<Faults, Config> => {
  if (!isObject(value)) return Either.left([fault('it', `must be an object, not ${show(value)}`)])
  const { extends: base, ...own } = value
  const unknownBase = base === undefined ? [] : oneOf(...Object.keys(variants))('extends', base)
  const stem = typeof own['stem'] === 'string' ? { stem: { kind: own['stem'] } } : {}
  const given: Json = { ...(unknownBase.length === 0 ? variants[base as string] : {}), ...own, ...stem }
  // A variant of other classes or another size sees other images; what does not say is what its build tells.
  const usual = { ...given, preprocessing: variants.ti.preprocessing }
  const fields =
    'preprocessing' in own || config('', usual).length > 0
      ? given
      : { ...given, preprocessing: usualPreprocessing(usual as unknown as Config) }
  return pipe(
    unlessFaulty(unknownBase.length > 0 ? unknownBase : config('', fields), () => fields as unknown as Config),
    Either.chain(validate),
  )
}

/**
 * The same from JSON text.
 *
 * @example
 * parseConfigText('{ "extends": "ti", "classes": 50 }') // => Either.right({ ...variants.ti, classes: 50 })
 */
export const parseConfigText = (json: string): Either.Either<Faults, Config> =>
  pipe(
    Either.tryCatch(
      () => JSON.parse(json) as unknown,
      (error): Faults => [
        {
          _tag: 'Format',
          format: 'configuration',
          problem: nameOf(error) === 'SyntaxError' ? 'it is not JSON' : `it could not be read: ${reasonOf(error)}`,
          advice: 'see `spikingresformer inspect --help`',
        },
      ],
    ),
    Either.chain(parseConfig),
  )
