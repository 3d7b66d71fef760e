/** `laws`: lists the laws, or judges an implementation by them. @module */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, reasonOf } from '../core/fault.js'
import type { Expectations, Implementation, Law, Row } from '../entry/laws.js'
import { writeFileAtomically } from '../node/write.js'
import type { Io, Perform } from './io.js'

type Laws = typeof import('../entry/laws.js')

interface Options {
  readonly kernels?: string
  readonly only: string
  readonly expect?: string
  readonly runs: number
  readonly base: number
  readonly seed?: number
  readonly path?: string
  readonly markdown?: true
  readonly json?: string | true
}

const one = (fault: Fault): Faults => [fault]

/** The laws need fast-check, a peer dependency that may not be there. */
const loadLaws: TaskEither.TaskEither<Faults, Laws> = TaskEither.tryCatch(
  () => import('../entry/laws.js'),
  (error) =>
    one({
      _tag: 'Unavailable',
      what: `the laws cannot be loaded: ${reasonOf(error)}`,
      advice: 'they need fast-check: npm install fast-check',
    }),
)

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

/** The implementation a module exports: `kernels`, and `carriers` where its values are not plain tensors. */
const implementationOf =
  (path: string) =>
  (module: { readonly [key: string]: unknown }): Either.Either<Faults, Implementation<unknown, unknown>> => {
    const { kernels, carriers } = module
    if (!isObject(kernels))
      return Either.left(
        one({
          _tag: 'Input',
          problem: `${path} exports no kernels`,
          advice: 'export const kernels = { fire: ..., ... }',
        }),
      )
    const names = ['fromSpikes', 'toSpikes', 'fromCurrents', 'toCurrents']
    if (carriers !== undefined && !(isObject(carriers) && names.every((name) => typeof carriers[name] === 'function')))
      return Either.left(
        one({
          _tag: 'Input',
          problem: `${path} exports carriers that are not four functions`,
          advice: `export const carriers = { ${names.join(', ')} }, or none for plain tensors`,
        }),
      )
    return Either.right({ kernels, ...(carriers === undefined ? {} : { carriers }) } as unknown as Implementation<
      unknown,
      unknown
    >)
  }

/** Loads, and so runs, the module the user names. */
const loadImplementation = (path: string): TaskEither.TaskEither<Faults, Implementation<unknown, unknown>> =>
  pipe(
    TaskEither.tryCatch(
      async () => (await import(pathToFileURL(resolve(path)).href)) as { readonly [key: string]: unknown },
      (error) =>
        one({
          _tag: 'InFile',
          path,
          fault: { _tag: 'Input', problem: reasonOf(error), advice: 'name an ES module that loads' },
        }),
    ),
    TaskEither.chainEitherK(implementationOf(path)),
  )

const loadExpectations =
  ({ parseExpectations }: Laws) =>
  (path: string | undefined): TaskEither.TaskEither<Faults, Expectations> =>
    path === undefined
      ? TaskEither.right({})
      : pipe(
          TaskEither.tryCatch(
            async () => JSON.parse(await readFile(path, 'utf8')) as unknown,
            (error) => one({ _tag: 'File', path, action: 'read', reason: reasonOf(error) }),
          ),
          TaskEither.chainEitherK((json) =>
            pipe(
              parseExpectations(json),
              Either.mapLeft((problems) =>
                one({
                  _tag: 'InFile',
                  path,
                  fault: { _tag: 'Input', problem: problems.join('; '), advice: 'correct it' },
                }),
              ),
            ),
          ),
        )

const selected = (L: Laws, { only }: Options): Either.Either<Faults, readonly Law[]> => {
  const found = L.select(only)(L.laws)
  return found.length > 0
    ? Either.right(found)
    : Either.left(
        one({ _tag: 'Input', problem: `no law is called ${only}`, advice: 'list them: spikingresformer laws' }),
      )
}

