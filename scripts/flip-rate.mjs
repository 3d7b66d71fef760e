// Which spikes differ between the reference and the network without multipliers, as tables for docs/theorem-spike-only.md:
//   npm run build && node scripts/flip-rate.mjs [--digits N] [--layers]
// --digits N: how many of the test digits to run (16); --layers: a row a layer where any spike differs.
import { parseArgs } from 'node:util'
import { syntheticCheckpoint, syntheticInput } from '../dist/checkpoint/synthetic.js'
import { describe } from '../dist/core/fault.js'
import { tensor } from '../dist/core/tensor.js'
import { digitsInput, splitDigits } from '../dist/input/digits.js'
import { tensors } from '../dist/interpreters/interpreter.js'
import { fixedPoint, floating } from '../dist/interpreters/multiplier-free/arithmetic.js'
import { multiplierFree } from '../dist/interpreters/multiplier-free.js'
import { reference } from '../dist/interpreters/reference.js'
import { cifar, digits } from '../dist/model/config.js'
import { forward, network } from '../dist/model/network.js'
import { neurons } from '../dist/model/neurons.js'
import { parse } from '../dist/model/parameters.js'
import { bundledCheckpoint, bundledDigits } from '../dist/node/bundled.js'
import { readSafetensors } from '../dist/node/files.js'
import { flips } from '../dist/observers/flips.js'
import { unobserved } from '../dist/observers/observe.js'
import { trace } from '../dist/observers/trace.js'

const { values } = parseArgs({
  options: { digits: { type: 'string', default: '16' }, layers: { type: 'boolean', default: false } },
})

const right = (either) => {
  if (either._tag === 'Right') return either.right
  throw new Error(either.left.map(describe).join('\n'))
}

const fires = (operation) => operation === 'fire'
const T = 4

/** A run's logits, and its spikes layer by layer. */
const run = (K, read, parameters, image) => {
  const { value, notes } = forward(network(trace(read, fires)(K))(parameters))(T)(unobserved(image))
  return { logits: read.toCurrents(value), notes }
}

/** The class of each sample: the largest of its logits, summed over the steps. */
const classes = ({ shape: [steps, samples, k], data }) =>
  Array.from({ length: samples }, (_, b) => {
    const sums = Array.from({ length: k }, (_, c) =>
      Array.from({ length: steps }, (_, t) => data[(t * samples + b) * k + c]).reduce((a, x) => a + x),
    )
    return sums.indexOf(Math.max(...sums))
  })

/** @type {(readonly [string, import('../dist/entry/index.js').Precision, import('../dist/entry/interpreters.js').Representation<any>])[]} */
const representations = [
  ['float64', 'float64', floating('float64')],
  ['float32', 'float32', floating('float32')],
  ...[20, 16, 12, 8].map((bits) => /** @type {const} */ ([`integers of 2^-${bits}`, 'float64', fixedPoint(bits)])),
]

const compare = (name, parameters, images) => {
  const runs = new Map()
  const expectedOf = (precision, i) => {
    const key = `${precision} ${i}`
    if (!runs.has(key)) runs.set(key, run(reference(precision), tensors, parameters, images[i]))
    return runs.get(key)
  }
  for (const [arithmetic, precision, N] of representations) {
    const I = right(multiplierFree(reference(precision), N)(neurons(parameters)))
    const layers = new Map()
    let changed = 0
    for (const [i, image] of images.entries()) {
      const expected = expectedOf(precision, i)
      const found = run(I.kernels, I, parameters, I.fromCurrents(image))
      const [a, b] = [classes(expected.logits), classes(found.logits)]
      changed += a.filter((k, i) => k !== b[i]).length
      for (const { path, ...layer } of flips(expected.notes, found.notes)) {
        const sum = layers.get(path) ?? { neurons: 0, spikes: 0, flips: 0 }
        layers.set(path, Object.fromEntries(Object.entries(sum).map(([k, n]) => [k, n + layer[k]])))
      }
    }
    const total = (field) => [...layers.values()].reduce((n, layer) => n + layer[field], 0)
    const rate = (total('flips') / total('neurons')).toExponential(2)
    const cells = [
      name,
      arithmetic,
      total('neurons'),
      total('spikes'),
      total('flips'),
      rate,
      `${changed} of ${images.length}`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
    if (values.layers)
      for (const [path, layer] of layers)
        if (layer.flips > 0)
          console.log(
            `|   ${path} | | ${layer.neurons} | ${layer.spikes} | ${layer.flips} | ${(layer.flips / layer.neurons).toExponential(2)} | |`,
          )
  }
}

const checkpoint = right(await readSafetensors(right(await bundledCheckpoint()))()).tensors
const test = splitDigits(right(await bundledDigits())).test.slice(0, Number(values.digits))
const images = test.map((digit) => {
  const { shape, data } = right(digitsInput(digit.values))
  return tensor([1, 1, ...shape], data)
})
console.log('| network | arithmetic | neuron-steps | spikes | flips | flip rate | classes changed |')
console.log('|---|---|---|---|---|---|---|')
compare('digits (trained)', right(parse(digits)(checkpoint)), images)
compare('cifar (synthetic, seed 7)', right(parse(cifar)(syntheticCheckpoint(cifar, 7))), [
  tensor([1, 1, 3, 32, 32], syntheticInput([1, 3, 32, 32], 7).data),
])
