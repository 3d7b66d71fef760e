// One measurement in a process of its own, so that its peak memory is its own: prints one line of JSON.
import { limits } from './limit.mjs'
import { median, runnerOf, subject, timed } from './subject.mjs'

const [variant, kernels, threads, runs] = process.argv.slice(2)
const before = limits()
const run = await runnerOf(subject(variant), kernels, Number(threads), 4)
const slow = kernels !== 'wasm'
const times = await timed(run, Number(runs), slow ? 0 : 3)
const after = limits()
console.log(
  JSON.stringify({
    ms: median(times),
    best: Math.min(...times),
    peak: process.resourceUsage().maxRSS * 1024,
    simd: (before.simd + after.simd) / 2,
    scalar: (before.scalar + after.scalar) / 2,
  }),
)
process.exit(0)
