/** Whether examples are well typed, as a reader's compiler would see them. @module */
import { join } from 'node:path'
import ts from 'typescript'
import { type Example, entries, placeOf, read, root } from './examples.js'

/** The types of what examples may name without making it, see `givenNames`. */
const GIVEN: Readonly<Record<string, string>> = { parameters: 'NetworkParameters', image: 'Currents', photo: 'Image' }

/** The sources of the entry points, as package.json has them. */
const sources = (): ts.MapLike<string[]> => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, { types?: string }> }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, { types }]) =>
      types === undefined
        ? []
        : [[`spikingresformer${path.slice(1)}`, [join(root, types.replace('./dist', '').replace('.d.ts', '.ts'))]]],
    ),
  )
}

/** An example as a module: it imports what it does not make, the nearest first. */
const moduleOf = ({ file, text }: Example): string => {
  const imports = text.match(/^import .*$/gm) ?? []
  const taken = new Set(imports.flatMap((line) => line.match(/\w+/g) ?? []))
  const free = (names: readonly string[]): readonly string[] => {
    const fresh = names.filter((name) => !taken.has(name))
    for (const name of fresh) taken.add(name)
    return fresh
  }
  const isSource = file.endsWith('.ts')
  const own = [...read(file).matchAll(/^export (?:const|function\*?|interface|type) (\w+)/gm)].map(([, name]) => name!)
  return [
    ...imports,
    ...(isSource ? [`import { ${free(own).join(', ')} } from '../${file.replace(/\.ts$/, '.js')}'`] : []),
    ...free(['pipe']).map((name) => `import { ${name} } from 'fp-ts/lib/function.js'`),
    ...free(['Either', 'TaskEither']).map((name) => `import * as ${name} from 'fp-ts/lib/${name}.js'`),
    ...free(Object.keys(GIVEN)).map((name) => `declare const ${name}: import('spikingresformer').${GIVEN[name]}`),
    ...free(['Spikes', 'Currents']).map((name) => `type ${name} = import('spikingresformer').${name}`),
    ...(free(['Call']).length > 0 ? ["type Call<S, C> = import('spikingresformer/interpreters').Call<S, C>"] : []),
    ...Object.entries(entries).map(
      ([entry, module]) => `import { ${free(Object.keys(module)).join(', ')} } from '${entry}'`,
    ),
    `export const main = async () => {\n${text.replace(/^import .*$/gm, '').replace(/^export /gm, '')}\n}`,
  ].join('\n')
}

const options: ts.CompilerOptions = {
  strict: true,
  noImplicitAny: false, // blocks of JavaScript are among them
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
}

/** The type errors of examples, a sentence each. */
export const typeErrors = (examples: readonly Example[]): readonly string[] => {
  const modules = new Map(examples.map((example, i) => [join(root, `spec/example-${i}.ts`), moduleOf(example)]))
  const settings = { ...options, paths: sources() }
  const host = ts.createCompilerHost(settings)
  const program = ts.createProgram([...modules.keys()], settings, {
    ...host,
    fileExists: (path) => modules.has(path) || host.fileExists(path),
    readFile: (path) => modules.get(path) ?? host.readFile(path),
    getSourceFile: (path, version) =>
      modules.has(path) ? ts.createSourceFile(path, modules.get(path)!, version) : host.getSourceFile(path, version),
  })
  return [...modules.keys()].flatMap((path, i) => {
    const source = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${placeOf(examples[i]!)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}
