/** The house: its rooms, their floors, and what may import what. CONTRIBUTING has the map in words. */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { circles, inside, isThere, nodes, outside, type Source, sourceOf, sourcesIn } from './imports.js'

/** The rooms of `src/`, lowest floor first; rooms of one floor never import each other. */
const floors: readonly (readonly string[])[] = [
  ['core'],
  ['input'],
  ['model'],
  ['checkpoint', 'interpreters'],
  ['observers', 'compiled'],
  ['laws', 'tasks'],
  ['node'],
  ['cli', 'entry'],
]

/** Which lower rooms a room imports from. An edge that nobody uses is to be taken out. */
const permitted: Readonly<Record<string, readonly string[]>> = {
  core: [],
  input: ['core'],
  model: ['core', 'input'],
  checkpoint: ['core', 'input', 'model'],
  interpreters: ['core', 'model'],
  observers: ['core', 'model', 'interpreters'],
  compiled: ['core', 'model', 'interpreters'],
  laws: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers'],
  tasks: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers', 'compiled'],
  node: ['core', 'input', 'checkpoint', 'laws'],
  cli: ['core', 'model', 'checkpoint', 'input', 'observers', 'laws', 'tasks', 'node'],
  entry: ['core', 'input', 'model', 'checkpoint', 'interpreters', 'observers', 'compiled', 'laws', 'tasks', 'node'],
}

/**
 * The same inside `compiled/`: the machine; the compiler, the executor, what they are handed to, the ledger and the
 * membranes; the back ends and the runner; what is asked of it; the door. Compiler and back ends never meet.
 */
const compiledFloors: readonly (readonly string[])[] = [
  ['machine'],
  ['compiler', 'execute', 'backend', 'ledger', 'potentials'],
  ['typescript', 'wasm', 'runner'],
  ['request'],
  ['interpreter', 'network', 'training'],
]

const permittedInCompiled: Readonly<Record<string, readonly string[]>> = {
  machine: [],
  compiler: ['machine'],
  execute: ['machine'],
  backend: ['machine'],
  ledger: ['machine'],
  typescript: ['machine', 'execute', 'backend'],
  wasm: ['machine', 'execute', 'backend'],
  runner: ['machine', 'compiler', 'backend'],
  interpreter: ['machine', 'backend', 'typescript', 'wasm', 'runner'],
  potentials: ['machine'],
  request: ['machine', 'backend', 'ledger', 'potentials', 'runner'],
  network: ['machine', 'backend', 'potentials', 'request', 'typescript', 'wasm', 'runner'],
  training: ['machine', 'execute', 'wasm'],
}

/** What those who know of the model only its dictionary may import of it: training takes the products' scales from a batch. */
const dictionary = ['src/model/kernels.ts', 'src/model/operation.ts', 'src/model/scaling.ts']

/** The doors of `compiled/`, by which all of `src/` that is outside enters. */
const doors = ['interpreter', 'network', 'potentials', 'training'].map((name) => `src/compiled/${name}.ts`)

