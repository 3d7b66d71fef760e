// Puts mistakes of rounding and of structure into the port in C (spec/ports/mistakes.ts), one at a time, and prints for each
// the first tensor of a trace that differs from the right port's (none where no published network has what is mistaken),
// the first vector that does, and the first law that fails. Exits 1 where a vector or a law is missing.
// npm run mutants:c [-- --runs 20] [-- --only fma]
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, only: { type: 'string' } } })
const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { mistakes } = await load('./spec/ports/mistakes.ts')
const { builtC, builtWith } = await load('./spec/ports/build.ts')

const NETWORKS = [
  ['digits', '--synthetic', '7', '--precision', 'float32'],
  ['dvsg', '--synthetic', '7', '--image-size', '16', '--steps', '4', '--precision', 'float32'],
  ['ti', '--synthetic', '7', '--image-size', '32', '--steps', '2', '--classes', '10', '--precision', 'float32'],
]
const run = (program, ...args) => spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout
const traces = (program) => NETWORKS.map((network) => JSON.parse(run(program, 'trace', ...network)))

const right = traces(builtC())
const vectors = mkdtempSync(join(tmpdir(), 'vectors-'))
process.on('exit', () => rmSync(vectors, { recursive: true, force: true }))
execFileSync('node', ['dist/cli/main.js', 'vectors', vectors])

/** The first tensor whose hash differs, or the first membrane. */
const firstOperation = (mine) => {
  for (const [i, { operations, membranes }] of right.entries()) {
    const at = operations.findIndex(({ sha256 }, j) => sha256 !== mine[i].operations[j]?.sha256)
    if (at >= 0) return `${NETWORKS[i][0]} ${operations[at].path}`
    const kept = membranes.findIndex(({ sha256 }, j) => sha256 !== mine[i].membranes[j]?.sha256)
    if (kept >= 0) return `${NETWORKS[i][0]} membrane ${membranes[kept].key}`
  }
  return ''
}

/** The first law of either level that fails, at either precision; the judge is ended as soon as one does. */
const firstLaw = async (program) => {
  for (const precision of ['float32', 'float64']) {
    const asked = ['--level', 'bits', '--runs', values.runs]
    const judge = spawn('node', [
      'dist/cli/main.js',
      'laws',
      '--process',
      `${program} serve --precision ${precision}`,
      ...asked,
    ])
    for await (const line of createInterface({ input: judge.stdout })) {
      const [, law] = /^fail +(\S+)/.exec(line) ?? []
      if (law === undefined) continue
      judge.kill()
      return law
    }
  }
  return ''
}

const empty = { vector: [], law: [] }
let all = 0
for (const mutant of mistakes) {
  const [name, mistake] = mutant
  if (values.only !== undefined && !name.includes(values.only)) continue
  const program = builtWith(mutant)
  const operation = firstOperation(traces(program))
  const vector = /^(\S+): /m.exec(run(program, 'replay', vectors))?.[1]?.replace('.safetensors', '') ?? ''
  const law = await firstLaw(program)
  all++
  if (vector === '') empty.vector.push(name)
  if (law === '') empty.law.push(name)
  const columns = [`operation  ${operation || '-'}`, `vector     ${vector || '-'}`, `law        ${law || '-'}`]
  console.log([`${name}: ${mistake}`, ...columns].join('\n    '))
}
for (const [column, names] of Object.entries(empty))
  console.log(
    `${all - names.length} of ${all} mutants are found by a ${column}${names.length > 0 ? `; not ${names.join(', ')}` : ''}`,
  )
process.exitCode = empty.vector.length + empty.law.length === 0 ? 0 : 1
