/**
 * Lists every fault that the sources can make, as its sentence with a … for what is only known when it happens.
 *
 * A fault is an object with a fault's tag, or a call of a function that makes one of its arguments: such functions are found
 * by following their parameters into the fault. `npm run faults` writes docs/data/faults.json with it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The parts of each fault's sentence, as `describe` says them: a text, or the name of a property. */
const SENTENCES = {
  Configuration: ['configuration: ', ['field'], ' ', ['problem']],
  MissingKey: [['key'], ': missing, expected shape ', ['shape']],
  SurplusKey: [
    ['key'],
    ': not a key of this network (its shape is ',
    ['shape'],
    '); is the checkpoint of another variant?',
  ],
  MisshapenKey: [
    ['key'],
    ': has shape ',
    ['shape'],
    ', expected ',
    ['expected'],
    '; is the checkpoint of another variant?',
  ],
  WrongType: [['key'], ': has type ', ['type'], ', expected ', ['expected']],
  SilentHead: [
    ['key'],
    ': head ',
    ['head'],
    ' has firing rate ',
    ['rate'],
    ', so its scale 1/sqrt(rate * m) does not exist; the head was silent when the rates were recorded, or they never were: train or calibrate the checkpoint before using it',
  ],
  NotFinite: [['key'], ': element ', ['index'], ' is ', ['value'], '; every number must be finite'],
  Format: ['not a readable ', ['format'], ': ', ['problem'], '; ', ['advice']],
  Input: [['problem'], '; ', ['advice']],
  File: [['path'], ': cannot ', ['action'], ': ', ['reason']],
  Unavailable: [['what'], '; ', ['advice']],
}

const HOLE = '…'
const MOST_WAYS = 64

/** Where an import or export is from; nowhere: the empty text. */
const moduleOf = ({ moduleSpecifier }) => (ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '')

const nameOf = (node) => (ts.isIdentifier(node) ? node.text : null)

/** Sentences are arrays of parts: texts, and `{ param }` for what a maker is given. */
const text = (value) => [[value]]
const hole = text(HOLE)
const both = (a, b) => a.flatMap((x) => b.map((y) => [...x, ...y])).slice(0, MOST_WAYS)

const unwrapped = (node) =>
  ts.isParenthesizedExpression(node) ||
  ts.isAsExpression(node) ||
  ts.isSatisfiesExpression(node) ||
  ts.isNonNullExpression(node)
    ? unwrapped(node.expression)
    : node

/** Every text an expression may be, given the parameters that are in scope and the constants of its file. */
const textsOf = (given, scope, constants) => {
  const node = unwrapped(given)
  if (ts.isStringLiteralLike(node)) return text(node.text)
  if (ts.isTemplateExpression(node))
    return node.templateSpans.reduce(
      (so, span) => both(both(so, textsOf(span.expression, scope, constants)), text(span.literal.text)),
      text(node.head.text),
    )
  if (ts.isConditionalExpression(node))
    return [...textsOf(node.whenTrue, scope, constants), ...textsOf(node.whenFalse, scope, constants)]
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    return [...textsOf(node.left, scope, constants), ...textsOf(node.right, scope, constants)]
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return both(textsOf(node.left, scope, constants), textsOf(node.right, scope, constants))
  const name = nameOf(node)
  if (name !== null && scope.includes(name)) return [[{ param: name }]]
  if (name !== null && constants.has(name)) return textsOf(constants.get(name), [], new Map())
  return hole
}

