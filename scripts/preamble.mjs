// What an example of the documentation needs before it so that it can be pasted and run: the imports of what it names, and
// the values that examples may name without making them. The pages show it (scripts/typedoc-surface.mjs), and
// spec/examples.spec.ts runs every public example with it and nothing else.
import ts from 'typescript'

/** From fp-ts: a name, and the line that imports it. */
const FP_TS = {
  pipe: "import { pipe } from 'fp-ts/lib/function.js'",
  Either: "import * as Either from 'fp-ts/lib/Either.js'",
  TaskEither: "import * as TaskEither from 'fp-ts/lib/TaskEither.js'",
}

const VARIANTS = ['ti', 's', 'm', 'l', 'cifar', 'dvsg', 'digits']

/** The right of an Either that examples are given, or the end of the program. */
const OK =
  'const ok = <E, A>(given: Either.Either<E, A>): A => {\n  if (Either.isLeft(given)) throw new Error(JSON.stringify(given.left))\n  return given.right\n}'

/** What examples may name without making it: the bundled digits network, its first input, and a colour image. */
const GIVEN = {
  parameters:
    'const parameters = ok(\n  await pipe(bundledCheckpoint, TaskEither.chain(readCheckpoint), TaskEither.chainEitherK(parse(variants.digits)))(),\n)',
  image: 'const image = tensor([1, 1, 1, 16, 16], ok(digitsInput(ok(await bundledDigits())[0]!.values)).data)',
  photo:
    'const photo = ok(imageOf({ height: 48, width: 64 }, 3, Uint8Array.from({ length: 48 * 64 * 3 }, (_, i) => (i * 7) % 256)))',
}

/** Whether an identifier names a value or a type, and is not the name of a property. */
const isUse = (node) => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isPropertySignature(parent)) return false
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isNamedTupleMember(parent)) return parent.type === node
  return !ts.isImportSpecifier(parent) && !ts.isNamespaceImport(parent)
}

const isDeclared = ({ parent }, node) =>
  (ts.isBindingElement(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isNamespaceImport(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isTypeParameterDeclaration(parent)) &&
  parent.name === node

/** The names a text uses and does not declare. */
const freeNames = (text) => {
  const used = new Set()
  const declared = new Set()
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      if (isDeclared(node, node)) declared.add(node.text)
      else if (isUse(node)) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('example.ts', text, ts.ScriptTarget.ESNext, true))
  return [...used].filter((name) => !declared.has(name))
}

/** The comments `// => value` are expressions in the same scope. */
const withStated = (text) => text.replace(/^(.*?)\/\/ => (.*)$/gm, '$1\n;($2)')

/**
 * The lines that an example needs before it. `exported` says of a name which entry point has it, if any, and whether it is
 * a type.
 */
export const preambleOf = (text, exported) => {
  const names = freeNames(withStated(text))
  const given = Object.keys(GIVEN).filter((name) => names.includes(name))
  const made = [...(given.length > 0 ? [OK] : []), ...given.map((name) => GIVEN[name])]
  const variants = VARIANTS.filter((name) => names.includes(name) && exported(name) === undefined)
  if (variants.length > 0) made.push(`const { ${variants.join(', ')} } = variants`)
  const needed = [...new Set([...names, ...freeNames(made.join('\n'))])].sort()
  const lines = Object.entries(FP_TS).flatMap(([name, line]) => (needed.includes(name) ? [line] : []))
  const byEntry = new Map()
  for (const name of needed) {
    const found = name in FP_TS || given.includes(name) ? undefined : exported(name)
    if (found === undefined) continue
    byEntry.set(found.entry, [...(byEntry.get(found.entry) ?? []), found.type ? `type ${name}` : name])
  }
  for (const [entry, own] of [...byEntry].sort()) lines.push(`import { ${own.join(', ')} } from '${entry}'`)
  return [...lines, ...(made.length > 0 ? ['', ...made] : [])].join('\n')
}
