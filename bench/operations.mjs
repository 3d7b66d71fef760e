// node bench/operations.mjs [variant] [runs]: where the time of a run goes (wasm, one thread, 224 x 224, T = 4), by
// operation and by what is done in it. Each primitive call is timed and its best over the runs is kept, so that what
// else the machine does disturbs little; the calls are the same in every run.
import { runUnit, unitsOf } from '../dist/compiled/execute/steps.js'
import { enter, library } from '../dist/compiled/runner.js'
import { givenCurrents, wiring } from '../dist/interpreters/graph.js'
import { wasmMemory } from '../dist/compiled/wasm/instance.js'
import { network, still } from '../dist/model/network.js'
import { limits } from './limit.mjs'
import { SOPS, subject } from './subject.mjs'

const [variant = 's', runs = '15'] = process.argv.slice(2)
const { parameters, image } = subject(variant)
const net = network(wiring)(parameters)
const draw = ({ shape, steps }) => {
  const input = givenCurrents(shape, null)
  const [logits] = still(net)(steps)(input)(new Map())
  return { input, logits, before: new Map(), after: new Map() }
}
const programs = library(draw, 1)
const plan = programs.compiled({ shape: image.shape, steps: 4, still: true, resume: false, keep: false })
const { steps, bytes, scratch } = plan.program
const P = wasmMemory()(bytes + scratch)
programs.writeConstants(P.bytes())

const operationOf = (step) => {
  if (step.kind === 'dense') return step.kernelHeight > 1 ? 'stem' : 'head'
  if (step.kind === 'pool') return 'stem'
  if (step.kind === 'mean') return 'head'
  if (step.kind === 'pack') return 'attention products'
  if (step.source.kind === 'current') return 'first neuron'
  const { weightsStepStride, overlap, groups, gatherStride } = step.source.sum
  if (weightsStepStride > 0) return 'attention products'
  if (overlap !== null) return groups.length > 1 ? '3x3 in groups' : '3x3 stride 2'
  return gatherStride > 4 ? 'patches p x p' : '1x1'
}
const partOf = { extract: 'listing', concat: 'listing', pairs: 'tables', accumulate: 'sums', affineFire: 'neurons' }

const { i32 } = P.bytes()
const calls = [] // of a run, in order: what it belongs to, its best time, its additions
let current = ''
let at = 0
const watched = Object.fromEntries(
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
          if (name === 'accumulate') call.additions = 8 * (i32[(args[0] >> 2) + args[1]] - i32[args[0] >> 2])
          return result
        },
  ]),
)
for (let run = 0; run < Number(runs); run++) {
  at = 0
  enter(P.bytes(), plan, image, null)
  for (const step of steps) {
    current = operationOf(step)
    for (let unit = 0; unit < unitsOf(step); unit++) runUnit(watched, step, unit, bytes)
  }
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