/** Constants that are texts, by name. */
const constantsOf = (file) => {
  const found = new Map()
  const visit = (node) => {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer !== undefined &&
      (ts.isStringLiteralLike(unwrapped(node.initializer)) || ts.isTemplateExpression(unwrapped(node.initializer)))
    )
      found.set(node.name.text, node.initializer)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** The parameters of the functions around a node, by the nearest first: those of one arrow after another count together. */
const functionsAround = (node) => {
  const found = []
  for (let at = node.parent; at !== undefined; at = at.parent)
    if (ts.isArrowFunction(at) || ts.isFunctionDeclaration(at)) found.push(at)
  return found
}

const parametersOf = (fn) => fn.parameters.map(({ name }) => (ts.isIdentifier(name) ? name.text : ''))

/** The name of the constant that a function is, where it is one itself or returns it. */
const ownName = (fn) => {
  let at = fn
  while (at.parent !== undefined && ts.isArrowFunction(at.parent)) at = at.parent
  return ts.isVariableDeclaration(at.parent) && ts.isIdentifier(at.parent.name)
    ? { name: at.parent.name.text, outer: at }
    : null
}

const propertiesOf = (object) =>
  new Map(
    object.properties.flatMap((property) =>
      ts.isPropertyAssignment(property) && ts.isIdentifier(property.name)
        ? [[property.name.text, property.initializer]]
        : ts.isShorthandPropertyAssignment(property)
          ? [[property.name.text, property.name]]
          : [],
    ),
  )

const tagOf = (properties) => {
  const tag = properties.get('_tag')
  return tag !== undefined && ts.isStringLiteral(unwrapped(tag)) && unwrapped(tag).text in SENTENCES
    ? unwrapped(tag).text
    : null
}

const literal = (parts) =>
  parts
    .map((part) => (typeof part === 'string' ? part : HOLE))
    .join('')
    .replace(/…+/g, HOLE)

/** Whether a call says no more than the function that it calls. */
const isBare = (parts, sentence) => literal(parts) === literal(sentence)

/** Whether a node is written inside a type, or inside `describe`, which says faults and makes none. */
const isSaying = (node) => {
  for (let at = node.parent; at !== undefined; at = at.parent) if (ts.isTypeNode(at)) return true
  return false
}

/** All faults of some sources `{ name, text }`: their sentences, in the order of the sources. */
export const faultsIn = (sources) => {
  const files = sources.map(({ name, text: code }) => ({
    name,
    file: ts.createSourceFile(name, code, ts.ScriptTarget.ES2022, true),
  }))
  const exported = new Map()
  /** What a name makes, seen from a file: its own first, then what is exported under it. */
  const makers = new Map()
  const makerFor = (file, name) => makers.get(`${file} ${name}`) ?? makers.get(exported.get(`${file} ${name}`))
  for (const { name, file } of files)
    for (const statement of file.statements)
      if (ts.isImportDeclaration(statement) && moduleOf(statement).startsWith('.')) {
        const from = new URL(moduleOf(statement).replace(/\.js$/, '.ts'), `file:///${name}`).pathname.slice(1)
        const named = statement.importClause?.namedBindings
        for (const element of named !== undefined && ts.isNamedImports(named) ? named.elements : [])
          exported.set(`${name} ${element.name.text}`, `${from} ${(element.propertyName ?? element.name).text}`)
      }

  /** The sentences that one place makes. */
  const made = (node, name, constants) => {
    const functions = functionsAround(node)
    const scope = functions.flatMap(parametersOf)
    if (ts.isObjectLiteralExpression(node)) {
      const properties = propertiesOf(node)
      const tag = tagOf(properties)
      if (tag === null || isSaying(node)) return null
      return SENTENCES[tag].reduce(
        (so, part) =>
          both(
            so,
            typeof part === 'string'
              ? text(part)
              : properties.has(part[0])
                ? textsOf(properties.get(part[0]), scope, constants)
                : hole,
          ),
        [[]],
      )
    }
    if (ts.isCallExpression(node)) {
      /** @type {import('typescript').Expression} */
      let callee = node
      const all = []
      while (ts.isCallExpression(callee)) {
        all.unshift(callee.arguments)
        callee = callee.expression
      }
      const called = nameOf(callee)
      const maker = called === null ? undefined : makerFor(name, called)
      // Of f(a)(b) the outermost call is the place.
      if (maker === undefined || (ts.isCallExpression(node.parent) && node.parent.expression === node)) return null
      return maker.flatMap(({ parts, parameters }) =>
        parts
          .reduce(
            (so, part) => {
              if (typeof part === 'string') return both(so, text(part))
              const [group, index] = parameters.get(part.param) ?? [-1, -1]
              const argument = all[group]?.[index]
              return both(so, argument === undefined ? hole : textsOf(argument, scope, constants))
            },
            [[]],
          )
          .map((sentence) => Object.assign(sentence, { bare: isBare(parts, sentence) })),
      )
    }
    return null
  }

  /** The maker that a place belongs to: the outermost named function whose parameters its sentences have. */
  const makerOf = (node, sentences) => {
    const used = new Set(
      sentences.flatMap((parts) => parts.flatMap((part) => (typeof part === 'string' ? [] : [part.param]))),
    )
    const functions = functionsAround(node)
    for (const fn of functions.toReversed()) {
      const own = ownName(fn)
      if (own === null) continue
      const groups = []
      for (let at = own.outer; ts.isArrowFunction(at); at = at.body) groups.push(parametersOf(at))
      const parameters = new Map(
        groups.flatMap((names, group) => names.map((parameter, index) => [parameter, [group, index]])),
      )
      if ([...used].some((parameter) => parameters.has(parameter))) return { name: own.name, parameters }
    }
    return null
  }

  const walk = (visitPlace) => {
    for (const { name, file } of files) {
      const constants = constantsOf(file)
      const visit = (node) => {
        const sentences = made(node, name, constants)
        if (sentences !== null) visitPlace(name, node, sentences)
        ts.forEachChild(node, visit)
      }
      visit(file)
    }
  }

  // Makers of makers: until no more are found.
  for (let before = -1; before !== [...makers.values()].flat().length; ) {
    before = [...makers.values()].flat().length
    const found = new Map()
    walk((name, node, sentences) => {
      const maker = makerOf(node, sentences)
      if (maker === null) return
      const key = `${name} ${maker.name}`
      const list = found.get(key) ?? []
      for (const parts of sentences) list.push({ parts, parameters: maker.parameters })
      found.set(key, list)
    })
    makers.clear()
    for (const [key, list] of found) makers.set(key, list)
  }

  // A maker's own sentence is a fault where some call adds nothing to it.
  const called = new Set()
  walk((name, node, sentences) => {
    if (!ts.isCallExpression(node)) return
    /** @type {import('typescript').Expression} */
    let callee = node
    while (ts.isCallExpression(callee)) callee = callee.expression
    const place = `${name} ${nameOf(callee)}`
    const own = makers.has(place) ? place : exported.get(place)
    for (const parts of sentences)
      if (parts.bare === true && parts.every((part) => typeof part === 'string')) called.add(`${own} ${literal(parts)}`)
  })

  const faults = []
  walk((name, node, sentences) => {
    const maker = makerOf(node, sentences)
    for (const parts of sentences) {
      const open = parts.some((part) => typeof part !== 'string')
      const sentence = literal(parts)
      if (parts.bare === true || (open && maker !== null && !called.has(`${name} ${maker.name} ${sentence}`))) continue
      const known = faults.find((other) => other.sentence === sentence)
      if (known === undefined) faults.push({ sentence, files: [name] })
      else if (!known.files.includes(name)) known.files.push(name)
    }
  })
  return faults
}

const root = new URL('../', import.meta.url)

/** The sources of the package. */
export const sources = () =>
  readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('generated') && !name.includes('assembly'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort()
    .map((name) => ({ name: `src/${name}`, text: readFileSync(new URL(`src/${name}`, root), 'utf8') }))

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { files, sentence } of faultsIn(sources())) console.log(`${files.join(' ')}\t${sentence}`)
