/** How far the spikes of two runs of a network differ. @module */
import type { Notes } from './observe.js'
import type { Line } from './trace.js'

/** One layer: of its `neurons` (neurons times steps times samples), `spikes` fired, and `flips` differ in the other run. */
export interface Flips {
  readonly path: string
  readonly neurons: number
  readonly spikes: number
  readonly flips: number
}

/**
 * The spikes of two traced runs compared, layer by layer, in the order of the first.
 *
 * @example
 * const spikes = (...data: number[]) =>
 *   new Map([['attn', { operation: 'fire' as const, output: [tensor([1, 1, 1, 1, 2], Uint8Array.from(data))] }]])
 * flips(spikes(1, 0), spikes(1, 1)) // => [{ path: 'attn', neurons: 2, spikes: 1, flips: 1 }]
 */
export const flips = (expected: Notes<Line>, found: Notes<Line>): readonly Flips[] =>
  [...expected]
    .filter(([, { operation }]) => operation === 'fire')
    .map(([path, { output }]) => {
      const [a, b] = [output[0]!.data, found.get(path)?.output[0]?.data]
      let [spikes, differ] = [0, 0]
      for (let i = 0; i < a.length; i++) {
        if (a[i] !== 0) spikes++
        if (a[i] !== b?.[i]) differ++
      }
      return { path, neurons: a.length, spikes, flips: differ }
    })
