// A thread of `npm run mutants:generated`: judges one mutant at a time by the laws it is told, up to the first that fails.
import { parentPort } from 'node:worker_threads'
import { laws } from '../dist/laws/all.js'
import { judgeOne } from '../dist/laws/judge.js'

const known = new Map(laws.map((law) => [law.id, law]))

parentPort.on('message', async ({ text, ids, runs, base }) => {
  let kernels
  try {
    ;({ kernels } = await import(`data:text/javascript,${encodeURIComponent(text)}`))
  } catch (error) {
    parentPort.postMessage({ kind: 'dead', law: 'loading', sentence: String(error) })
    return
  }
  const seconds = {}
  for (const id of ids) {
    parentPort.postMessage({ kind: 'at', law: id })
    const start = performance.now()
    /** @type {import('../dist/entry/laws.js').Options} */
    const options = { runs, base, level: 'bits', shrink: false }
    const row = judgeOne({ kernels, precision: 'float64' }, known.get(id), options)
    seconds[id] = (performance.now() - start) / 1000
    if (row.status === 'fail') {
      parentPort.postMessage({ kind: 'dead', law: id, sentence: row.sentence, seconds })
      return
    }
  }
  parentPort.postMessage({ kind: 'alive', seconds })
})
