// What a law costs: seconds a law at the default number of cases, the dearest first, and the sum of each group.
// npm run laws:cost [-- --subject fast --runs 100 --only 'network.*' --most 20]
import { parseArgs } from 'node:util'
import { chosen, laws, runLaws, select } from './subjects.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    only: { type: 'string', multiple: true, default: ['*'] },
    subject: { type: 'string', default: 'reference float32' },
    most: { type: 'string', default: '20' },
  },
})
const [[name, subject]] = chosen(values.subject)
if (typeof subject === 'number') {
  console.error('threads are timed by `npm run bench`, not by the laws')
  process.exit(2)
}
const rows = select(...values.only)(laws).map((law) => {
  const start = process.cpuUsage()
  const [{ status, runs }] = runLaws(subject, [law], { runs: Number(values.runs), level: 'bits' })
  const { user, system } = process.cpuUsage(start)
  return { id: law.id, status, runs, seconds: (user + system) / 1e6 }
})
const sum = (some) => some.reduce((total, { seconds }) => total + seconds, 0)
const line = (id, seconds, rest) => console.log(`${seconds.toFixed(2).padStart(8)} s  ${id.padEnd(26)}${rest}`)

console.log(`${rows.length} laws of ${name}, processor time:`)
const dearest = rows.toSorted((a, b) => b.seconds - a.seconds)
for (const { id, seconds, status, runs } of dearest.slice(0, Number(values.most)))
  line(id, seconds, `${status}, ${runs ?? 0} cases, ${((1000 * seconds) / (runs ?? 1)).toFixed(1)} ms each`)
const others = dearest.slice(Number(values.most))
if (others.length > 0) line(`${others.length} others`, sum(others), '')
console.log('\nby group:')
const groups = [...new Set(rows.map(({ id }) => id.slice(0, id.indexOf('.'))))]
const of = (group) => rows.filter(({ id }) => id.startsWith(`${group}.`))
for (const group of groups.toSorted((a, b) => sum(of(b)) - sum(of(a))))
  line(group, sum(of(group)), `${of(group).length} laws`)
line('all', sum(rows), '')
