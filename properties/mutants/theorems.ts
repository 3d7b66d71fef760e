/** Wrong networks and scales that the two theorems refuse. @module */
import type { Currents, Spikes } from '../../src/core/tensor.js'
import { at, range, tabulate } from '../../src/laws/tensors.js'
import { offBy } from '../theorems/counter-models.js'
import { type Mutant, mutant, right } from './mutant.js'

/** The mean of the tokens that attend in place of their sum: a divisor that depends on the spikes folds into nothing. */
const averaging =
  (scale: readonly number[]) =>
  (y: Currents, attn: Spikes): Currents => {
    const mixed = right.dst(scale)(y, attn)
    const attending = (t: number, b: number, head: number, position: number): number =>
      range(attn.shape[3]!).reduce((n, token) => n + at(attn, t, b, head, token, position), 0)
    return tabulate(
      mixed.shape,
      (t, b, head, d, position) => at(mixed, t, b, head, d, position) / Math.max(1, attending(t, b, head, position)),
    )
  }

const SCORES = 'scale.invariance.scores'
const MIX = 'scale.invariance.mix'

export const theoremMutants: readonly Mutant[] = [
  mutant(
    'mix-mean',
    'the mix: divides by the number of tokens that attend, as a softmax does',
    ['spike-only.network'],
    {
      dst: averaging,
    },
  ),
  mutant('scale-large', 'scales 10 % too much', [SCORES, MIX], offBy(1.1)),
  mutant('scale-small', 'scales 10 % too little', [SCORES, MIX], offBy(0.9)),
]
