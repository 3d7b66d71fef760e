// WebAssembly on threads as a process that answers questions (docs/protocol.md): the laws wait for each answer, and threads
// promise theirs. What is asked for is drawn whole and computed together, so that layers are fused and shared among threads.
// node serve.mjs THREADS
import * as Either from 'fp-ts/lib/Either.js'
import { threaded } from '../../dist/compiled/interpreter.js'
import { describe } from '../../dist/core/fault.js'
import { encodeTensor } from '../../dist/laws/protocol.js'
import { dssa } from '../../dist/model/dssa.js'
import { gwsffn, layer } from '../../dist/model/gwsffn.js'
import { network } from '../../dist/model/network.js'
import { applyOf, carriers, operationNames } from '../../dist/model/operation.js'
import { answering } from '../../spec/ports/answering.mjs'

const count = Number(process.argv[2])
const started = await threaded(count)()
if (Either.isLeft(started)) throw new Error(started.left.map(describe).join('; '))
const { kernels: K, fromSpikes, fromCurrents, toSpikes, toCurrents, compute } = started.right
const apply = applyOf(K)

const single = (tensor) => fromCurrents({ ...tensor, data: Float32Array.from(tensor.data) })
const into = { spikes: fromSpikes, currents: single, membrane: (x) => (x === null ? null : single(x)) }
const out = (kind, value) => encodeTensor(kind === 'spikes' ? toSpikes(value) : toCurrents(value))

const parts = {
  dssa: dssa(K),
  gwsffn: gwsffn(K),
  downsample: (p) => layer(K)('activation', 'conv', p),
  network: (p) => network(K)(p).respond,
}

const answer = async (ask, p, inputs) => {
  if (ask in parts) {
    const [x, membranes] = inputs
    const before = new Map(Object.entries(membranes).map(([key, membrane]) => [key, single(membrane)]))
    const [y, after] = parts[ask](p)(single(x))(before)
    await compute([y, ...after.values()])
    return [
      out('currents', y),
      Object.fromEntries([...after].map(([key, membrane]) => [key, out('currents', membrane)])),
    ]
  }
  const kinds = carriers[ask]
  const results = apply(ask, p, '')(...inputs.map((x, i) => into[kinds.inputs[i]](x)))
  await compute(results)
  return results.map((x, i) => out(kinds.outputs[i], x))
}

const operations = [...operationNames, ...Object.keys(parts)]
await answering({ name: `wasm, ${count} threads`, precision: 'float32', operations }, answer)
started.right.close()
