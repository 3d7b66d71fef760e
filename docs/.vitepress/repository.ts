/** The files of the repository that have a page of their own. @module */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

const languages: Readonly<Record<string, string>> = {
  ts: 'ts',
  mjs: 'js',
  py: 'python',
  c: 'c',
  h: 'c',
  sh: 'sh',
  yml: 'yaml',
  md: 'md',
}

const extensionOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

const shown = /^(src|properties|spec|bench|scripts|ports)\/|^(data\/README|CHANGELOG|CONTRIBUTING)\.md$/

/** The paths, sorted: text that git keeps, in a language the pages colour; none where a quick build is asked for. */
export const sources: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => shown.test(path) && extensionOf(path) in languages && process.env['DOCS_QUICK'] === undefined)
  .sort()

const known = new Set(sources)

/** The page of a source file or of a folder of them, or null. */
export const sourcePage = (path: string): string | null => {
  const bare = path.replace(/\/$/, '')
  if (known.has(bare)) return `/source/${bare}.html`
  return sources.some((source) => source.startsWith(`${bare}/`)) ? `/source/#${anchorOf(bare)}` : null
}

/** The anchor of a folder in the list of sources. */
export const anchorOf = (folder: string): string => folder.replaceAll('/', '-')

/** A source file as a fenced block, the fence longer than any inside. */
export const fenced = (path: string): string => {
  const text = readFileSync(`${root}${path}`, 'utf8')
  return `\`\`\`\`\`\`${languages[extensionOf(path)]}\n${text}${text.endsWith('\n') ? '' : '\n'}\`\`\`\`\`\`\n`
}
