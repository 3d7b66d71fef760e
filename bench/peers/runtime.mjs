// One runtime in a process of its own, told by main.mjs when to run: so no runtime's threads, heap or idle spinning are
// in another's way. Answers each message with the milliseconds of a run; the first answer has the logits instead.
import { readFileSync } from 'node:fs'
import { syntheticInput } from '../../dist/checkpoint/synthetic.js'
import { runnerOf, subject } from '../subject.mjs'
import { sessionOf } from './session.mjs'

const WARM = 4
const [name, file, options] = process.argv.slice(2)
const { threads, spinning, variant, shape, steps } = JSON.parse(options)

const load = async () => {
  if (name === 'wasm') return runnerOf(subject(variant), 'wasm', threads, steps)
  const image = { shape, data: Float32Array.from(syntheticInput(shape, 7).data) }
  const run = await sessionOf(name, new Uint8Array(readFileSync(file)), { threads, spinning })
  return async () => Object.values(await run(image))[0]
}

process.on('disconnect', () => process.exit(0))
try {
  const run = await load()
  const { data } = await run()
  for (let i = 0; i < WARM; i++) await run()
  process.on('message', async () => {
    const start = performance.now()
    await run()
    process.send({ ms: performance.now() - start })
  })
  process.send({ logits: Array.from(data) })
} catch (reason) {
  process.send({ error: reason.message })
}
