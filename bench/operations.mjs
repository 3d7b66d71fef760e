// node bench/operations.mjs [variant] [runs] [--paths]: where the time of a run goes (wasm, one thread, 224 x 224, T = 4),
// by operation or by path, and by what is done in it. Each primitive call is timed and its best over the runs is kept, so
// that what else the machine does disturbs little; the calls are the same in every run.
import { parseArgs } from 'node:util'
import { onThisThread } from '../dist/compiled/backend.js'
import { runWhole } from '../dist/compiled/execute/instructions.js'
import { networkOn } from '../dist/compiled/network.js'
import { binary } from '../dist/compiled/wasm/instance.js'
import { wasmMemory } from '../dist/compiled/wasm/memory.js'
import { limits } from './limit.mjs'
import { right, SOPS, subject } from './subject.mjs'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { paths: { type: 'boolean', default: false } } })
const [variant = 's', runs = '15'] = positionals
const { parameters, image } = subject(variant)

/** The operation that a path names, without its stage and block. */
const kindOf = (path) => path.replace(/^layers\.\d+\.\d+\./, '')
/** @param {import('../dist/compiled/machine/program.js').Instruction} instruction */
const nameOf = ({ path, done: [first = path], kind }) => `${values.paths ? first : kindOf(first)}${kind === 'pack' ? ' (packing)' : ''}`

const partOf = { extract: 'listing', concat: 'listing', pairs: 'tables', accumulate: 'sums', affineFire: 'neurons' }

const calls = [] // of a run, in order: what it belongs to, its best time, its additions
let current = ''
let at = 0
const watched = (P) =>
  Object.fromEntries(
    Object.entries(P).map(([name, run]) => [
      name,
      name === 'bytes'
        ? run
        : (...args) => {
            const start = performance.now()
            const result = run(...args)
            const time = performance.now() - start
            const call = (calls[at++] ??= { operation: current, part: partOf[name] ?? 'other', best: time, additions: 0 })
            if (time < call.best) call.best = time
            const { i32 } = P.bytes()
            if (name === 'accumulate') call.additions = 8 * (i32[(args[0] >> 2) + args[1]] - i32[args[0] >> 2])
            return result
          },
    ]),
  )
let primitives = null
const backend = onThisThread(wasmMemory(new WebAssembly.Module(binary(false))), (P, instruction, code) => {
  primitives ??= watched(P)
  current = nameOf(instruction)
  runWhole(primitives, instruction, code)
})
const run = networkOn(backend, parameters, { kernels: 'wasm', notice: null }).still(4)
for (let i = 0; i < Number(runs); i++) {
  at = 0
  right(run(image))
}

const { simd } = limits()
const sum = (where, field) => calls.filter(where).reduce((total, call) => total + call[field], 0)
const parts = ['listing', 'tables', 'sums', 'neurons', 'other']
console.log(`| ${variant} | G additions | ${parts.map((part) => `${part} ms`).join(' | ')} | all ms | G additions/s in sums |`)
console.log(`|${' --- |'.repeat(parts.length + 4)}`)
const row = (name, where) => {
  const additions = sum(where, 'additions') / 1e9
  const times = parts.map((part) => sum((call) => where(call) && call.part === part, 'best'))
  const total = times.reduce((a, b) => a + b, 0)
  const rate = additions > 0 ? (additions / (times[2] / 1000)).toFixed(1) : ''
  const cells = [additions > 0 ? additions.toFixed(2) : '', ...times.map((ms) => ms.toFixed(1)), total.toFixed(1), rate]
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
for (const operation of new Set(calls.map((call) => call.operation))) row(operation, (call) => call.operation === operation)
row('all', () => true)
console.log(`\n${(SOPS[variant] / 1e9).toFixed(2)} G synaptic operations took these additions.`)
console.log(`This machine loads and adds ${(simd / 1e9).toFixed(1)} G float32 a second from the L1 cache, four at a time.`)
