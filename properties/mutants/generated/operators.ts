/**
 * Mutants that nobody thought of: every one that the operators below make of a text in JavaScript, none selected. A
 * mutant is one change of the text, named by where it is and what it does.
 * @module
 */
import ts from 'typescript'

/** One change of a text. */
interface Edit {
  readonly node: ts.Node
  readonly operator: string
  /** What takes the place of the node. */
  readonly text: string
}

/** A mutant of a text. */
export interface Generated {
  /** `line:column operator: before -> after`, unique and stable as long as the text is. */
  readonly id: string
  readonly operator: string
  /** The operations it may change. */
  readonly operations: readonly string[]
  /** The whole text, changed. */
  readonly text: string
}

/** What each operator does, in words. */
export const operators = {
  number: 'a number is one more, or one less',
  bound: 'a loop begins or ends one later, or one earlier',
  index: 'an index is one more, or one less',
  comparison: 'a comparison is any of the others',
  arithmetic: 'an arithmetic operator is any of the others',
  assignment: 'what is added is subtracted, or assigned; what counts up counts down',
  condition: 'a condition is its contrary, or always true, or never; and is or',
  reversed: 'a loop runs from its end to its beginning',
  interchanged: 'a loop and the one just inside it change places',
  removed: 'a statement is left out',
  name: 'a name is any of the others that were unpacked or passed beside it',
  counter: 'a loop’s variable is any of the others in reach',
  function: 'a function is its sibling (floor: ceil, round; min: max; every: some), or not applied',
  list: 'an element of a list is left out, or changes places with the next',
  text: 'a text is empty',
  sign: 'a sign is left out',
  kept: 'an array is the one of the call before, emptied',
} as const

const RELATIONS = ['<', '<=', '>', '>='] as const
const ARITHMETIC = ['+', '-', '*', '/', '%'] as const
const SIBLINGS: { readonly [name: string]: readonly string[] } = {
  'Math.floor': ['Math.ceil', 'Math.round'],
  'Math.min': ['Math.max'],
  'Math.max': ['Math.min'],
  'Math.sqrt': [''],
  'Math.exp': [''],
}

/** The array of the call before, emptied: what {@link operators}.kept puts in the place of `make`. */
const KEPT = `
const keptArrays = new Map()
const kept = (place, shape) => {
  const key = place + ':' + shape.join()
  const found = keptArrays.get(key) ?? keptArrays.set(key, make(shape)).get(key)
  found.data.fill(0)
  return { shape, data: found.data }
}
`

const isLoop = (node: ts.Node): node is ts.ForStatement => ts.isForStatement(node)

/** A counting loop: `for (let i = from; i < to; i++)`, or `i += by`. */
interface Counting {
  readonly name: string
  readonly from: ts.Expression
  readonly to: ts.Expression
  readonly step: ts.Expression
}

const counting = ({ initializer, condition, incrementor }: ts.ForStatement): Counting | undefined => {
  if (initializer === undefined || !ts.isVariableDeclarationList(initializer)) return undefined
  const [declaration] = initializer.declarations
  if (declaration?.initializer === undefined || !ts.isIdentifier(declaration.name)) return undefined
  if (condition === undefined || !ts.isBinaryExpression(condition) || incrementor === undefined) return undefined
  return { name: declaration.name.text, from: declaration.initializer, to: condition.right, step: incrementor }
}

/** The loop, from its end to its beginning. */
const reversed = (loop: ts.ForStatement): readonly string[] => {
  const found = counting(loop)
  if (found === undefined) return []
  const { name, from, to, step } = found
  const [by, first] = ts.isBinaryExpression(step)
    ? [
        step.right.getText(),
        `${from.getText()} + Math.floor(((${to.getText()}) - 1 - (${from.getText()})) / ${step.right.getText()}) * ${step.right.getText()}`,
      ]
    : ['1', `(${to.getText()}) - 1`]
  return [`for (let ${name} = ${first}; ${name} >= ${from.getText()}; ${name} -= ${by}) ${loop.statement.getText()}`]
}

/** The loop with the one just inside it outside. */
const interchanged = (loop: ts.ForStatement): readonly string[] => {
  const block = loop.statement
  const inner = ts.isBlock(block) && block.statements.length === 1 ? block.statements[0]! : block
  if (!isLoop(inner) || inner.initializer?.getText().includes(counting(loop)?.name ?? '\0') === true) return []
  const head = (of: ts.ForStatement): string =>
    `for (${of.initializer!.getText()}; ${of.condition!.getText()}; ${of.incrementor!.getText()})`
  return [`${head(inner)} ${head(loop)} ${inner.statement.getText()}`]
}