/** Judges law by law, so that the bar moves. */
const judge = (
  L: Laws,
  io: Io,
  mine: Implementation<unknown, unknown>,
  laws: readonly Law[],
  options: Options,
  expectations: Expectations,
): readonly Row[] => {
  const bar = io.bar(laws.length)
  const found: Row[] = []
  const { runs, base, seed, path } = options
  for (const row of L.rows(mine, laws, {
    runs,
    base,
    expectations,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  })) {
    found.push(row)
    bar.advance(1)
  }
  bar.stop()
  return found
}

/** The table, and a failure that names every unexpected row. */
const judgement = (io: Io, options: Options, kernels: string): TaskEither.TaskEither<Faults, string> =>
  pipe(
    TaskEither.Do,
    TaskEither.bind('L', () => loadLaws),
    TaskEither.bind('mine', () => loadImplementation(kernels)),
    TaskEither.bind('expectations', ({ L }) => loadExpectations(L)(options.expect)),
    TaskEither.bind('laws', ({ L }) => TaskEither.fromEither(selected(L, options))),
    TaskEither.chain(({ L, mine, expectations, laws }) => {
      const rows = judge(L, io, mine, laws, options, expectations)
      const [first, ...rest] = L.unexpected(rows, L.laws, { expectations })
      const json = options.json === true ? L.toJson(rows) : null
      const text = json ?? (options.markdown === true ? L.markdown(rows) : `${L.table(rows)}\n`)
      return pipe(
        typeof options.json === 'string'
          ? writeFileAtomically(options.json, L.toJson(rows))
          : TaskEither.right(undefined),
        TaskEither.chain(() => {
          if (first === undefined) return TaskEither.right(text)
          io.out(text)
          const unmet = [first, ...rest].map((x) => x.split(':')[0])
          return TaskEither.left(
            one({
              _tag: 'Input',
              problem: `not as expected: ${unmet.join(', ')}`,
              advice: 'each failure can be replayed as its row says',
            }),
          )
        }),
      )
    }),
  )

const listing = (options: Options): TaskEither.TaskEither<Faults, string> =>
  pipe(
    TaskEither.Do,
    TaskEither.bind('L', () => loadLaws),
    TaskEither.bind('laws', ({ L }) => TaskEither.fromEither(selected(L, options))),
    TaskEither.chain(({ L, laws }) => {
      const text = L.lawList(
        laws,
        options.json !== undefined ? 'json' : options.markdown === true ? 'markdown' : 'text',
      )
      return typeof options.json === 'string'
        ? pipe(
            writeFileAtomically(options.json, text),
            TaskEither.map(() => ''),
          )
        : TaskEither.right(text.endsWith('\n') ? text : `${text}\n`)
    }),
  )

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least || text.trim() === '')
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
    return value
  }

/** The command. */
export const lawsCommand = (io: Io, perform: Perform): Command =>
  new Command('laws')
    .description('list the laws of the model, or judge an implementation by them')
    .option('--kernels <module>', 'an ES module that exports `kernels` (and `carriers`): judge it')
    .option('--only <pattern>', 'only laws whose id matches, * standing for anything', '*')
    .option('--expect <file>', 'JSON: { "<law id>": { "expect": "fail" or "skip", "why": "..." } }')
    .option('--runs <number>', 'cases a law', whole(1), 100)
    .option('--base <number>', 'shifts every law’s seed', whole(0), 0)
    .addOption(new Option('--seed <number>', 'replay a failure: its seed').argParser(whole(-(2 ** 31))))
    .addOption(new Option('--path <path>', 'replay a failure: its path'))
    .option('--markdown', 'as markdown')
    .option('--json [file]', 'as JSON, to the file or in place of the text')
    .addHelpText(
      'after',
      `
Exit code: 1 if a law fails that was not expected to, or passes that was expected to fail.

Examples:
  $ spikingresformer laws
  $ spikingresformer laws --kernels ./mine.js --only 'fire.*'
  $ spikingresformer laws --kernels ./mine.js --expect expect.json --json judgement.json

A module exports what it has; values are { shape, data } in [T, B, C, H, W]:
  export const kernels = {
    add: (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) }),
  }`,
    )
    .action(async (options: Options) =>
      perform(options.kernels === undefined ? listing(options) : judgement(io, options, options.kernels)),
    )
