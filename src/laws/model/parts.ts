/** Laws that every part of the model keeps: it is its equations, causal, streamable, and blind across the batch. @module */
import type { Arbitrary } from 'fast-check'
import type { Currents, Spikes } from '../../core/tensor.js'
import type { Membranes, Stateful } from '../../model/kernels.js'
import { fromRest } from '../../model/network.js'
import type { Case } from '../given-model.js'
import type { Operation, Operations } from '../implementation.js'
import { type Law, law } from '../law.js'
import { joined, range, steps, take } from '../tensors.js'
import { all, same } from '../verdict.js'

/** What a family of laws needs to know of its part. */
export interface Part<P, N extends Operation> {
  readonly name: N
  /** As a sentence calls it. */
  readonly called: string
  readonly source: string
  readonly given: Arbitrary<Case<P>>
  readonly run: (K: Pick<Operations<Spikes, Currents>, N>, p: P) => (x: Currents) => Stateful<Currents, Currents>
  /** Its equations, see `definition.ts`. */
  readonly definition: (p: P, x: Currents) => Currents
  readonly formula: string
}

/** The laws of a part. */
export const partLaws = <P, const N extends Operation>(part: Part<P, N>): readonly Law[] => {
  const { name, called, source, given, run, definition, formula } = part
  const needs: readonly N[] = [name]
  return [
    law({
      id: `${name}.definition`,
      statement: `${called} is its equations, bit for bit on dyadic data.`,
      formula,
      source,
      needs,
      given,
      holds:
        (K) =>
        ({ p, x }) =>
          same('output', fromRest(run(K, p)(x)), definition(p, x)),
    }),
    law({
      id: `${name}.causal`,
      statement: `${called}: what comes later changes nothing before it.`,
      formula: "F(x \\cdot x')[{\\le}T] = F(x)",
      source: 'a spiking network runs forward in time',
      needs,
      given,
      holds:
        (K) =>
        ({ p, x, later }) =>
          same(
            'the first outputs of the longer sequence',
            steps(fromRest(run(K, p)(joined(x, later))), 0, x.shape[0]!),
            fromRest(run(K, p)(x)),
          ),
    }),
    law({
      id: `${name}.chunks`,
      statement: `${called}: a sequence step by step, the membranes handed on, is the sequence whole.`,
      formula: "F(x \\cdot x') = F(x) \\cdot F(x')",
      source: 'State threads the membranes',
      needs,
      given,
      holds:
        (K) =>
        ({ p, x, later }) => {
          const whole = joined(x, later)
          const f = run(K, p)
          const chunked = range(whole.shape[0]!).reduce<readonly [readonly Currents[], Membranes<Currents>]>(
            ([outputs, membranes], t) => {
              const [output, after] = f(take(whole, 0, [t]))(membranes)
              return [[...outputs, output], after]
            },
            [[], new Map()],
          )[0]
          return same('the output step by step', chunked.reduce(joined), fromRest(f(whole)))
        },
    }),
    law({
      id: `${name}.samples`,
      statement: `${called}: a sample alone does what it does in a batch.`,
      formula: 'F(x)_{\\cdot,b} = F(x_{\\cdot,b})',
      source: 'running statistics at inference; membranes are per sample',
      needs,
      given,
      holds:
        (K) =>
        ({ p, x }) => {
          const whole = fromRest(run(K, p)(x))
          return all(
            ...range(x.shape[1]!).map((b) =>
              same(`the output of sample ${b} in the batch`, take(whole, 1, [b]), fromRest(run(K, p)(take(x, 1, [b])))),
            ),
          )
        },
    }),
  ]
}
