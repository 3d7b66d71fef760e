/** Examples in text: found, and run with the values they state checked. @module */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import ts from 'typescript'
import { expect } from 'vitest'
import { type Exporter, preambleOf } from '../scripts/preamble.mjs'
import * as index from '../src/entry/index.js'
import * as interpreters from '../src/entry/interpreters.js'
import * as laws from '../src/entry/laws.js'
import * as node from '../src/entry/node.js'
import * as pytorch from '../src/entry/pytorch.js'
import * as training from '../src/entry/training.js'
import { colourType, png } from './input/png.js'

/** Anything by name. */
export type Names = Readonly<Record<string, unknown>>

/** An example, the file it stands in, and the export it is of, if any. */
export interface Example {
  readonly file: string
  readonly line: number
  readonly of: string | null
  readonly text: string
}

/** An example as a test is told of it. */
export const placeOf = ({ file, line, of }: Example): string => `${file}:${line}${of === null ? '' : ` ${of}`}`

/** The repository. */
export const root = fileURLToPath(new URL('../', import.meta.url))

/** A file of the repository as text. */
export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** The `@example` blocks of a source file's docstrings. */
export const examplesOf = (file: string): readonly Example[] => {
  const source = read(file)
  return [...source.matchAll(/\/\*\*\n(?:(?!\*\/)[\s\S])*\*\//g)].flatMap(({ 0: doc, index: start }) => {
    const of = /^\s*export (?:const|interface|function\*?) (\w+)/.exec(source.slice(start + doc.length))?.[1] ?? null
    return [...doc.matchAll(/@example\n((?: \*(?! @|\/).*\n)*)/g)].map(({ 1: body, index: offset }) => ({
      file,
      line: lineOf(source, start + offset),
      of,
      text: body!.replace(/^ \* ?/gm, '').replace(/^```.*\n/gm, ''),
    }))
  })
}

/** Every example of the docstrings of `src/` and `properties/`. */
export const docstrings: readonly Example[] = ['src']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  )
  .filter((file) => file.endsWith('.ts') && !file.includes('assembly'))
  .flatMap(examplesOf)

/** The pages of the documentation, in markdown. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

/** The fenced blocks of a page that are of one of the given languages. */
export const blocksOf = (file: string, ...languages: readonly string[]): readonly Example[] => {
  const page = read(file)
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language!))
    .map(({ 2: text, index: start }) => ({ file, line: lineOf(page, start), of: null, text: text! }))
}

/** The program of a page: its `ts` and `js` blocks one after the other. */
export const programOf = (page: string): Example => ({
  file: page,
  line: 1,
  of: null,
  text: blocksOf(page, 'ts', 'js')
    .map(({ text }) => text)
    .join('\n'),
})

/** The entry points of the package, as its `exports` name them. */
export const entries: Readonly<Record<string, Names>> = {
  spikingresformer: index,
  'spikingresformer/browser': index,
  'spikingresformer/interpreters': interpreters,
  'spikingresformer/laws': laws,
  'spikingresformer/node': node,
  'spikingresformer/pytorch': pytorch,
  'spikingresformer/training': training,
}

/** A module by its name, which must export what is asked of it. */
const load = async (specifier: string, names: readonly string[]): Promise<Names> => {
  const module = entries[specifier] ?? ((await import(specifier)) as Names)
  const missing = names.filter((name) => !(name in module))
  if (missing.length > 0) throw new Error(`${specifier} does not export ${missing.join(', ')}`)
  return module
}

/** `import { a, b as c } from 'x'` as `const { a, b: c } = await $load('x', ['a', 'b'])`. */
const imported = ({ importClause, moduleSpecifier }: ts.ImportDeclaration): string => {
  const from = moduleSpecifier.getText()
  const bindings = importClause?.namedBindings
  if (bindings !== undefined && ts.isNamespaceImport(bindings))
    return `const ${bindings.name.text} = await $load(${from}, [])`
  const names = [
    ...(importClause?.name ? [['default', importClause.name.text]] : []),
    ...(bindings?.elements ?? [])
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .map(({ propertyName, name }) => [(propertyName ?? name).text, name.text]),
  ]
  return `const { ${names.map((pair) => pair.join(': ')).join(', ')} } = await $load(${from}, ${JSON.stringify(names.map(([name]) => name))})`
}

const STATED = /^;?[ \t]*\n?[ \t]*\/\/ => (.*)/

/** A statement and, where a comment behind it states a value, the check of it. */
const checked =
  (text: string) =>
  (statement: ts.Statement): readonly string[] => {
    const code = statement.getText().replace(/^export (?=const|function|async)/, '')
    const stated = STATED.exec(text.slice(statement.end))?.[1]
    if (ts.isImportDeclaration(statement)) return [statement.importClause?.isTypeOnly ? '' : imported(statement)]
    if (stated === undefined) return [code]
    if (ts.isExpressionStatement(statement))
      return [`$equal(${statement.expression.getText()}, (${stated}), ${JSON.stringify(code)})`]
    const name = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0]!.name.getText() : '?'
    return /^\w+$/.test(name) ? [code, `$equal(${name}, (${stated}), ${JSON.stringify(code)})`] : [code]
  }

/** The program of an example: its imports loaded, its types taken off, its stated values checked. */
const program = (text: string): string => {
  const { statements } = ts.createSourceFile('example.ts', `${text}\nexport {}`, ts.ScriptTarget.ESNext, true)
  const lines = statements.slice(0, -1).flatMap(checked(text))
  if (lines.length === 0) throw new Error('there is nothing to run')
  const checks = lines.filter((line) => line.startsWith('$equal(')).length
  if (checks !== text.split('// => ').length - 1) throw new Error('a value is stated behind no expression or constant')
  const { outputText, diagnostics } = ts.transpileModule(`const main = async () => {\n${lines.join(';\n')}\n}`, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
    reportDiagnostics: true,
  })
  for (const { messageText } of diagnostics ?? []) throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
  return outputText
}

/** Runs an example with some names given; rejects where it throws and where a value is not the one it states. */
export const runExample = async ({ text }: Example, given: Names): Promise<void> => {
  const equal = (found: unknown, stated: unknown, code: string): void => {
    expect(found, code).toStrictEqual(stated)
  }
  const names = { ...given, $load: load, $equal: equal }
  await new Function(...Object.keys(names), `${program(text)}\nreturn main()`)(...Object.values(names))
}

const right = <A>(either: Either.Either<unknown, A>): A => {
  if (Either.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/**
 * What examples may name without making it: `parameters` of the bundled digits network, `image`, its input
 * `[1, 1, 1, 16, 16]`, and `photo`, a colour image of 64 x 48, which also lies in the working folder as `photo.png`.
 */
export const givenNames = async (): Promise<Names> => {
  const parameters = await pipe(
    node.bundledCheckpoint,
    TaskEither.chain(node.readCheckpoint),
    TaskEither.chainEitherK(index.parse(index.variants.digits)),
  )()
  const [digit] = right(await node.bundledDigits())
  const pixels = Uint8Array.from({ length: 48 * 64 * 3 }, (_, i) => (i * 7) % 256)
  const { data } = right(index.digitsInput(digit!.values))
  return {
    pipe,
    Either,
    TaskEither,
    console: { log: () => undefined },
    ...Object.assign({}, ...Object.values(entries)),
    parameters: right(parameters),
    image: index.tensor([1, 1, 1, 16, 16], data),
    photo: right(index.imageOf({ height: 48, width: 64 }, 3, pixels)),
  }
}

/** Moves the process into a fresh folder with what examples read; they write there too. The result moves it back. */
export const inFreshFolder = ({ photo }: Names): (() => void) => {
  const { height, width, pixels } = photo as index.Image
  const [before, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'spikingresformer-'))]
  const scanlines = Array.from({ length: height }, (_, y) => [
    0,
    ...pixels.subarray(y * width * 3, (y + 1) * width * 3),
  ])
  writeFileSync(join(folder, 'photo.png'), png(width, height, 8, colourType.rgb, scanlines.flat()))
  process.chdir(folder)
  return () => {
    process.chdir(before)
    rmSync(folder, { recursive: true })
  }
}

/** What an entry point lists, and whether it is a type. */
const listed = (entry: string): ReadonlyMap<string, boolean> =>
  new Map(
    [...read(entry).matchAll(/^export (type )?(?:\{([^}]*)\}|\* as (\w+))/gm)].flatMap(([, all, names, space]) =>
      (names ?? space!)
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .map((name) => [name.replace(/^type |^.* as /, ''), all !== undefined || name.startsWith('type ')] as const),
    ),
  )

const LISTS: ReadonlyMap<string, ReadonlyMap<string, boolean>> = new Map(
  ['index', 'interpreters', 'node', 'pytorch', 'laws', 'training'].map((name) => [
    name === 'index' ? 'spikingresformer' : `spikingresformer/${name}`,
    listed(`src/entry/${name}.ts`),
  ]),
)

/** The entry point that has a name, for an example of a file: the laws' own first for theirs. */
const exporter = (file: string): Exporter => {
  const order = file.startsWith('src/laws/') ? [...LISTS].reverse() : [...LISTS]
  return (name) => {
    const found = order.find(([, names]) => names.has(name))
    return found && { entry: found[0], type: found[1].get(name) === true }
  }
}

/** Whether an example is of what an entry point exports, so that the pages show it. */
export const isPublic = ({ of, file }: Example): boolean => of !== null && exporter(file)(of) !== undefined

/** An example as the pages show it, to be pasted: with what it names before it. */
export const pasted = (example: Example): Example => ({
  ...example,
  text: `${preambleOf(example.text, exporter(example.file))}\n${example.text}`,
})
