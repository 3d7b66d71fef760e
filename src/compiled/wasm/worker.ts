/**
 * What a thread runs. The build bundles this file into text, so that no path to it need be known; it is never imported.
 * @module
 */

import { runShare } from '../execute/share.js'
import type { Program } from '../machine/program.js'
import { primitivesOver } from './instance.js'

/** What a thread is told: to answer, the memory and the module, then each program once, and each run. */
export type Order =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'join'
      readonly module: WebAssembly.Module
      readonly memory: WebAssembly.Memory
      readonly member: number
      readonly members: number
    }
  | { readonly kind: 'learn'; readonly id: number; readonly program: Pick<Program, 'steps' | 'bytes' | 'scratch'> }
  | { readonly kind: 'run'; readonly id: number; readonly control: Int32Array }

/** What a thread answers to a greeting and to a run. */
export type Answer = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string }

type Work = (id: number, control: Int32Array) => void

/** Follows orders; answers runs through `answer`. */
const follower = (answer: (message: Answer) => void): ((order: Order) => void) => {
  const programs = new Map<number, Pick<Program, 'steps' | 'bytes' | 'scratch'>>()
  let work: Work | null = null
  return (order) => {
    try {
      switch (order.kind) {
        case 'hello':
          answer({ kind: 'done' })
          break
        case 'join': {
          const P = primitivesOver(order.module, order.memory)
          work = (id, control) => {
            runShare(P, programs.get(id)!, control, order.member, order.members)
          }
          break
        }
        case 'learn':
          programs.set(order.id, order.program)
          break
        case 'run':
          work?.(order.id, order.control)
          answer({ kind: 'done' })
      }
    } catch (reason) {
      answer({ kind: 'failed', reason: String(reason) })
    }
  }
}

const page = globalThis as unknown as {
  readonly importScripts?: unknown
  readonly postMessage: (message: unknown) => void
  onmessage: ((event: { readonly data: unknown }) => void) | null
}

if (typeof page.importScripts === 'function') {
  const follow = follower((message) => {
    page.postMessage(message)
  })
  page.onmessage = ({ data }) => {
    follow(data as Order)
  }
} else
  void import('node:worker_threads').then(({ parentPort }) => {
    const follow = follower((message) => parentPort?.postMessage(message))
    parentPort?.on('message', (order: Order) => {
      follow(order)
    })
  })
