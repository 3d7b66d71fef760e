// Judges the reference by the laws of every bit, and by those of operations, with the engine it runs on; prints what
// does not pass. It runs inside the repository: the laws need fast-check.
import { reference } from '../../dist/entry/index.js'
import { laws, runLaws } from '../../dist/entry/laws.js'

const judged = laws.filter(({ level, needs }) => level === 'bits' || !needs.includes('network'))
const rows = ['float32', 'float64'].flatMap((precision) =>
  runLaws({ kernels: reference(precision), precision }, judged, { runs: 10, level: 'bits' }),
)
const wrong = rows.filter(({ status }) => status !== 'pass' && status !== 'missing').map(({ id }) => id)
console.log(JSON.stringify({ passed: rows.filter(({ status }) => status === 'pass').length, wrong }))
