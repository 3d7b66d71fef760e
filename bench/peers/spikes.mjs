// node spikes.mjs onnxruntime-node ti [steps] [threads]: where the spikes of the ONNX file, run on that runtime, first differ from
// those of `wasm`, as one line of JSON (null where none of the 38 layers differs).
import { wasm } from '../../dist/compiled/interpreter.js'
import { unobserved } from '../../dist/observers/observe.js'
import { trace } from '../../dist/observers/trace.js'
import { tensorKernels, tensors } from '../../dist/interpreters/interpreter.js'
import { forward, network } from '../../dist/model/network.js'
import { subject } from '../subject.mjs'
import { onnxOf } from './onnx.mjs'
import { sessionOf } from './session.mjs'

const [name, variant, steps = '4', threads = '1'] = process.argv.slice(2)
const given = subject(variant)
const { shape, data } = given.image
const run = await sessionOf(name, onnxOf(given, Number(steps), true), { threads: Number(threads), spinning: true })
const outputs = await run({ shape: shape.slice(1), data })

const K = trace(tensors, (operation) => operation === 'fire')(tensorKernels(wasm()))
const { notes } = forward(network(K)(given.parameters))(Number(steps))(unobserved(given.image))
const differences = [...notes].map(([layer, { output }]) => {
  const spikes = output[0].data
  return { layer, differ: spikes.filter((s, i) => s !== outputs[layer].data[i]).length, of: spikes.length }
})
console.log(JSON.stringify(differences.find(({ differ }) => differ > 0) ?? null))
process.exit(0)
