/** The pages of source files: written as they are, outside of the bundle, since nothing in them lives. @module */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import highlighter from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import javascript from 'highlight.js/lib/languages/javascript'
import markdown from 'highlight.js/lib/languages/markdown'
import python from 'highlight.js/lib/languages/python'
import typescript from 'highlight.js/lib/languages/typescript'
import yaml from 'highlight.js/lib/languages/yaml'
import { anchorOf, folderOf, languageOf, root, sources } from './repository'
import { requirements } from './requirements'

for (const [name, language] of Object.entries({ bash, c, javascript, markdown, python, typescript, yaml }))
  highlighter.registerLanguage(name, language)

/** Coloured text as lines, each with an anchor; a colour that goes on over a line's end begins anew on the next. */
const lined = (html: string): string => {
  const open: string[] = []
  return html
    .replace(/\n$/, '')
    .split('\n')
    .map((line, i) => {
      const start = open.join('')
      for (const [tag] of line.matchAll(/<[^>]+>/g)) {
        if (tag === '</span>') open.pop()
        else open.push(tag)
      }
      return `<span class="line" id="L${i + 1}">${start}${line}${'</span>'.repeat(open.length)}</span>`
    })
    .join('\n')
}

const pageOf = (path: string, base: string, style: string): string => {
  const text = readFileSync(join(root, path), 'utf8')
  const code = lined(highlighter.highlight(text, { language: languageOf(path) }).value)
  const folder = folderOf(path)
  const required = requirements.filter((requirement) => requirement.code.includes(path))
  return `<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${path} | SpikingResformer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}assets/${style}">
<script>
const chosen = localStorage.getItem('vitepress-theme-appearance') || 'auto'
if (chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches))
  document.documentElement.classList.add('dark')
</script>
</head>
<body>
<header class="source-header"><nav aria-label="Site"><a href="${base}">SpikingResformer</a> <a href="${base}source/#${anchorOf(folder)}">${folder}</a></nav></header>
<main class="source-page vp-doc">
<h1>${path}</h1>
${required.length === 0 ? '' : `<p>Requirements it is the reference of: ${required.map(({ id, title }) => `<a href="${base}specification.html#${id}">${id}</a> (${title})`).join(', ')}.</p>`}
<pre tabindex="0"><code>${code}</code></pre>
</main>
</body>
</html>
`
}

/** Writes a page for each source file. */
export const writeSources = (out: string, base: string): void => {
  const style = readdirSync(join(out, 'assets')).find((name) => /^style\..*\.css$/.test(name))
  if (style === undefined) throw new Error('the site has no style sheet')
  for (const path of sources) {
    const file = join(out, 'source', `${path}.html`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, pageOf(path, base, style))
  }
}
