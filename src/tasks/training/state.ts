/** A state of training as a file's tensors and metadata, and back: what is resumed has every bit of what was left. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { CONFIG } from '../../checkpoint/recognise.js'
import type { Safetensors } from '../../checkpoint/safetensors.js'
import { describe, type Fault, type Faults, refuse, shortened } from '../../core/fault.js'
import {
  type ElementType,
  elementType,
  type Reals,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  type Tensor,
  tensor,
} from '../../core/tensor.js'
import type { Config } from '../../model/config.js'
import { layout } from '../../model/parameters.js'
import { CLASSES } from '../labels.js'
import { CIRCUMSTANCES, circumstances, difference, type NamedPlan } from './circumstances.js'
import { LEARNT } from './descent.js'
import type { Metrics, Trained } from './epoch.js'
import type { Plan } from './given.js'

/** The name under which the metadata hold how a network was trained, in JSON. */
const TRAINING = 'training'

/** Where the optimiser's moments are kept. */
const MOMENTS = 'optimizer.'
const POWERS = `${MOMENTS}powers`

type Moment = 'first' | 'second'

const momentKey = (moment: Moment, key: string): string => `${MOMENTS}${moment}.${key}`

/**
 * A network as any command reads it: its weights, and in the metadata its configuration, seed, recipe, the version of what
 * trained it (the command says the package's), and what its classes are called. A constant factor in the place of the scale is not kept: see {@link Scaling}.
 *
 * @example
 * const training = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const plan = { config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }
 * const { tensors, metadata } = networkFile(plan, 'mine', untrained(freshWeights(variants.digits, 1)))
 * encodeSafetensors(tensors, metadata)._tag // => 'Right'
 */
export const networkFile = (plan: NamedPlan, version: string, { weights, history }: Trained): Safetensors => ({
  tensors: weights,
  metadata: {
    [CONFIG]: JSON.stringify(plan.config),
    [TRAINING]: JSON.stringify({ version, seed: plan.seed, recipe: plan.recipe, epochs: history.length }),
    ...(plan.names === null || plan.names === undefined ? {} : { [CLASSES]: JSON.stringify(plan.names) }),
  },
})

/**
 * Everything that the next epoch follows from, but the data: weights, moments and history, and what {@link resumed} compares.
 *
 * @example
 * const training = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const plan = { config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }
 * const first = untrained(freshWeights(variants.digits, 1))
 * resumed(plan, 'mine')(stateFile(plan, 'mine', first)) // => Either.right(first)
 */
export const stateFile = (plan: NamedPlan, version: string, { weights, moments, history }: Trained): Safetensors => ({
  tensors: new Map<string, Tensor>([
    ...layout(plan.config).flatMap(({ key, shape, role }): readonly [string, Tensor][] =>
      role === 'counter' ? [[key, tensor(shape, new BigInt64Array(1))]] : [],
    ),
    ...weights,
    [POWERS, tensor([2], Float64Array.from(moments.powers))],
    ...(['first', 'second'] as const).flatMap((moment) =>
      [...moments[moment]].map(([key, data]): [string, Tensor] => [
        momentKey(moment, key),
        tensor([data.length], data),
      ]),
    ),
  ]),
  metadata: { [CIRCUMSTANCES]: circumstances(plan, version), history: JSON.stringify(history) },
})

/** Whether a file is the state of a training that has not ended an epoch yet: nothing is lost with it. */
export const isUnbegun = ({ metadata }: Safetensors): boolean =>
  metadata[CIRCUMSTANCES] !== undefined && metadata['history'] === '[]'

/** One sentence for a state that is not as it was written: the first that is wrong, and how many there are more. */
const damaged = ([first, ...more]: readonly [string, ...(readonly string[])]): Faults =>
  refuse(
    `it is a damaged state of training: ${first}${more.length === 0 ? '' : `, and ${more.length} more are wrong`}`,
    'put a copy of it back, or begin anew in another folder (--from takes the network of its last epoch)',
  )

const problemOf = (fault: Fault): string => {
  if (fault._tag === 'InFile') return problemOf(fault.fault)
  return fault._tag === 'Format' ? fault.problem : describe(fault)
}

/** The faults of a state that was not read, as one; what the file system says stays as it is. */
export const unread = ([first, ...others]: Faults): Faults =>
  first._tag === 'File' ? [first] : damaged([problemOf(first), ...others.map(problemOf)])

/** A tensor as the state of a training has it. */
interface Expected {
  readonly key: string
  readonly shape: Shape
  readonly type: ElementType
}

