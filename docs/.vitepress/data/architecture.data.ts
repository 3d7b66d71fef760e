import * as Either from 'fp-ts/lib/Either.js'
import { type Config, forward, layout, network, parse, syntheticCheckpoint, variants } from 'spikingresformer'
import { applyOf, kernelsOf, shapes } from 'spikingresformer/interpreters'
import { rightOf } from '../figures/record'

/** A block of the network, and the operations in it. */
export interface Block {
  readonly path: string
  readonly kind: string
  readonly source: string
  readonly shape: readonly number[]
  readonly parameters: number
  readonly operations: readonly {
    readonly path: string
    readonly operation: string
    readonly shape: readonly number[]
  }[]
  readonly keys: readonly { readonly key: string; readonly shape: readonly number[]; readonly role: string }[]
}

export interface Architecture {
  readonly name: string
  readonly image: number
  readonly parameters: number
  readonly blocks: readonly Block[]
}

declare const data: readonly Architecture[]

export { data }

type Checked = Either.Either<unknown, readonly number[]>

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const learnt = (role: string): boolean => !['mean', 'variance', 'counter', 'rate'].includes(role)
const blockOf = (path: string): string =>
  /^layers\.\d+\.\d+/.exec(path)?.[0] ?? (path.startsWith('prologue') || path === 'hold' ? 'prologue' : 'head')

const kindOf = (path: string, keys: readonly string[]): readonly [kind: string, source: string] => {
  if (path === 'prologue') return ['Stem', 'src/model/parameters.ts']
  if (path === 'head') return ['Head', 'src/model/network.ts']
  if (keys.some((key) => key.includes('.W.'))) return ['Dual spike self-attention', 'src/model/dssa.ts']
  if (keys.some((key) => key.includes('.up.'))) return ['Feed-forward, group-wise', 'src/model/gwsffn.ts']
  return ['Downsampling', 'src/model/network.ts']
}

const architecture = (config: Config): Architecture => {
  const made: { path: string; operation: string; shape: readonly number[] }[] = []
  const apply = applyOf(shapes as never) as never as (
    ...given: unknown[]
  ) => (...inputs: unknown[]) => readonly Checked[]
  const K = kernelsOf<unknown, unknown>(((operation: string, parameters: unknown, path: string) => {
    const run = apply(operation, parameters, path)
    return (...inputs: unknown[]) => {
      const outputs = run(...inputs)
      const [first] = outputs
      if (first !== undefined && Either.isRight(first)) made.push({ path, operation, shape: first.right })
      return outputs
    }
  }) as never)
  const parameters = rightOf(parse(config)(syntheticCheckpoint(config, 7)))
  forward(network(K as never)(parameters))(config.steps)(
    Either.right([1, 1, config.channels, config.image.height, config.image.width]) as never,
  )
  const entries = layout(config)
  const paths = [...new Set(made.map(({ path }) => blockOf(path)))]
  return {
    name: config.name,
    image: config.image.height,
    parameters: entries.filter(({ role }) => learnt(role)).reduce((sum, { shape }) => sum + product(shape), 0),
    blocks: paths.map((path) => {
      const keys = entries.filter(({ key }) =>
        path === 'head' ? key.startsWith('classifier') : key.startsWith(`${path}.`),
      )
      const operations = made.filter((entry) => blockOf(entry.path) === path)
      const [kind, source] = kindOf(
        path,
        keys.map(({ key }) => key),
      )
      return {
        path,
        kind,
        source,
        shape: operations.at(-1)?.shape ?? [],
        parameters: keys.filter(({ role }) => learnt(role)).reduce((sum, { shape }) => sum + product(shape), 0),
        operations,
        keys: keys.map(({ key, shape, role }) => ({ key, shape, role })),
      }
    }),
  }
}

export default { load: (): readonly Architecture[] => [variants.digits, variants.ti, variants.s].map(architecture) }
