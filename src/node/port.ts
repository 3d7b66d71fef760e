/** A process as an implementation: a port in any language, asked over its standard input and output. @module */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import type { Implementation } from '../laws/implementation.js'
import {
  type Ask,
  encode,
  encodeTensor,
  type Greeting,
  operationsOf,
  protocolVersion,
  readAnswer,
  readGreeting,
  refusal,
} from '../laws/protocol.js'
import { type Brought, type Errand, relay } from './relay.js'

/** A process that was greeted. */
export interface Port {
  readonly greeting: Greeting
  /** Its operations, over plain tensors; each call waits for the answer. */
  readonly implementation: Implementation & { readonly precision: Greeting['precision'] }
  /** Asks for one operation; throws a sentence where the answer is none. */
  readonly ask: Ask
  /** The id of the process, 0 while there is none: who ends this thread from outside ends that too. */
  readonly pid: () => number
  /** Lets the process go; a sentence where it had written what nobody asked for. */
  readonly close: () => string | null
}

/** Parameters of at least so many bytes are sent once and named from then on. */
const NAMED = 1024

/** What is not used by the last question is forgotten beyond so many tensors, or bytes. */
const MOST = { tensors: 1024, bytes: 768 * 1024 * 1024 }

const WORKER = `
const { workerData } = require('node:worker_threads');
const { spawn } = require('node:child_process');
(${relay.toString()})(workerData, spawn);
`

type Fields = { readonly [name: string]: unknown }

/**
 * Starts a command and greets it; `seconds` is the time an answer may take.
 *
 * The caller waits inside each call, so it works where laws do: in functions that return their result. A process that
 * dies, hangs or babbles is ended, the call throws one sentence, and the next call starts it again.
 */
export const openPort = (command: string, { seconds = 10 } = {}): Either.Either<Faults, Port> => {
  const signal = new Int32Array(new SharedArrayBuffer(8))
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(WORKER, {
    eval: true,
    workerData: { port: port2, signal, command },
    transferList: [port2],
    stdin: false,
  })
  worker.unref()

  const errand = (message: Errand): Brought => {
    Atomics.store(signal, 0, 0)
    port1.postMessage(message)
    // The relay keeps the time; it is only waited for longer in case it cannot start.
    Atomics.wait(signal, 0, 0, seconds * 1000 + 30_000)
    const brought = receiveMessageOnPort(port1) as { readonly message: Brought } | undefined
    return brought?.message ?? { kind: 'failed', sentence: 'cannot be asked: the thread beside it does not answer' }
  }

  let next = 1
  let greeted: Greeting | null = null
  let kept = new Map<Tensor, string>()
  let bytes = 0

  const exchange = (fields: Fields): Fields => {
    const id = next++
    const brought = errand({ kind: 'ask', line: JSON.stringify({ id, ...fields }), milliseconds: seconds * 1000 })
    const told = `asked for ${String(fields['ask'])}, the process`
    if (brought.kind === 'line') {
      const answer = readAnswer(id, brought.line)
      if (Either.isRight(answer)) {
        if (answer.right.kind === 'fields') return answer.right.fields
        if (answer.right.kind === 'error') throw refusal(`${told} answered an error: ${answer.right.sentence}`)
        throw refusal(`${told} answered that it does not have it`)
      }
      // What comes behind a line that was not understood cannot be told apart from its answer: begin anew.
      hangUp()
      throw refusal(`${told} ${answer.left}`)
    }
    greeted = null
    throw refusal(`${told} ${brought.kind === 'failed' ? brought.sentence : 'was closed'}`)
  }

  const hangUp = (): void => {
    greeted = null
    errand({ kind: 'end' })
  }

  const greet = (): Greeting => {
    kept = new Map()
    bytes = 0
    const greeting = readGreeting(exchange({ ask: 'hello', protocol: protocolVersion }))
    if (Either.isRight(greeting)) return greeting.right
    hangUp()
    throw refusal(`the process ${greeting.left}`)
  }

  const written =
    (used: Set<string>) =>
    (tensor: Tensor): unknown => {
      const { byteLength } = tensor.data
      if (byteLength < NAMED) return encodeTensor(tensor)
      const known = kept.get(tensor)
      const name = known ?? `t${next}`
      used.add(name)
      if (known === undefined) {
        exchange({ ask: 'keep', name, tensor: encodeTensor(tensor) })
        kept.set(tensor, name)
        bytes += byteLength
      }
      return { name }
    }

  const forgetOld = (used: ReadonlySet<string>): void => {
    for (const [tensor, name] of kept) {
      if (kept.size <= MOST.tensors && bytes <= MOST.bytes) return
      if (used.has(name)) continue
      exchange({ ask: 'forget', name })
      kept.delete(tensor)
      bytes -= tensor.data.byteLength
    }
  }

  const ask: Ask = (operation, parameters, inputs) => {
    if (greeted === null) greeted = greet()
    const used = new Set<string>()
    const write = written(used)
    const request = { ask: operation, parameters: encode(parameters, write), inputs: encode(inputs, encodeTensor) }
    const { outputs } = exchange(request)
    forgetOld(used)
    if (!Array.isArray(outputs)) throw refusal(`asked for ${operation}, the process answered no outputs`)
    return outputs
  }

  const pid = (): number => Atomics.load(signal, 1)
  const endNow = (): void => {
    if (pid() !== 0) endGroup(pid())
  }
  process.once('exit', endNow)

  const close = (): string | null => {
    process.off('exit', endNow)
    const brought = errand({ kind: 'close' })
    void worker.terminate()
    return brought.kind === 'closed' && brought.left !== null ? `wrote what nobody asked for: ${brought.left}` : null
  }

  try {
    const greeting = greet()
    greeted = greeting
    const implementation = { kernels: operationsOf(greeting, ask), precision: greeting.precision }
    return Either.right({ greeting, implementation, ask, pid, close })
  } catch (error) {
    close()
    return Either.left([
      {
        _tag: 'Unavailable',
        what: `${command}: ${(error as Error).message}`,
        advice: 'see docs/protocol.md, and what it wrote to standard error',
      },
    ])
  }
}

const endGroup = (pid: number): void => {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
