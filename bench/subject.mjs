// What is measured: a network of the synthetic checkpoint 7, its image, and its synaptic operations.
import * as Either from '../node_modules/fp-ts/lib/Either.js'
import { syntheticCheckpoint, syntheticInput } from '../dist/checkpoint/synthetic.js'
import { compile, compileThreads } from '../dist/compiled/network.js'
import { wasm } from '../dist/compiled/interpreter.js'
import { ledger, total } from '../dist/observers/ledger.js'
import { unobserved } from '../dist/observers/observe.js'
import { reference } from '../dist/interpreters/reference.js'
import { tensorKernels, tensors } from '../dist/interpreters/interpreter.js'
import { variants } from '../dist/model/config.js'
import { forward, network } from '../dist/model/network.js'
import { parse } from '../dist/model/parameters.js'

/** Synaptic operations at 224 x 224, T = 4, checkpoint 7: golden (spec/golden/networks.json). */
export const SOPS = { ti: 2080126532, s: 3307457404, m: 6442908960, l: 10595548316 }

export const right = (either) => {
  if (Either.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** Configuration, parameters and image of a variant, with any field of its configuration replaced. */
export const subject = (variant, changes = {}) => {
  const config = { ...variants[variant], ...changes }
  const { height, width } = config.image
  const shape = [1, 1, config.channels, height, width]
  const { data } = syntheticInput(shape, 7)
  return {
    config,
    parameters: right(parse(config)(syntheticCheckpoint(config, 7))),
    image: { shape, data: Float32Array.from(data) },
  }
}

/** A function that runs a subject for `steps` steps, awaited. */
export const runnerOf = async ({ parameters, image }, kernels, threads, steps) => {
  if (kernels === 'reference' || kernels === 'float64') {
    const run = forward(network(reference(kernels === 'float64' ? 'float64' : 'float32'))(parameters))(steps)
    return async () => run(image)
  }
  if (threads === 1) {
    const run = compile({ kernels })(parameters).still(steps)
    return async () => right(run(image))
  }
  const net = right(await compileThreads({ kernels, threads })(parameters)())
  if (net.notice !== null) throw new Error(net.notice)
  return async () => right(await net.still(steps)(image))
}

/** Synaptic operations of a run, counted by the ledger. */
export const sopsOf = ({ parameters, image }, steps) => {
  const K = ledger(tensors)(tensorKernels(wasm()))
  return total(forward(network(K)(parameters))(steps)(unobserved(image)).notes).sops
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** Milliseconds of each of `runs` runs, after one that packs the weights and some that warm the engine up. */
export const timed = async (run, runs, warm) => {
  for (let i = 0; i < 1 + warm; i++) await run()
  const times = []
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times
}
