// Puts mistakes of rounding and of structure into the port in C, one at a time, and prints for each the first operation of
// a trace that differs from the right port's (none where no published network has what is mistaken), the first vector that
// does, and the first law that fails (none where only laws of level bits could see it and none is about it).
// npm run mutants:c [-- --runs 20] [-- --only fma]
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, only: { type: 'string' } } })
const FLAGS = ['-std=c99', '-O2', '-ffp-contract=off']
const folder = mkdtempSync(join(tmpdir(), 'mutants-c-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const source = readFileSync('ports/c/spikingresformer.h', 'utf8')
const build = (name, text, flags) => {
  const place = join(folder, name)
  cpSync('ports/c', place, { recursive: true })
  writeFileSync(join(place, 'spikingresformer.h'), text)
  const program = join(place, 'spikingresformer')
  execFileSync('cc', [...flags, '-w', '-o', program, join(place, 'main.c'), '-lm'])
  return program
}

const NETWORKS = [
  ['digits', '--synthetic', '7', '--precision', 'float32'],
  ['dvsg', '--synthetic', '7', '--image-size', '16', '--steps', '4', '--precision', 'float32'],
  ['ti', '--synthetic', '7', '--image-size', '32', '--steps', '2', '--classes', '10', '--precision', 'float32'],
]
const run = (program, ...args) => spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout
const traces = (program) => NETWORKS.map((network) => JSON.parse(run(program, 'trace', ...network)))

const right = traces(build('right', source, FLAGS))
const vectors = join(folder, 'vectors')
execFileSync('node', ['dist/cli/main.js', 'vectors', vectors])

/** The first operation whose hash differs, or the first thing of a trace that does. */
const firstOperation = (mine) => {
  for (const [i, { operations, membranes }] of right.entries()) {
    const at = operations.findIndex(({ sha256 }, j) => sha256 !== mine[i].operations[j]?.sha256)
    if (at >= 0) return `${NETWORKS[i][0]} ${operations[at].path}`
    const kept = membranes.findIndex(({ sha256 }, j) => sha256 !== mine[i].membranes[j]?.sha256)
    if (kept >= 0) return `${NETWORKS[i][0]} membrane ${membranes[kept].key}`
  }
  return ''
}

/** The first law of either level that fails. */
const firstLaw = (program) => {
  const args = [
    'dist/cli/main.js',
    'laws',
    '--process',
    `${program} serve`,
    '--level',
    'bits',
    '--runs',
    values.runs,
    '--json',
  ]
  const { rows, laws } = JSON.parse(run('node', ...args))
  return (rows ?? laws).filter(({ status }) => status === 'fail' || status === 'beyond').map(({ id }) => id)[0] ?? ''
}

let [empty, all] = [0, 0]
for (const [name, mistake, from, to, flags = FLAGS] of mutants) {
  if (values.only !== undefined && !name.includes(values.only)) continue
  if (from !== '' && !source.includes(from)) throw new Error(`${name}: its place is not in spikingresformer.h`)
  const program = build(
    name,
    source.replaceAll(from === '' ? '\0' : from, () => to),
    flags,
  )
  const operation = firstOperation(traces(program))
  const vector = /^(\S+): /m.exec(run(program, 'replay', vectors))?.[1]?.replace('.safetensors', '') ?? ''
  const law = firstLaw(program)
  all++
  if (vector === '') empty++
  console.log(
    `${name}: ${mistake}\n    operation  ${operation || '-'}\n    vector     ${vector || '-'}\n    law        ${law || '-'}`,
  )
}
console.log(`${all - empty} of ${all} mutants are found by a vector`)
process.exitCode = empty === 0 ? 0 : 1
