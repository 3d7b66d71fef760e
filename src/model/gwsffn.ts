/** The group-wise spiking feed-forward network. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as State from 'fp-ts/lib/State.js'
import type { Kernels, Stateful } from './kernels.js'
import type { Gwsffn, Layer } from './parameters.js'

/** A neuron and the synapses it drives: `BN(Conv(SN(x)))`. */
export const layer =
  <S, C>(K: Kernels<S, C>) =>
  (neuron: string, synapse: string, p: Layer): ((input: C) => Stateful<C, C>) => {
    const fire = K.scope(neuron).fire(p.neuron)
    const transmit = K.scope(synapse).synapse(p.synapse)
    return (input) => pipe(fire(input), State.map(transmit))
  }

/**
 * The group-wise spiking feed-forward network with its residuals, expansion ratio R.
 *
 * `u = BN(Conv1x1(SN(x)))` C -> RC, `g = BN(Conv3x3_grouped(SN(u))) + u`, `BN(Conv1x1(SN(g))) + x`;
 * shapes `[T, B, C, H, W]`.
 *
 * Source: the paper's section 4.3, figure 4.
 *
 * @example
 * const [{ feedForward }, x] = [parameters.stages[0].blocks[0], Either.right([4, 1, 16, 16, 16])]
 * fromRest(gwsffn(shapes)(feedForward)(x)) // => x
 */
export const gwsffn =
  <S, C>(K: Kernels<S, C>) =>
  (p: Gwsffn): ((x: C) => Stateful<C, C>) => {
    const up = layer(K)('up.0', 'up.1', p.up)
    const conv = layer(K)('conv.0.0', 'conv.0.1', p.conv)
    const down = layer(K)('down.0', 'down.1', p.down)
    const inner = K.scope('conv.residual').add
    const outer = K.scope('residual').add
    return (x) =>
      pipe(
        up(x),
        State.chain((u) =>
          pipe(
            conv(u),
            State.map((g) => inner(g, u)),
          ),
        ),
        State.chain(down),
        State.map((y) => outer(y, x)),
      )
  }
