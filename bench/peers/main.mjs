// cd bench/peers && npm install && npm run bench -- [model.onnx] [--variant s] [--threads 1,2] [--runs 15] [--steps 4]
//
// Times `wasm`, onnxruntime-node and onnxruntime-web on the same network and image, in the same run, and says how far
// their logits agree. Without a file it writes the variant's (onnx.mjs), and deletes it afterwards. A file of your own is
// timed on the two runtimes (--shape 1,3,224,224 is its input), and next to `wasm` where --variant is given too.
//
// How it is fair: each runtime has a process of its own (runtime.mjs), and ONNX Runtime all its graph optimisations. Runs
// are interleaved, one of each in turn, so whatever else the machine does hits all alike; before each there is a pause,
// in which threads that spin for more work, as ONNX Runtime's do, go to sleep. Whether spinning helps it depends on what
// else runs on the cores, so with two threads or more it is timed both ways; compare with the faster one.
import { fork, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, subject } from '../subject.mjs'
import { onnxOf } from './onnx.mjs'

const PAUSE = 50 // ms
const ROUNDING = 1e-5 // of the logits: what the order of sums moves them by
const FLIPS = 1e-5 // of a layer's spikes: what it flips

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    variant: { type: 'string' },
    threads: { type: 'string', default: availableParallelism() > 1 ? '1,2' : '1' },
    runs: { type: 'string', default: '15' },
    steps: { type: 'string', default: '4' },
    shape: { type: 'string', default: '1,3,224,224' },
  },
})
const [given] = positionals
const variant = values.variant ?? (given === undefined ? 's' : undefined)
const steps = Number(values.steps)
const ours = variant === undefined ? undefined : subject(variant)
const shape = ours === undefined ? values.shape.split(',').map(Number) : ours.image.shape.slice(1)

/** The next message of a child, or an error in its place. */
const answerOf = (child) =>
  new Promise((resolve) => {
    const done = (message) => {
      child.off('message', done)
      child.off('exit', exited)
      resolve(message)
    }
    const exited = (code, signal) => done({ error: `its process ended (${signal ?? code})` })
    child.on('message', done)
    child.on('exit', exited)
  })

/** A runtime, loaded and warm; undefined, and a line that says so, where it does not load. */
const start = async ({ name, spinning }, file, threads) => {
  const options = JSON.stringify({ threads, spinning, variant, shape, steps })
  const child = fork(fileURLToPath(new URL('runtime.mjs', import.meta.url)), [name, file, options])
  const { error, logits } = await answerOf(child)
  const label = spinning ? name : `${name}, not spinning`
  if (error === undefined) return { name, label, child, logits, times: [] }
  console.log(`${label} did not run: ${error}`)
  child.kill()
}

const largest = (numbers) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
const argMax = (numbers) => numbers.indexOf(Math.max(...numbers))

/** Where the spikes of a runtime first differ from those of `wasm` (spikes.mjs). */
const firstDifference = (name, threads) => {
  const script = fileURLToPath(new URL('spikes.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, name, variant, values.steps, String(threads)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/**
 * Says how far a runtime's logits agree with those of `wasm`; whether it may be the same network.
 *
 * Sums in another order, and batch norm folded into weights, move currents by some 1e-7 of their size. That alone moves
 * logits by about 1e-6 of theirs. But a current that close to the threshold flips a spike; what it reaches flips more,
 * layer by layer, and logits then move by per cents, the more the earlier the flip. So where they do, the first layer
 * that differs decides: one or a few spikes in a million are flips, more are another network.
 */
const agree = (mine, { name, label, logits }, threads) => {
  if (logits.length !== mine.length) {
    console.log(`${label}: not compared, ${logits.length} outputs where wasm has ${mine.length}`)
    return true
  }
  const { classes } = ours.config
  const rows = Array.from({ length: mine.length / classes }, (_, t) => [t * classes, (t + 1) * classes])
  const same = rows.filter((row) => argMax(mine.slice(...row)) === argMax(logits.slice(...row))).length
  const difference = largest(mine.map((x, i) => x - logits[i]))
  const of = largest(mine)
  console.log(
    `${label}: logits differ from wasm's by at most ${difference.toExponential(1)} (they go to ${of.toFixed(1)}), ` +
      `arg-max agrees at ${same} of ${rows.length} steps`,
  )
  if (difference < ROUNDING * of) return true
  const first = given === undefined ? firstDifference(name, threads) : null
  if (first !== null) console.log(`  first at ${first.layer}: ${first.differ} of ${first.of} spikes`)
  // Of a given file only the logits are known; of ours, logits that differ need a spike that does.
  const fine =
    given === undefined
      ? first !== null && first.differ <= FLIPS * first.of
      : same === rows.length && difference < 0.1 * of
  if (!fine) console.log(`WARNING: ${label} does not seem to compute the same network`)
  return fine
}

const compared = async (file, threads) => {
  console.log(`\nthreads: ${threads}`)
  const peers = ['onnxruntime-node', 'onnxruntime-web'].flatMap((name) =>
    (threads === 1 ? [true] : [true, false]).map((spinning) => ({ name, spinning })),
  )
  const runtimes = []
  for (const what of variant === undefined ? peers : [{ name: 'wasm', spinning: true }, ...peers])
    runtimes.push(await start(what, file, threads))
  const running = runtimes.filter((runtime) => runtime !== undefined)
  const mine = running.find(({ name }) => name === 'wasm')
  const others = running.filter((runtime) => runtime !== mine)
  const fine = mine === undefined || others.map((runtime) => agree(mine.logits, runtime, threads)).every(Boolean)
  for (let run = 0; run < Number(values.runs); run++)
    for (const { label, child, times } of running) {
      await pause(PAUSE)
      const answer = answerOf(child)
      child.send('run')
      const { ms, error } = await answer
      if (error !== undefined) throw new Error(`${label}: ${error}`)
      times.push(ms)
    }
  for (const { child } of running) child.disconnect()
  const rows = running.map(({ name, label, times }) => ({
    name,
    label,
    threads,
    ms: median(times),
    best: Math.min(...times),
  }))
  return { rows, fine }
}

const directory = mkdtempSync(join(tmpdir(), 'peers-'))
try {
  const file = given ?? join(directory, `${variant}.onnx`)
  if (given === undefined) writeFileSync(file, onnxOf(ours, steps))
  const what = `${given ?? variant}${variant === undefined ? '' : `, T = ${steps}`}, input ${shape.join(' x ')}, seed 7`
  console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${what}`)
  const results = []
  for (const threads of values.threads.split(',').map(Number)) results.push(await compared(file, threads))
  console.log('\n| runtime | threads | median ms | best ms | x wasm, median | x wasm, best |')
  console.log('|---|---|---|---|---|---|')
  for (const { rows } of results)
    for (const { label, threads, ms, best } of rows) {
      const mine = rows.find((row) => row.name === 'wasm')
      const ratios = mine === undefined ? ['-', '-'] : [ms / mine.ms, best / mine.best].map((ratio) => ratio.toFixed(2))
      console.log(`| ${[label, threads, ms.toFixed(1), best.toFixed(1), ...ratios].join(' | ')} |`)
    }
  if (given === undefined && !results.every(({ fine }) => fine)) process.exitCode = 1
} finally {
  rmSync(directory, { recursive: true })
}
