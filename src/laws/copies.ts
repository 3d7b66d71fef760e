/** Deep copies of what laws hand out, and where two values first differ. @module */

const isView = (value: object): value is Float64Array => ArrayBuffer.isView(value)

/** The entries of a value that has some: a map's, an array's or an object's. */
const entriesOf = (value: object): readonly (readonly [string, unknown])[] =>
  value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)] : Object.entries(value)

/**
 * A deep copy: of tensors, maps, arrays and objects; functions and primitive values are themselves.
 *
 * @example
 * const x = { shape: [1], data: Float64Array.of(1) }
 * copyOf(x) // => x
 * copyOf(x) === x // => false
 */
export const copyOf = <X>(value: X): X => {
  if (typeof value !== 'object' || value === null) return value
  if (isView(value)) return value.slice() as X
  if (Array.isArray(value)) return value.map(copyOf) as X
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, copyOf(inner) as unknown])) as X
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner) as unknown])) as X
}

const show = (value: unknown): string => {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return String(value)
  if (isView(value)) return `${value.length} numbers`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  return value instanceof Map ? 'a map' : `{ ${Object.keys(value).join(', ')} }`
}

/** Numbers, whatever array they are in. */
const isNumbers = (value: unknown): value is ArrayLike<number> =>
  typeof value === 'object' &&
  value !== null &&
  (isView(value) || (Array.isArray(value) && value.every((x) => typeof x === 'number')))

/**
 * Where a value first differs from what it should be, in one sentence; `undefined` where nowhere. Numbers are compared
 * with `===` (and NaN with NaN), arrays of numbers whatever their type; every key must be there, and none besides, unless
 * `surplus` says that more is no harm.
 *
 * @example
 * difference('p', { stride: 1 }, { stride: 2 }) // => 'p.stride = 1, should be 2'
 */
export const difference = (
  place: string,
  found: unknown,
  expected: unknown,
  surplus: 'refused' | 'allowed' = 'refused',
): string | undefined => {
  if (isNumbers(found) && isNumbers(expected)) {
    if (found.length !== expected.length) return `${place} has ${found.length} numbers, should have ${expected.length}`
    for (let i = 0; i < expected.length; i++)
      if (!(found[i] === expected[i] || (Number.isNaN(found[i]) && Number.isNaN(expected[i]))))
        return `${place}[${i}] = ${found[i]}, should be ${expected[i]}`
    return undefined
  }
  if (typeof found !== 'object' || found === null || typeof expected !== 'object' || expected === null)
    return Object.is(found, expected) || found === expected
      ? undefined
      : `${place} = ${show(found)}, should be ${show(expected)}`
  const [mine, theirs] = [new Map(entriesOf(found)), new Map(entriesOf(expected))]
  for (const key of theirs.keys()) if (!mine.has(key)) return `${place} has no ${key}, should have one`
  if (surplus === 'refused')
    for (const key of mine.keys()) if (!theirs.has(key)) return `${place} has ${key}, should have none`
  for (const [key, inner] of theirs) {
    const differs = difference(`${place}.${key}`, mine.get(key), inner, surplus)
    if (differs !== undefined) return differs
  }
  return undefined
}