/** The packages a room imports; Node's modules are another rule's. */
const packages: Readonly<Record<string, readonly RegExp[]>> = {
  core: [/^fp-ts\/lib\/\w+\.js$/],
  input: [/^fp-ts\/lib\/\w+\.js$/],
  model: [/^fp-ts\/lib\/\w+\.js$/],
  checkpoint: [/^fp-ts\/lib\/\w+\.js$/, /^@zip\.js\/zip\.js/],
  interpreters: [/^fp-ts\/lib\/\w+\.js$/],
  observers: [/^fp-ts\/lib\/\w+\.js$/],
  compiled: [/^fp-ts\/lib\/\w+\.js$/, /^#worker_threads$/],
  laws: [/^fp-ts\/lib\/\w+\.js$/, /^fast-check$/],
  tasks: [/^fp-ts\/lib\/\w+\.js$/],
  node: [/^fp-ts\/lib\/\w+\.js$/, /^sharp$/, /^signal-exit$/],
  cli: [/^fp-ts\/lib\/\w+\.js$/, /^commander$/, /^cli-progress$/],
  entry: [/^fp-ts\/lib\/\w+\.js$/],
}

/** Where Node may be named. */
const NODE = /^src\/(node|cli)\/|^src\/compiled\/wasm\/(threads|worker|workers\/node)\.ts$/

/** Files that do something when they are loaded: the executable and what a thread runs. */
const MAIN = /^src\/cli\/main\.ts$|^src\/node\/judging-thread\.ts$|^src\/compiled\/wasm\/worker\.ts$/

/** What a module that is only loaded must not touch: paths, clocks, the process, memory, the page. */
const FORBIDDEN = new Set(
  'process Date performance WebAssembly SharedArrayBuffer WeakMap WeakRef Worker fetch crypto globalThis fileURLToPath'.split(
    ' ',
  ),
)

/**
 * What stands where it should not yet, as a rule below reports it. It is a list of work, empty in the end: an entry that
 * nothing is reported of fails too.
 */
const toMend: readonly RegExp[] = []

const isToMend = (words: string): boolean => toMend.some((entry) => entry.test(words))

/** Generated text is made of a source: it imports what that is made of. */
const madeOf = ({ file, syntax }: Source): readonly string[] =>
  !file.startsWith('src/compiled/wasm/generated/')
    ? []
    : /export const WORKER\b/.test(syntax.text)
      ? ['src/compiled/wasm/worker.ts']
      : [`src/compiled/wasm/assembly/${file.endsWith('/training.ts') ? 'training' : 'index'}.ts`]

const edgesOf = (source: Source): readonly string[] => [...inside(source), ...madeOf(source)]

/** `src/core/tensor.ts` is in `core`; a file that stands alone is a room. */
const roomOf = (file: string): string => file.split('/')[1]!.replace(/\.ts$/, '')
const isCompiled = (file: string): boolean => file.startsWith('src/compiled/')
const partOf = (file: string): string => file.split('/')[2]!.replace(/\.ts$/, '')

/** The imports of one room from another, in words, with the edge. */
interface Crossing {
  readonly from: string
  readonly to: string
  readonly words: string
}

const crossings = (sources: readonly Source[], room: (file: string) => string): readonly Crossing[] =>
  sources.flatMap((source) =>
    edgesOf(source)
      .filter((path) => path.startsWith('src/') && room(path) !== room(source.file))
      .map((path) => ({ from: room(source.file), to: room(path), words: `${source.file} imports ${path}` })),
  )

const unpermitted = (all: readonly Crossing[], table: Readonly<Record<string, readonly string[]>>): readonly string[] =>
  all.filter(({ from, to }) => !table[from]?.includes(to)).map(({ words }) => words)

const unused = (all: readonly Crossing[], table: Readonly<Record<string, readonly string[]>>): readonly string[] =>
  Object.entries(table).flatMap(([from, rooms]) =>
    rooms
      .filter((to) => !all.some((edge) => edge.from === from && edge.to === to))
      .map((to) => `nothing in ${from} imports ${to}`),
  )

/** Edges of a table that do not go down. */
const level = (table: Readonly<Record<string, readonly string[]>>, storeys: typeof floors): readonly string[] => {
  const floorOf = (room: string): number => storeys.findIndex((rooms) => rooms.includes(room))
  return Object.entries(table).flatMap(([from, rooms]) =>
    rooms.filter((to) => !(floorOf(to) >= 0 && floorOf(to) < floorOf(from))).map((to) => `${from} stands on ${to}`),
  )
}

const circlesOf = (edges: readonly (readonly [string, string])[]): readonly string[] => {
  const graph = new Map<string, Set<string>>()
  for (const [from, to] of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to))
  return circles(graph).map((found) => `a circle: ${found}`)
}

