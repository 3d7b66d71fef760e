import { variants } from 'spikingresformer'

/** A key of a configuration, and its value in each published network. */
export interface Key {
  readonly key: string
  readonly values: readonly string[]
}

export interface Configurations {
  readonly names: readonly string[]
  readonly keys: readonly Key[]
}

declare const data: Configurations

export { data }

/** The leaves of a configuration by path, a list as one value a place. */
const leaves = (value: unknown, path: string): readonly (readonly [path: string, value: string])[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'object')
    ? [...new Set(value.flatMap((item: object) => Object.keys(item)))].map((name) => [
        `${path}[].${name}`,
        value.map((item: Record<string, unknown>) => String(item[name])).join(', '),
      ])
    : typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`))
      : [[path, Array.isArray(value) ? value.join(', ') : String(value)]]

/** Every key that a published configuration has. */
export default {
  load: (): Configurations => {
    const each = Object.entries(variants).map(([name, config]) => [name, new Map(leaves(config, ''))] as const)
    return {
      names: each.map(([name]) => name),
      keys: [...new Set(each.flatMap(([, found]) => [...found.keys()]))].map((key) => ({
        key,
        values: each.map(([, found]) => found.get(key) ?? ''),
      })),
    }
  },
}