/** The names that a pattern or a list of parameters binds. */
const boundBy = (name: ts.BindingName): readonly string[] =>
  ts.isIdentifier(name) ? [name.text] : name.elements.flatMap((e) => (ts.isOmittedExpression(e) ? [] : boundBy(e.name)))

/** Every group of names that come together: what is unpacked in one pattern, the parameters of one function. */
const groupsAt = (node: ts.Node): readonly (readonly string[])[] => {
  if (ts.isArrowFunction(node)) return [node.parameters.flatMap(({ name }) => boundBy(name))]
  if (ts.isVariableDeclarationList(node) && !ts.isForStatement(node.parent))
    return node.declarations.map(({ name }) => boundBy(name))
  return []
}

const within = (node: ts.Node, outer: ts.Node): boolean => node.pos >= outer.pos && node.end <= outer.end

/** The names that may stand in the place of an identifier. */
const beside = (
  identifier: ts.Identifier,
): { readonly group: readonly string[]; readonly loops: readonly string[] } => {
  let group: readonly string[] = []
  const loops: string[] = []
  for (let scope: ts.Node = identifier.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (isLoop(scope) && scope.initializer !== undefined && !within(identifier, scope.initializer)) {
      const found = counting(scope)
      if (found !== undefined) loops.push(found.name)
    }
    const groups = ts.isArrowFunction(scope)
      ? groupsAt(scope)
      : ts.isBlock(scope)
        ? scope.statements.flatMap((s) => (ts.isVariableStatement(s) ? groupsAt(s.declarationList) : []))
        : []
    if (group.length === 0) group = groups.find((names) => names.includes(identifier.text)) ?? []
  }
  return { group, loops: loops.includes(identifier.text) ? loops : [] }
}

/** Whether an identifier is a value that is read, not a name that is given or a key. */
const isRead = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return false
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node
  if (ts.isParameter(parent) || ts.isBindingElement(parent)) return false
  return true
}

const isCondition = (node: ts.Node): boolean =>
  (ts.isIfStatement(node.parent) && node.parent.expression === node) ||
  (ts.isConditionalExpression(node.parent) && node.parent.condition === node) ||
  (ts.isBinaryExpression(node.parent) &&
    node !== node.parent.operatorToken &&
    /^(&&|\|\|)$/.test(node.parent.operatorToken.getText()))

/** Two elements of a list exchanged, and each left out. */
const listed = (elements: readonly ts.Node[], open: string, close: string): readonly string[] => {
  const texts = elements.map((e) => e.getText())
  const list = (items: readonly string[]): string => `${open}${items.join(', ')}${close}`
  return [
    ...texts.map((_, i) => list(texts.filter((__, j) => j !== i))),
    ...texts.slice(1).map((text, i) => list(texts.with(i, text).with(i + 1, texts[i]!))),
  ]
}

/** What the operators make of a node. */
const editsAt = (node: ts.Node): readonly Edit[] => {
  const edits = (operator: keyof typeof operators, of: ts.Node, ...texts: readonly string[]): readonly Edit[] =>
    texts.map((text) => ({ node: of, operator, text }))
  const text = node.getText()
  const byOne = (of: ts.Node): readonly string[] => [`(${of.getText()}) + 1`, `(${of.getText()}) - 1`]
  const found: Edit[] = []
  if (isCondition(node)) found.push(...edits('condition', node, `!(${text})`, 'true', 'false'))
  if (ts.isNumericLiteral(node)) found.push(...edits('number', node, String(Number(text) + 1), `(${Number(text) - 1})`))
  if (ts.isStringLiteral(node)) found.push(...edits('text', node, "''"))
  if (isLoop(node)) {
    const loop = counting(node)
    if (loop !== undefined) {
      if (!ts.isNumericLiteral(loop.from)) found.push(...edits('bound', loop.from, ...byOne(loop.from)))
      found.push(...edits('bound', loop.to, ...byOne(loop.to)))
    }
    found.push(...edits('reversed', node, ...reversed(node)), ...edits('interchanged', node, ...interchanged(node)))
  }
  if (ts.isElementAccessExpression(node) && !ts.isNumericLiteral(node.argumentExpression))
    found.push(...edits('index', node.argumentExpression, ...byOne(node.argumentExpression)))
  if (ts.isBinaryExpression(node)) {
    const { operatorToken } = node
    const token = operatorToken.getText()
    const others = (all: readonly string[]): readonly string[] => all.filter((other) => other !== token)
    if (RELATIONS.some((relation) => relation === token))
      found.push(...edits('comparison', operatorToken, ...others(RELATIONS)))
    if (ARITHMETIC.some((one) => one === token))
      found.push(...edits('arithmetic', operatorToken, ...others(ARITHMETIC)))
    if (token === '===') found.push(...edits('comparison', operatorToken, '!=='))
    if (token === '!==') found.push(...edits('comparison', operatorToken, '==='))
    if (token === '+=') found.push(...edits('assignment', operatorToken, '-=', '='))
    if (token === '&&') found.push(...edits('condition', operatorToken, '||'))
    if (token === '||') found.push(...edits('condition', operatorToken, '&&'))
  }
  if (ts.isPostfixUnaryExpression(node))
    found.push(...edits('assignment', node, `${node.operand.getText()}--`, node.operand.getText()))
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken)
    found.push(...edits('sign', node, node.operand.getText()))
  if (ts.isExpressionStatement(node) || ts.isContinueStatement(node)) found.push(...edits('removed', node, ';'))
  if (ts.isArrayLiteralExpression(node)) found.push(...edits('list', node, ...listed(node.elements, '[', ']')))
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText()
    const args = node.arguments.map((a) => a.getText()).join(', ')
    for (const sibling of SIBLINGS[called] ?? []) found.push(...edits('function', node, `${sibling}(${args})`))
    if (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'every')
      found.push(...edits('function', node.expression.name, 'some'))
    if (called === 'make') found.push(...edits('kept', node, `kept(${node.pos}, ${args})`))
  }
  if (ts.isIdentifier(node) && isRead(node)) {
    const { group, loops } = beside(node)
    const others = (names: readonly string[]): readonly string[] => names.filter((name) => name !== text)
    found.push(...edits('name', node, ...others(group)), ...edits('counter', node, ...others(loops)))
  }
  return found
}

