/**
 * The subset of Python's pickle format that `torch.save` writes, read as data.
 *
 * A pickle is a program for a stack machine. Here nothing of it is executed: what Python would import is a name, what
 * it would call is a record of the name and its arguments, and a name that is not allowed ends the reading.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { type Fault, type Faults, reasonOf } from '../core/fault.js'

/** A pickled value. Lists and dictionaries may contain themselves. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Sequence
  | { readonly _tag: 'Dict'; readonly entries: Map<Value, Value> }
  | Global
  | { readonly _tag: 'Persistent'; readonly id: Value }
  | { readonly _tag: 'Call'; readonly callee: string; readonly args: readonly Value[] }

/** A Python list or tuple. */
export interface Sequence {
  readonly _tag: 'List' | 'Tuple'
  readonly items: Value[]
}

/** A name that Python would import: `module.name`. */
export interface Global {
  readonly _tag: 'Global'
  readonly name: string
}

/** The most containers, calls and names a pickle may make: a state dict with its optimizer makes a few thousand. */
const MOST_OBJECTS = 1_000_000

/** The stack machine. `marks` are heights of the stack; a value below the last mark cannot be taken. */
interface Machine {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly allowed: (name: string) => boolean
  readonly stack: Value[]
  readonly marks: number[]
  readonly memo: Map<number, Value>
  at: number
  made: number
}

const fail: (problem: string) => never = (problem) => {
  throw new Error(problem)
}

const take = (m: Machine, length: number): number => {
  const start = m.at
  if (length > m.bytes.length - start) return fail('it ends inside an instruction')
  m.at += length
  return start
}

const u8 = (m: Machine): number => m.view.getUint8(take(m, 1))
const u16 = (m: Machine): number => m.view.getUint16(take(m, 2), true)
const u32 = (m: Machine): number => m.view.getUint32(take(m, 4), true)

/** A length of 64 bits; one that is no safe integer is longer than any file. */
const u64 = (m: Machine): number => Number(m.view.getBigUint64(take(m, 8), true))

const text = (m: Machine, length: number, encoding: 'utf-8' | 'latin1' = 'utf-8'): string => {
  const start = take(m, length)
  return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(m.bytes.subarray(start, start + length))
}

const line = (m: Machine): string => {
  const end = m.bytes.indexOf(0x0a, m.at)
  if (end < 0) return fail('it ends inside a name')
  const read = text(m, end - m.at)
  m.at++
  return read
}

/** A little-endian two's complement integer of any length, as a number where it is one exactly. */
const long = (m: Machine, length: number): number | bigint => {
  const start = take(m, length)
  const digits = [...m.bytes.subarray(start, start + length)]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
  const value = BigInt.asIntN(8 * length, BigInt(`0x0${digits.join('')}`))
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

const decimal = (digits: string): number | bigint => {
  if (!/^-?\d{1,1000}$/.test(digits)) return fail('it has an integer that is none')
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)
}

const push = (m: Machine, value: Value): void => {
  if (typeof value === 'object' && ++m.made > MOST_OBJECTS) fail(`it makes more than ${MOST_OBJECTS} objects`)
  m.stack.push(value)
}

const pop = (m: Machine): Value =>
  m.stack.length > (m.marks.at(-1) ?? 0) ? m.stack.pop()! : fail('it takes a value that is not on its stack')

const top = (m: Machine): Value => {
  const value = pop(m)
  m.stack.push(value)
  return value
}

const toMark = (m: Machine): Value[] =>
  m.stack.splice(m.marks.pop() ?? fail('it takes a mark that is not on its stack'))

const tuple = (items: Value[]): Value => ({ _tag: 'Tuple', items })
const list = (items: Value[]): Value => ({ _tag: 'List', items })

/** Whether a value is a case of the given name. */
export const is = <T extends 'List' | 'Tuple' | 'Dict' | 'Global' | 'Persistent' | 'Call'>(
  tag: T,
  value: Value | undefined,
): value is Extract<Value, { readonly _tag: unknown }> & { readonly _tag: T } =>
  typeof value === 'object' && value !== null && value._tag === tag

