/** What no network can learn from: labels of no class, classes of no sample, images that are all one. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../core/fault.js'
import type { Config } from '../model/config.js'
import { type Dataset, labelFaults } from '../tasks/training/given.js'
import type { Found } from './dataset.js'

/** Data as a network takes them. */
interface Loaded {
  readonly training: Dataset
  readonly test: Dataset | null
}

/** Refuses labels that are no class of the network. */
const inRange =
  (config: Config) =>
  ({ training, test }: Loaded): Either.Either<Faults, void> => {
    const faults = (name: string, { labels }: Dataset): readonly Fault[] =>
      labelFaults(config, name, labels, 'say how many there are with --classes')
    return unlessFaulty(
      [...faults('training', training), ...(test === null ? [] : faults('test', test))],
      () => undefined,
    )
  }

/** Refuses classes that the data are said to have by their labels or folders, and have no sample of. */
const withoutGaps = ({ classes, names }: Found, { labels }: Dataset): Either.Either<Faults, void> => {
  const met = new Set(labels)
  const missing = Array.from({ length: classes }, (_, k) => k).find((k) => !met.has(k))
  return missing === undefined
    ? Either.right(undefined)
    : Either.left(
        refuse(
          `the data have the classes 0 to ${classes - 1}, but no training sample is of class ${missing}${
            names === null ? '' : ` (${names[missing]!})`
          }`,
          'mend the labels or folders, or say how many classes there are with --classes',
        ),
      )
}

/** Refuses images that are all the same, such as black ones: there is nothing to tell one class from another by. */
const varied = ({ data, labels }: Dataset): Either.Either<Faults, void> => {
  const size = data.length / labels.length
  return data.some((value, i) => value !== data[i % size])
    ? Either.right(undefined)
    : Either.left(
        refuse(
          'every training image is the same, so that nothing can be learnt from them',
          'give images that differ: are these the right files, and is there anything in them?',
        ),
      )
}

/** Refuses data that the network cannot learn from; where it is said how many classes there are, some may have no sample. */
export const learnable =
  (config: Config, found: Found, said: { readonly classes?: number }) =>
  (loaded: Loaded): Either.Either<Faults, void> =>
    pipe(
      inRange(config)(loaded),
      Either.chain(() => (said.classes === undefined ? withoutGaps(found, loaded.training) : Either.right(undefined))),
      Either.chain(() => varied(loaded.training)),
    )
