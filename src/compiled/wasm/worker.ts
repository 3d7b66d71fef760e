/**
 * What a thread runs. The build bundles this file into text, so that no path to it need be known; it is never imported.
 * @module
 */

import { type Member, runShare } from '../execute/share.js'
import { type Kernels, type Part, runTogether } from '../execute/stages.js'
import type { Code } from '../machine/program.js'
import { primitivesOver } from './memory.js'

/** What a thread is told: first the memory and the module, then each program once, and each run. */
export type Order =
  | {
      readonly kind: 'join'
      readonly module: WebAssembly.Module
      readonly memory: WebAssembly.Memory
      readonly member: Member
    }
  | { readonly kind: 'learn'; readonly id: number; readonly code: Code }
  | { readonly kind: 'forget'; readonly id: number }
  /** `tell`: whether to say which instructions have passed. */
  | { readonly kind: 'run'; readonly id: number; readonly control: Int32Array; readonly tell: boolean }
  /** Of a module of training: nothing is answered, who told it takes part. */
  | { readonly kind: 'train'; readonly part: Part; readonly control: Int32Array }

/** What a thread answers: `done` after it joined and after each run. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'passed'; readonly instruction: number }
  | { readonly kind: 'failed'; readonly reason: string }

type Work = (id: number, control: Int32Array, tell: boolean) => void

/** Follows orders, and answers. */
const follower = (answer: (message: Answer) => void): ((order: Order) => void) => {
  const programs = new Map<number, Code>()
  let work: Work | null = null
  let train: ((part: Part, control: Int32Array) => void) | null = null
  return (order) => {
    try {
      switch (order.kind) {
        case 'join': {
          const P = primitivesOver(order.module, order.memory)
          work = (id, control, tell) => {
            runShare(P, programs.get(id)!, control, order.member, (instruction) => {
              if (tell) answer({ kind: 'passed', instruction })
            })
          }
          // The calling thread is the first member.
          train = (part, control) => {
            runTogether(P as unknown as Kernels, part, control, 1 + order.member.member)
          }
          answer({ kind: 'done' })
          break
        }
        case 'train':
          train?.(order.part, order.control)
          break
        case 'learn':
          programs.set(order.id, order.code)
          break
        case 'forget':
          programs.delete(order.id)
          break
        case 'run':
          work?.(order.id, order.control, order.tell)
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
