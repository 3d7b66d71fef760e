/** The thread a subject is judged in: it loads the subject, and judges the laws it is told to, one at a time. @module */
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { laws } from '../laws/all.js'
import { thrown } from '../laws/answers.js'
import { type Implementation, misnamed, type Operation, operationNames } from '../laws/implementation.js'
import { type Outcome, tried } from '../laws/judge.js'
import type { Options } from '../laws/law.js'
import { subjectOf } from '../laws/translation.js'
import { greetedAt } from './port.js'
import type { Line } from './relay.js'

/** What a thread makes its implementation of. */
export type Source =
  | { readonly kind: 'module'; readonly path: string }
  /** A process at the other end of a line; an answer may take so many seconds. */
  | { readonly kind: 'process'; readonly line: Line; readonly seconds: number }

/** What a thread is started with; `begun` holds the number of cases begun of the law it is at. */
export interface Start {
  readonly source: Source
  readonly begun: Int32Array
}

/** What a thread is told: judge a law. */
export interface Order {
  readonly id: string
  readonly options: Options
}

/** What a thread says. */
export type Message =
  | { readonly kind: 'started' }
  | { readonly kind: 'ready'; readonly operations: readonly Operation[] }
  | { readonly kind: 'refused'; readonly problem: string; readonly advice: string }
  | { readonly kind: 'found'; readonly index: number; readonly sentence: string }
  | { readonly kind: 'judged'; readonly outcome: Outcome; readonly seconds: number }

type Some = Implementation<unknown, unknown>

/** An implementation, or why there is none. */
type Loaded =
  | { readonly implementation: Some; readonly lost?: () => boolean }
  | { readonly problem: string; readonly advice: string }

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

const CARRIERS = ['fromSpikes', 'toSpikes', 'fromCurrents', 'toCurrents']

/** The implementation a module exports: `kernels`, with `carriers` and `precision` where there are any. */
const exported = (module: { readonly [key: string]: unknown }): Loaded => {
  const { kernels, carriers, precision } = module
  if (!isObject(kernels)) return { problem: 'exports no kernels', advice: 'export const kernels = { fire: ..., ... }' }
  const wrong = misnamed(kernels)
  if (wrong.length > 0)
    return { problem: `exports kernels that cannot be: ${wrong.join('; ')}`, advice: 'call each as docs/laws.md does' }
  if (carriers !== undefined && !(isObject(carriers) && CARRIERS.every((name) => typeof carriers[name] === 'function')))
    return {
      problem: 'exports carriers that are not four functions',
      advice: `export const carriers = { ${CARRIERS.join(', ')} }, or none for plain tensors`,
    }
  if (precision !== undefined && precision !== 'float32' && precision !== 'float64')
    return {
      problem: `exports the precision ${String(precision)}`,
      advice: "export const precision = 'float32', or 'float64'",
    }
  return { implementation: { kernels, carriers, precision } as unknown as Some }
}

const load = async (source: Source): Promise<Loaded> => {
  switch (source.kind) {
    case 'module':
      try {
        return exported((await import(pathToFileURL(source.path).href)) as { readonly [key: string]: unknown })
      } catch (error) {
        return {
          problem: `cannot be loaded: it ${thrown(error)}`,
          advice: 'name an ES module that loads, of a name in .mjs, or in .js beside a package.json of type module',
        }
      }
    case 'process':
      try {
        const { implementation, lost } = greetedAt(source.line, source.seconds)
        return { implementation: implementation as Some, lost }
      } catch (error) {
        return { problem: `cannot be asked: ${thrown(error)}`, advice: 'it should answer as docs/protocol.md says' }
      }
  }
}

const serve = async (port: NonNullable<typeof parentPort>, { source, begun }: Start): Promise<void> => {
  const say = (message: Message): void => {
    port.postMessage(message)
  }
  say({ kind: 'started' })
  const loaded = await load(source)
  if (!('implementation' in loaded)) {
    say({ kind: 'refused', ...loaded })
    return
  }
  const subject = subjectOf(loaded.implementation)
  port.on('message', ({ id, options }: Order) => {
    const law = laws.find((one) => one.id === id)!
    begun[0] = 0
    const start = performance.now()
    const outcome = tried(law, subject, options, {
      begins: () => {
        begun[0]! += 1
      },
      finds: (sentence) => {
        say({ kind: 'found', index: begun[0]! - 1, sentence })
      },
      lost: loaded.lost ?? (() => false),
    })
    say({ kind: 'judged', outcome, seconds: (performance.now() - start) / 1000 })
  })
  say({ kind: 'ready', operations: operationNames.filter((name) => subject.copies[name] !== undefined) })
}

// A result that comes too late is no result: its row says that a Promise was returned.
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`a Promise was rejected: ${thrown(reason)}\n`)
})

if (parentPort !== null) void serve(parentPort, workerData as Start)
