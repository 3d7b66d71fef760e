/** What the files of the repository import, read with TypeScript's parser. @module */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../', import.meta.url))

/** A file of the repository: its path from the root, its syntax, and the modules it names, types included. */
export interface Source {
  readonly file: string
  readonly syntax: ts.SourceFile
  readonly imports: readonly string[]
}

/** Every node of a tree, or only what runs when it is evaluated, if functions are not to be `entered`. */
export const nodes = (node: ts.Node, entered = true): readonly ts.Node[] => {
  const found: ts.Node[] = []
  const visit = (one: ts.Node): void => {
    found.push(one)
    ts.forEachChild(one, (child) => {
      if (entered || !ts.isFunctionLike(child)) visit(child)
    })
  }
  visit(node)
  return found
}

const literal = (node: ts.Node | undefined): string | null =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : null

/** The module a node names: an import or re-export, a dynamic import, the type `import('x')`, a `new URL` beside this file. */
const named = (node: ts.Node): string | null => {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier)
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : null
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return literal(node.arguments[0])
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') return null
  const path = literal(node.arguments?.[0])
  return path !== null && /^\..*\.[jt]s$/.test(path) ? path : null
}

/** A source of the given text. */
export const sourceOf = (file: string, text: string): Source => {
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  return { file, syntax, imports: [...new Set(nodes(syntax).flatMap((node) => named(node) ?? []))] }
}

const SCRIPTS = /\.(ts|mts|mjs|js)$/

const reads = (folder: string): readonly Source[] =>
  !existsSync(join(root, folder))
    ? []
    : readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
        .filter((file) => SCRIPTS.test(file) && !/node_modules|\/(api|dist|cache)\//.test(file))
        .sort()
        .map((file) => sourceOf(file, readFileSync(join(root, file), 'utf8')))

/** The sources of some folders. */
export const sourcesIn = (...folders: readonly string[]): readonly Source[] => folders.flatMap(reads)

/** Whether there is a file of this path. */
export const isThere = (file: string): boolean => existsSync(join(root, file))

/** A module of the repository as a path from its root; what is built, `dist/x.js`, is its source, `src/x.ts`. */
const fileOf = (from: string, path: string): string => {
  const target = normalize(join(dirname(from), path.replace(/\?\w+$/, ''))) // a query tells a bundler how to load it
  const source = target.replace(/^dist\//, 'src/')
  if (source === target && isThere(target)) return target
  if (isThere(`${source}.ts`)) return `${source}.ts`
  return /\.\w+$/.test(source) ? source.replace(/\.js$/, '.ts') : `${source}.ts`
}

/** The files of the repository that a source imports. */
export const inside = ({ file, imports }: Source): readonly string[] =>
  imports.filter((path) => path.startsWith('.')).map((path) => fileOf(file, path))

/** The packages, and Node's modules, that a source imports. */
export const outside = ({ imports }: Source): readonly string[] => imports.filter((path) => !path.startsWith('.'))

/** Circles among nodes and their edges, each as `a > b > a`: none only where there is none. */
export const circles = (edges: ReadonlyMap<string, Iterable<string>>): readonly string[] => {
  const done = new Set<string>()
  const walk = (node: string, path: readonly string[]): readonly string[] => {
    if (path.includes(node)) return [[...path.slice(path.indexOf(node)), node].join(' > ')]
    if (done.has(node)) return []
    const found = [...(edges.get(node) ?? [])].flatMap((next) => walk(next, [...path, node]))
    done.add(node)
    return found
  }
  return [...edges.keys()].flatMap((node) => walk(node, []))
}
