/** Laws of what comes in: checkpoints and events. @module */
import fc from 'fast-check'
import type { Either } from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../../core/fault.js'
import type { Reals, Tensor } from '../../core/tensor.js'
import type { Config } from '../../model/config.js'
import type { Role } from '../../model/entry.js'
import { layout, type NetworkParameters } from '../../model/parameters.js'
import { difference } from '../copies.js'
import { whole } from '../given.js'
import { type Law, law } from '../law.js'
import { at, replaced, tabulate, take } from '../tensors.js'
import { all, equal, same } from '../verdict.js'
import { checkpoint, type Recording, recording } from './given-borders.js'
import { treeOf } from './tree.js'

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

const norms = (p: NetworkParameters) => [
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

/** What may be wrong with a checkpoint, and the key a refusal must name. */
type Spoiled = { readonly config: Config; readonly tensors: ReadonlyMap<string, Tensor>; readonly key: string }

/** A refusal of checkpoints by the name of a key. */
const refuses = (
  id: string,
  statement: string,
  formula: string,
  source: string,
  roles: readonly Role[],
  spoil: (tensors: ReadonlyMap<string, Tensor>, key: string, at: number) => ReadonlyMap<string, Tensor>,
): Law =>
  law<Spoiled, 'parse'>({
    id,
    statement,
    formula,
    source,
    needs: ['parse'],
    atMost: 50,
    given: checkpoint.chain(({ config, tensors }) =>
      fc
        .record({
          key: fc.constantFrom(...layout(config).flatMap(({ key, role }) => (roles.includes(role) ? [key] : []))),
          at: whole(0, 100),
        })
        .map(({ key, at: place }) => ({ config, key, tensors: spoil(tensors, key, place) })),
    ),
    holds:
      ({ parse }) =>
      ({ config, tensors, key }) => {
        const said = refusal(() => parse(config)(tensors))
        // A key that is not the network's may be named as it is there.
        const name = [...tensors.keys()].find((other) => other.startsWith(`${key} `)) ?? key
        return said === undefined
          ? `a checkpoint whose ${name} cannot be is accepted, should be refused`
          : said.includes(name) || `the refusal says "${said}", should name ${name}`
      },
  })

const LEARNT: readonly Role[] = ['weight', 'gain', 'bias', 'mean', 'variance', 'rate']

/** With a PLIF's w, which may have the shape `[]` or `[1]`. */
const NUMBERS: readonly Role[] = [...LEARNT, 'leak']

/** The tensors with one number of one of them replaced. */
const withNumber = (x: number) => (tensors: ReadonlyMap<string, Tensor>, key: string, place: number) => {
  const found = tensors.get(key) as Tensor<Reals>
  return new Map<string, Tensor>([...tensors, [key, replaced(found, place % found.data.length, x)]])
}

/** The frames of a recording by their definition, its events in the order they come. */
const framesOf = ({ steps, height, width }: Recording['size'], events: Recording['events']): Tensor<Reals> => {
  const count = events.t.length
  const each = Math.floor(count / steps)
  const data = new Float64Array(steps * 2 * height * width)
  for (let i = 0; i < count; i++)
    data[
      ((Math.min(Math.floor(i / each), steps - 1) * 2 + events.p[i]!) * height + events.y[i]!) * width + events.x[i]!
    ]! += 1
  return { shape: [steps, 2, height, width], data }
}

export const borderLaws: readonly Law[] = [
  law({
    id: 'parse.tree',
    statement:
      "A synthetic checkpoint is accepted, and the whole tree is its own: every tensor under the authors' keys in its place, every stride, padding, group, threshold, reset, leak, head, size and token count.",
    formula: '\\mathrm{tree}(k) = \\mathrm{checkpoint}(k)',
    source: `${CODE}: the names of its state dict`,
    needs: ['parse'],
    given: checkpoint,
    holds:
      ({ parse }) =>
      ({ config, tensors }) =>
        difference('the tree', accepted(parse(config)(tensors)), treeOf(config, tensors), 'allowed') ?? true,
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
  refuses(
    'parse.missing',
    'A checkpoint that lacks a tensor is refused, by the name of its key.',
    'k \\notin \\mathrm{checkpoint}',
    CODE,
    NUMBERS,
    (tensors, key) => new Map([...tensors].filter(([other]) => other !== key)),
  ),
  refuses(
    'parse.surplus',
    'A checkpoint with a tensor that is not the network’s is refused, by the name of its key.',
    'k \\notin \\mathrm{layout}',
    CODE,
    LEARNT,
    (tensors, key) => new Map([...tensors, [`${key} too`, tensors.get(key)!]]),
  ),
  refuses(
    'parse.misshapen',
    'A tensor of another shape is refused, by the name of its key, though it has as many numbers.',
    '\\mathrm{shape}(k) \\ne \\mathrm{layout}(k)',
    CODE,
    LEARNT,
    (tensors, key) => {
      const found = tensors.get(key)!
      return new Map([...tensors, [key, { ...found, shape: [1, ...found.shape] }]])
    },
  ),
  refuses(
    'parse.finite',
    'A number that is none is refused, by the name of its key.',
    'x \\in \\mathbb{R}',
    CODE,
    NUMBERS,
    (tensors, key, place) => withNumber([Number.NaN, Infinity, -Infinity][place % 3]!)(tensors, key, place),
  ),
  refuses(
    'parse.rates',
    'A firing rate below 0 or above 1 is refused, by the name of its key.',
    '0 < f \\le 1',
    CODE,
    ['rate'],
    (tensors, key, place) => withNumber(place % 2 === 0 ? -0.25 : 1.5)(tensors, key, place),
  ),
  refuses(
    'parse.variance',
    'A variance below 0 is refused, by the name of its key.',
    '\\sigma^2 \\ge 0',
    CODE,
    ['variance'],
    withNumber(-1),
  ),
  law({
    id: 'events.few',
    statement: 'Fewer events than frames are refused: not every frame would have one.',
    formula: 'N < T \\Rightarrow \\text{refused}',
    source: `${CODE}: SpikingJelly would leave frames empty`,
    needs: ['integrateEvents'],
    given: recording.chain(({ size, events }) =>
      whole(0, size.steps - 1).map((count) => ({
        size,
        events: {
          t: events.t.slice(0, count),
          x: events.x.slice(0, count),
          y: events.y.slice(0, count),
          p: events.p.slice(0, count),
        },
      })),
    ),
    holds:
      ({ integrateEvents }) =>
      ({ size, events }) =>
        refusal(() => integrateEvents(size)(events)) !== undefined ||
        `${events.t.length} events are accepted for ${size.steps} frames, should be refused`,
  }),
  law({
    id: 'events.many',
    statement: 'A pixel may have more than 255 events in a frame: all of them count.',
    formula: 'F_p[t, y, x] \\in \\mathbb{N}',
    source: CODE,
    needs: ['integrateEvents'],
    atMost: 20,
    given: fc.record({ steps: whole(1, 2), count: fc.constantFrom(256, 257, 511, 600, 70_000), polarity: whole(0, 1) }),
    holds:
      ({ integrateEvents }) =>
      ({ steps, count, polarity }) => {
        const size = { steps, height: 1, width: 1 }
        const zeros_ = Array<number>(steps * count).fill(0)
        const events = { t: zeros_.map((_, i) => i), x: zeros_, y: zeros_, p: zeros_.map(() => polarity) }
        return same('frames', take(accepted(integrateEvents(size)(events)), 1, [0, 1]), framesOf(size, events))
      },
  }),
  law({
    id: 'events.order',
    statement: 'Events out of the order of time are refused, or integrated as they come: never in another order.',
    formula: 't_i > t_{i+1} \\Rightarrow \\text{refused, or by } i',
    source: `${CODE}: SpikingJelly integrates them as they come`,
    needs: ['integrateEvents'],
    given: recording,
    holds:
      ({ integrateEvents }) =>
      ({ size, events }) => {
        const unordered = { ...events, t: events.t.toReversed() }
        const said = refusal(() => integrateEvents(size)(unordered))
        return (
          said !== undefined ||
          same('frames', take(accepted(integrateEvents(size)(unordered)), 1, [0, 1]), framesOf(size, unordered))
        )
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