/** The functions of a module by name, as their bodies. */
const functionsOf = (syntax: ts.SourceFile): ReadonlyMap<string, ts.Node> =>
  new Map(
    syntax.statements.flatMap((statement) =>
      ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.flatMap(({ name, initializer }) =>
            initializer !== undefined && ts.isArrowFunction(initializer) ? [[name.getText(), initializer.body]] : [],
          )
        : ts.isFunctionDeclaration(statement) && statement.name && statement.body
          ? [[statement.name.text, statement.body]]
          : [],
    ),
  )

/** What happens when a module is loaded that should not: its constants are computed, with the functions they call. */
const happenings = ({ file, syntax }: Source): readonly string[] => {
  const functions = functionsOf(syntax)
  const touched = (node: ts.Node, seen: ReadonlySet<string>): readonly string[] =>
    nodes(node, false).flatMap((inner): readonly string[] => {
      if (ts.isTypeNode(inner)) return []
      if (ts.isMetaProperty(inner) || ts.isAwaitExpression(inner)) return [inner.getText()]
      if (ts.isIdentifier(inner) && FORBIDDEN.has(inner.text) && !ts.isPropertyAccessExpression(inner.parent))
        return [inner.text]
      if (ts.isPropertyAccessExpression(inner) && FORBIDDEN.has(inner.expression.getText()))
        return [inner.expression.getText()]
      if (!ts.isCallExpression(inner)) return []
      const name = inner.expression.getText()
      const body = functions.get(name)
      return body === undefined || seen.has(name) ? [] : touched(body, new Set([...seen, name]))
    })
  return syntax.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      const changing = (statement.declarationList.flags & ts.NodeFlags.Const) === 0
      const names = statement.declarationList.declarations.map(({ name }) => name.getText()).join(', ')
      const found = statement.declarationList.declarations.flatMap(({ initializer }) =>
        initializer === undefined || ts.isFunctionLike(initializer) ? [] : touched(initializer, new Set()),
      )
      return [
        ...(changing ? [`${file} has the variable ${names}`] : []),
        ...[...new Set(found)].map((what) => `${file} touches ${what} when it is loaded, for ${names}`),
      ]
    }
    return ts.isExpressionStatement(statement) ||
      ts.isIfStatement(statement) ||
      ts.isIterationStatement(statement, false)
      ? [`${file} does something when it is loaded: ${statement.getText().slice(0, 40)}`]
      : []
  })
}

const isModifier = (statement: ts.Statement, kind: ts.SyntaxKind): boolean =>
  ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === kind)

/** Words of the language that are not spoken here. */
const unspoken = ({ file, syntax }: Source): readonly string[] =>
  nodes(syntax).flatMap((node) => {
    if (ts.isClassLike(node)) return [`${file} has a class`]
    if (node.kind === ts.SyntaxKind.AnyKeyword) return [`${file} has an any`]
    if (ts.isExportAssignment(node)) return [`${file} has a default export`]
    if (ts.isStatement(node) && isModifier(node, ts.SyntaxKind.DefaultKeyword)) return [`${file} has a default export`]
    if (!ts.isExportDeclaration(node) || node.moduleSpecifier === undefined) return []
    if (node.exportClause === undefined) return [`${file} exports all of ${node.moduleSpecifier.getText()}`]
    return file.startsWith('src/entry/') ? [] : [`${file} is a barrel: it exports what is another's`]
  })

