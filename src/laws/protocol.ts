/**
 * The process protocol: how a port in any language is asked for an operation, one line of JSON each way.
 *
 * A request is `{"id", "ask", ...}`, an answer `{"id", ...}` with the same id. Tensors are
 * `{"dtype", "shape", "data"}`, data base64 of the numbers in row-major order, little-endian; one that was sent to be
 * kept is `{"name"}` from then on. All of it is in docs/protocol.md; this file is its text, and knows no process.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import type { Currents, Numbers, Precision, Spikes, Tensor } from '../core/tensor.js'
import { elementType, sizeOf, tensor } from '../core/tensor.js'
import type { Membranes, Stateful } from '../model/kernels.js'
import { type Carrier, carriers, kernelsOf, operationNames } from '../model/operation.js'
import type { Named } from './gradient/derivative.js'
import type { Operation, Operations } from './implementation.js'

/** The version of the protocol: a port that speaks another one is not asked anything. */
export const protocolVersion = 1

/** What a port may offer, besides the operations of the dictionary. */
const around = [
  'dssa',
  'gwsffn',
  'downsample',
  'network',
  'c1',
  'c2',
  'movingRate',
  'sops',
  'differentiate',
  'pushForward',
] as const

/** Every operation that can be asked for. */
export const askable: readonly Operation[] = [...operationNames, ...around]

/** What a port says of itself when it is greeted. */
export interface Greeting {
  readonly name: string
  readonly precision: Precision
  readonly operations: readonly Operation[]
}

/** A tensor on the wire. */
interface Wire {
  readonly dtype: 'float32' | 'float64' | 'uint8'
  readonly shape: readonly number[]
  readonly data: string
}

/** An answer, read. */
export type Answer =
  | { readonly kind: 'fields'; readonly fields: { readonly [name: string]: unknown } }
  | { readonly kind: 'error'; readonly sentence: string }
  | { readonly kind: 'missing' }

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Two digits for each 12 bits, so that three bytes are two look-ups. */
const PAIRS: readonly string[] = Array.from({ length: 4096 }, (_, i) => DIGITS[i >> 6]! + DIGITS[i & 63]!)

/**
 * Bytes as base64, RFC 4648 with padding.
 *
 * @example
 * base64(Uint8Array.of(102, 111, 111, 98)) // => 'Zm9vYg=='
 */
export const base64 = (bytes: Uint8Array): string => {
  const parts: string[] = []
  const whole = bytes.length - (bytes.length % 3)
  for (let i = 0; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    parts.push(PAIRS[bits >> 12]!, PAIRS[bits & 4095]!)
  }
  if (bytes.length - whole === 1) parts.push(PAIRS[bytes[whole]! << 4]!, '==')
  if (bytes.length - whole === 2) {
    const bits = (bytes[whole]! << 10) | (bytes[whole + 1]! << 2)
    parts.push(PAIRS[bits >> 6]!, DIGITS[bits & 63]!, '=')
  }
  return parts.join('')
}

const VALUES: Int8Array = new Int8Array(128).fill(-1).map((_, code) => DIGITS.indexOf(String.fromCharCode(code)))

/**
 * The bytes of base64, or null where it is not that.
 *
 * @example
 * unbase64('Zm9vYg==') // => Uint8Array.of(102, 111, 111, 98)
 * unbase64('Zm9vYg') // => null
 */
export const unbase64 = (text: string): Uint8Array | null => {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let at = 0
  for (let i = 0; i < text.length; i += 4) {
    let bits = 0
    for (let j = 0; j < 4; j++) {
      const padded = i + j >= text.length - padding
      const value = padded ? 0 : (VALUES[text.charCodeAt(i + j)] ?? -1)
      if (value < 0) return null
      bits = (bits << 6) | value
    }
    for (let j = 0; j < 3 && at < bytes.length; j++) bytes[at++] = bits >> (16 - 8 * j)
  }
  return bytes
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTensor = (value: unknown): value is Tensor =>
  isObject(value) && Array.isArray(value['shape']) && ArrayBuffer.isView(value['data'])

/**
 * A tensor as a message has it.
 *
 * @example
 * encodeTensor(tensor([2], Uint8Array.of(1, 0))) // => { dtype: 'uint8', shape: [2], data: 'AQA=' }
 */
export const encodeTensor = ({ shape, data }: Tensor): Wire => {
  const dtype = elementType(data)
  if (dtype === null || dtype === 'int64') throw new TypeError('a message has no counters')
  return { dtype, shape, data: base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) }
}

