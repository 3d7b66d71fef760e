// A plugin of typedoc: every export of an entry point gets the section of its list as its category, and every example of it
// the lines it needs to be pasted and run (see preamble.mjs).
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { CommentTag, Converter, ReflectionKind } from 'typedoc'
import { preambleOf } from './preamble.mjs'

const ENTRIES = ['index', 'interpreters', 'node', 'pytorch', 'laws', 'training']

/** The names an entry point lists: in which section, and whether each is a type. */
const listed = (name) => {
  const names = new Map()
  let section = null
  const text = readFileSync(new URL(`../src/entry/${name}.ts`, import.meta.url), 'utf8')
  for (const [, heading, type, list, space] of text.matchAll(
    /^\/\/ (.*)$|^export (type )?(?:\{([^}]*)\}|\* as (\w+))/gm,
  )) {
    if (heading !== undefined)
      section = heading.startsWith('Types that') || heading.startsWith('Types of') ? 'Types' : heading
    else
      for (const part of (list ?? space).split(',').map((one) => one.trim()))
        if (part !== '')
          names.set(part.replace(/^type |^.* as /, ''), {
            section,
            type: type !== undefined || part.startsWith('type '),
          })
  }
  return names
}

const lists = new Map(ENTRIES.map((name) => [name, listed(name)]))
const specifier = (name) => (name === 'index' ? 'spikingresformer' : `spikingresformer/${name}`)

/** The entry point that has a name, the page's own first. */
const exporter = (own) => (name) => {
  const found = [own, ...ENTRIES].find((entry) => lists.get(entry)?.has(name))
  return found && { entry: specifier(found), type: lists.get(found).get(name).type }
}

const pasted = (parts, own) => {
  const text = parts.map((part) => part.text).join('')
  const [, body = text] = /^```\w*\n([\s\S]*?)\n?```\s*$/.exec(text.trim()) ?? []
  const before = preambleOf(body, exporter(own))
  return [{ kind: 'code', text: `\`\`\`ts\n${before === '' ? '' : `${before}\n\n`}${body.trim()}\n\`\`\`` }]
}

export const load = (app) => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.children ?? []) {
      const own = ENTRIES.find((name) => specifier(name) === module.name || name === basename(module.name)) ?? 'index'
      for (const child of module.children ?? []) {
        const found = lists.get(own).get(child.name)
        const comments = [child.comment, ...(child.signatures ?? []).map((signature) => signature.comment)]
        for (const comment of comments.filter(Boolean)) {
          for (const tag of comment.blockTags) if (tag.tag === '@example') tag.content = pasted(tag.content, own)
          if (found?.section && !comment.getTag('@category') && !child.kindOf(ReflectionKind.Reference))
            comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: found.section }]))
        }
      }
    }
  })
}