/** What is wrong, rule by rule, with the code of `src/` and with the other code of the repository. */
const rulesOf = (code: readonly Source[], others: readonly Source[]): Readonly<Record<string, readonly string[]>> => {
  const between = crossings(code, roomOf)
  const within = crossings(
    code.filter(({ file }) => isCompiled(file)),
    (file) => (isCompiled(file) ? partOf(file) : ''),
  ).filter(({ to }) => to !== '')
  return {
    'floors go down': [...level(permitted, floors), ...level(permittedInCompiled, compiledFloors)],
    'a file imports from its own room, and from lower ones where that is permitted': unpermitted(between, permitted),
    'no permission is idle': unused(between, permitted),
    'the same inside compiled/': unpermitted(within, permittedInCompiled),
    'no permission inside compiled/ is idle': unused(within, permittedInCompiled),
    'no files go in a circle, types and generated text included': circlesOf(
      [...code, ...others].flatMap((source) => edgesOf(source).map((path): [string, string] => [source.file, path])),
    ),
    'no rooms go in a circle': [
      ...circlesOf(between.map(({ from, to }) => [from, to])),
      ...circlesOf(within.map(({ from, to }) => [`compiled/${from}`, `compiled/${to}`])),
    ],
    'src/ imports nothing but src/': code.flatMap((source) =>
      edgesOf(source)
        .filter((path) => !path.startsWith('src/'))
        .map((path) => `${source.file} imports ${path}`),
    ),
    'interpreters, observers and compiled know of the model only its dictionary; compiled/network and request the network too':
      code
        .filter(({ file }) => ['interpreters', 'observers', 'compiled'].includes(roomOf(file)))
        .flatMap((source) =>
          edgesOf(source)
            .filter((path) => roomOf(path) === 'model' && !dictionary.includes(path))
            .filter(() => !/^src\/compiled\/(network|request)\.ts$/.test(source.file))
            .map((path) => `${source.file} imports ${path}`),
        ),
    'who is outside enters compiled/ by its doors': code
      .filter(({ file }) => !isCompiled(file))
      .flatMap((source) =>
        edgesOf(source)
          .filter((path) => isCompiled(path) && !doors.includes(path))
          .map((path) => `${source.file} imports ${path}`),
      ),
    'Node is named in node/, cli/ and by the threads': code.flatMap((source) =>
      outside(source)
        .filter((path) => path.startsWith('node:') && !NODE.test(source.file))
        .map((path) => `${source.file} imports ${path}`),
    ),
    'a room imports the packages it is known for': code.flatMap((source) =>
      outside(source)
        .filter(
          (path) => !path.startsWith('node:') && !packages[roomOf(source.file)]?.some((known) => known.test(path)),
        )
        .map((path) => `${source.file} imports ${path}`),
    ),
    'no package is permitted that is not imported': Object.entries(packages).flatMap(([room, known]) =>
      known
        .filter((one) => !code.some((s) => roomOf(s.file) === room && outside(s).some((path) => one.test(path))))
        .map((one) => `nothing in ${room} imports ${one.source}`),
    ),
    'nothing happens when a module is loaded': code.filter(({ file }) => !MAIN.test(file)).flatMap(happenings),
    'no classes, no any, no default exports, no barrels': code.flatMap(unspoken),
    'what is imported is there': [...code, ...others].flatMap((source) =>
      inside(source)
        .filter((path) => !isThere(path) && !/^src\/.*\/generated\/|^node_modules\//.test(path))
        .map((path) => `${source.file} imports ${path}, which is not there`),
    ),
  }
}

const src = sourcesIn('src')
const code = src.filter(({ file }) => !file.includes('/assembly/'))
const others = sourcesIn('properties', 'spec', 'bench', 'scripts', 'ports', 'docs')
const rules = rulesOf(code, others)

describe('the house', () => {
  it('has rooms that are all known, and sources to read', () => {
    expect(code.length).toBeGreaterThan(100)
    expect(others.length).toBeGreaterThan(50)
    expect(floors.flat().sort()).toEqual(Object.keys(permitted).sort())
    expect([...new Set(code.map(({ file }) => roomOf(file)))].sort()).toEqual(floors.flat().sort())
  })

  it.each(Object.entries(rules))('%s', (_, wrong) => {
    expect([...new Set(wrong)].filter((words) => !isToMend(words))).toEqual([])
  })

  const mistakes: readonly (readonly [rule: string, file: string, text: string, said: string])[] = [
    ['a file imports from', 'src/core/a.ts', "import type { K } from '../model/kernels.js'", 'src/core/a.ts imports'],
    ['a file imports from', 'src/laws/b.ts', "const x = () => import('../tasks/load.js')", 'src/laws/b.ts imports'],
    ['the same inside', 'src/compiled/machine/c.ts', "type X = import('../network.js').X", 'machine/c.ts imports'],
    ['no files go', 'src/core/d.ts', "import type { X } from './d.js'", 'src/core/d.ts > src/core/d.ts'],
    ['no rooms go', 'src/core/e.ts', "import { x } from '../cli/io.js'", 'core > cli'],
    ['src/ imports nothing', 'src/core/f.ts', "import '../../spec/golden.js'", 'src/core/f.ts imports'],
    ['interpreters, obs', 'src/observers/g.ts', "import '../model/network.js'", 'src/observers/g.ts imports'],
    ['who is outside', 'src/node/h.ts', "new URL('../compiled/runner.js', import.meta.url)", 'src/node/h.ts imports'],
    ['Node is named in', 'src/tasks/i.ts', "import { open } from 'node:fs'", 'src/tasks/i.ts imports'],
    ['a room imports the', 'src/model/j.ts', "import fc from 'fast-check'", 'src/model/j.ts imports'],
    ['nothing happens', 'src/core/k.ts', 'export let x = 0', 'k.ts has the variable x'],
    ['nothing happens', 'src/core/l.ts', 'const now = () => Date.now()\nconst x = [now()]', 'l.ts touches Date'],
    ['nothing happens', 'src/core/m.ts', 'const x = new URL("x", import.meta.url)', 'm.ts touches import.meta'],
    ['nothing happens', 'src/core/n.ts', 'Object.freeze({})', '/n.ts does something'],
    ['no classes', 'src/core/o.ts', 'export class X {}', 'o.ts has a class'],
    ['no classes', 'src/core/p.ts', 'export const x = (y: any) => y', 'p.ts has an any'],
    ['no classes', 'src/core/q.ts', 'export default 1', 'q.ts has a default export'],
    ['no classes', 'src/core/r.ts', "export { sizeOf } from './tensor.js'", 'r.ts is a barrel'],
    ['what is imported', 'src/core/s.ts', "import { x } from './t.js'", 's.ts imports src/core/t.ts, which is not'],
  ]
  const wrong = rulesOf([...code, ...mistakes.map(([, file, text]) => sourceOf(file, text))], others)

  it.each(mistakes)('would tell: %s: %s with %s', (rule, _file, _text, said) => {
    const [, found] = Object.entries(wrong).find(([name]) => name.startsWith(rule))!
    expect(found.filter((words) => words.includes(said))).not.toEqual([])
  })

  it('would tell: a permission is idle', () => {
    const found = rulesOf(
      code.filter(({ file }) => !/^src\/(node|compiled\/(network|request)|compiled\/wasm)/.test(file)),
      others,
    )
    expect(found['no permission is idle']).toContain('nothing in node imports core')
    expect(found['no permission inside compiled/ is idle']).toContain('nothing in request imports runner')
    expect(found['no package is permitted that is not imported']).toContain('nothing in node imports ^sharp$')
  })

  it('is mended where it says it is not', () => {
    const reported = Object.values(rules).flat()
    expect(toMend.filter((entry) => !reported.some((words) => entry.test(words)))).toEqual([])
  })

  it('shows the network, attention and feed-forward on two screens', () => {
    const text = src.filter(({ file }) => /^src\/model\/(network|dssa|gwsffn)\.ts$/.test(file))
    expect(text).toHaveLength(3)
    expect(text.reduce((lines, { syntax }) => lines + syntax.text.split('\n').length, 0)).toBeLessThan(180)
  })
})