const inside = (node: ts.Node): readonly ts.Node[] => {
  const found: ts.Node[] = []
  node.forEachChild((child) => {
    found.push(child, ...inside(child))
  })
  return found
}

/** The parts of the text: each constant of the module, and of `kernels` each operation. */
const partsOf = (file: ts.SourceFile): ReadonlyMap<string, ts.Node> =>
  new Map(
    file.statements.flatMap((statement) =>
      ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.flatMap(({ name, initializer }): [string, ts.Node][] =>
            name.getText() === 'kernels' && initializer !== undefined && ts.isObjectLiteralExpression(initializer)
              ? initializer.properties.map((p) => [`kernels.${p.name!.getText()}`, p])
              : [[name.getText(), initializer!]],
          )
        : [],
    ),
  )

/** The operations that a part is used by, itself or by what it calls. */
const usersOf = (parts: ReadonlyMap<string, ts.Node>): ((part: string) => readonly string[]) => {
  const reach = (from: string): ReadonlySet<string> => {
    const reached = new Set([from])
    // A set that grows while it is gone through: what is added is visited too.
    for (const part of reached)
      for (const { text } of inside(parts.get(part)!).filter(ts.isIdentifier)) if (parts.has(text)) reached.add(text)
    return reached
  }
  const operations = [...parts.keys()].filter((name) => name.startsWith('kernels.'))
  const uses = new Map(operations.map((name) => [name, reach(name)]))
  return (part) => operations.filter((name) => uses.get(name)!.has(part)).map((name) => name.slice('kernels.'.length))
}

const short = (text: string): string => text.replace(/\s+/g, ' ')

/**
 * All mutants of a text, in its order. What is judged is `kernels`; its `scope` is left out, for the judge leaves it out.
 */
export const mutantsOf = (text: string): readonly Generated[] => {
  const file = ts.createSourceFile('subject.mjs', text, ts.ScriptTarget.Latest, true)
  const parts = partsOf(file)
  const users = usersOf(parts)
  const made = [...parts]
    .filter(([part]) => part !== 'kernels.scope')
    .flatMap(([part, root]) =>
      inside(root)
        .flatMap(editsAt)
        .map(({ node, operator, text: after }): Generated => {
          const start = node.getStart()
          const { line, character } = file.getLineAndCharacterOfPosition(start)
          const before = isLoop(node) ? short(node.getText()).slice(0, 40) : short(node.getText())
          const change = isLoop(node) ? `${before}...` : `${before} -> ${short(after) || 'nothing'}`
          return {
            id: `${line + 1}:${character + 1} ${operator}: ${change}`,
            operator,
            operations: users(part),
            text: `${text.slice(0, start)}${after}${text.slice(node.end)}${operator === 'kept' ? KEPT : ''}`,
          }
        }),
    )
  // Two operators may make the same text.
  const different = made.filter((mutant) => mutant.text !== text)
  return [...new Map(different.toReversed().map((mutant) => [mutant.text, mutant])).values()].toReversed()
}
