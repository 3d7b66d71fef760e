/** Laws of what comes in: checkpoints and events. @module */
import fc from 'fast-check'
import type { Either } from 'fp-ts/lib/Either.js'
import { syntheticCheckpoint } from '../../checkpoint/synthetic.js'
import { describe, type Faults } from '../../core/fault.js'
import type { Reals, Tensor } from '../../core/tensor.js'
import { layout, type Parameters } from '../../model/parameters.js'
import { whole } from '../given.js'
import { configuration } from '../given-network.js'
import { type Law, law } from '../law.js'
import { at, replaced, tabulate, take } from '../tensors.js'
import { all, equal, same } from '../verdict.js'

type Answer<A> = Either<Faults, A> | A

const isEither = <A>(answer: Answer<A>): answer is Either<Faults, A> =>
  typeof answer === 'object' && answer !== null && '_tag' in answer && ('left' in answer || 'right' in answer)

/** What was answered; a refusal is thrown. */
const accepted = <A>(answer: Answer<A>): A => {
  if (!isEither(answer)) return answer
  if (answer._tag === 'Left') throw new Error(`refused: ${answer.left.map(describe).join('; ')}`)
  return answer.right
}

/** What a refusal said, or `undefined`. */
const refusal = <A>(answer: () => Answer<A>): string | undefined => {
  try {
    accepted(answer())
    return undefined
  } catch (error) {
    return String(error)
  }
}

const CODE = "the authors' code"

/** A checkpoint of a tiny network. */
const checkpoint = fc
  .record({ config: configuration, seed: whole(0, 2 ** 16) })
  .map(({ config, seed }) => ({ config, tensors: syntheticCheckpoint(config, seed) }))

const norms = (p: Parameters) => [
  p.stem.norm,
  ...p.stages.flatMap(({ downsample, blocks }) => [
    ...(downsample === null ? [] : [downsample.synapse.norm]),
    ...blocks.flatMap(({ attention: { W, project }, feedForward: { up, conv, down } }) => [
      W.norm,
      project.norm,
      up.synapse.norm,
      conv.synapse.norm,
      down.synapse.norm,
    ]),
  ]),
]

/** Where a few of the authors' keys belong in the tree. */
const places = (p: Parameters): readonly (readonly [string, Tensor<Reals> | readonly number[]])[] => {
  const L = p.stages.length - 1
  const { attention, feedForward, index } = p.stages[L]!.blocks[0]!
  const [a, f] = [`layers.${L}.${index}`, `layers.${L}.${index + 1}`]
  return [
    ['prologue.0.weight', p.stem.convolution.weight],
    ['prologue.1.bn.weight', p.stem.norm.weight],
    ['prologue.1.bn.bias', p.stem.norm.bias],
    ['prologue.1.bn.running_mean', p.stem.norm.mean],
    ['prologue.1.bn.running_var', p.stem.norm.variance],
    [`${a}.W.weight`, attention.W.convolution.weight],
    [`${a}.norm.bn.bias`, attention.W.norm.bias],
    [`${a}.Wproj.weight`, attention.project.convolution.weight],
    [`${a}.norm_proj.bn.running_var`, attention.project.norm.variance],
    [`${a}.firing_rate_x`, attention.firingRateX],
    [`${a}.firing_rate_attn`, attention.firingRateAttn],
    [`${f}.up.1.weight`, feedForward.up.synapse.convolution.weight],
    [`${f}.up.2.bn.weight`, feedForward.up.synapse.norm.weight],
    [`${f}.conv.0.1.weight`, feedForward.conv.synapse.convolution.weight],
    [`${f}.conv.0.2.bn.running_mean`, feedForward.conv.synapse.norm.mean],
    [`${f}.down.1.weight`, feedForward.down.synapse.convolution.weight],
    [`${f}.down.2.bn.bias`, feedForward.down.synapse.norm.bias],
    ['classifier.weight', p.classifier],
  ]
}

/** Events in the order of time on a small sensor, at least one a frame. */
const recording = fc
  .record({ steps: whole(1, 4), height: whole(1, 3), width: whole(1, 3) })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      events: fc.array(fc.tuple(whole(0, size.width - 1), whole(0, size.height - 1), whole(0, 1), whole(0, 9)), {
        minLength: size.steps,
        maxLength: 4 * size.steps,
      }),
    }),
  )
  .map(({ size, events }) => ({
    size,
    events: {
      // Times of uneven gaps: frames are cut by number of events, not by time.
      t: events.map((_, i) => events.slice(0, i).reduce((t, [, , , gap]) => t + gap, 0)),
      x: events.map(([x]) => x),
      y: events.map(([, y]) => y),
      p: events.map(([, , p]) => p),
    },
  }))

