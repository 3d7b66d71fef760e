/** How judgements and laws read: a table, markdown, JSON, JUnit's XML. @module */
import type { Operation } from './implementation.js'
import type { Law, Level, Row } from './law.js'
import { version } from './law.js'

const isTensor = (value: object): value is { readonly shape: readonly number[]; readonly data: ArrayLike<number> } =>
  'shape' in value && 'data' in value && Array.isArray(value.shape)

/**
 * A case as text: tensors as `[2, 1] (0.5 -1)`, everything else as in a program, cut after `most` characters.
 *
 * @example
 * showCase({ x: tensor([2, 1], Float64Array.of(0.5, -1)) }) // => '{ x: [2, 1] (0.5 -1) }'
 */
export const showCase = (value: unknown, most = 600): string => {
  const show = (inner: unknown): string => {
    if (typeof inner === 'string') return `'${inner}'`
    if (typeof inner !== 'object' || inner === null) return String(inner)
    if (ArrayBuffer.isView(inner)) return `(${Array.from(inner as unknown as ArrayLike<number>).join(' ')})`
    if (Array.isArray(inner)) return `[${inner.map(show).join(', ')}]`
    if (inner instanceof Map) return `{ ${[...inner].map(([key, x]) => `'${key}': ${show(x)}`).join(', ')} }`
    if (isTensor(inner)) return `[${inner.shape.join(', ')}] (${Array.from(inner.data).join(' ')})`
    return `{ ${Object.entries(inner)
      .map(([key, x]) => `${key}: ${show(x)}`)
      .join(', ')} }`
  }
  const text = show(value)
  return text.length <= most ? text : `${text.slice(0, most)} ...`
}

/** What a row adds to its status, one line. */
const remark = (row: Row): string => {
  switch (row.status) {
    case 'pass':
      return `${row.runs} cases`
    case 'fail':
      return row.sentence
    case 'beyond':
      return `${row.sentence} (a law of every bit, not asked for)`
    case 'missing':
      return `lacks ${row.operations.join(', ')}`
    case 'blocked':
      return `builds on ${row.by.join(', ')}`
    case 'xfail':
      return `${row.sentence} (expected: ${row.why})`
    case 'xpass':
      return `holds, though expected to fail: ${row.why}`
    case 'skip':
      return row.why
  }
}

/**
 * How many rows of each status: `60 pass, 1 fail`.
 *
 * @example
 * summary(runLaws({ kernels: reference('float32') }, select('add.*')(laws))) // => '3 pass'
 */
