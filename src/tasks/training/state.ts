/** A state of training as a file's tensors and metadata, and back: what is resumed has every bit of what was left. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { CONFIG } from '../../checkpoint/recognise.js'
import type { Safetensors } from '../../checkpoint/safetensors.js'
import { type Faults, refuse } from '../../core/fault.js'
import { fnv1a } from '../../core/random.js'
import { elementType, type Reals, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import { layout, parse } from '../../model/parameters.js'
import type { Metrics, Trained } from './epoch.js'
import type { Dataset, Plan } from './given.js'
import { LEARNT, measurable } from './step.js'

/** The name under which the metadata hold how a network was trained, in JSON. */
const TRAINING = 'training'

/** Where the optimiser's moments are kept. */
const MOMENTS = 'optimizer.'

/** A number for all bytes of a data set: another data set, or another order, has another. */
const fingerprint = ({ shape, data, labels }: Dataset): number => {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length)
  return words.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193) >>> 0, fnv1a(JSON.stringify([shape, labels])))
}

/** What must be the same where training goes on. */
const circumstances = ({ config, recipe, seed, training, test }: Plan, version: string): string =>
  JSON.stringify({
    version,
    seed,
    recipe,
    config,
    data: [fingerprint(training), test === null ? null : fingerprint(test)],
  })

/** The network alone, as any command reads it, with its seed, recipe and package version. */
export const networkFile = (plan: Plan, version: string, { weights, history }: Trained): Safetensors => ({
  tensors: weights,
  metadata: {
    [CONFIG]: JSON.stringify(plan.config),
    [TRAINING]: JSON.stringify({ version, seed: plan.seed, recipe: plan.recipe, epochs: history.length }),
  },
})

/** Everything that the next epoch follows from, but the data. */
export const stateFile = (plan: Plan, version: string, { weights, moments, history }: Trained): Safetensors => ({
  tensors: new Map<string, Tensor>([
    ...weights,
    [`${MOMENTS}powers`, tensor([2], Float64Array.from(moments.powers))],
    ...(['first', 'second'] as const).flatMap((moment) =>
      [...moments[moment]].map(([key, data]): [string, Tensor] => [
        `${MOMENTS}${moment}.${key}`,
        tensor([data.length], data),
      ]),
    ),
  ]),
  metadata: { circumstances: circumstances(plan, version), history: JSON.stringify(history) },
})

type Fields = Readonly<Record<string, unknown>>

/** What differs between two circumstances, by name; of two recipes the first field. */
const difference = (found: string | undefined, wanted: string): string => {
  const [there, here] = [found, wanted].map((text) => {
    const parsed = Either.tryCatch(
      () => JSON.parse(text ?? 'null') as unknown,
      () => null,
    )
    return Either.isRight(parsed) ? ((parsed.right ?? {}) as Fields) : {}
  }) as [Fields, Fields]
  const unlike = (one: Fields, other: Fields): string | undefined =>
    Object.keys(other).find((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]))
  const name = unlike(there, here)
  if (name === 'data') return 'other data'
  if (name === 'config') return 'another configuration'
  if (name !== 'recipe') return `another ${name ?? 'circumstance'}`
  const [before, now] = [there[name] ?? {}, here[name]] as [Fields, Fields]
  const field = unlike(before, now)
  return field === undefined
    ? 'another recipe'
    : `another recipe (${field}: ${JSON.stringify(before[field])} there, ${JSON.stringify(now[field])} here)`
}

/** Whether every tensor that is learnt has both moments. */
const complete = (config: Plan['config'], tensors: ReadonlyMap<string, Tensor>): boolean =>
  layout(config)
    .filter(({ role }) => LEARNT.includes(role))
    .every(({ key, shape }) =>
      ['first', 'second'].every((moment) => {
        const data = tensors.get(`${MOMENTS}${moment}.${key}`)?.data
        return elementType(data) === 'float32' && data?.length === sizeOf(shape)
      }),
    )

/** Whether a file is the state of a training that has not ended an epoch yet: nothing is lost with it. */
export const isUnbegun = ({ metadata }: Safetensors): boolean =>
  metadata['circumstances'] !== undefined && metadata['history'] === '[]'

/** The state in a file, where it is one of this plan. */
export const resumed =
  (plan: Plan, version: string) =>
  ({ tensors, metadata }: Safetensors): Either.Either<Faults, Trained> => {
    const wanted = circumstances(plan, version)
    if (metadata['circumstances'] !== wanted)
      return Either.left(
        refuse(
          metadata['circumstances'] === undefined
            ? 'it is no state of training'
            : `it was trained with ${difference(metadata['circumstances'], wanted)}`,
          'resume with the options and the data it was begun with, or begin anew in another folder',
        ),
      )
    const weights = new Map([...tensors].filter(([key]) => !key.startsWith(MOMENTS)))
    const moment = (name: string): ReadonlyMap<string, Reals> =>
      new Map(
        [...tensors].flatMap(([key, { data }]) =>
          key.startsWith(`${MOMENTS}${name}.`) ? [[key.slice(`${MOMENTS}${name}.`.length), data as Reals]] : [],
        ),
      )
    const [first = 1, second = 1] = (tensors.get(`${MOMENTS}powers`)?.data ?? []) as Float64Array
    const history = JSON.parse(metadata['history'] ?? '[]') as readonly Metrics[]
    return pipe(
      parse(plan.config)(measurable(plan.config, weights)),
      Either.filterOrElse(
        () => history.length === 0 || complete(plan.config, tensors),
        () => refuse("it lacks some of the optimiser's moments", 'resume from a file that train wrote'),
      ),
      Either.map(() => ({
        weights,
        moments: { powers: [first, second], first: moment('first'), second: moment('second') },
        history,
      })),
    )
  }

/** The metrics as JSON Lines. */
export const metricsText = (history: readonly Metrics[]): string =>
  history.map((metrics) => `${JSON.stringify(metrics)}\n`).join('')
