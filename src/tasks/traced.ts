/** What `trace` prints, read back as untrusted text. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../core/fault.js'
import type { Shape } from '../core/tensor.js'

/** One hash of a trace. */
export interface Hashed {
  readonly name: string
  /** The operation that gave it; of a membrane, `membrane`. */
  readonly operation: string
  readonly shape: Shape
  readonly sha256: string
}

/** A trace, as far as two are compared. */
export interface TracedRun {
  /** The fields that say which run it is of, where they are there: variant, image, T, batch and so on. */
  readonly settings: ReadonlyMap<string, string>
  readonly spikes: readonly Hashed[]
  /** Null where it has none, as the trace of a port may. */
  readonly operations: readonly Hashed[] | null
  readonly membranes: readonly Hashed[] | null
  /** Of each field of numbers that is there, the numbers by the path to them, such as `meanLogits[0][3]`. */
  readonly numbers: ReadonlyMap<string, ReadonlyMap<string, number>>
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0)

const SETTINGS = ['variant', 'image', 'T', 'classes', 'batch', 'seed', 'frames', 'parameters', 'precision']

const NUMBERS = ['sops', 'sopsTotal', 'meanLogits', 'logitsPerStepSum', 'top1']

/** All numbers inside a value, by path. */
const numbersIn = (path: string, value: unknown): readonly (readonly [string, number])[] => {
  if (typeof value === 'number') return [[path, value]]
  if (Array.isArray(value)) return value.flatMap((item, i) => numbersIn(`${path}[${i}]`, item))
  return isFields(value) ? Object.entries(value).flatMap(([key, item]) => numbersIn(`${path}.${key}`, item)) : []
}

/**
 * The trace in a text.
 *
 * Refuses what is no JSON object, and lists of hashes that are none: each entry has the name (`layer`, `path` or `key`),
 * the shape and the 64 hexadecimal digits of a SHA-256, no name twice.
 *
 * @example
 * pipe(parseTrace('{ "layers": [] }'), Either.map(({ spikes }) => spikes)) // => Either.right([])
 * pipe(parseTrace('[]'), Either.mapLeft(([fault]) => describe(fault)))
 * // => Either.left('it is no trace: it is not a JSON object; give what the command trace printed, or a file of its --values')
 */
export const parseTrace = (text: string): Either.Either<Faults, TracedRun> => {
  const no = (problem: string): Faults =>
    refuse(`it is no trace: ${problem}`, 'give what the command trace printed, or a file of its --values')
  const json = Either.tryCatch(
    (): unknown => JSON.parse(text),
    () => no('it is not JSON'),
  )
  if (Either.isLeft(json)) return json
  const fields = json.right
  if (!isFields(fields)) return Either.left(no('it is not a JSON object'))
  if (!Object.hasOwn(fields, 'layers')) return Either.left(no('it has no field layers'))
  const faults: Fault[] = []
  const hashes = (
    field: string,
    nameField: string,
    named: string,
    operation: string | null,
  ): readonly Hashed[] | null => {
    if (!Object.hasOwn(fields, field)) return null
    const list = fields[field]
    if (!Array.isArray(list)) {
      faults.push(...no(`${field} is not a list`))
      return null
    }
    const seen = new Set<string>()
    return list.flatMap((entry: unknown, i): readonly Hashed[] => {
      const { [nameField]: name, operation: own, shape, sha256 } = isFields(entry) ? entry : ({} as Fields)
      const what = operation ?? own
      const right =
        typeof name === 'string' &&
        typeof what === 'string' &&
        isShape(shape) &&
        typeof sha256 === 'string' &&
        /^[\da-f]{64}$/.test(sha256)
      if (right && !seen.has(name)) {
        seen.add(name)
        return [{ name, operation: what, shape, sha256 }]
      }
      if (faults.length === 0)
        faults.push(
          ...no(
            right
              ? `${field} has ${name} twice`
              : `${field}[${i}] has not the ${named}, shape and sha256 in small hexadecimal digits that it must`,
          ),
        )
      return []
    })
  }
  const spikes = hashes('layers', 'layer', 'layer', 'fire') ?? []
  const counted = (Array.isArray(fields['layers']) ? fields['layers'] : []).filter(isFields)
  const run: TracedRun = {
    settings: new Map(
      SETTINGS.filter((field) => Object.hasOwn(fields, field)).map((field) => [field, JSON.stringify(fields[field])]),
    ),
    spikes,
    operations: hashes('operations', 'path', 'path, operation', null),
    membranes: hashes('membranes', 'key', 'key', 'membrane'),
    numbers: new Map([
      ...NUMBERS.filter((field) => Object.hasOwn(fields, field)).map(
        (field) => [field, new Map(numbersIn(field, fields[field]))] as const,
      ),
      ...(counted.some((layer) => Object.hasOwn(layer, 'spikes'))
        ? [
            [
              'spikes',
              new Map(counted.flatMap(({ layer, spikes: n }) => numbersIn(`spikes.${String(layer)}`, n))),
            ] as const,
          ]
        : []),
    ]),
  }
  return unlessFaulty(faults, () => run)
}