/**
 * A value as a message has it: tensors as `written` writes them, maps as objects, numbers that are not finite as text.
 *
 * @example
 * encode(new Map([['rest', [-Infinity, null]]]), encodeTensor) // => { rest: ['-Infinity', null] }
 */
export const encode = (value: unknown, written: (tensor: Tensor) => unknown): unknown => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (isTensor(value)) return written(value)
  if (Array.isArray(value)) return value.map((x) => encode(x, written))
  if (value instanceof Map)
    return Object.fromEntries([...(value as ReadonlyMap<string, unknown>)].map(([k, v]) => [k, encode(v, written)]))
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, encode(v, written)]))
  return value
}

const excerpt = (text: string): string => {
  const line = text.replace(/\p{Cc}+/gu, ' ')
  return line.length <= 80 ? line : `${line.slice(0, 80)}...`
}

/**
 * Reads the line that should answer request `id`: what it says, or one sentence on what is wrong with it.
 *
 * @example
 * readAnswer(3, '{"id":3,"missing":true}') // => Either.right({ kind: 'missing' })
 * readAnswer(3, 'spikes: 12') // => Either.left('answered a line that is not JSON: spikes: 12')
 * readAnswer(3, '{"id":2}') // => Either.left('answered request 2 when it was asked 3: a line too many?')
 */
export const readAnswer = (id: number, line: string): Either.Either<string, Answer> => {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return Either.left(`answered a line that is not JSON: ${excerpt(line)}`)
  }
  if (!isObject(json)) return Either.left(`answered a line that is no object: ${excerpt(line)}`)
  const { id: found, ...fields } = json
  if (typeof fields['error'] === 'string') return Either.right({ kind: 'error', sentence: excerpt(fields['error']) })
  if (found !== id)
    return Either.left(
      typeof found === 'number'
        ? `answered request ${found} when it was asked ${id}: a line too many?`
        : `answered a line without its id: ${excerpt(line)}`,
    )
  return Either.right(fields['missing'] === true ? { kind: 'missing' } : { kind: 'fields', fields })
}

/**
 * Reads what a port says when it is greeted.
 *
 * @example
 * readGreeting({ protocol: 2, name: 'mine', precision: 'float32', operations: [] })
 * // => Either.left('speaks version 2 of the protocol; this is version 1')
 */
export const readGreeting = (fields: { readonly [name: string]: unknown }): Either.Either<string, Greeting> => {
  const { protocol, name, precision, operations } = fields
  if (protocol !== protocolVersion)
    return Either.left(`speaks version ${String(protocol)} of the protocol; this is version ${protocolVersion}`)
  if (typeof name !== 'string') return Either.left('does not say its name')
  if (precision !== 'float32' && precision !== 'float64')
    return Either.left('does not say its precision, float32 or float64')
  if (!Array.isArray(operations)) return Either.left('does not say which operations it has')
  const unknown = operations.filter((x) => !askable.includes(x as Operation))
  if (unknown.length > 0) return Either.left(`offers ${unknown.map(String).join(', ')}, which are no operations`)
  return Either.right({ name, precision, operations: operations as readonly Operation[] })
}

/** Refuses an answer: the judge takes the message of an error of this name as its sentence. */
export const refusal = (message: string): Error => Object.assign(new Error(message), { name: 'Answer' })

const inNumbers = (dtype: Wire['dtype'], bytes: Uint8Array): Numbers | null => {
  const { buffer, byteLength } = bytes
  switch (dtype) {
    case 'uint8':
      return bytes
    case 'float32':
      return byteLength % 4 === 0 ? new Float32Array(buffer) : null
    case 'float64':
      return byteLength % 8 === 0 ? new Float64Array(buffer) : null
  }
}

/**
 * Reads a tensor of an answer; throws a refusal where it is none.
 *
 * @example
 * decodeTensor('uint8', 'spikes', { dtype: 'uint8', shape: [2], data: 'AQA=' }) // => tensor([2], Uint8Array.of(1, 0))
 */
export const decodeTensor = (dtype: Wire['dtype'], what: string, value: unknown): Tensor => {
  if (!isObject(value)) throw refusal(`${what} is no tensor`)
  const { dtype: found, shape, data } = value
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw refusal(`${what} has no shape`)
  if (found !== dtype) throw refusal(`${what} is ${String(found)}, should be ${dtype}`)
  const bytes = typeof data === 'string' ? unbase64(data) : null
  if (bytes === null) throw refusal(`${what} has data that is not base64`)
  const numbers = inNumbers(dtype, bytes)
  if (numbers === null || numbers.length !== sizeOf(shape as number[]))
    throw refusal(`${what} has ${bytes.length} bytes, which is not the size of [${shape.join(', ')}] in ${dtype}`)
  return tensor(shape as number[], numbers)
}