export const borderLaws: readonly Law[] = [
  law({
    id: 'parse.tree',
    statement: "A synthetic checkpoint is accepted, and every tensor under the authors' keys finds its place.",
    formula: '\\mathrm{tree}(k) = \\mathrm{checkpoint}(k)',
    source: `${CODE}: the names of its state dict`,
    needs: ['parse'],
    given: checkpoint,
    holds:
      ({ parse }) =>
      ({ config, tensors }) =>
        all(
          ...places(accepted(parse(config)(tensors))).map(([key, found]) => {
            const expected = tensors.get(key)!
            return same(
              key,
              'data' in found ? found : { shape: expected.shape, data: Float64Array.from(found) },
              expected,
            )
          }),
        ),
  }),
  law({
    id: 'parse.eps',
    statement: "Every batch norm has the epsilon of the authors' framework, 1e-5.",
    formula: '\\epsilon = 10^{-5}',
    source: `${CODE} (PyTorch's default); TensorFlow's is 1e-3`,
    needs: ['parse'],
    given: checkpoint,
    holds:
      ({ parse }) =>
      ({ config, tensors }) =>
        all(
          ...norms(accepted(parse(config)(tensors))).map(({ eps }, i) => equal(`the epsilon of norm ${i}`, eps, 1e-5)),
        ),
  }),
  law({
    id: 'parse.silent',
    statement: 'A head that never fired has no scale: the checkpoint is refused, by the name of its key.',
    formula: 'f = 0 \\Rightarrow c = 1 / \\sqrt{0}',
    source: 'a public port goes on with NaN membranes, whose spikes are still 0 and 1',
    needs: ['parse'],
    given: checkpoint.chain(({ config, tensors }) =>
      fc.record({
        config: fc.constant(config),
        tensors: fc.constant(tensors),
        key: fc.constantFrom(...layout(config).flatMap(({ key, role }) => (role === 'rate' ? [key] : []))),
      }),
    ),
    holds:
      ({ parse }) =>
      ({ config, tensors, key }) => {
        const silent = new Map([...tensors, [key, replaced(tensors.get(key)!, 0, 0)]])
        const said = refusal(() => parse(config)(silent))
        return said === undefined
          ? `${key}[0] = 0 is accepted, should be refused`
          : said.includes(key) || `the refusal says "${said}", should name ${key}`
      },
  }),
  law({
    id: 'events.sum',
    statement: 'The third channel of an event frame is the sum of the two polarities.',
    formula: 'F_2 = F_0 + F_1',
    source: `${CODE} (DVS128 Gesture, CIFAR10-DVS)`,
    needs: ['integrateEvents'],
    given: recording,
    holds:
      ({ integrateEvents }) =>
      ({ size, events }) => {
        const frames = accepted(integrateEvents(size)(events))
        const channel = (c: number): Tensor<Reals> => take(frames, 1, [c])
        return same(
          'the third channel',
          channel(2),
          tabulate(channel(0).shape, (t, _, y, x) => at(frames, t, 0, y, x) + at(frames, t, 1, y, x)),
        )
      },
  }),
  law({
    id: 'events.frames',
    statement:
      'Of N events each frame gets N div T in turn and the last the rest; a pixel counts its events by polarity.',
    formula:
      'F_p[t, y, x] = \\#\\{i : \\min(\\lfloor i / \\lfloor N/T \\rfloor \\rfloor, T - 1) = t,\\; (x_i, y_i, p_i) = (x, y, p)\\}',
    source: `${CODE} (SpikingJelly, split_by='number')`,
    needs: ['integrateEvents'],
    given: recording,
    holds:
      ({ integrateEvents }) =>
      ({ size: { steps, height, width }, events }) => {
        const each = Math.floor(events.t.length / steps)
        const frames = accepted(integrateEvents({ steps, height, width })(events))
        return same(
          'frames',
          take(frames, 1, [0, 1]),
          tabulate(
            [steps, 2, height, width],
            (t, p, y, x) =>
              events.t.filter(
                (_, i) =>
                  Math.min(Math.floor(i / each), steps - 1) === t &&
                  events.p[i] === p &&
                  events.y[i] === y &&
                  events.x[i] === x,
              ).length,
          ),
        )
      },
  }),
]
