// What was trained for this repository, made again: the bundled digits network, and how trainings went, for the site.
// Run after `npm run build`: npm run trained -- digits|fashion-mnist [--check] [--threads N] [--from FOLDER] [--out FOLDER] [--resume]
// The network of data/digits.safetensors is, byte for byte, what `train digits` leaves; so are the lines of
// docs/data/training-*.jsonl. With --check nothing is replaced: what differs is named. Fashion-MNIST's files lie in --from, as
// Debian's package dataset-fashion-mnist puts them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeFileAtomically } from '../dist/node/write.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
    from: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    out: { type: 'string' },
    resume: { type: 'boolean', default: false },
  },
})

/** What is trained, and which of its files is which of the repository's. */
const TRAININGS = {
  digits: {
    asked: ['digits'],
    kept: { 'network.safetensors': 'data/digits.safetensors', 'metrics.jsonl': 'docs/data/training-digits.jsonl' },
  },
  'fashion-mnist': {
    asked: [values.from, '--recipe', 'fashion-mnist', '--variant', 'digits'],
    kept: { 'metrics.jsonl': 'docs/data/training-fashion-mnist.jsonl' },
  },
}
const [name] = positionals
const training = TRAININGS[name]
if (training === undefined) {
  console.error(
    `usage: npm run trained -- ${Object.keys(TRAININGS).join('|')} [--check] [--threads N] [--out FOLDER] [--resume]`,
  )
  process.exit(2)
}

const path = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url))
const out = values.out ?? join(tmpdir(), `trained-${name}-${process.pid}`)
const { status } = spawnSync(
  process.execPath,
  [
    ...[path('dist/cli/main.js'), 'train', ...training.asked],
    ...['--threads', values.threads, '--out', out, ...(values.resume ? ['--resume'] : [])],
  ],
  { stdio: 'inherit' },
)
if (status !== 0) process.exit(status ?? 1)

for (const [from, to] of Object.entries(training.kept)) {
  const made = readFileSync(join(out, from))
  if (values.check) {
    const same = made.equals(readFileSync(path(to)))
    console.log(`${to}: ${same ? 'the same bytes' : 'other bytes'}`)
    if (!same) process.exitCode = 1
  } else {
    const written = await writeFileAtomically(path(to), made)()
    if (written._tag === 'Left') throw new Error(JSON.stringify(written.left))
    console.log(`${to}: written`)
  }
}
