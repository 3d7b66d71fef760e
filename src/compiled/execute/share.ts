/**
 * A team of threads in step: all run the same program, take its units one by one, and wait for each other after each
 * step. Who runs which unit is chance; what a unit computes is not.
 * @module
 */

import type { Primitives } from '../machine/primitives.js'
import type { Program } from '../machine/program.js'
import { runUnit, unitsOf } from './steps.js'

/** Words of the control array: members that arrived, steps that all have passed, then a counter of units a step. */
const ARRIVED = 0
const PASSED = 1
const COUNTERS = 2

/** How often to look before going to sleep: steps are short, sleeping and waking are not. */
const PATIENCE = 20000

/** Bytes of control for a program. */
export const controlBytes = ({ steps }: Program): number => 4 * (COUNTERS + steps.length)

/** Waits until `steps` steps are passed. */
const waitFor = (control: Int32Array, steps: number): void => {
  for (let look = 0; look < PATIENCE; look++) if (Atomics.load(control, PASSED) >= steps) return
  for (let passed = Atomics.load(control, PASSED); passed < steps; passed = Atomics.load(control, PASSED))
    Atomics.wait(control, PASSED, passed)
}

/** One member's share of a run; `control` is all zeros when the first member starts. */
export const runShare = (
  P: Primitives,
  { steps, bytes, scratch }: Pick<Program, 'steps' | 'bytes' | 'scratch'>,
  control: Int32Array,
  member: number,
  members: number,
): void => {
  const own = bytes + member * scratch
  steps.forEach((step, s) => {
    const units = unitsOf(step)
    const next = (): number => Atomics.add(control, COUNTERS + s, 1)
    for (let unit = next(); unit < units; unit = next()) runUnit(P, step, unit, own)
    if (Atomics.add(control, ARRIVED, 1) + 1 === members * (s + 1)) {
      Atomics.store(control, PASSED, s + 1)
      Atomics.notify(control, PASSED)
    } else waitFor(control, s + 1)
  })
}
