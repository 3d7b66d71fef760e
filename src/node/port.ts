/** A process as an implementation: a port in any language, asked from a thread that waits for each answer. @module */
import { receiveMessageOnPort } from 'node:worker_threads'
import * as Either from 'fp-ts/lib/Either.js'
import type { Precision, Tensor } from '../core/tensor.js'
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
import type { Brought, Errand, Line } from './relay.js'

/** Parameters of at least so many bytes are sent once and named from then on. */
const NAMED = 1024

/** Seconds that a process has at least for its hello, since it starts before it answers. */
const STARTING = 10

/** Beyond so many tensors or bytes, what the last question did not use is forgotten. */
const MOST = { tensors: 1024, bytes: 768 * 1024 * 1024 }

type Fields = { readonly [name: string]: unknown }

/** What a process that was greeted is, seen from here. */
export interface Greeted {
  readonly implementation: Implementation & { readonly precision: Precision }
  /** Whether the last question lost the process: it is gone, and the next one starts it again. */
  readonly lost: () => boolean
}

/**
 * Greets the process at the other end of a line: its operations, each call of which waits for the answer, at most the
 * given seconds; for the hello, before which it starts, at least ten. Where there is none, the call throws one sentence, and the next call begins anew.
 */
export const greetedAt = ({ port, signal }: Line, seconds: number): Greeted => {
  const errand = (message: Errand): Brought => {
    Atomics.store(signal, 0, 0)
    port.postMessage(message)
    // The notice of the answer before may come only now: the cell says whether there is one, not that it was woken.
    while (Atomics.load(signal, 0) === 0) Atomics.wait(signal, 0, 0)
    return receiveMessageOnPort(port)!.message as Brought
  }

  let next = 1
  let greeted = false
  let kept = new Map<Tensor, string>()
  let bytes = 0

  const exchange = (fields: Fields): Fields => {
    const id = next++
    const told = `asked for ${String(fields['ask'])}, the process`
    const most = fields['ask'] === 'hello' ? Math.max(STARTING, seconds) : seconds
    const brought = errand({ kind: 'ask', line: JSON.stringify({ id, ...fields }), milliseconds: most * 1000 })
    if (brought.kind === 'line') {
      const answer = readAnswer(id, brought.line)
      if (Either.isLeft(answer)) {
        // What follows a line that was not understood cannot be told from its answer.
        beginAnew()
        throw refusal(`${told} ${answer.left}`)
      }
      switch (answer.right.kind) {
        case 'fields':
          return answer.right.fields
        case 'error':
          throw refusal(`${told} answered an error: ${answer.right.sentence}`)
        case 'missing':
          throw refusal(`${told} answered that it does not have it`)
      }
    }
    greeted = false
    throw refusal(`${told} ${brought.kind === 'failed' ? brought.sentence : 'was ended'}`)
  }

  const beginAnew = (): void => {
    greeted = false
    errand({ kind: 'end' })
  }

  const greet = (): Greeting => {
    kept = new Map()
    bytes = 0
    const greeting = readGreeting(exchange({ ask: 'hello', protocol: protocolVersion }))
    if (Either.isLeft(greeting)) {
      beginAnew()
      throw refusal(`the process ${greeting.left}`)
    }
    greeted = true
    return greeting.right
  }

  /** A parameter as a message has it; what is large goes before it, once. */
  const naming =
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
    if (!greeted) greet()
    const used = new Set<string>()
    const named = encode(parameters, naming(used))
    const { outputs } = exchange({ ask: operation, parameters: named, inputs: encode(inputs, encodeTensor) })
    forgetOld(used)
    if (!Array.isArray(outputs)) throw refusal(`asked for ${operation}, the process answered no outputs`)
    return outputs
  }

  const greeting = greet()
  return {
    implementation: { kernels: operationsOf(greeting, ask), precision: greeting.precision },
    lost: () => !greeted,
  }
}
