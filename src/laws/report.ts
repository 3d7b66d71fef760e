/** How judgements and laws read: a table, markdown, JSON. @module */
import type { Law, Row } from './law.js'
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
 * summary(runLaws({ kernels: reference('float32') }, select('add.*')(laws))) // => '1 pass'
 */
export const summary = (rows: readonly Row[]): string =>
  (['pass', 'fail', 'xfail', 'xpass', 'blocked', 'missing', 'skip'] as const)
    .map((status) => [rows.filter((row) => row.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(', ')

/**
 * The rows as aligned text, failures with their smallest case and how to replay it.
 *
 * @example
 * table(runLaws({ kernels: reference('float32') }, select('add.sum')(laws))).split('\n')[0]
 * // => 'pass     add.sum  100 cases'
 */
export const table = (rows: readonly Row[]): string => {
  const width = Math.max(0, ...rows.map(({ id }) => id.length))
  const lines = rows.flatMap((row) => [
    `${row.status.padEnd(7)}  ${row.id.padEnd(width)}  ${remark(row)}`,
    ...(row.status === 'fail' || row.status === 'xfail'
      ? [
          `${' '.repeat(9)}law     ${row.statement}`,
          `${' '.repeat(9)}case    ${showCase(row.counterexample)}`,
          `${' '.repeat(9)}replay  --only '${row.id}' --seed ${row.seed} --path ${row.path}`,
        ]
      : []),
  ])
  return [...lines, '', `${summary(rows)}; law set ${version}`].join('\n')
}

/**
 * The rows as a markdown table.
 *
 * @example
 * markdown(runLaws({ kernels: reference('float32') }, select('add.sum')(laws))).split('\n')[2]
 * // => '| `add.sum` | pass | 100 cases |'
 */
export const markdown = (rows: readonly Row[]): string =>
  [
    '| law | status | |',
    '|---|---|---|',
    ...rows.map((row) => `| \`${row.id}\` | ${row.status} | ${remark(row).replaceAll('|', '\\|')} |`),
    '',
    `${summary(rows)}; law set ${version}`,
    '',
  ].join('\n')

/**
 * The rows as JSON, cases as text.
 *
 * @example
 * JSON.parse(toJson(runLaws({ kernels: {} }, select('add.sum')(laws)))).rows[0].status // => 'missing'
 */
export const toJson = (rows: readonly Row[]): string =>
  `${JSON.stringify(
    {
      version,
      summary: summary(rows),
      rows: rows.map((row) =>
        'counterexample' in row ? { ...row, counterexample: showCase(row.counterexample, 100_000) } : row,
      ),
    },
    null,
    2,
  )}\n`

/**
 * The laws themselves, by group: as text, markdown or JSON.
 *
 * @example
 * lawList(select('fire.tie')(laws)).split('\n')[0]
 * // => 'fire.tie  A potential that meets the threshold exactly fires, and one below it does not.'
 */
export const lawList = (laws: readonly Law[], format: 'text' | 'markdown' | 'json' = 'text'): string => {
  switch (format) {
    case 'json':
      return `${JSON.stringify(
        {
          version,
          laws: laws.map(({ id, statement, formula, source, needs, after }) => ({
            id,
            statement,
            formula,
            source,
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
