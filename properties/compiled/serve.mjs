// WebAssembly on threads as a process that answers questions (docs/protocol.md): the laws wait for each answer, and threads
// promise theirs. What is asked for is drawn whole and computed together, so that layers are fused and shared among threads.
// node serve.mjs THREADS
import { createInterface } from 'node:readline'
import * as Either from 'fp-ts/lib/Either.js'
import { threaded } from '../../dist/compiled/interpreter.js'
import { decodeTensor, encodeTensor } from '../../dist/laws/protocol.js'
import { dssa } from '../../dist/model/dssa.js'
import { gwsffn, layer } from '../../dist/model/gwsffn.js'
import { network } from '../../dist/model/network.js'
import { applyOf, carriers, operationNames } from '../../dist/model/operation.js'

const count = Number(process.argv[2])
const started = await threaded(count)()
if (Either.isLeft(started)) throw new Error(started.left[0].what)
const { kernels: K, fromSpikes, fromCurrents, toSpikes, toCurrents, compute } = started.right
const apply = applyOf(K)
const kept = new Map()

/** What a message means: tensors and numbers in the place of what stands for them. */
const read = (value) => {
  if (typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)) return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(read)
  if ('dtype' in value) return decodeTensor(value.dtype, 'a tensor', value)
  if (Object.keys(value).join() === 'name') return kept.get(value.name)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, read(inner)]))
}

const single = (tensor) => fromCurrents({ ...tensor, data: Float32Array.from(tensor.data) })
const into = { spikes: fromSpikes, currents: single, membrane: (x) => (x === null ? null : single(x)) }
const out = (kind, value) => encodeTensor(kind === 'spikes' ? toSpikes(value) : toCurrents(value))

const parts = {
  dssa: dssa(K),
  gwsffn: gwsffn(K),
  downsample: (p) => layer(K)('activation', 'conv', p),
  network: (p) => network(K)(p).respond,
}

const answer = async ({ ask, name, tensor, parameters, inputs = [] }) => {
  if (ask === 'hello')
    return {
      protocol: 1,
      name: `wasm, ${count} threads`,
      precision: 'float32',
      operations: [...operationNames, ...Object.keys(parts)],
    }
  if (ask === 'keep' || ask === 'forget') {
    if (ask === 'keep') kept.set(name, read(tensor))
    else kept.delete(name)
    return {}
  }
  const p = read(parameters)
  if (ask in parts) {
    const [x, membranes] = inputs.map(read)
    const before = new Map(Object.entries(membranes).map(([key, membrane]) => [key, single(membrane)]))
    const [y, after] = parts[ask](p)(single(x))(before)
    await compute([y, ...after.values()])
    return {
      outputs: [
        out('currents', y),
        Object.fromEntries([...after].map(([key, membrane]) => [key, out('currents', membrane)])),
      ],
    }
  }
  if (!(ask in carriers)) return { missing: true }
  const kinds = carriers[ask]
  const results = apply(ask, p, '')(...inputs.map((x, i) => into[kinds.inputs[i]](read(x))))
  await compute(results)
  return { outputs: results.map((x, i) => out(kinds.outputs[i], x)) }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...question } = JSON.parse(line)
  const fields = await answer(question).catch((error) => ({ error: String(error) }))
  process.stdout.write(`${JSON.stringify({ id, ...fields })}\n`)
}
started.right.close()