const append = (m: Machine, items: readonly Value[]): void => {
  const target = top(m)
  // What is added to an object, such as a set or a deque, is dropped with the rest of its state.
  if (is('Call', target)) return
  if (!is('List', target)) fail('it appends to something that is not a list')
  for (const item of items) target.items.push(item)
}

const setItems = (m: Machine, items: readonly Value[]): void => {
  const target = top(m)
  if (is('Call', target)) return
  if (!is('Dict', target) || items.length % 2 !== 0) fail('it sets items of something that is not a dictionary')
  for (let i = 0; i < items.length; i += 2) target.entries.set(items[i]!, items[i + 1]!)
}

const global = (m: Machine, module: Value, name: Value): void => {
  const path = `${module}.${name}`
  if (typeof module !== 'string' || typeof name !== 'string' || !m.allowed(path)) {
    fail(`it names the global ${JSON.stringify(path.slice(0, 80))}, which no checkpoint needs`)
  }
  push(m, { _tag: 'Global', name: path })
}

const DICTIONARIES: ReadonlySet<string> = new Set(['collections.OrderedDict', 'collections.defaultdict'])

const make = (m: Machine, callee: Value, args: readonly Value[]): void => {
  // What another call would give, such as a method, is known by nothing but that call.
  const name = is('Global', callee) ? callee.name : is('Call', callee) ? `${callee.callee}(..)` : undefined
  if (name === undefined) fail('it calls something that is not a name')
  push(m, DICTIONARIES.has(name) ? { _tag: 'Dict', entries: new Map() } : { _tag: 'Call', callee: name, args })
}

/** A call is noted, not made; a dictionary class makes an empty dictionary, filled by what follows. */
const call = (m: Machine): void => {
  const args = pop(m)
  const callee = pop(m)
  if (!is('Tuple', args)) fail('it calls something without arguments')
  make(m, callee, args.items)
}

const remember = (m: Machine, index: number): void => {
  m.memo.set(index, top(m))
  if (m.memo.size > MOST_OBJECTS) fail(`it remembers more than ${MOST_OBJECTS} values`)
}

const recall = (m: Machine, index: number): void => {
  const value = m.memo.get(index)
  m.stack.push(value === undefined ? fail(`it recalls value ${index}, which it never remembered`) : value)
}