/** Every tensor of a state, before its first epoch or after. */
const expectedOf = (config: Config, begun: boolean): readonly Expected[] => {
  const entries = layout(config)
  return [
    ...entries.map(
      ({ key, shape, role }): Expected => ({ key, shape, type: role === 'counter' ? 'int64' : 'float32' }),
    ),
    { key: POWERS, shape: [2], type: 'float64' },
    ...(begun ? (['first', 'second'] as const) : []).flatMap((moment) =>
      entries.flatMap(({ key, shape, role }): readonly Expected[] =>
        LEARNT.includes(role) ? [{ key: momentKey(moment, key), shape: [sizeOf(shape)], type: 'float32' }] : [],
      ),
    ),
  ]
}

/** What of the tensors is not as a state of the network has them. */
const problemsOf = (tensors: ReadonlyMap<string, Tensor>, expected: readonly Expected[]): readonly string[] => {
  const known = new Set(expected.map(({ key }) => key))
  return [
    ...expected.flatMap(({ key, shape, type }) => {
      const found = tensors.get(key)
      if (found === undefined) return [`${key} is missing`]
      const there = elementType(found.data)
      if (there !== type) return [`${key} has numbers of type ${there}, not ${type}`]
      if (!sameShape(found.shape, shape)) return [`${key} has shape ${showShape(found.shape)}, not ${showShape(shape)}`]
      if (type === 'int64') return []
      const odd = (found.data as Reals).findIndex((value) => !Number.isFinite(value))
      return odd < 0 ? [] : [`element ${odd} of ${key} is ${found.data[odd]}`]
    }),
    ...[...tensors.keys()].flatMap((key) => (known.has(key) ? [] : [`${shortened(key)} is no tensor of it`])),
  ]
}

const finite = (value: unknown): boolean => Number.isFinite(value)

/** The history in a text, where it is one of a training of so many epochs. */
const historyOf = (text: string | undefined, { recipe, test }: Plan): readonly Metrics[] | null => {
  const read = Either.tryCatch(
    () => JSON.parse(text ?? '') as unknown,
    () => null,
  )
  return Either.isRight(read) &&
    Array.isArray(read.right) &&
    read.right.length <= recipe.epochs &&
    read.right.every((value: Metrics | null, i) => {
      const { epoch, rate, loss, accuracy, testAccuracy } = value ?? ({} as Partial<Metrics>)
      const tested = test === null ? testAccuracy === null : finite(testAccuracy)
      return epoch === i + 1 && [rate, loss, accuracy].every(finite) && tested
    })
    ? (read.right as readonly Metrics[])
    : null
}

/**
 * The state in a file, where it is one of this plan and version, whole: the next epoch has the bits it would have had.
 *
 * Fails with `Input` where it is of another plan, which says what differs, or not as it was written.
 *
 * @example
 * const training = { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] }
 * const plan = { config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }
 * const state = stateFile({ ...plan, seed: 2 }, 'mine', untrained(freshWeights(variants.digits, 2)))
 * pipe(resumed(plan, 'mine')(state), Either.mapLeft(([first]) => describe(first)))
 * // => Either.left('it was trained with another seed (2 there, 1 here); resume with the options and the data it was begun with, or begin anew in another folder')
 */
export const resumed =
  (plan: NamedPlan, version: string) =>
  ({ tensors, metadata }: Safetensors): Either.Either<Faults, Trained> => {
    const [found, wanted] = [metadata[CIRCUMSTANCES], circumstances(plan, version)]
    if (found === undefined)
      return Either.left(refuse('it is no state of training', 'resume in a folder that train wrote'))
    const other = difference(found, wanted)
    if (other !== null)
      return Either.left(
        other === undefined
          ? damaged(['its circumstances cannot be read'])
          : refuse(
              `it was trained with ${other}`,
              'resume with the options and the data it was begun with, or begin anew in another folder',
            ),
      )
    const history = historyOf(metadata['history'], plan)
    if (history === null) return Either.left(damaged(['its history cannot be read']))
    const [first, ...others] = problemsOf(tensors, expectedOf(plan.config, history.length > 0))
    if (first !== undefined) return Either.left(damaged([first, ...others]))
    const moment = (name: Moment): ReadonlyMap<string, Reals> =>
      new Map(
        [...tensors].flatMap(([key, { data }]) =>
          key.startsWith(momentKey(name, '')) ? [[key.slice(momentKey(name, '').length), data as Reals]] : [],
        ),
      )
    const [power, next] = tensors.get(POWERS)!.data as Float64Array
    return Either.right({
      weights: new Map([...tensors].filter(([key]) => !key.startsWith(MOMENTS))),
      moments: { powers: [power!, next!], first: moment('first'), second: moment('second') },
      history,
    })
  }

/** The metrics as JSON Lines. */
export const metricsText = (history: readonly Metrics[]): string =>
  history.map((metrics) => `${JSON.stringify(metrics)}\n`).join('')
