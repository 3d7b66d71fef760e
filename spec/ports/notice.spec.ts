/** The thread that waits for a port's answers is woken by notices that may come late, as on a busy machine. */
import { once } from 'node:events'
import { setTimeout as later } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { Brought, Errand } from '../../src/node/relay.js'
import { root } from './build.js'

/** Greets, asks for a sum, and tells it or what was thrown. */
const ASKING = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.module).then(({ greetedAt }) => {
  const { kernels } = greetedAt(workerData.line, 10).implementation
  const one = { shape: [1], data: Float32Array.of(1) }
  parentPort.postMessage(kernels.add(one, one).data)
}).catch((error) => parentPort.postMessage(String(error)))
`

describe('an answer', () => {
  it('is waited for, though the notice of the one before comes when it was asked for', async () => {
    const { port1, port2 } = new MessageChannel()
    const signal = new Int32Array(new SharedArrayBuffer(4))
    const sum = { dtype: 'float32', shape: [1], data: 'AAAAQA==' }
    port1.on('message', async (errand: Errand) => {
      const { id, ask } = JSON.parse(errand.kind === 'ask' ? errand.line : '{}')
      for (let early = 0; early < 5; early++) {
        await later(10)
        Atomics.notify(signal, 0)
      }
      const fields =
        ask === 'hello' ? { protocol: 1, name: 'late', precision: 'float32', operations: ['add'] } : { outputs: [sum] }
      const brought: Brought = { kind: 'line', line: JSON.stringify({ id, ...fields }) }
      port1.postMessage(brought)
      Atomics.store(signal, 0, 1)
      Atomics.notify(signal, 0)
    })
    const workerData = { module: `${root}dist/node/port.js`, line: { port: port2, signal } }
    const worker = new Worker(ASKING, { eval: true, workerData, transferList: [port2] })
    const [told] = await once(worker, 'message')
    await worker.terminate()
    port1.close()
    expect(told).toEqual(Float32Array.of(2))
  })
})
