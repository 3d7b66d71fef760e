/** `laws`: lists the laws, or judges an implementation by them. @module */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, reasonOf } from '../core/fault.js'
import type { Expectations, Law, Level, Row } from '../laws/law.js'
import { type Listed, lawList } from '../laws/report.js'
import { select } from '../laws/select.js'
import type { Judgable } from '../node/judging.js'
import { writeFileAtomically } from '../node/write.js'
import type { Io, Perform } from './io.js'

type Laws = Pick<typeof import('../laws/all.js'), 'budgets' | 'laws'> &
  Pick<typeof import('../laws/bounds.js'), 'boundsList'> &
  Pick<typeof import('../laws/expectations.js'), 'parseExpectations'> &
  Pick<typeof import('../laws/judge.js'), 'anyJudged' | 'unexpected'> &
  typeof import('../node/judging.js') &
  typeof import('../laws/report.js')

interface Built {
  readonly laws: readonly Listed[]
}

interface Options {
  readonly kernels?: string
  readonly process?: string
  readonly answer: number
  readonly level: Level
  readonly only: readonly string[]
  readonly expect?: string
  readonly runs: number
  readonly base: number
  readonly limit: number
  readonly seed?: number
  readonly path?: string
  readonly bounds?: true
  readonly markdown?: true
  readonly json?: string | true
  readonly junit?: string
}

const one = (fault: Fault): Faults => [fault]

/** The laws need fast-check, a peer dependency that may not be there. */
const loadLaws: TaskEither.TaskEither<Faults, Laws> = TaskEither.tryCatch(
  async () => ({
    ...(await import('../laws/all.js')),
    ...(await import('../laws/bounds.js')),
    ...(await import('../laws/expectations.js')),
    ...(await import('../laws/judge.js')),
    ...(await import('../laws/report.js')),
    ...(await import('../node/judging.js')),
  }),
  (error) =>
    one({
      _tag: 'Unavailable',
      what: `the laws cannot be loaded: ${reasonOf(error)}`,
      advice:
        'they need fast-check: run `npm install fast-check` beside it, or start the command with `npx -p spikingresformer -p fast-check`',
    }),
)

