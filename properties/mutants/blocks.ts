/** Wrong models: attention, feed-forward, stages, network and ledger put together wrongly. @module */
import { pipe } from 'fp-ts/lib/function.js'
import * as State from 'fp-ts/lib/State.js'
import { type Currents, type Spikes, tensor } from '../../src/core/tensor.js'
import { tensors } from '../../src/interpreters/interpreter.js'
import type { Operations } from '../../src/laws/implementation.js'
import { at, mapped, range, sum, tabulate } from '../../src/laws/tensors.js'
import { dssa } from '../../src/model/dssa.js'
import { layer } from '../../src/model/gwsffn.js'
import type { Stateful } from '../../src/model/kernels.js'
import { forward, network } from '../../src/model/network.js'
import type { Dssa, Gwsffn, Layer, NetworkParameters } from '../../src/model/parameters.js'
import { ledger } from '../../src/observers/ledger.js'
import { unobserved } from '../../src/observers/observe.js'
import { type Mutant, mutant, right } from './mutant.js'

type Part<P> = (p: P) => (x: Currents) => Stateful<Currents, Currents>

const attention =
  (change: (p: Dssa) => Dssa): Part<Dssa> =>
  (p) =>
    dssa(right)(change(p))

const asCurrents = (s: Spikes): Currents => mapped(tensor(s.shape, Float64Array.from(s.data)), (x) => x)

/** `y2 attn c2` with the scores themselves in place of spikes: it multiplies. */
const realMix = (scale: readonly number[], y: Currents, attn: Currents): Currents => {
  const [T, B, heads, d, n] = y.shape as [number, number, number, number, number]
  return tabulate([T, B, heads, d, attn.shape[4]!], (t, b, h, c, p) =>
    range(n).reduce((total, i) => total + scale[h]! * at(y, t, b, h, c, i) * at(attn, t, b, h, i, p), 0),
  )
}

const noAttentionNeuron: Part<Dssa> = (p) => (input) =>
  pipe(
    right.fire(p.in)(input),
    State.chain((x) => {
      const [y1, y2] = right.splitHeads(p.heads)(right.synapse(p.W)(x))
      const c1 = p.firingRateX.map((f) => 1 / Math.sqrt((f * p.planes) / p.heads))
      const c2 = p.firingRateAttn.map((f) => 1 / Math.sqrt(f * p.tokens))
      return right.fire(p.out)(right.mergeHeads(p.size)(realMix(c2, y2, right.dstT(c1)(y1, x))))
    }),
    State.map((out) => right.add(right.synapse(p.project)(out), input)),
  )

/** The block without its residual, or with the spikes in the residual's place. */
const residualOf =
  (shortcut: (p: Dssa, x: Currents) => Stateful<Currents, Currents>): Part<Dssa> =>
  (p) =>
  (x) =>
    pipe(
      dssa(right)(p)(x),
      State.chain((y) =>
        pipe(
          shortcut(p, x),
          State.map((z) =>
            sum(
              sum(
                y,
                mapped(x, (v) => -v),
              ),
              z,
            ),
          ),
        ),
      ),
    )

/** A position embedding on the tokens of y1. */
const embeddedTokens: Part<Dssa> = (p) =>
  dssa({
    ...right,
    scope: () => ({
      ...right,
      splitHeads: (heads) => (y) => {
        const [y1, y2] = right.splitHeads(heads)(y)
        return [tabulate(y1.shape, (...i) => at(y1, ...i) + i[4]! / 2), y2]
      },
    }),
  })(p)

/** `SN(BN(Conv(x)))`: the convolution takes a real current and multiplies. */
const normThenFire: Part<Layer> = (p) => (x) =>
  pipe(right.fire(p.neuron)(right.stem({ ...p.synapse, pool: null })(x)), State.map(asCurrents))

const feedForward =
  (part: Part<Layer>, inner: boolean, outer: boolean): Part<Gwsffn> =>
  (p) =>
  (x) =>
    pipe(
      part(p.up)(x),
      State.chain((u) =>
        pipe(
          part(p.conv)(u),
          State.map((g) => (inner ? sum(g, u) : g)),
        ),
      ),
      State.chain(part(p.down)),
      State.map((y) => (outer ? sum(y, x) : y)),
    )

const rightLayer: Part<Layer> = (p) => layer(right)('neuron', 'synapse', p)