/** The instructions by their code, as Python's `pickletools` describes them. */
const INSTRUCTIONS: ReadonlyMap<number, (m: Machine) => void> = new Map(
  Object.entries<(m: Machine) => void>({
    '\x80': (m) => {
      if (u8(m) > 5) fail('its protocol is newer than 5')
    },
    '\x95': (m) => void take(m, 8),
    '(': (m) => void m.marks.push(m.stack.length),
    '0': (m) => void pop(m),
    '1': (m) => void toMark(m),
    N: (m) => m.stack.push(null),
    '\x88': (m) => push(m, true),
    '\x89': (m) => push(m, false),
    K: (m) => push(m, u8(m)),
    M: (m) => push(m, u16(m)),
    J: (m) => push(m, m.view.getInt32(take(m, 4), true)),
    '\x8a': (m) => push(m, long(m, u8(m))),
    G: (m) => push(m, m.view.getFloat64(take(m, 8))),
    X: (m) => push(m, text(m, u32(m))),
    '\x8c': (m) => push(m, text(m, u8(m))),
    T: (m) => push(m, text(m, u32(m), 'latin1')),
    U: (m) => push(m, text(m, u8(m), 'latin1')),
    ')': (m) => push(m, tuple([])),
    '\x85': (m) => push(m, tuple([pop(m)])),
    '\x86': (m) => push(m, tuple([pop(m), pop(m)].reverse())),
    '\x87': (m) => push(m, tuple([pop(m), pop(m), pop(m)].reverse())),
    t: (m) => push(m, tuple(toMark(m))),
    ']': (m) => push(m, list([])),
    a: (m) => append(m, [pop(m)]),
    e: (m) => append(m, toMark(m)),
    '}': (m) => push(m, { _tag: 'Dict', entries: new Map() }),
    s: (m) => setItems(m, [pop(m), pop(m)].reverse()),
    u: (m) => setItems(m, toMark(m)),
    q: (m) => remember(m, u8(m)),
    r: (m) => remember(m, u32(m)),
    '\x94': (m) => remember(m, m.memo.size),
    h: (m) => recall(m, u8(m)),
    j: (m) => recall(m, u32(m)),
    c: (m) => global(m, line(m), line(m)),
    '\x93': (m) => {
      const name = pop(m)
      global(m, pop(m), name)
    },
    // What occurs in foreign objects beside a state dict.
    '2': (m) => m.stack.push(top(m)),
    l: (m) => push(m, list(toMark(m))),
    d: (m) => {
      const items = toMark(m)
      push(m, { _tag: 'Dict', entries: new Map() })
      setItems(m, items)
    },
    I: (m) => {
      const digits = line(m)
      push(m, digits === '01' ? true : digits === '00' ? false : decimal(digits))
    },
    L: (m) => push(m, decimal(line(m).replace(/L$/, ''))),
    F: (m) => push(m, Number(line(m))),
    S: (m) => push(m, line(m)),
    V: (m) => push(m, line(m)),
    C: (m) => push(m, text(m, u8(m), 'latin1')),
    B: (m) => push(m, text(m, u32(m), 'latin1')),
    '\x8e': (m) => push(m, text(m, u64(m), 'latin1')),
    '\x8d': (m) => push(m, text(m, u64(m))),
    '\x96': (m) => push(m, text(m, u64(m), 'latin1')),
    '\x8b': (m) => push(m, long(m, u32(m))),
    '\x8f': (m) => push(m, { _tag: 'Call', callee: 'builtins.set', args: [] }),
    '\x90': (m) => append(m, toMark(m)),
    '\x91': (m) => push(m, { _tag: 'Call', callee: 'builtins.frozenset', args: toMark(m) }),
    '\x92': (m) => {
      pop(m)
      call(m)
    },
    i: (m) => {
      const name = `${line(m)}.${line(m)}`
      const args = toMark(m)
      global(m, name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1))
      make(m, pop(m), args)
    },
    o: (m) => {
      const [callee, ...args] = toMark(m)
      make(m, callee ?? null, args)
    },
    p: (m) => remember(m, Number(line(m))),
    g: (m) => recall(m, Number(line(m))),
    Q: (m) => push(m, { _tag: 'Persistent', id: pop(m) }),
    R: call,
    '\x81': call,
    b: (m) => void pop(m),
  }).map(([symbol, run]) => [symbol.charCodeAt(0), run]),
)

const run = (bytes: Uint8Array, allowed: (name: string) => boolean): Value => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const m: Machine = { bytes, view, allowed, stack: [], marks: [], memo: new Map(), at: 0, made: 0 }
  for (;;) {
    const code = u8(m)
    if (code === '.'.charCodeAt(0)) return pop(m)
    const instruction = INSTRUCTIONS.get(code)
    if (instruction === undefined)
      return fail(`it has the instruction 0x${code.toString(16)}, which no checkpoint needs`)
    instruction(m)
  }
}

/**
 * Reads a pickle as data, in time and memory proportional to its length; `allowed` says which names may occur.
 *
 * A call is kept as the called name and its arguments, the state given to an object afterwards (`BUILD`) is dropped.
 *
 * @example
 * // Python: pickle.dumps({'a': 1}, protocol=2)
 * unpickle(Uint8Array.of(0x80, 2, 0x7d, 0x55, 1, 0x61, 0x4b, 1, 0x73, 0x2e), () => false)
 * // => Either.right({ _tag: 'Dict', entries: new Map([['a', 1]]) })
 */
export const unpickle = (bytes: Uint8Array, allowed: (name: string) => boolean): Either.Either<Faults, Value> =>
  Either.tryCatch(
    () => run(bytes, allowed),
    (error): readonly [Fault] => [
      {
        _tag: 'Format',
        format: 'PyTorch checkpoint',
        problem: `its pickle was refused: ${reasonOf(error)}`,
        advice: 'nothing in it was executed; save the plain state dict again with torch.save',
      },
    ],
  )
