// Judges every mutant that properties/mutants/generated/operators.ts makes of an independent implementation, by the
// published laws of both levels at the default number of cases, up to the first that fails. Prints what survives, and
// writes docs/data/generated-mutants.json and its table in docs/mutation.md. It goes on where it was interrupted.
// npm run mutants:generated [-- --threads 2] [--only '12:3 '] [--anew]
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { runnerImport } from 'vite'
import { laws, version } from '../dist/entry/laws.js'
import { uses } from '../dist/laws/implementation.js'
import { subjectOf } from '../dist/laws/translation.js'

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '100' },
    only: { type: 'string' },
    anew: { type: 'boolean', default: false },
  },
})
const [threads, runs] = [Number(values.threads), Number(values.runs)]

const LATE = 'did not end in time'
const SUBJECT = 'spec/golden/modules/mine.mjs'
const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { mutantsOf } = await load('./properties/mutants/generated/operators.ts')
const { report, section, MARK, END } = await load('./properties/mutants/generated/report.ts')
const excused = JSON.parse(readFileSync('properties/mutants/generated/excused.json', 'utf8'))

const subject = readFileSync(SUBJECT, 'utf8')
const all = mutantsOf(subject)
const mutants = all.filter(({ id }) => values.only === undefined || id.includes(values.only))

/** A thread that judges; it is ended where a law takes longer than it may. */
const judge = (limitOf) => {
  let worker
  let answer
  let abandon
  let at = null
  let timer
  const end = (message) => {
    clearTimeout(timer)
    answer(message)
  }
  const start = () => {
    const mine = new Worker(new URL('./mutant-thread.mjs', import.meta.url), { stdout: true, stderr: true })
    const gone = (sentence) => {
      if (worker !== mine) return
      void mine.terminate()
      // What ends a thread that was judging nothing is no mutant's.
      if (at === null) return abandon(new Error(sentence))
      start()
      end({ kind: 'dead', law: at, sentence })
    }
    mine.on('message', (message) => {
      if (worker !== mine) return
      if (message.kind !== 'at') return end(message)
      at = message.law
      clearTimeout(timer)
      timer = setTimeout(gone, limitOf(at) * 1000, LATE)
    })
    mine.on('error', (error) => gone(`threw outside of any call: ${error}`))
    mine.on('exit', (code) => gone(`ended with exit code ${code}`))
    worker = mine
  }
  start()
  return {
    ask: (text, ids) =>
      new Promise((resolve, reject) => {
        at = null
        answer = resolve
        abandon = reject
        worker.postMessage({ text, ids, runs, base: 0 })
      }),
    stop: () => {
      const last = worker
      worker = undefined
      return last.terminate()
    },
  }
}

// What the right implementation takes; a law it does not hold says nothing of its mutants.
const began = Date.now()
const base = judge(() => 600)
const { copies } = subjectOf(await import(`data:text/javascript,${encodeURIComponent(subject)}`))
// The dearest law, of whole published networks, is left out: it costs as much as all the others.
const about = laws.filter(
  ({ needs, atMost }) => atMost > 2 && needs.every((operation) => copies[operation] !== undefined),
)
const cost = {}
const unkept = []
for (const { id } of about) {
  const { kind, seconds } = await base.ask(subject, [id])
  if (kind === 'alive') cost[id] = seconds[id]
  else unkept.push(id)
}
await base.stop()
console.log(`${SUBJECT}: ${about.length - unkept.length} of ${about.length} laws hold; not: ${unkept.join(', ')}`)

/** The laws that can see a change of some operations: their own first, then those of what they are part of, the dear last. */
const judging = about.filter(({ id }) => !unkept.includes(id))
const lawsOf = (operations) => {
  const over = Object.keys(uses).filter((part) => uses[part].some((operation) => operations.includes(operation)))
  const rank = ({ id, needs }) => (needs.some((one) => operations.includes(one)) ? 0 : 1000) + cost[id]
  return judging
    .filter(({ needs }) => needs.some((one) => operations.includes(one) || over.includes(one)))
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ id }) => id)
}
const limitOf = (id) => Math.max(5, 20 * (cost[id] ?? 1))

// Results so far, of this text, these operators and these laws.
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted()
const hash = createHash('sha256')
for (const file of ['core', 'model', 'input', 'laws'].flatMap((room) => files(`dist/${room}`)).concat(SUBJECT))
  hash.update(readFileSync(file))
hash.update(JSON.stringify([runs, unkept]))
const notes = `reports/generated-mutants-${hash.digest('hex').slice(0, 16)}.jsonl`
mkdirSync('reports', { recursive: true })
if (values.anew) rmSync(notes, { force: true })
const known = new Map(
  (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []).filter(Boolean).map((line) => {
    const row = JSON.parse(line)
    return [row.id, row]
  }),
)
console.log(
  `${mutants.length} mutants of ${Object.keys(cost).length} laws' concern, ${known.size} judged before (${notes})`,
)

const left = mutants.filter(({ id }) => !known.has(id))
let done = 0
await Promise.all(
  Array.from({ length: threads }, async () => {
    const { ask, stop } = judge(limitOf)
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const { id, text, operations } = mutant
      const { kind, law, sentence } = await ask(text, lawsOf(operations))
      const row = kind === 'dead' ? { id, law, late: sentence === LATE } : { id }
      known.set(id, row)
      appendFileSync(notes, `${JSON.stringify(row)}\n`)
      done++
      if (kind === 'alive' && excused[id] === undefined) console.log(`survives  ${id}`)
      if (done % 250 === 0)
        console.log(`${done} judged, ${left.length} left, ${Math.round((Date.now() - began) / 1000)} s`)
    }
    await stop()
  }),
)

const judged = report({
  version,
  runs,
  unkept,
  excused,
  mutants: mutants.map(({ id, operator }) => ({ operator, ...known.get(id) })),
})
if (values.only === undefined) {
  writeFileSync('docs/data/generated-mutants.json', `${JSON.stringify(judged, null, 2)}\n`)
  const page = readFileSync('docs/mutation.md', 'utf8')
  const [from, to] = [page.indexOf(MARK), page.indexOf(END)]
  writeFileSync('docs/mutation.md', `${page.slice(0, from)}${section(judged)}${page.slice(to)}`)
}
const { equivalent, killed, survivors, stale } = judged
const counted = mutants.length - equivalent.length
console.log(
  `${mutants.length} mutants, ${equivalent.length} proved equivalent; of ${counted} others ${killed} die (${((100 * killed) / counted).toFixed(2)} %), ${Math.round((Date.now() - began) / 1000)} s`,
)
for (const { id, reason } of survivors) console.log(`survivor  ${id}: ${reason ?? 'NOT LISTED'}`)
for (const id of stale) console.log(`stale     ${id}: it is listed, and dies or is not made`)
process.exitCode =
  survivors.every(({ reason }) => reason !== undefined) && stale.length === 0 && killed >= 0.97 * counted ? 0 : 1
