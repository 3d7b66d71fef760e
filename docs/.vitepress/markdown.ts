/** What the pages' markdown means here beyond markdown: links to source, terms of the glossary, formulas. @module */
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { katex } from '@mdit/plugin-katex'
import type { MarkdownRenderer } from 'vitepress'
import { sourcePage } from './repository'
import { laws, requirements } from './requirements'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

type Make = (type: string, tag: string, nesting: -1 | 0 | 1) => Token

interface Environment {
  readonly relativePath?: string
}

/** The terms of the glossary, longest first: its second headings. */
const terms: readonly string[] = [
  ...readFileSync(fileURLToPath(new URL('../glossary.md', import.meta.url)), 'utf8').matchAll(/^## (.+)$/gm),
]
  .map(([, term]) => term ?? '')
  .sort((a, b) => b.length - a.length)

/** The anchor of a heading: its words joined by hyphens; the id of a law or of a requirement as it is. */
export const slugify = (heading: string): string =>
  /^(SRF-[\w-]+|[a-zA-Z][\w-]*(\.[\w-]+)+)$/.test(heading)
    ? heading
    : heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s+/g, '-')

/** Where a link of a page into the repository goes on the site; null: it is not one. */
const linkToSource = (page: string, href: string): string | null => {
  if (/^[a-z]+:|^[/#]/.test(href)) return null
  const [path = '', anchor] = href.split('#')
  const target = posix.join('docs', posix.dirname(page), path)
  const source = target.startsWith('docs/') ? null : sourcePage(target)
  return source === null || anchor === undefined ? source : `${source}#${anchor}`
}

/** Links to files of the repository go to their pages, and a path in code style becomes a link. */
const sources = (md: MarkdownRenderer): void => {
  md.core.ruler.push('sources', (state) => {
    const page = (state.env as Environment).relativePath ?? ''
    if (page.startsWith('source/')) return
    for (const { children } of state.tokens) {
      if (!children) continue
      let depth = 0
      for (let i = 0; i < children.length; i++) {
        const token = children[i] as Token
        if (token.type === 'link_open') {
          depth++
          const target = linkToSource(page, token.attrGet('href') ?? '')
          if (target !== null) token.attrSet('href', target)
        } else if (token.type === 'link_close') depth--
        else if (token.type === 'code_inline' && depth === 0) {
          const target = token.content.includes('/') ? sourcePage(token.content) : null
          if (target === null || target.includes('#')) continue
          const open = new state.Token('link_open', 'a', 1)
          open.attrSet('href', target)
          children.splice(i, 1, open, token, new state.Token('link_close', 'a', -1))
          i += 2
        }
      }
    }
  })
}

/** Where an id of a law or of a requirement is explained; null: it is neither. */
const pageOfId = (id: string): string | null =>
  laws.has(id)
    ? `/laws#${id}`
    : /^SRF-/.test(id) && requirements.some((r) => r.id === id)
      ? `/specification#${id}`
      : null

/** Ids in code style become links; a law names the requirements it belongs to. */
const ids = (md: MarkdownRenderer): void => {
  md.core.ruler.push('ids', (state) => {
    const page = (state.env as Environment).relativePath ?? ''
    let law = ''
    state.tokens.forEach((block, index) => {
      if (block.type !== 'inline') return
      const opened = state.tokens[index - 1]
      if (opened?.type === 'heading_open') {
        law = page === 'laws.md' ? (block.children?.[0]?.content ?? '') : ''
        return
      }
      const make: Make = (type, tag, nesting) => new state.Token(type, tag, nesting)
      if (page !== 'laws.md') block.children = linkedIds(block.children ?? [], make)
      else if (block.content.startsWith('Judges ')) block.children?.push(...requirementsOf(law, make))
    })
  })
}

const textOf = (content: string, make: Make): Token => Object.assign(make('text', '', 0), { content })

const linkTo = (href: string, inside: Token, make: Make): readonly Token[] => {
  const open = make('link_open', 'a', 1)
  open.attrSet('href', href)
  return [open, inside, make('link_close', 'a', -1)]
}

const linkedIds = (tokens: readonly Token[], make: Make): Token[] => {
  let depth = 0
  // A vector may have the name of a law.
  let vectors = false
  return tokens.flatMap((token) => {
    if (token.type === 'link_open') depth++
    if (token.type === 'link_close') depth--
    if (token.type === 'text') vectors = token.content.includes('Vectors:') || (vectors && token.content === ', ')
    const target = token.type === 'code_inline' && depth === 0 && !vectors ? pageOfId(token.content) : null
    return target === null ? [token] : linkTo(target, token, make)
  })
}

const requirementsOf = (law: string, make: Make): readonly Token[] =>
  requirements
    .filter(({ laws: own }) => own.includes(law))
    .flatMap(({ id }, i) => [
      textOf(i === 0 ? ' Required by ' : ', ', make),
      ...linkTo(`/specification#${id}`, textOf(id, make), make),
    ])

/** The first use of a term on a page, in running text, links to the glossary. */
const glossary = (md: MarkdownRenderer): void => {
  md.core.ruler.push('glossary', (state) => {
    const page = (state.env as Environment).relativePath ?? ''
    if (/^(source|api)\/|^glossary/.test(page)) return
    const left = new Set(terms)
    state.tokens.forEach((block, index) => {
      if (block.type !== 'inline' || state.tokens[index - 1]?.type !== 'paragraph_open') return
      let depth = 0
      block.children = (block.children ?? []).flatMap((token: Token) => {
        if (token.type === 'link_open') depth++
        if (token.type === 'link_close') depth--
        if (token.type !== 'text' || depth > 0) return [token]
        return linked(token.content, left, (type, tag, nesting) => new state.Token(type, tag, nesting))
      })
    })
  })
}

/** A text with its first terms linked; the terms found are taken out of `left`. */
const linked = (text: string, left: Set<string>, make: Make): Token[] => {
  const found = [...left]
    .map((term) => ({
      term,
      match: new RegExp(`(?<![\\w-])${term}s?(?![\\w-])`, term.length > 1 ? 'i' : '').exec(text),
    }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (a.match?.index ?? 0) - (b.match?.index ?? 0))[0]
  const plain = (content: string): Token[] => {
    if (content === '') return []
    return [textOf(content, make)]
  }
  if (!found?.match) return plain(text)
  left.delete(found.term)
  const [word] = found.match
  const open = make('link_open', 'a', 1)
  open.attrSet('href', `/glossary#${slugify(found.term)}`)
  open.attrSet('class', 'term')
  return [
    ...plain(text.slice(0, found.match.index)),
    open,
    ...plain(word),
    make('link_close', 'a', -1),
    ...linked(text.slice(found.match.index + word.length), left, make),
  ]
}

/** What a file of the repository exports under a name, without its docstring: up to the next thing at its margin. */
const exported = (file: string, name: string): string => {
  const lines = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(`export const ${name} `))
  if (start < 0) throw new Error(`${file} exports no ${name}`)
  const length = lines.slice(start + 1).findIndex((line) => /^(\/[/*]|export|const|type|interface|import)/.test(line))
  return lines
    .slice(start, length < 0 ? undefined : start + 1 + length)
    .join('\n')
    .trimEnd()
}

/** `<<< ../file.ts#name` on a line of its own is the code of that name, as the file has it when the site is built. */
const excerpts = (md: MarkdownRenderer): void => {
  md.block.ruler.before('snippet', 'excerpt', (state, line, _, silent) => {
    const text = state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
    const [, file, name] = /^<<< (\S+)#(\w+)$/.exec(text) ?? []
    if (file === undefined || name === undefined) return false
    if (silent) return true
    const token = state.push('fence', 'code', 0)
    token.info = 'ts'
    token.content = `${exported(file, name)}\n`
    token.markup = '```'
    token.map = [line, line + 1]
    state.line = line + 1
    return true
  })
}

/** A wide table scrolls in its own box, which the keyboard must reach. */
const tables = (md: MarkdownRenderer): void => {
  md.renderer.rules['table_open'] = () => '<table tabindex="0">\n'
}

/** So does a wide formula. */
const formulas = (md: MarkdownRenderer): void => {
  md.use(katex as never, { vPre: true, throwOnError: true })
  for (const rule of ['math_block', 'math_inline'] as const) {
    const render = md.renderer.rules[rule]
    if (render)
      md.renderer.rules[rule] = (...given) =>
        render(...given).replaceAll('class="katex-display"', 'class="katex-display" tabindex="0"')
  }
}

export const extend = (md: MarkdownRenderer): void => {
  excerpts(md)
  formulas(md)
  tables(md)
  sources(md)
  ids(md)
  glossary(md)
}
