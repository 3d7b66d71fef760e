/** Laws of the whole network, on tiny configurations drawn by the generator. @module */
import fc from 'fast-check'
import type { Currents, Spikes } from '../../core/tensor.js'
import { reference } from '../../interpreters/reference.js'
import type { Synapse } from '../../model/kernels.js'
import { forward, forwardFrames, network, step } from '../../model/network.js'
import type { Call } from '../../model/operation.js'
import type { NetworkParameters } from '../../model/parameters.js'
import { observe, unobserved } from '../../observers/observe.js'
import { identityNorm, whole } from '../given.js'
import { deep, large, parametersOf, type Seeded, tiny } from '../given-network.js'
import type { Operations } from '../implementation.js'
import { type Law, law, type Verdict } from '../law.js'
import { mapped, take } from '../tensors.js'
import { all, equal, same } from '../verdict.js'
import { networkOf, transmitted } from './definition.js'
import { closed } from './dssa.js'
import { partLaws } from './parts.js'

const PAPER = "the paper's figure 2 and table 1; the authors' code (SpikingResformer.forward)"

const total = (x: Currents | Spikes): number => Array.from(x.data).reduce((sum, y) => sum + y, 0)

/** `conv(spikes, ones)`, summed: every spike counts the neurons it reaches. */
const reached = ({ convolution }: Synapse, spikes: Spikes): number =>
  total(
    transmitted(
      {
        convolution: { ...convolution, weight: mapped(convolution.weight, () => 1) },
        norm: identityNorm(convolution.weight.shape[0]!),
      },
      spikes,
    ),
  )

/** The SOPs of an operation by their definition; none where no spike goes in. */
const sopsOf = (call: Call<Spikes, Currents>): number | undefined => {
  switch (call.operation) {
    case 'synapse':
      return reached(call.parameters, call.inputs[0])
    case 'dstT':
      return call.inputs[0].shape[4]! * total(call.inputs[1])
    case 'dst':
      return call.inputs[0].shape[3]! * total(call.inputs[1])
    case 'stem':
    case 'hold':
    case 'fire':
    case 'splitHeads':
    case 'mergeHeads':
    case 'add':
    case 'meanPool':
    case 'classify':
      return undefined
  }
}

/** The network without one block, and with that block's last norms closed. */
const withoutBlock = (p: NetworkParameters, which: number): readonly [NetworkParameters, NetworkParameters] => {
  const places = p.stages.flatMap(({ blocks }, L) => blocks.map(({ index }) => ({ L, index })))
  const place = places[which % places.length]!
  const change = (
    block: (b: NetworkParameters['stages'][number]['blocks'][number]) => (typeof b)[],
  ): NetworkParameters => ({
    ...p,
    stages: p.stages.map((stage, L) => ({
      ...stage,
      blocks: stage.blocks.flatMap((b) => (L === place.L && b.index === place.index ? block(b) : [b])),
    })),
  })
  const identity = change(({ index, attention, feedForward }) => [
    {
      index,
      attention: { ...attention, project: { ...attention.project, norm: closed(attention.project.norm) } },
      feedForward: {
        ...feedForward,
        down: {
          ...feedForward.down,
          synapse: { ...feedForward.down.synapse, norm: closed(feedForward.down.synapse.norm) },
        },
      },
    },
  ])
  return [change(() => []), identity]
}

/** A network drawn whole gives the logits of its equations. */
const isItsEquations =
  ({ network }: Pick<Operations<Spikes, Currents>, 'network'>) =>
  ({ config, seed, x }: Seeded): Verdict => {
    const p = parametersOf(config, seed)
    return same('logits', forwardFrames(network(p))(x), networkOf(p, x))
  }

export const networkLaws: readonly Law[] = [
  ...partLaws({
    name: 'network',
    called: 'The network',
    source: PAPER,
    given: tiny,
    run: ({ network }, p) => step(network(p)),
    definition: networkOf,
    formula:
      '\\mathrm{logits} = W\\, \\overline{(\\textstyle\\prod_L \\mathrm{GWSFFN} \\circ \\mathrm{DSSA} \\circ D_L)(\\mathrm{stem}(x))}',
  }),
  law({
    id: 'network.stages',
    statement:
      'Three stages of depth 1, 2 and 3, every number of channels another, patches of 4, 2 and 1: the network is its equations.',
    formula:
      '\\mathrm{logits} = W\\, \\overline{F_3 \\circ D_3 \\circ F_2 \\circ D_2 \\circ F_1 \\circ \\mathrm{stem}}',
    source: PAPER,
    needs: ['network'],
    atMost: 25,
    given: deep,
    holds: isItsEquations,
  }),
  law({
    id: 'network.published',
    statement: 'The published configurations, whole, on small images: the network is its equations.',
    formula: '\\mathrm{logits} = F(x)',
    source: "the paper's table 1; the authors' code",
    needs: ['network'],
    after: ['network.definition'],
    atMost: 2,
    given: large,
    holds: isItsEquations,
  }),
  law({
    id: 'network.still',
    statement: 'A still image held for T steps is T equal frames: the stem need run only once.',
    formula: 'F(\\mathrm{hold}_T(\\mathrm{stem}(x))) = F(\\mathrm{stem}(x \\cdots x))',
    source: PAPER,
    needs: ['network'],
    after: ['hold.repeat'],
    atMost: 60,
    given: fc.record({ case: tiny, T: fc.constantFrom(1, 2, 3, 5, 17) }),
    holds:
      ({ network }) =>
      ({ case: { p, x }, T }) => {
        const net = network(p)
        const image = take(x, 0, [0])
        const frames = take(x, 0, Array(T).fill(0))
        return same(`the logits of ${T} held steps`, forward(net)(T)(image), forwardFrames(net)(frames))
      },
  }),
  law({
    id: 'network.identity',
    statement: 'A block whose last norms are zero is not there: all of a block lies on the residual.',
    formula: '\\gamma = \\beta = 0 \\Rightarrow F_{\\text{with block}} = F_{\\text{without}}',
    source: PAPER,
    needs: ['network'],
    given: fc.record({ case: tiny, which: whole(0, 3) }),
    holds:
      ({ network }) =>
      ({ case: { p, x }, which }) => {
        const [without, identity] = withoutBlock(p, which)
        return same('logits', forwardFrames(network(identity))(x), forwardFrames(network(without))(x))
      },
  }),
  law({
    id: 'network.sops',
    statement: 'The synaptic operations of a layer are the sum over its input spikes of the neurons each one reaches.',
    formula:
      '\\mathrm{SOPs} = \\sum_{s} \\mathrm{fanout}(s) = \\sum \\mathrm{conv}(s, 1), \\quad n \\textstyle\\sum x, \\quad d \\sum a',
    source: "the paper's section 5.1; padding cut off, groups respected, stem and classifier not counted",
    needs: ['sops'],
    given: tiny,
    holds:
      ({ sops }) =>
      ({ p, x }) => {
        const image = take(x, 0, [0])
        const observed = network(observe<Spikes, Currents, number>(sopsOf)(reference('float64')))(p)
        const expected = forward(observed)(2)(unobserved(image)).notes
        const found = sops(p)(2)(image)
        return all(...[...expected].map(([path, count]) => equal(`the SOPs of ${path}`, found.get(path), count)))
      },
  }),
]
