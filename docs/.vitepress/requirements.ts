/** The requirements as the page of the specification has them, and the laws as the laws' page: what links both ways. @module */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const page = (name: string): string => readFileSync(fileURLToPath(new URL(`../${name}.md`, import.meta.url)), 'utf8')

/** A requirement, and what shows that a port keeps it. */
export interface Requirement {
  readonly id: string
  readonly title: string
  readonly laws: readonly string[]
  readonly vectors: readonly string[]
  /** The files of the repository it is written in. */
  readonly code: readonly string[]
}

const each = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '')

/** The ids in code style that are listed after a word. */
const named = (section: string, word: string): readonly string[] =>
  each(new RegExp(`^.*${word}: ((?:\`[^\`]+\`(?:, )?)+)`, 'm').exec(section)?.[1] ?? '', /`([^`]+)`/g)

export const requirements: readonly Requirement[] = page('specification')
  .split(/^### (?=SRF-)/m)
  .slice(1)
  .map((section) => ({
    id: /^\S+/.exec(section)?.[0] ?? '',
    title: /^\*\*(.+?)\.\*\*/m.exec(section)?.[1] ?? '',
    laws: named(section, 'Laws'),
    vectors: named(section, 'Vectors'),
    code: [...new Set(each(section, /\]\(\.\.\/([^)#]+)(?:#[^)]*)?\)/g))],
  }))

/** The ids of the laws. */
export const laws: ReadonlySet<string> = new Set(each(page('laws'), /^#### `([^`]+)`$/gm))
