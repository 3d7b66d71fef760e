/** How far the cases of a law reach, read off the cases themselves: they are what its generator draws. @module */
import { sample } from 'fast-check'
import { type Budgets, bits } from './budget.js'
import { seedOf } from './judge.js'
import type { Law } from './law.js'

/** The least and the largest of some numbers, or the few words there are. */
interface Reach {
  readonly least: number
  readonly largest: number
  readonly words: readonly string[]
}

/** How far the cases of a law reach: of each quantity by name, each extent of its shape, or itself. */
export interface Bounds {
  readonly id: string
  readonly cases: number
  readonly quantities: readonly (readonly [name: string, reaches: readonly Reach[]])[]
}

const isTensor = (value: object): value is { readonly shape: readonly number[]; readonly data: unknown } =>
  'shape' in value && 'data' in value && Array.isArray(value.shape)

type Quantity = readonly [name: string, values: readonly (number | string)[]]

/** The quantities of a case: numbers and words by the last name on the way to them, tensors by their shapes. */
const quantities = (value: unknown, name: string): readonly Quantity[] => {
  if (typeof value === 'number') return name === 'seed' ? [] : [[name, [value]]]
  if (typeof value === 'string') return name === 'key' || name === 'name' ? [] : [[name, [value]]]
  if (typeof value === 'boolean') return [[name, [String(value)]]]
  if (typeof value !== 'object' || value === null || value instanceof Map) return []
  if (ArrayBuffer.isView(value)) return [[`length of ${name}`, [(value as Uint8Array).length]]]
  if (isTensor(value)) return [[`shape of ${name}`, value.shape]]
  if (Array.isArray(value) && value.every((x) => typeof x === 'number'))
    return value.length > 6 ? [[`length of ${name}`, [value.length]]] : [[name, value]]
  return Object.entries(value).flatMap(([key, inner]) => quantities(inner, Array.isArray(value) ? name : key))
}

const reachOf = (values: readonly (number | string)[]): Reach => {
  const numbers = values.filter((x) => typeof x === 'number')
  return {
    least: Math.min(...numbers),
    largest: Math.max(...numbers),
    words: [...new Set(values.filter((x) => typeof x === 'string'))].toSorted(),
  }
}

/** How far the cases of a law reach, of those that so many runs draw from its own seed. */
export const boundsOf = (law: Law, runs = 100): Bounds => {
  const cases = Math.min(runs, law.atMost)
  const found = new Map<string, (number | string)[][]>()
  for (const x of sample(law.given, { seed: seedOf(law.id), numRuns: cases }))
    for (const [name, values] of quantities(x, 'case')) {
      // What comes in several lengths is told apart by them.
      const place = `${name} ${values.length}`
      const columns = found.get(place) ?? values.map(() => [])
      for (const [i, value] of values.entries()) columns[i]!.push(value)
      found.set(place, columns)
    }
  return {
    id: law.id,
    cases,
    quantities: [...found].map(([place, columns]) => [place.slice(0, place.lastIndexOf(' ')), columns.map(reachOf)]),
  }
}

const reachText = ({ least, largest, words }: Reach): string => {
  const short = (x: number): string => String(Number(x.toPrecision(4)))
  const numbers = least > largest ? [] : [least === largest ? short(least) : `${short(least)}..${short(largest)}`]
  return [...numbers, ...words].join('/')
}

/**
 * The bounds of a law in words; quantities that reach as far are named together.
 *
 * @example
 * boundsText(boundsOf(select('classify.linear')(laws)[0]))
 * // => 'shape of weight [1..3, 1..3]; shape of x, y [1..3, 1..2, 1..3]'
 */
export const boundsText = ({ quantities: all }: Bounds): string => {
  const together = new Map<string, string[]>()
  for (const [name, reaches] of all) {
    const [kind, own] = /^(shape of |length of )?(.*)$/.exec(name)!.slice(1) as [string | undefined, string]
    const reach =
      reaches.length === 1 && kind === undefined ? reachText(reaches[0]!) : `[${reaches.map(reachText).join(', ')}]`
    const place = `${kind ?? ''}\n${kind === undefined ? own : ''}\n${reach}`
    together.set(place, [...(together.get(place) ?? []), own])
  }
  return [...together]
    .map(([place, names]) => [place.split('\n'), names] as const)
    .map(([[kind, , reach], names]) => `${kind}${names.join(', ')} ${reach}`)
    .join('; ')
}

/** The bounds of laws as text, and how many bits the worst sums of their cases need of float32's 24. */
export const boundsList = (laws: readonly Law[], budgets: Budgets): string => {
  const width = Math.max(0, ...laws.map(({ id }) => id.length))
  return [
    ...laws.map((law) => {
      const bounds = boundsOf(law)
      return `${law.id.padEnd(width)}  ${`${bounds.cases} cases`.padEnd(10)}  ${boundsText(bounds) || 'numbers of a seed'}`
    }),
    '',
    ...Object.entries(budgets).map(([what, set]) => `${what} needs ${bits(set)} of float32's 24 bits`),
    '',
  ].join('\n')
}
