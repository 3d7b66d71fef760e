/** Stages to calls of kernels: a stage is cut into units that any number of members share out. @module */
import { shareSize } from '../../interpreters/gradient/bilinear.js'
import type { Call, Spot, Stage } from './builder.js'

/** The kernels of training by name: each of so many units from one on, with a place of scratch memory. */
export type Kernels = Readonly<
  Record<string, (first: number, count: number, scratch: number, ...args: number[]) => void>
>

/** A member's own memory: where values of its samples lie, and then where a kernel keeps what it needs. */
export interface Own {
  readonly local: number
  readonly scratch: number
}

/** How many units a stage has: the shares of the samples, or its calls. */
export const unitsOf = (stage: Stage, samples: number): number => {
  switch (stage.kind) {
    case 'samples':
      return Math.ceil(samples / shareSize(samples))
    case 'whole':
      return stage.calls.length
  }
}

/** Runs one unit of a stage. */
export const runUnit = (
  kernels: Kernels,
  stage: Stage,
  samples: number,
  unit: number,
  { local, scratch }: Own,
): void => {
  const run = ({ kernel, per, args }: Call, from: number, count: number): void => {
    const at = (spot: Spot): number =>
      typeof spot === 'number' ? spot : local + spot.local + spot.beyond - from * spot.bytes
    kernels[kernel]!(per * from, per * count, scratch, ...args.map(at))
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
