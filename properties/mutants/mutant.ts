/** Mutants: wrong implementations, each a mistake a port could make, each killed by the law named for it. @module */
import type { Currents, Spikes } from '../../src/core/tensor.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Implementation, Operations } from '../../src/laws/implementation.js'
import type { Kernels } from '../../src/model/kernels.js'
import { whole } from '../subjects.js'

/** A wrong implementation. */
export interface Mutant {
  readonly id: string
  /** What is wrong, one sentence. */
  readonly mistake: string
  /** The laws that must kill it, by id; others may. */
  readonly dies: readonly [string, ...string[]]
  /** The operations it does differently. */
  readonly operations: readonly (keyof Operations<unknown, unknown>)[]
  readonly implementation: Implementation
}

/** The right kernels. */
export const right: Kernels<Spikes, Currents> = reference('float64')

type Wrong = Partial<Operations<Spikes, Currents>>

/** The reference with some operations done wrongly. */
export const mutant = (id: string, mistake: string, dies: readonly [string, ...string[]], wrong: Wrong): Mutant => {
  const kernels: Kernels<Spikes, Currents> = { ...right, ...wrong, scope: () => kernels }
  const implementation = whole(kernels)
  return {
    id,
    mistake,
    dies,
    operations: Object.keys(wrong) as (keyof Operations<unknown, unknown>)[],
    implementation: { kernels: { ...implementation.kernels, ...wrong } },
  }
}

/** The tree with every node that has a key changed. */
export const changedWhere = <X>(node: X, key: string, change: (node: object) => object): X => {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return (node as readonly unknown[]).map((inner) => changedWhere(inner, key, change)) as X
  const inner = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, changedWhere(value, key, change)]),
  )
  return (key in inner && !('config' in inner) && !('image' in inner) ? change(inner) : inner) as X
}