/** The list that the build has written of the laws, for who has no fast-check to load them with. */
const builtList: TaskEither.TaskEither<Faults, readonly Listed[]> = pipe(
  TaskEither.tryCatch(
    async () => JSON.parse(await readFile(new URL('../laws/list.json', import.meta.url), 'utf8')) as Built,
    (error) =>
      one({ _tag: 'Unavailable', what: `the laws cannot be listed: ${reasonOf(error)}`, advice: 'install again' }),
  ),
  TaskEither.map(({ laws }) => laws),
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

const selected = <L extends Listed>(laws: readonly L[], { only }: Options): Either.Either<Faults, readonly L[]> => {
  const nobodys = only.filter((pattern) => select(pattern)(laws).length === 0)
  return nobodys.length === 0
    ? Either.right(only.length === 0 ? laws : select(...only)(laws))
    : Either.left(
        one({
          _tag: 'Input',
          problem: `no law is called ${nobodys.join(', nor ')}`,
          advice: 'list them: spikingresformer laws',
        }),
      )
}

/** Judges law by law: rows are printed as they come, unless JSON is to stand there alone. */
const judge =
  (L: Laws, io: Io, mine: Judgable, laws: readonly Law[], options: Options, expectations: Expectations) =>
  async (): Promise<Either.Either<Faults, readonly Row[]>> => {
    const bar = io.bar(laws.length)
    const { runs, base, seed, path, level, limit } = options
    const width = L.widthOf(laws)
    const show = (row: Row): string => (options.markdown === true ? L.markdownRow(row) : L.rowText(row, width))
    const printed = options.json !== true
    let first = true
    const judged = await L.judgeInThread(mine, laws, {
      options: {
        runs,
        base,
        level,
        expectations,
        ...(seed === undefined ? {} : { seed }),
        ...(path === undefined ? {} : { path }),
      },
      limit,
      heard: io.err,
      row: (row) => {
        if (printed && first && options.markdown === true) io.out(`${L.MARKDOWN_HEAD}\n`)
        first = false
        if (printed) io.out(`${show(row)}\n`)
        bar.advance(1)
      },
    })
    bar.stop()
    return judged
  }

/** What is wrong with the rows, in a sentence and what to do. */
const complaints = (L: Laws, rows: readonly Row[], expectations: Expectations): readonly string[] => [
  ...(L.anyJudged(rows) ? [] : ['nothing was judged']),
  ...L.unexpected(rows, L.laws, { expectations }).map((text) => text.split(':')[0]!),
]

/** The rows, what they come to, and a failure that names every unexpected one. */
const judgement = (io: Io, options: Options, subject: (L: Laws) => Judgable): TaskEither.TaskEither<Faults, string> =>
  pipe(
    TaskEither.Do,
    TaskEither.bind('L', () => loadLaws),
    TaskEither.bind('expectations', ({ L }) => loadExpectations(L)(options.expect)),
    TaskEither.bind('laws', ({ L }) => TaskEither.fromEither(selected(L.laws, options))),
    TaskEither.bind('rows', ({ L, expectations, laws }) => judge(L, io, subject(L), laws, options, expectations)),
    TaskEither.chain(({ L, expectations, laws, rows }) => {
      const text =
        options.json === true
          ? L.toJson(rows, laws)
          : `\n${[L.levelText(L.levels(rows, laws)), L.closing(rows)].filter((line) => line !== '').join('\n')}\n`
      const wrong = complaints(L, rows, expectations)
      return pipe(
        typeof options.json === 'string'
          ? writeFileAtomically(options.json, L.toJson(rows, laws))
          : TaskEither.right(undefined),
        TaskEither.chain(() =>
          options.junit === undefined ? TaskEither.right(undefined) : writeFileAtomically(options.junit, L.junit(rows)),
        ),
        TaskEither.chain(() => {
          if (wrong.length === 0) return TaskEither.right(text)
          io.out(text)
          return TaskEither.left(
            one({
              _tag: 'Input',
              problem: `not as expected: ${wrong.join(', ')}`,
              advice: L.anyJudged(rows)
                ? 'each failure can be replayed as its row says'
                : 'export operations by the names docs/laws.md has, and select laws about them',
            }),
          )
        }),
      )
    }),
  )

const listing = (options: Options): TaskEither.TaskEither<Faults, string> =>
  pipe(
    TaskEither.Do,
    TaskEither.bind('all', () =>
      pipe(
        loadLaws,
        TaskEither.map(({ laws }): readonly Listed[] => laws),
        TaskEither.orElse(() => builtList),
      ),
    ),
    TaskEither.bind('laws', ({ all }) => TaskEither.fromEither(selected(all, options))),
    TaskEither.chain(({ laws }) => {
      const text = lawList(laws, options.json !== undefined ? 'json' : options.markdown === true ? 'markdown' : 'text')
      return typeof options.json === 'string'
        ? pipe(
            writeFileAtomically(options.json, text),
            TaskEither.map(() => ''),
          )
        : TaskEither.right(text.endsWith('\n') ? text : `${text}\n`)
    }),
  )

/** What the laws draw: it takes the laws themselves, and so fast-check. */
const bounds = (options: Options): TaskEither.TaskEither<Faults, string> =>
  pipe(
    loadLaws,
    TaskEither.chainEitherK((L) =>
      pipe(
        selected(L.laws, options),
        Either.map((laws) => L.boundsList(laws, L.budgets)),
      ),
    ),
  )

/** Seconds, not all of them whole. */
const seconds = (text: string): number => {
  const value = Number(text)
  if (!(Number.isFinite(value) && value >= 0 && value <= 2 ** 21) || text.trim() === '')
    throw new InvalidArgumentError('It must be a number of seconds, 0 for no limit.')
  return value
}

/** Seconds that pass. */
const positive = (text: string): number => {
  const value = seconds(text)
  if (value === 0) throw new InvalidArgumentError('It must be more than 0 seconds.')
  return value
}

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
    .addOption(
      new Option(
        '--process <command>',
        'a command that answers on its standard streams, in any language: judge it',
      ).conflicts('kernels'),
    )
    .addOption(
      new Option('--level <level>', 'what is asked for: every right implementation keeps spikes, a rounded one bits')
        .choices(['spikes', 'bits'])
        .default('spikes'),
    )
    .addOption(
      new Option('--only <pattern>', 'only laws whose id matches, * standing for anything; several times: any of them')
        .argParser((pattern: string, before: readonly string[]) => [...before, pattern])
        .default([], 'all'),
    )
    .option('--expect <file>', 'JSON: { "<law id>": { "expect": "fail" or "skip", "why": "..." } }')
    .option('--runs <number>', 'cases a law', whole(1), 100)
    .option('--base <number>', 'shifts every law’s seed', whole(0), 0)
    .option(
      '--limit <seconds>',
      'the most a law may take before the module or process is stopped; 0: no limit',
      seconds,
      60,
    )
    .option('--answer <seconds>', 'the most the process may take to answer once', positive, 10)
    .addOption(new Option('--seed <number>', 'replay a failure: its seed').argParser(whole(-(2 ** 31))))
    .addOption(new Option('--path <path>', 'replay a failure: its path'))
    .option('--bounds', 'how far the cases of each law reach: sizes, strides, kernels, channels, steps, samples')
    .option('--markdown', 'as markdown')
    .option('--json [file]', 'as JSON, to the file or in place of the text')
    .option('--junit <file>', "also as JUnit's XML, for continuous integration")
    .addHelpText(
      'after',
      `
Exit code: 1 if a law fails that was not expected to, passes that was expected to fail, or nothing is judged.
A module runs in a thread of its own; what it prints goes to standard error. A process is asked as docs/protocol.md
says; one that exits, hangs or babbles fails the law and is started again.

Examples:
  $ spikingresformer laws
  $ spikingresformer laws --kernels ./mine.mjs --only 'fire.*'
  $ spikingresformer laws --kernels ./mine.mjs --expect expect.json --json judgement.json
  $ spikingresformer laws --kernels ./mine.mjs --level bits --junit laws.xml
  $ spikingresformer laws --process './serve --precision float32'

A module exports what it has; values are { shape, data } in [T, B, C, H, W]:
  export const kernels = {
    add: (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) }),
  }`,
    )
    .action(async (options: Options) =>
      perform(
        options.process !== undefined
          ? judgement(io, options, (L) => L.processJudgable(options.process!, options.answer))
          : options.kernels !== undefined
            ? judgement(io, options, (L) => L.moduleJudgable(options.kernels!, resolve(options.kernels!)))
            : options.bounds === true
              ? bounds(options)
              : listing(options),
      ),
    )
