// Judges the interpreters by every law on many cases:
// npm run build && npm run laws:long [-- --runs 1000 --bases 10 --only 'fire.*' --subjects fast,wasm]
// By default 10,000 cases a law and interpreter: 1,000 on each of ten seed bases.
import { parseArgs } from 'node:util'
import { describe } from '../dist/entry/index.js'
import { judgeInThread, processJudgable } from '../dist/node/judging.js'
import { chosen, laws, runLaws, select, summary, table, unexpected } from './subjects.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    bases: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true, default: ['*'] },
    subjects: { type: 'string' },
  },
})
const [runs, bases] = [Number(values.runs), Number(values.bases)]
const judged = select(...values.only)(laws)
const subjects = chosen(values.subjects)

/** The rows of a subject; threads promise and the laws wait, so they are asked as a process. */
const rowsOf = async (subject, options) => {
  if (typeof subject !== 'number') return runLaws(subject, judged, options)
  const found = await judgeInThread(processJudgable(`node properties/compiled/serve.mjs ${subject}`, 600), judged, {
    options,
    limit: 0,
    heard: (text) => console.error(text),
    row: () => {},
  })
  if (found._tag === 'Left') throw new Error(found.left.map(describe).join('; '))
  return found.right
}

let failures = 0
for (let base = 0; base < bases; base++)
  for (const [name, subject] of subjects) {
    const began = Date.now()
    const rows = await rowsOf(subject, { runs, base, level: 'bits' })
    const problems = unexpected(rows, judged)
    failures += problems.length
    console.log(
      `base ${base}, ${name}: ${summary(rows)}, ${runs} cases a law (fewer where a law says so), ${(Date.now() - began) / 1000} s`,
    )
    if (problems.length > 0) console.log(table(rows.filter(({ status }) => status === 'fail')))
  }
console.log(failures === 0 ? 'every law held' : `${failures} laws failed`)
process.exitCode = failures === 0 ? 0 : 1