/** The feed-forward network before the attention. */
const exchanged = (p: NetworkParameters): NetworkParameters => ({
  ...p,
  stages: p.stages.map((stage) => ({ ...stage, blocks: stage.blocks.toReversed() })),
})

/** Every neuron of every step taken to have fired. */
const denseSops: Operations<Spikes, Currents>['sops'] = (p) => (steps) => (image) => {
  const everyone = (c: Currents): Spikes => tensor(c.shape, new Uint8Array(c.data.length).fill(1))
  const firing: typeof right = { ...right, fire: () => (c) => State.of(everyone(c)), scope: () => firing }
  const K = ledger(tensors)(firing)
  const { notes } = forward(network(K)(p))(steps)(unobserved(image))
  return new Map([...notes].map(([path, { sops }]) => [path, sops]))
}

export const blockMutants: readonly Mutant[] = [
  mutant('no-attention-neuron', 'leaves the attention neuron out: attention is no longer spikes', ['dssa.gate'], {
    dssa: noAttentionNeuron,
  }),
  mutant('mean-rate', 'has one firing rate for all heads, their mean', ['dssa.definition'], {
    dssa: attention((p) => {
      const mean = (f: readonly number[]): readonly number[] => f.map(() => f.reduce((a, b) => a + b) / f.length)
      return { ...p, firingRateX: mean(p.firingRateX), firingRateAttn: mean(p.firingRateAttn) }
    }),
  }),
  mutant('constant-scale', 'scales by a constant, as Spikformer does', ['dssa.scale'], {
    dssa: attention((p) => ({
      ...p,
      firingRateX: p.firingRateX.map(() => p.heads / p.planes),
      firingRateAttn: p.firingRateAttn.map(() => 1 / p.tokens),
    })),
  }),
  mutant('tokens-of-224', 'takes n from 224 x 224 at every image size', ['dssa.definition'], {
    dssa: attention((p) => ({ ...p, tokens: 196 })),
  }),
  mutant('no-residual', "leaves the attention's residual out", ['dssa.residual'], {
    dssa: residualOf((_, x) => State.of(mapped(x, () => 0))),
  }),
  mutant('spike-residual', 'adds the spikes in the residual, not the current', ['dssa.residual'], {
    dssa: residualOf((p, x) => pipe(right.fire({ ...p.in, key: 'again' })(x), State.map(asCurrents))),
  }),
  mutant('position-embedding', 'adds a position embedding to the tokens', ['dssa.patches'], { dssa: embeddedTokens }),
  mutant(
    'norm-then-fire',
    'puts the neuron after batch norm, not before the convolution',
    ['gwsffn.definition', 'gwsffn.silent'],
    {
      gwsffn: feedForward(normThenFire, true, true),
    },
  ),
  mutant('no-inner-residual', "leaves the feed-forward network's inner residual out", ['gwsffn.inner'], {
    gwsffn: feedForward(rightLayer, false, true),
  }),
  mutant('no-outer-residual', "leaves the feed-forward network's residual out", ['gwsffn.residual'], {
    gwsffn: feedForward(rightLayer, true, false),
  }),
  mutant('downsample-shortcut', 'adds every second current as a shortcut between stages', ['downsample.silent'], {
    downsample: (p) => (x) =>
      pipe(
        rightLayer(p)(x),
        State.map((y) => tabulate(y.shape, (t, b, c, h, w) => at(y, t, b, c, h, w) + at(x, t, b, c, 2 * h, 2 * w))),
      ),
  }),
  mutant('downsample-floor', 'halves the feature map without padding', ['downsample.definition', 'downsample.silent'], {
    downsample: (p) => (x) => (membranes) => {
      const [y, after] = rightLayer(p)(x)(membranes)
      const [H, W] = [Math.floor(x.shape[3]! / 2), Math.floor(x.shape[4]! / 2)]
      return [tabulate([...y.shape.slice(0, 3), H, W], (...i) => at(y, ...i)), after]
    },
  }),
  mutant('blocks-reversed', 'runs the blocks of a stage in the opposite order', ['network.definition'], {
    network: (p) => network(right)(exchanged(p)),
  }),
  mutant('dense-sops', 'counts every synapse, whether a spike came or not', ['network.sops'], { sops: denseSops }),
]
