/** Laws of the feed-forward network and of the layer between stages. @module */
import { convolved } from '../../core/window.js'
import { fromRest } from '../../model/network.js'
import { feedForward, halving } from '../given-model.js'
import { type Law, law } from '../law.js'
import { sum } from '../tensors.js'
import { equal, same } from '../verdict.js'
import { gwsffnOf, layerOf } from './definition.js'
import { closed, deaf, shiftOf } from './dssa.js'
import { partLaws } from './parts.js'

const GWSFFN = "the paper's section 4.3, figure 4; the authors' code (GWSFFN.forward)"
const DOWN = "the paper's section 4; the authors' code (DownsampleLayer)"

export const feedForwardLaws: readonly Law[] = [
  ...partLaws({
    name: 'gwsffn',
    called: 'The feed-forward network',
    source: GWSFFN,
    given: feedForward,
    run: ({ gwsffn }, p) => gwsffn(p),
    definition: gwsffnOf,
    formula:
      'u = \\phi_1(X), \\; g = \\phi_3(u) + u, \\; F(X) = \\phi_1(g) + X, \\quad \\phi_k = \\mathrm{BN} \\circ \\mathrm{Conv}_k \\circ \\mathrm{SN}',
  }),
  law({
    id: 'gwsffn.residual',
    statement: 'A feed-forward network whose last norm is zero is the identity.',
    formula: '\\gamma = \\beta = 0 \\Rightarrow F(X) = X',
    source: GWSFFN,
    needs: ['gwsffn'],
    given: feedForward,
    holds:
      ({ gwsffn }) =>
      ({ p, x }) => {
        const synapse = { ...p.down.synapse, norm: closed(p.down.synapse.norm) }
        return same('output', fromRest(gwsffn({ ...p, down: { ...p.down, synapse } })(x)), x)
      },
  }),
  law({
    id: 'gwsffn.inner',
    statement:
      'Without its grouped convolution the expanded current goes on as it is: there is a second, inner residual.',
    formula: '\\phi_3 = 0 \\Rightarrow F(X) = \\phi_1(\\phi_1(X)) + X',
    source: GWSFFN,
    needs: ['gwsffn', 'downsample'],
    given: feedForward,
    holds:
      ({ gwsffn, downsample }) =>
      ({ p, x }) => {
        const synapse = { ...p.conv.synapse, norm: closed(p.conv.synapse.norm) }
        const u = fromRest(downsample(p.up)(x))
        return same(
          'output',
          fromRest(gwsffn({ ...p, conv: { ...p.conv, synapse } })(x)),
          sum(fromRest(downsample(p.down)(u)), x),
        )
      },
  }),
  law({
    id: 'gwsffn.silent',
    statement: 'Only spikes go through: with every threshold out of reach, it adds its last shift and nothing else.',
    formula: '\\theta = \\infty \\Rightarrow F(X) = X + b',
    source: `${GWSFFN}: a neuron before every convolution`,
    needs: ['gwsffn'],
    given: feedForward,
    holds:
      ({ gwsffn }) =>
      ({ p: { up, conv, down }, x }) => {
        const silenced = {
          up: { ...up, neuron: deaf(up.neuron) },
          conv: { ...conv, neuron: deaf(conv.neuron) },
          down: { ...down, neuron: deaf(down.neuron) },
        }
        return same('output', fromRest(gwsffn(silenced)(x)), sum(x, shiftOf(down.synapse, x.shape)))
      },
  }),
  ...partLaws({
    name: 'downsample',
    called: 'The layer between stages',
    source: DOWN,
    given: halving,
    run: ({ downsample }, p) => downsample(p),
    definition: layerOf,
    formula: 'F(X) = \\mathrm{BN}(\\mathrm{Conv}_{3,\\,S=2,\\,P=1}(\\mathrm{SN}(X)))',
  }),
  law({
    id: 'downsample.silent',
    statement:
      'There is no shortcut between stages: without spikes only the shift comes out, of half the size, rounded up.',
    formula: '\\mathrm{SN}(X) = 0 \\Rightarrow F(X) = b, \\quad H \\mapsto \\lceil H / 2 \\rceil',
    source: DOWN,
    needs: ['downsample'],
    given: halving,
    holds:
      ({ downsample }) =>
      ({ p, x }) => {
        const found = fromRest(downsample({ ...p, neuron: deaf(p.neuron) })(x))
        const [T, B, , H, W] = x.shape as [number, number, number, number, number]
        const size = [convolved(H, 3, 2, 1), convolved(W, 3, 2, 1)]
        const shape = [T, B, p.synapse.convolution.weight.shape[0]!, ...size]
        const verdict = equal("the output's shape", String(found.shape), String(shape))
        return verdict === true ? same('output', found, shiftOf(p.synapse, shape)) : verdict
      },
  }),
]
