/** The files of the repository that have a page of their own. @module */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Where the repository lies. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

const languages: Readonly<Record<string, string>> = {
  ts: 'typescript',
  mjs: 'javascript',
  py: 'python',
  c: 'c',
  h: 'c',
  sh: 'bash',
  yml: 'yaml',
  md: 'markdown',
}

const extensionOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

const shown = /^(src|properties|spec|bench|scripts|ports)\/|^(data\/README|CHANGELOG|CONTRIBUTING)\.md$/

/** The paths, sorted: text that git keeps, in a language the pages colour. */
export const sources: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => shown.test(path) && extensionOf(path) in languages)
  .sort()

const known = new Set(sources)

/** The page of a source file or of a folder of them, or null. */
export const sourcePage = (path: string): string | null => {
  const bare = path.replace(/\/$/, '')
  if (known.has(bare)) return `/source/${bare}.html`
  return sources.some((source) => source.startsWith(`${bare}/`)) ? `/source/#${anchorOf(bare)}` : null
}

/** The folder a path lies in; `top` is the repository itself. */
export const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : 'top')

/** The anchor of a folder in the list of sources. */
export const anchorOf = (folder: string): string => folder.replaceAll('/', '-')

/** The language a source file is coloured as. */
export const languageOf = (path: string): string => languages[extensionOf(path)] ?? 'markdown'
