// The interpreters of this package as the laws judge them, for the commands that do so on many cases or take the time.
import { runnerImport } from 'vite'

const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module

export const { laws, runLaws, select, summary, table, unexpected } = await load('./src/entry/laws.ts')
const { ledgerSubject, referenceSubject, traceSubject } = await load('./properties/subjects.ts')
const { fastStepwise, wasmStepwise } = await load('./properties/compiled/subjects.ts')

/** Implementations; a number is one of threads, which are asked as a process. */
const subjects = {
  'reference float64': referenceSubject('float64'),
  'reference float32': referenceSubject('float32'),
  'trace of the reference': traceSubject,
  'ledger of the reference': ledgerSubject,
  fast: fastStepwise,
  wasm: wasmStepwise,
  'wasm on 2 threads': 2,
  'wasm on 3 threads': 3,
}

/** The subjects of some names, all where there are none; ends the command where there is no such name. */
export const chosen = (names) => {
  const wanted = names?.split(',') ?? Object.keys(subjects)
  const unknown = wanted.filter((name) => !(name in subjects))
  if (unknown.length > 0) {
    console.error(`no subject is called ${unknown.join(', ')}; there are: ${Object.keys(subjects).join(', ')}`)
    process.exit(2)
  }
  return wanted.map((name) => [name, subjects[name]])
}
