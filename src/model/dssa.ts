/** Dual spike self-attention. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as State from 'fp-ts/lib/State.js'
import type { Kernels, Stateful } from './kernels.js'
import type { Dssa } from './parameters.js'
import { c1, c2 } from './scaling.js'

/**
 * Dual spike self-attention with its residual; each product has spikes on one side, so it only adds.
 *
 * `x = SN(input)`, `[y1, y2] = BN(W x)` split per head, `attn = SN(y1^T x c1)`, `out = SN(y2 attn c2)`,
 * result `BN(Wproj out) + input`; shapes `[T, B, C, H, W]`.
 *
 * Source: the paper's equations 7 to 13 (its attention map is the transpose of `attn`).
 *
 * @example
 * fromRest(dssa(shapes)(parameters.stages[0].blocks[0].attention)(Either.right([4, 1, 16, 16, 16])))._tag // => 'Right'
 */
export const dssa =
  <S, C>(K: Kernels<S, C>) =>
  (p: Dssa): ((input: C) => Stateful<C, C>) => {
    const at = (label: string): Kernels<S, C> => K.scope(label)
    const fireIn = at('activation_in').fire(p.in)
    const f = at('W').synapse(p.W)
    const split = at('split').splitHeads(p.heads)
    const scores = at('matmul1').dstT(c1(p))
    const fireAttn = at('activation_attn').fire(p.attn)
    const mix = at('matmul2').dst(c2(p))
    const merge = at('merge').mergeHeads(p.size)
    const fireOut = at('activation_out').fire(p.out)
    const project = at('Wproj').synapse(p.project)
    const residual = at('residual').add
    return (input) =>
      pipe(
        fireIn(input),
        State.chain((x) => {
          const [y1, y2] = split(f(x))
          return pipe(
            fireAttn(scores(y1, x)),
            State.chain((attn) => fireOut(merge(mix(y2, attn)))),
          )
        }),
        State.map((out) => residual(project(out), input)),
      )
  }
