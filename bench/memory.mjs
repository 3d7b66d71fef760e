// npm run bench:memory -- [requests]: megabytes after requests of changing step counts, batches and ways to run (digits
// network, wasm and plain TypeScript, one thread). They should level out: programs and constants are bounded.
import { compile } from '../dist/compiled/network.js'
import { right } from './subject.mjs'
import { digits } from '../dist/model/config.js'
import { parse } from '../dist/model/parameters.js'
import { syntheticCheckpoint, syntheticInput } from '../dist/checkpoint/synthetic.js'

const [requests = '10000'] = process.argv.slice(2)
const LINES = 10
const megabytes = (bytes) => (bytes / 1e6).toFixed(1).padStart(12)

/** Bytes of the WebAssembly memories made so far; they only grow. */
const memories = []
const { Memory } = WebAssembly
WebAssembly.Memory = class extends Memory {
  constructor(description) {
    super(description)
    memories.push(this)
  }
}

const parameters = right(parse(digits)(syntheticCheckpoint(digits, 7)))
const nets = /** @type {const} */ (['wasm', 'fast']).map((kernels) => compile({ kernels })(parameters))
const inputOf = (steps, batch) => syntheticInput([steps, batch, 1, 16, 16], steps)

console.log('    requests     heap MB   WebAssembly   buffers MB      all MB')
for (let i = 0; i <= Number(requests); i++) {
  if (i % Math.ceil(Number(requests) / LINES) === 0) {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
    const shared = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
    console.log(`${String(i).padStart(12)}${[heapUsed, shared, arrayBuffers, rss].map(megabytes).join('')}`)
  }
  const net = nets[i % 10 === 0 ? 1 : 0]
  const [steps, batch] = [1 + (i % 41), 1 + (i % 3)]
  if (i % 2 === 0) right(net.measured.still(steps)(inputOf(1, batch)))
  else if (i % 4 === 1) right(net.frames(inputOf(1 + (i % 7), batch)))
  else right(net.step(inputOf(1 + (i % 5), batch))(right(net.step(inputOf(1, batch))(new Map()))[1]))
}