/** Asks a port: an operation, its parameters and its inputs, to the outputs as they stand in the message. */
export type Ask = (operation: Operation, parameters: unknown, inputs: readonly unknown[]) => readonly unknown[]

const real = (what: string, value: unknown): number => {
  const number = typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') throw refusal(`${what} is no number`)
  return number
}

/** The operations of a port, over plain tensors: each call is a question. */
export const operationsOf = ({ operations, precision }: Greeting, ask: Ask): Partial<Operations<Spikes, Currents>> => {
  const reader: { readonly [C in Carrier]: (what: string, value: unknown) => Tensor } = {
    spikes: (what, value) => decodeTensor('uint8', what, value),
    currents: (what, value) => decodeTensor(precision, what, value),
    membrane: (what, value) => decodeTensor(precision, `${what}, the membrane,`, value),
  }
  const answered = (operation: Operation, count: number, parameters: unknown, inputs: readonly unknown[]) => {
    const outputs = ask(operation, parameters, inputs)
    if (outputs.length !== count) throw refusal(`${operation} gave ${outputs.length} outputs, should give ${count}`)
    return outputs
  }
  const currents = (what: string, value: unknown): Currents => reader.currents(what, value) as Currents
  const object = (what: string, value: unknown): readonly (readonly [string, unknown])[] => {
    if (!isObject(value)) throw refusal(`${what} is no object`)
    return Object.entries(value)
  }
  const named = (what: string, value: unknown): Named =>
    new Map(object(what, value).map(([key, inner]) => [key, currents(`${what} ${key}`, inner)]))
  const numbers = (what: string, value: unknown): readonly number[] => {
    if (!Array.isArray(value)) throw refusal(`${what} is no list of numbers`)
    return value.map((x) => real(what, x))
  }
  const part =
    (operation: 'dssa' | 'gwsffn' | 'downsample' | 'network', parameters: unknown) =>
    (input: Currents): Stateful<Currents, Currents> =>
    (membranes: Membranes<Currents>) => {
      const [y, after] = answered(operation, 2, parameters, [input, membranes])
      const kept = named(`${operation}'s membrane`, after)
      return [currents(`${operation}'s output`, y), new Map([...membranes, ...kept])]
    }
  const kernels = kernelsOf<Spikes, Currents>((operation, parameters) => {
    const kinds: readonly Carrier[] = carriers[operation].outputs
    return (...inputs) =>
      answered(operation, kinds.length, parameters, inputs).map((value, i) =>
        reader[kinds[i]!](`${operation}'s output ${i}`, value),
      ) as never
  })
  const all: Partial<Operations<Spikes, Currents>> = {
    ...kernels,
    dssa: (p) => part('dssa', p),
    gwsffn: (p) => part('gwsffn', p),
    downsample: (p) => part('downsample', p),
    network: (p) => ({ embed: kernels.stem(p.stem), hold: kernels.hold, respond: part('network', p) }),
    c1: (p) => numbers('c1', answered('c1', 1, p, [])[0]),
    c2: (p) => numbers('c2', answered('c2', 1, p, [])[0]),
    movingRate: (rates, batch) => numbers('movingRate', answered('movingRate', 1, null, [rates, batch])[0]),
    sops: (p) => (steps) => (image) =>
      new Map(
        object('sops', answered('sops', 1, { network: p, steps }, [image])[0]).map(([path, value]) => [
          path,
          real(`sops of ${path}`, value),
        ]),
      ),
    differentiate: (how) => (p) => (inputs) => {
      const asked = (cotangents: Named | null): readonly [Named, Named, Named] => {
        const [values, statistics, own] = answered('differentiate', 3, { how, network: p }, [inputs, cotangents])
        return [
          named("differentiate's value", values),
          named("differentiate's statistic", statistics),
          named("differentiate's cotangent", own),
        ]
      }
      const [values, statistics] = asked(null)
      return { values, statistics, pull: (cotangents) => asked(cotangents)[2] }
    },
    pushForward: (how) => (p) => (inputs) => (tangents) =>
      named("pushForward's tangent", answered('pushForward', 1, { how, network: p }, [inputs, tangents])[0]),
  }
  return Object.fromEntries(operations.map((name) => [name, all[name]]))
}
