/** The pages in the order a reader needs; one that is generated elsewhere is listed when its file is there. @module */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DefaultTheme } from 'vitepress'

const docs = fileURLToPath(new URL('../', import.meta.url))

type Entry = readonly [title: string, page: string]

const groups: readonly (readonly [title: string, entries: readonly Entry[]])[] = [
  [
    'Read',
    [
      ['One query, four steps', 'index'],
      ['The network in one picture', 'network'],
      ['The neuron', 'neuron'],
      ['Dual spike self-attention', 'attention'],
      ['Why the scale', 'scale'],
      ['Scale invariance, proved', 'theorem-scale-invariance'],
      ['Spike-only, proved', 'theorem-spike-only'],
      ['Feed-forward and stages', 'stages'],
      ['Training', 'training'],
      ['What training tells', 'theory-training'],
      ['Numbers', 'numbers'],
    ],
  ],
  [
    'Use',
    [
      ['Port it', 'port'],
      ['Specification', 'specification'],
      ['Protocol', 'protocol'],
      ['Verify yours', 'verify'],
      ['Laws', 'laws'],
      ['Mutation', 'mutation'],
      ['Run it', 'run'],
      ['In a page', 'browser'],
      ['Command line', 'commands'],
      ['Configuration', 'configuration'],
      ['Your checkpoint', 'checkpoint'],
      ['Cost', 'cost'],
      ['Performance', 'performance'],
    ],
  ],
  [
    'Look up',
    [
      ['Symbols, names, keys', 'names'],
      ['Glossary', 'glossary'],
      ['Questions people ask', 'questions'],
      ['Bugs found', 'bugs'],
      ['Source', 'source/index'],
    ],
  ],
]

/** The pages of the API, one an import path, as TypeDoc wrote them. */
const api: readonly Entry[] = [
  ['spikingresformer', 'api/spikingresformer'],
  ['spikingresformer/interpreters', 'api/spikingresformer/interpreters'],
  ['spikingresformer/laws', 'api/spikingresformer/laws'],
  ['spikingresformer/node', 'api/spikingresformer/node'],
  ['spikingresformer/pytorch', 'api/spikingresformer/pytorch'],
  ['spikingresformer/training', 'api/spikingresformer/training'],
]

/** The address of a page that is there: `a` of `a.md`, `a/` of `a/index.md`. */
const addressOf = (page: string): string | null => {
  const [path] = [page, `${page}/index`].filter((name) => existsSync(`${docs}${name}.md`))
  return path === undefined ? null : `/${path.replace(/(^|\/)index$/, '$1')}`
}

const linked = (entries: readonly Entry[]): { text: string; link: string }[] =>
  entries.flatMap(([text, page]) => {
    const link = addressOf(page)
    return link === null ? [] : [{ text, link }]
  })

/** The links above every page. */
export const nav = linked([
  ['Port it', 'port'],
  ['Verify yours', 'verify'],
  ['Run it', 'run'],
])

/** The sidebar: one level, nothing collapsed. */
export const sidebar: DefaultTheme.SidebarItem[] = [...groups, ['API', api] as const].map(([text, entries]) => ({
  text,
  items: linked(entries),
}))
