/** Stages to calls of kernels: each stage is cut into units that any number of members share out. @module */
import { shareSize } from '../../interpreters/gradient/bilinear.js'
import type { Call, Spot, Stage } from '../machine/stages.js'

/** The kernels of training by name: each of so many units from one on, with a place of scratch memory. */
export type Kernels = Readonly<
  Record<string, (first: number, count: number, scratch: number, ...args: number[]) => void>
>

/** Some stages of a plan, and where the memory lies that is its members' own. */
export interface Part {
  readonly stages: readonly Stage[]
  readonly samples: number
  /** Behind so many bytes each member has local and scratch memory of its own. */
  readonly bytes: number
  readonly local: number
  readonly scratch: number
}

/** How many units a stage has: the shares of the samples, or its calls. */
const unitsOf = (stage: Stage, samples: number): number => {
  switch (stage.kind) {
    case 'samples':
      return Math.ceil(samples / shareSize(samples))
    case 'whole':
      return stage.calls.length
  }
}

/** Runs one unit of a stage. */
const runUnit = (kernels: Kernels, stage: Stage, unit: number, part: Part, member: number): void => {
  const { samples, bytes, local, scratch } = part
  const own = bytes + member * (local + scratch)
  const run = ({ kernel, per, args }: Call, from: number, count: number): void => {
    const at = (spot: Spot): number =>
      typeof spot === 'number' ? spot : own + spot.local + spot.beyond - from * spot.bytes
    kernels[kernel]!(per * from, per * count, own + local, ...args.map(at))
  }
  switch (stage.kind) {
    case 'samples': {
      const share = shareSize(samples)
      const end = Math.min(samples, (unit + 1) * share)
      for (let from = unit * share; from < end; from += stage.chunk)
        for (const call of stage.calls) run(call, from, Math.min(stage.chunk, end - from))
      break
    }
    case 'whole':
      run(stage.calls[unit]!, 0, 1)
  }
}

/** Runs all stages alone. */
export const runAlone = (kernels: Kernels, part: Part): void => {
  for (const stage of part.stages)
    for (let unit = 0; unit < unitsOf(stage, part.samples); unit++) runUnit(kernels, stage, unit, part, 0)
}

/** Words of the control array: whether a member failed; then for each stage units that were taken, and that are done. */
const FAILED = 0
const TAKEN = 1
const DONE = 2
const WORDS = 2

/** Bytes of control for a part; it is all zeros when the first member starts. */
export const controlOf = ({ stages }: Part): number => 4 * (TAKEN + WORDS * stages.length)

/** How often to look before going to sleep. */
const PATIENCE = 20000

/** Waits until a word has a value, or a member failed. A thread that may not sleep goes on looking. */
const until = (control: Int32Array, word: number, value: number): void => {
  let maySleep = true
  for (let look = 0; Atomics.load(control, FAILED) === 0; look++) {
    const now = Atomics.load(control, word)
    if (now >= value) return
    if (look < PATIENCE || !maySleep) continue
    try {
      Atomics.wait(control, word, now, 100)
    } catch {
      maySleep = false
    }
  }
  throw new Error('a thread of the training failed')
}

/** One member's share of a part. Who comes late finds the units taken; who is done with a stage waits for its last unit. */
export const runTogether = (kernels: Kernels, part: Part, control: Int32Array, member: number): void => {
  try {
    for (const [i, stage] of part.stages.entries()) {
      const [taken, done] = [TAKEN + WORDS * i, DONE + WORDS * i]
      const units = unitsOf(stage, part.samples)
      for (let unit = Atomics.add(control, taken, 1); unit < units; unit = Atomics.add(control, taken, 1)) {
        runUnit(kernels, stage, unit, part, member)
        if (Atomics.add(control, done, 1) + 1 === units) Atomics.notify(control, done)
      }
      until(control, done, units)
    }
  } catch (reason) {
    Atomics.store(control, FAILED, 1)
    throw reason
  }
}
