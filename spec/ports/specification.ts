/** The page docs/specification.md, made of docs/data/requirements.json and of the model's own tables. */
import * as Either from 'fp-ts/lib/Either.js'
import { laws } from '../../src/entry/laws.js'
import { askable } from '../../src/laws/protocol.js'
import { vectorNames } from '../../src/laws/vectors.js'
import { type Config, variants } from '../../src/model/config.js'
import type { Synapse } from '../../src/model/kernels.js'
import { blank, layout } from '../../src/model/parameters.js'

/** One numbered requirement, as its file has it. */
export interface Requirement {
  readonly id: string
  readonly title: string
  readonly must: string
  readonly equation: string
  readonly worked: string
  /** Laws that check it, by id; `group.*` where it is what the whole group is about. */
  readonly laws: readonly string[]
  /** Operations whose laws of level bits check its roundings. */
  readonly bits: readonly string[]
  readonly vectors: readonly string[]
  /** Whether the hashes and numbers of `trace` show it. */
  readonly trace: boolean
  /** Files of the reference, and what is in them: `file#name`. */
  readonly code: readonly string[]
}

const matches = (pattern: string, id: string): boolean =>
  pattern.endsWith('.*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id

/** The laws a requirement is checked by. */
export const lawsOf = ({ laws: patterns, bits }: Requirement): readonly string[] =>
  laws
    .filter(
      ({ id, ...law }) =>
        patterns.some((pattern) => matches(pattern, id)) ||
        ((law as { readonly level?: string }).level === 'bits' &&
          bits.some((operation) => id.startsWith(`${operation}.`))),
    )
    .map(({ id }) => id)

/** Every broken thread between requirements, laws, vectors and code; `has` tells whether a file has a name in it. */
export const broken = (
  requirements: readonly Requirement[],
  has: (file: string, name: string | undefined) => boolean,
): readonly string[] => {
  const ids = laws.map(({ id }) => id)
  const shown = vectorNames()
  const known = new Set(requirements.map(({ id }) => id))
  const checked = new Set(requirements.flatMap(lawsOf))
  return [
    ...requirements
      .filter(({ id }, i) => requirements.findIndex((other) => other.id === id) !== i)
      .map(({ id }) => `${id} is there twice`),
    ...requirements.filter(({ id }) => !/^SRF-[A-Z]+-\d+$/.test(id)).map(({ id }) => `${id} is no id`),
    ...requirements.filter(({ must }) => !/\bMUST\b.*\.$/.test(must)).map(({ id }) => `${id} has no MUST`),
    ...requirements
      .filter((r) => lawsOf(r).length === 0 && r.vectors.length === 0 && !r.trace)
      .map(({ id }) => `${id} has no law, no vector and no trace`),
    ...requirements.flatMap(({ id, laws: patterns }) =>
      patterns
        .filter((pattern) => !ids.some((law) => matches(pattern, law)))
        .map((pattern) => `${id} links to ${pattern}, which is no law`),
    ),
    ...requirements.flatMap(({ id, bits }) =>
      bits
        .filter((operation) => !askable.includes(operation as never))
        .map((operation) => `${id} names ${operation}, which is no operation`),
    ),
    ...requirements.flatMap(({ id, vectors }) =>
      vectors
        .filter((name) => !shown.get(name)?.includes(id))
        .map((name) => `${id} links to the vector ${name}, which does not say that it shows it`),
    ),
    ...[...shown].flatMap(([name, of]) =>
      of
        .filter((id) => !requirements.some((r) => r.id === id && r.vectors.includes(name)))
        .map(
          (id) =>
            `the vector ${name} shows ${id}, which ${known.has(id) ? 'does not link to it' : 'is no requirement'}`,
        ),
    ),
    ...ids.filter((id) => !checked.has(id)).map((id) => `the law ${id} is of no requirement`),
    ...requirements.flatMap(({ id, code }) =>
      code
        .filter((place) => !has(place.split('#')[0]!, place.split('#')[1]))
        .map((place) => `${id} links to ${place}, which is not there`),
    ),
  ]
}

const published = Object.entries(variants).filter(([name]) => name !== 'digits')

/** A row a key, a column a variant; a variant that lacks it has none. */
const keys = (): readonly string[] => {
  const rows = new Map<string, { readonly role: string; readonly shapes: Map<string, string> }>()
  for (const [name, config] of published)
    for (const { key, shape, role } of layout(config)) {
      const row = rows.get(key) ?? { role, shapes: new Map<string, string>() }
      row.shapes.set(name, shape.length === 0 ? 'scalar' : shape.join(' x '))
      rows.set(key, row)
    }
  return [...rows].map(
    ([key, { role, shapes }]) =>
      `| \`${key}\` | ${role} | ${published.map(([name]) => shapes.get(name) ?? '').join(' | ')} |`,
  )
}

/** Every convolution of a network, by path. */
const convolutions = (config: Config): ReadonlyMap<string, Synapse> => {
  const parameters = blank(config)
  if (Either.isLeft(parameters)) throw new Error(`${config.name} is no network`)
  const { stem, stages } = parameters.right
  return new Map<string, Synapse>([
    ['prologue', stem],
    ...stages.flatMap(({ downsample, blocks }, L): (readonly [string, Synapse])[] => [
      ...(downsample === null ? [] : [[`layers.${L}.0.conv`, downsample.synapse] as const]),
      ...blocks.flatMap(({ attention, feedForward, index }): (readonly [string, Synapse])[] => [
        [`layers.${L}.${index}.W`, attention.W],
        [`layers.${L}.${index}.Wproj`, attention.project],
        [`layers.${L}.${index + 1}.up.1`, feedForward.up.synapse],
        [`layers.${L}.${index + 1}.conv.0.1`, feedForward.conv.synapse],
        [`layers.${L}.${index + 1}.down.1`, feedForward.down.synapse],
      ]),
    ]),
  ])
}

const geometry = (): readonly string[] => {
  const all = published.map(([, config]) => convolutions(config))
  const cell = ({ convolution: { weight, stride, padding, groups } }: Synapse): string =>
    `${weight.shape[2]}, ${stride}, ${padding}, ${groups}`
  return [...all[0]!.keys()].map((path) => `| \`${path}\` | ${all.map((of) => cell(of.get(path)!)).join(' | ')} |`)
}

const codeLink = (place: string): string => {
  const [file, name] = place.split('#')
  return `[\`${name ?? file}\`](../${file})`
}

const links = (label: string, values: readonly string[]): readonly string[] =>
  values.length === 0 ? [] : [`${label}: ${values.join(', ')}.`]

const section = (r: Requirement): string => {
  const checks = [
    ...links(
      'Laws',
      lawsOf(r).map((id) => `\`${id}\``),
    ),
    ...links(
      'Vectors',
      r.vectors.map((name) => `\`${name}\``),
    ),
    ...(r.trace ? ['Shown by `trace`.'] : []),
    ...links('Reference', r.code.map(codeLink)),
  ].join(' ')
  return [
    `### ${r.id}`,
    '',
    `**${r.title}.** ${r.must}`,
    ...(r.equation === '' ? [] : ['', '```text', r.equation, '```']),
    ...(r.worked === '' ? [] : ['', r.worked]),
    '',
    checks,
    '',
  ].join('\n')
}

const names = published.map(([name]) => name).join(' | ')
const rule = published.map(() => '---').join(' | ')

/** The page. */
export const page = (requirements: readonly Requirement[]): string =>
  `# Specification

What a port must do, one sentence a requirement. It is written by \`npm run specification\` from
[\`requirements.json\`](data/requirements.json) and from the model's own tables; a test holds that every requirement has a
law, a vector or a trace that shows it, every law and every vector a requirement, and that no link is to nothing.

Values are row-major with a leading time axis, \`[T, B, C, H, W]\`. There are two precisions, float32 and float64; *rounded
once* means to the precision, to the nearest, ties to even. The laws are in [laws.md](laws.md), the messages to a port in
[protocol.md](protocol.md), the vectors are written by \`npx spikingresformer vectors vectors\`. A law of level *spikes*
cannot see rounding, nor can a hash of spikes; vectors, hashes of currents and laws of level *bits* can.

## Requirements

${requirements.map(section).join('\n')}
## Every convolution

Kernel, stride, padding, groups, by path (\`prologue\` is followed by a pool of kernel 3, stride 2, padding 1 in ti, s, m, l).

| path | ${names} |
|---|${rule.replaceAll(' ', '')}|
${geometry().join('\n')}

## Every key of a checkpoint

| key | role | ${names} |
|---|---|${rule.replaceAll(' ', '')}|
${keys().join('\n')}
`