export const summary = (rows: readonly Row[]): string =>
  (['pass', 'fail', 'beyond', 'xfail', 'xpass', 'blocked', 'missing', 'skip'] as const)
    .map((status) => [rows.filter((row) => row.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(', ')

const seen = (row: Row): boolean => row.status === 'fail' || row.status === 'xfail' || row.status === 'beyond'

/** How wide the ids of some laws are. */
export const widthOf = (laws: readonly { readonly id: string }[]): number =>
  Math.max(0, ...laws.map(({ id }) => id.length))

/** One row as text: a line, and of a failure its smallest case and how to replay it. */
export const rowText = (row: Row, width: number): string =>
  [
    `${row.status.padEnd(7)}  ${row.id.padEnd(width)}  ${remark(row)}`,
    ...(seen(row) && 'counterexample' in row
      ? [
          `${' '.repeat(9)}law     ${row.statement}`,
          `${' '.repeat(9)}case    ${showCase(row.counterexample)}`,
          `${' '.repeat(9)}replay  --only '${row.id}' --seed ${row.seed} --path ${row.path}`,
        ]
      : []),
  ].join('\n')

/** The law that took longest, where times were measured. */
const slowest = (rows: readonly Row[]): string => {
  const [first] = rows.toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0))
  return first?.seconds === undefined ? '' : `; slowest: ${first.id}, ${first.seconds.toFixed(1)} s`
}

/** The line below the rows: how many of each status, the law set, the slowest law. */
export const closing = (rows: readonly Row[]): string => `${summary(rows)}; law set ${version}${slowest(rows)}`

/**
 * The rows as aligned text, failures with their smallest case and how to replay it.
 *
 * @example
 * table(runLaws({ kernels: reference('float32') }, select('add.sum')(laws))).split('\n')[0]
 * // => 'pass     add.sum  100 cases'
 */
export const table = (rows: readonly Row[]): string =>
  [...rows.map((row) => rowText(row, widthOf(rows))), '', closing(rows)].join('\n')

/** The head of a markdown table of rows. */
export const MARKDOWN_HEAD = '| law | status | |\n|---|---|---|'

/** One row of a markdown table. */
export const markdownRow = (row: Row): string =>
  `| \`${row.id}\` | ${row.status} | ${remark(row).replaceAll('|', '\\|')} |`

/**
 * The rows as a markdown table.
 *
 * @example
 * markdown(runLaws({ kernels: reference('float32') }, select('add.sum')(laws))).split('\n')[2]
 * // => '| `add.sum` | pass | 100 cases |'
 */
export const markdown = (rows: readonly Row[]): string =>
  [MARKDOWN_HEAD, ...rows.map(markdownRow), '', closing(rows), ''].join('\n')

/** How far an operation came: all of its laws held, or those of spikes alone, or not even those. */
export interface Reached {
  readonly operation: Operation
  readonly level: Level | 'none'
}

/**
 * The level each operation that was judged reaches, of the laws that were judged.
 *
 * @example
 * const judged = select('add.*')(laws)
 * levels(runLaws({ kernels: reference('float32') }, judged), judged) // => [{ operation: 'add', level: 'bits' }]
 */
export const levels = (rows: readonly Row[], laws: readonly Law[]): readonly Reached[] => {
  const status = new Map(rows.map((row) => [row.id, row.status]))
  const judged = laws.filter(({ id }) => !['missing', 'skip', undefined].includes(status.get(id)))
  return [...new Set(judged.flatMap(({ needs }) => needs))].map((operation) => {
    const about = (level: Level): readonly Law[] =>
      judged.filter((law) => law.level === level && law.needs.includes(operation))
    const held = (level: Level): boolean => about(level).every(({ id }) => status.get(id) === 'pass')
    if (!held('spikes')) return { operation, level: 'none' }
    return { operation, level: about('bits').length > 0 && held('bits') ? 'bits' : 'spikes' }
  })
}

/**
 * The levels as text, a line each.
 *
 * @example
 * levelText([{ operation: 'add', level: 'bits' }]) // => 'level reached, every bit: add'
 */
export const levelText = (reached: readonly Reached[]): string =>
  (
    [
      ['bits', 'every bit'],
      ['spikes', 'spikes'],
      ['none', 'neither'],
    ] as const
  )
    .flatMap(([level, words]) => {
      const names = reached.filter((x) => x.level === level).map(({ operation }) => operation)
      return names.length === 0 ? [] : [`level reached, ${words}: ${names.join(', ')}`]
    })
    .join('\n')

const escaped = (text: string): string =>
  text
    .replace(/[^\P{Cc}\t\n]/gu, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** What JUnit's XML says inside a test case. */
const junitBody = (row: Row): string => {
  switch (row.status) {
    case 'pass':
      return ''
    case 'fail':
    case 'xpass':
      return `<failure message="${escaped(remark(row))}">${escaped(rowText(row, 0))}</failure>`
    case 'beyond':
    case 'xfail':
    case 'missing':
    case 'blocked':
    case 'skip':
      return `<skipped message="${escaped(`${row.status}: ${remark(row)}`)}"/>`
  }
}

/**
 * The rows as JUnit's XML, a test case a law, for continuous integration.
 *
 * @example
 * junit(runLaws({ kernels: {} }, select('add.sum')(laws))).split('\n')[1]
 * // => '<testsuite name="spikingresformer laws" tests="1" failures="0" skipped="1">'
 */
export const junit = (rows: readonly Row[]): string => {
  const body = rows.map((row) => ({ row, text: junitBody(row) }))
  const count = (start: string): number => body.filter(({ text }) => text.startsWith(start)).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="spikingresformer laws" tests="${rows.length}" failures="${count('<failure')}" skipped="${count('<skipped')}">`,
    ...body.map(
      ({ row: { id, seconds = 0 }, text }) =>
        `  <testcase classname="${escaped(id.slice(0, id.indexOf('.')))}" name="${escaped(id)}" time="${seconds.toFixed(3)}">${text}</testcase>`,
    ),
    '</testsuite>',
    '',
  ].join('\n')
}

/**
 * The rows as JSON, cases as text; with the laws, the level each operation reaches.
 *
 * @example
 * JSON.parse(toJson(runLaws({ kernels: {} }, select('add.sum')(laws)))).rows[0].status // => 'missing'
 */
export const toJson = (rows: readonly Row[], laws: readonly Law[] = []): string =>
  `${JSON.stringify(
    {
      version,
      summary: summary(rows),
      levels: levels(rows, laws),
      rows: rows.map((row) =>
        'counterexample' in row ? { ...row, counterexample: showCase(row.counterexample, 100_000) } : row,
      ),
    },
    null,
    2,
  )}\n`

/** What a list says of a law. */
export type Listed = Pick<Law, 'id' | 'statement' | 'formula' | 'source' | 'level' | 'needs' | 'after'>

/**
 * The laws themselves, by group: as text, markdown or JSON.
 *
 * @example
 * lawList(select('fire.tie')(laws)).split('\n')[0]
 * // => 'fire.tie  A potential that meets the threshold exactly fires, and one below it does not.'
 */
export const lawList = (laws: readonly Listed[], format: 'text' | 'markdown' | 'json' = 'text'): string => {
  switch (format) {
    case 'json':
      return `${JSON.stringify(
        {
          version,
          laws: laws.map(({ id, statement, formula, source, level, needs, after }) => ({
            id,
            statement,
            formula,
            source,
            level,
            needs,
            after,
          })),
        },
        null,
        2,
      )}\n`
    case 'markdown':
      return [
        `Law set ${version}, ${laws.length} laws.`,
        '',
        ...laws.flatMap(({ id, statement, formula, source, needs }) => [
          `### \`${id}\``,
          '',
          statement,
          '',
          `$$${formula}$$`,
          '',
          `Judges ${needs.map((name) => `\`${name}\``).join(', ')}. Source: ${source}.`,
          '',
        ]),
      ].join('\n')
    case 'text': {
      const width = Math.max(...laws.map(({ id }) => id.length))
      return [
        ...laws.map(({ id, statement }) => `${id.padEnd(width)}  ${statement}`),
        '',
        `${laws.length} ${laws.length === 1 ? 'law' : 'laws'}; law set ${version}`,
      ].join('\n')
    }
  }
}
