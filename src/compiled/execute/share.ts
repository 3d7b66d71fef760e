/**
 * A team of threads in step: all run the same program, take its units one by one, and wait for each other after each
 * instruction. Who runs which unit is chance; what a unit computes is not.
 * @module
 */

import type { Primitives } from '../machine/primitives.js'
import type { Code } from '../machine/program.js'
import { RECORD, RECORDS } from '../machine/record.js'
import { runUnit, unitsOf } from './instructions.js'

/** Words of the control array: members that arrived, instructions that all have passed, whether to stop; then a counter each. */
const ARRIVED = 0
const PASSED = 1
const STOP = 2
const COUNTERS = 3

/** What has passed where a run was stopped: more than any program has. */
const ALL = 2 ** 31 - 1

/** How often to look before going to sleep: instructions are short, sleeping and waking are not. */
const PATIENCE = 20000

/** Bytes of control for a program; it is all zeros when the first member starts. */
export const controlBytes = ({ instructions }: Pick<Code, 'instructions'>): number =>
  4 * (COUNTERS + instructions.length)

/** Asks a team to stop after the instruction that it is at. */
export const stop = (control: Int32Array): void => {
  Atomics.store(control, STOP, 1)
}

/** Waits until so many instructions are passed; returns how many are. */
const waitFor = (control: Int32Array, count: number): number => {
  for (let look = 0; look < PATIENCE; look++) {
    const passed = Atomics.load(control, PASSED)
    if (passed >= count) return passed
  }
  for (;;) {
    const passed = Atomics.load(control, PASSED)
    if (passed >= count) return passed
    Atomics.wait(control, PASSED, passed)
  }
}

/** The last to arrive lets all pass, or ends the run where it is to stop: so all members decide alike. */
const meet = (control: Int32Array, members: number, count: number): number => {
  if (Atomics.add(control, ARRIVED, 1) + 1 < members * count) return waitFor(control, count)
  const passed = Atomics.load(control, STOP) === 0 ? count : ALL
  Atomics.store(control, PASSED, passed)
  Atomics.notify(control, PASSED)
  return passed
}

/** One of so many members of a team. */
export interface Member {
  readonly member: number
  readonly members: number
}

/** One member's share of a run; `passed` hears the number of each instruction that all have passed. */
export const runShare = (
  P: Primitives,
  { instructions, bytes, scratch }: Code,
  control: Int32Array,
  { member, members }: Member,
  passed: (instruction: number) => void,
): void => {
  const own = bytes + member * scratch
  const record = RECORDS + member * RECORD
  for (let i = 0; i < instructions.length; i++) {
    const instruction = instructions[i]!
    const units = unitsOf(instruction)
    const next = (): number => Atomics.add(control, COUNTERS + i, 1)
    for (let unit = next(); unit < units; unit = next()) runUnit(P, instruction, unit, own, record)
    if (meet(control, members, i + 1) === ALL) return
    passed(i)
  }
}
