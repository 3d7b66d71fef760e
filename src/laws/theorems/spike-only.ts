/** Theorem 1, by construction: the network does without multipliers between its stem and its classifier. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe } from '../../core/fault.js'
import type { Currents } from '../../core/tensor.js'
import { floating } from '../../interpreters/multiplier-free/arithmetic.js'
import { multiplierFree } from '../../interpreters/multiplier-free.js'
import { reference } from '../../interpreters/reference.js'
import type { Membranes } from '../../model/kernels.js'
import { type Network, network, step } from '../../model/network.js'
import { neurons } from '../../model/neurons.js'
import { tiny } from '../given-network.js'
import { type Law, law, type Verdict } from '../law.js'
import { range, steps } from '../tensors.js'
import { all, same } from '../verdict.js'

/** What a network shows after each frame: its logits, and the membrane of every layer. */
const shown = <C>(net: Network<C>, frames: readonly C[]): readonly (readonly [C, Membranes<C>])[] => {
  const after: (readonly [C, Membranes<C>])[] = []
  for (const frame of frames) after.push(step(net)(frame)(after.at(-1)?.[1] ?? new Map<string, C>()))
  return after
}

/** The network with every PLIF's leak 1/2: a halving. */
const halving = <X>(node: X): X => {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return (node as readonly unknown[]).map(halving) as X
  if ('kind' in node && node.kind === 'PLIF') return { kind: 'PLIF', w: 0 } as X
  return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, halving(inner as unknown)])) as X
}

export const spikeOnlyLaws: readonly Law[] = [
  law({
    id: 'spike-only.network',
    statement:
      'With batch norm folded into weights and bias currents, scales into thresholds and leaks into halvings, the network keeps the same membranes and logits at every step: it needs no multiplier between stem and classifier.',
    formula: 'g \\sum_j w_j s_j + b = \\sum_j (g w_j) s_j + b, \\qquad c\\,h \\ge \\theta \\iff h \\ge \\theta / c',
    source: "the paper's section 4: spike-driven",
    needs: ['network'],
    given: tiny.map((x) => ({ ...x, p: halving(x.p) })),
    holds:
      (K) =>
      ({ p: parameters, x: frames }): Verdict => {
        const inSteps = range(frames.shape[0]!).map((t): Currents => steps(frames, t, t + 1))
        return pipe(
          multiplierFree(reference('float64'), floating('float64'))(neurons(parameters)),
          Either.match(
            (faults): Verdict => faults.map(describe).join('; '),
            ({ kernels, fromCurrents, toCurrents }) => {
              const expected = shown(network(kernels)(parameters), inSteps.map(fromCurrents))
              const found = shown(K.network(parameters), inSteps)
              return all(
                ...found.flatMap(([logits, membranes], t) => [
                  ...[...expected[t]![1]].map(([key, membrane]) => {
                    const at = membranes.get(key)
                    return at === undefined
                      ? `no membrane is kept under ${key}`
                      : same(`membrane of ${key} after step ${t + 1}`, at, toCurrents(membrane))
                  }),
                  same(`logits of step ${t + 1}`, logits, toCurrents(expected[t]![0])),
                ]),
              )
            },
          ),
        )
      },
  }),
]
