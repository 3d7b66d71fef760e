// cd bench/peers && npm install && npm run bench -- model.onnx [--threads 1] [--runs 10] [--shape 1,3,224,224]
// Times an ONNX file on onnxruntime-node and onnxruntime-web, on the synthetic image of seed 7.
import { parseArgs } from 'node:util'
import { syntheticInput } from '../../dist/src/checkpoint/synthetic.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '10' },
    shape: { type: 'string', default: '1,3,224,224' },
  },
})
const [file] = positionals
if (file === undefined) {
  console.error('usage: npm run bench -- model.onnx [--threads 1] [--runs 10] [--shape 1,3,224,224]')
  process.exit(2)
}
const shape = values.shape.split(',').map(Number)
const threads = Number(values.threads)
const data = Float32Array.from(syntheticInput(shape, 7).data)

const time = async (name, load) => {
  try {
    const ort = await load()
    const session = await ort.InferenceSession.create(file, { intraOpNumThreads: threads, interOpNumThreads: 1 })
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) }
    for (let i = 0; i < 2; i++) await session.run(feeds)
    const times = []
    for (let i = 0; i < Number(values.runs); i++) {
      const start = performance.now()
      await session.run(feeds)
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    console.log(`${name.padEnd(18)} ${threads} threads  median ${times[times.length >> 1].toFixed(1)} ms`)
  } catch (reason) {
    console.log(`${name.padEnd(18)} did not run: ${reason.message}`)
  }
}

await time('onnxruntime-node', () => import('onnxruntime-node'))
await time('onnxruntime-web', async () => {
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = threads
  return ort
})
