/** Verdicts: comparisons that say in one sentence what was found and what should be. @module */
import { type Currents, type Spikes, sameShape, showShape } from '../core/tensor.js'
import type { Verdict } from './law.js'
import { indexOf } from './tensors.js'

/** Every number equal, compared with `===`: `attn[1,0,3] = 0, should be 1`. */
export const same = (name: string, found: Currents | Spikes, expected: Currents | Spikes): Verdict => {
  if (!sameShape(found.shape, expected.shape))
    return `${name} has shape ${showShape(found.shape)}, should be ${showShape(expected.shape)}`
  if (found.data.length !== expected.data.length)
    return `${name} has ${found.data.length} numbers, its shape ${showShape(found.shape)} means ${expected.data.length}`
  const i = expected.data.findIndex((x: number, at: number) => found.data[at] !== x)
  return i < 0 ? true : `${name}[${indexOf(found.shape, i)}] = ${found.data[i]}, should be ${expected.data[i]}`
}

/** One number equal to another. */
export const equal = (name: string, found: unknown, expected: number | string | boolean): Verdict =>
  found === expected ? true : `${name} = ${found}, should be ${expected}`

/** A claim of each number of a tensor: `membrane[0,1] = 1.5, should be below 1`. */
export const each = (
  name: string,
  { shape, data }: Currents | Spikes,
  claim: (x: number, at: number) => boolean,
  should: string,
): Verdict => {
  const i = data.findIndex((x: number, at: number) => !claim(x, at))
  return i < 0 ? true : `${name}[${indexOf(shape, i)}] = ${data[i]}, should be ${should}`
}

/** All of the verdicts: the first that is not `true`, if any. */
export const all = (...verdicts: readonly Verdict[]): Verdict => verdicts.find((verdict) => verdict !== true) ?? true
