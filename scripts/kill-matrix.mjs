// Judges every mutant by every law, prints the kill matrix, and writes it to docs/data/kill-matrix.json and into
// docs/laws.md, below the mark.
// npm run mutants [-- --runs 100] [-- --page]
// --page: judges nothing, and writes the page anew from the matrix that is there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, page: { type: 'boolean', default: false } },
})
const runs = Number(values.runs)

const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { laws, version } = await load('./src/entry/laws.ts')
const { killers, mutants } = await load('./properties/mutants/mutants.ts')
const { catalogue, MARK } = await load('./properties/mutants/catalogue.ts')

const turn = (matrix) => {
  const page = readFileSync('docs/laws.md', 'utf8')
  writeFileSync('docs/laws.md', `${page.slice(0, page.indexOf(MARK))}${catalogue(laws, matrix)}`)
}

if (values.page) {
  turn(JSON.parse(readFileSync('docs/data/kill-matrix.json', 'utf8')))
  process.exit()
}

const rows = mutants.map((mutant) => {
  const found = killers(laws, mutant, runs)
  const survives = mutant.dies.filter((id) => !found.includes(id))
  const { id, mistake, dies } = mutant
  console.log(`${survives.length === 0 ? 'killed  ' : 'SURVIVES'} ${id} (${mistake})\n         by ${found.join(' ')}`)
  return { id, mistake, dies, killers: found }
})
const idle = laws.filter(({ id }) => !rows.some((row) => row.killers.includes(id))).map(({ id }) => id)
const survivors = rows.filter((row) => row.dies.some((id) => !row.killers.includes(id)))

mkdirSync('docs/data', { recursive: true })
const matrix = { version, runs, laws: laws.map(({ id }) => id), mutants: rows }
writeFileSync('docs/data/kill-matrix.json', `${JSON.stringify(matrix, null, 2)}\n`)
turn(matrix)

console.log(`${rows.length - survivors.length} of ${rows.length} mutants die by the laws named for them`)
console.log(
  `${laws.length - idle.length} of ${laws.length} laws kill a mutant${idle.length > 0 ? `; idle: ${idle}` : ''}`,
)
process.exitCode = survivors.length + idle.length === 0 ? 0 : 1
