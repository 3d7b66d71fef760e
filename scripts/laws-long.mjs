// Judges the interpreters by every law on many cases:
// npm run laws:long [-- --runs 1000 --bases 10 --only 'fire.*' --subjects fast,wasm]
// By default 10,000 cases a law and interpreter: 1,000 on each of ten seed bases.
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    bases: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true, default: ['*'] },
    subjects: { type: 'string' },
  },
})
const [runs, bases] = [Number(values.runs), Number(values.bases)]

const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { laws, runLaws, select, summary, table, unexpected } = await load('./src/entry/laws.ts')
const { ledgerSubject, referenceSubject, traceSubject } = await load('./properties/subjects.ts')
const { fastStepwise, wasmStepwise } = await load('./properties/compiled/subjects.ts')

const subjects = {
  'reference float64': referenceSubject('float64'),
  'reference float32': referenceSubject('float32'),
  'trace of the reference': traceSubject,
  'ledger of the reference': ledgerSubject,
  fast: fastStepwise,
  wasm: wasmStepwise,
}

const chosen = values.subjects?.split(',') ?? Object.keys(subjects)
const unknown = chosen.filter((name) => !(name in subjects))
if (unknown.length > 0) {
  console.error(`no subject is called ${unknown.join(', ')}; there are: ${Object.keys(subjects).join(', ')}`)
  process.exit(2)
}

const judged = select(...values.only)(laws)
let failures = 0
for (let base = 0; base < bases; base++)
  for (const name of chosen) {
    const began = Date.now()
    const rows = runLaws(subjects[name], judged, { runs, base, level: 'bits' })
    const problems = unexpected(rows, judged)
    failures += problems.length
    console.log(
      `base ${base}, ${name}: ${summary(rows)}, ${runs} cases a law (fewer where a law says so), ${(Date.now() - began) / 1000} s`,
    )
    if (problems.length > 0) console.log(table(rows.filter(({ status }) => status === 'fail')))
  }
console.log(failures === 0 ? 'every law held' : `${failures} laws failed`)
process.exitCode = failures === 0 ? 0 : 1
