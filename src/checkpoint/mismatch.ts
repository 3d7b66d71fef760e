/** Why a checkpoint is not a network's, in one sentence a cause instead of one a key. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Fault, type Faults, refuse, shortened } from '../core/fault.js'
import { showShape, type Tensor } from '../core/tensor.js'
import type { Config } from '../model/config.js'
import { layout, type NetworkParameters, parse } from '../model/parameters.js'
import { recognise } from './recognise.js'

type Tensors = ReadonlyMap<string, Tensor>

/** A few keys are named one by one. */
const FEW = 3

type OfKeys = Extract<Fault, { readonly _tag: 'MissingKey' | 'SurplusKey' | 'MisshapenKey' }>

const isOfKeys = (fault: Fault): fault is OfKeys =>
  fault._tag === 'MissingKey' || fault._tag === 'SurplusKey' || fault._tag === 'MisshapenKey'

const ofKind = <T extends OfKeys['_tag']>(faults: readonly OfKeys[], tag: T) =>
  faults.filter((fault): fault is Extract<OfKeys, { readonly _tag: T }> => fault._tag === tag)

const counted = (faults: readonly OfKeys[], keys: number): string => {
  const missing = ofKind(faults, 'MissingKey')
  const surplus = ofKind(faults, 'SurplusKey')
  const misshapen = ofKind(faults, 'MisshapenKey')
  return [
    ...missing
      .slice(0, 1)
      .map(({ key }) => `${missing.length} of ${keys} keys are missing (the first: ${shortened(key)})`),
    ...surplus.slice(0, 1).map(({ key }) => `${surplus.length} are not the network's (the first: ${shortened(key)})`),
    ...misshapen
      .slice(0, 1)
      .map(
        ({ key, shape, expected }) =>
          `${misshapen.length} have other shapes (the first: ${shortened(key)} has ${showShape(shape)}, not ${showShape(expected)})`,
      ),
  ].join(', ')
}

const classesAlone = (faults: readonly OfKeys[]): { readonly found: number; readonly expected: number } | undefined => {
  const [only, ...others] = faults
  return only?._tag === 'MisshapenKey' &&
    others.length === 0 &&
    only.key === 'classifier.weight' &&
    only.shape.length === 2 &&
    only.shape[1] === only.expected[1]
    ? { found: only.shape[0]!, expected: only.expected[0]! }
    : undefined
}

/** The one sentence behind faults of keys, or the faults where they are few or of no one cause. */
const causeOf = (config: Config, tensors: Tensors, faults: readonly OfKeys[]): readonly Fault[] => {
  const classes = classesAlone(faults)
  if (classes !== undefined)
    return refuse(
      `it has ${classes.found} classes, but the configuration ${config.name} has ${classes.expected}`,
      `give a configuration with "classes": ${classes.found}`,
    )
  if (faults.length <= FEW) return faults
  const entries = layout(config)
  const keys = entries.filter(({ role }) => role !== 'counter').length
  if (!entries.some(({ key }) => tensors.has(key))) {
    const [first] = tensors.keys()
    return refuse(
      `none of its ${tensors.size} tensors is of this network${first === undefined ? '' : ` (the first is named ${shortened(first)})`}`,
      `give a checkpoint with keys such as ${entries[0]!.key}`,
    )
  }
  const other = recognise({ tensors, metadata: {} })
  if (Either.isRight(other) && other.right.name !== config.name)
    return refuse(
      `its weights are of the variant ${other.right.name}, not of ${config.name}: ${counted(faults, keys)}`,
      `give --variant ${other.right.name}`,
    )
  return refuse(`it is not a checkpoint of ${config.name}: ${counted(faults, keys)}`, 'is it of another variant?')
}

type Silent = Extract<Fault, { readonly _tag: 'SilentHead' }>

/** A network that was never trained has no rates at all. */
const silence = (faults: readonly Silent[]): readonly Fault[] => {
  const [first] = faults
  return first === undefined || faults.length <= FEW
    ? faults
    : refuse(
        `${faults.length} heads have firing rate ${first.rate} or no rate, so their scale 1/sqrt(rate * m) does not exist (the first: ${shortened(first.key)})`,
        'train or calibrate the checkpoint before using it',
      )
}

type Odd = Extract<Fault, { readonly _tag: 'NotFinite' | 'WrongType' }>

const isOdd = (fault: Fault): fault is Odd => fault._tag === 'NotFinite' || fault._tag === 'WrongType'

const shownOdd = (fault: Odd): string => {
  switch (fault._tag) {
    case 'NotFinite':
      return `element ${fault.index} of ${shortened(fault.key)} is ${fault.value}`
    case 'WrongType':
      return `${shortened(fault.key)} has type ${shortened(fault.type)}`
  }
}

/** A training that diverged leaves no finite number anywhere, and a quantised network no real one. */
const oddNumbers = (faults: readonly Odd[]): readonly Fault[] => {
  const [first] = faults
  return first === undefined || faults.length <= FEW
    ? faults
    : refuse(
        `${faults.length} of its tensors have other numbers than a network (the first: ${shownOdd(first)})`,
        'give a checkpoint with finite numbers in float32 or float64',
      )
}

/**
 * `parse`, with one sentence for one cause: another variant, another number of classes, another network, silent heads,
 * numbers that are not finite or of another type, each with counts; other faults, and up to three keys, one by one.
 *
 * @example
 * const found = parseAs(variants.digits)(syntheticCheckpoint({ ...variants.digits, classes: 3 }, 7))
 * pipe(found, Either.mapLeft(([fault]) => describe(fault)))
 * // => Either.left('it has 3 classes, but the configuration digits has 10; give a configuration with "classes": 3')
 */
export const parseAs =
  (config: Config) =>
  (tensors: Tensors): Either.Either<Faults, NetworkParameters> =>
    pipe(
      parse(config)(tensors),
      Either.mapLeft((faults): Faults => {
        const ofKeys = faults.filter(isOfKeys)
        const [first, ...rest] = [
          ...(ofKeys.length > 0 ? causeOf(config, tensors, ofKeys) : []),
          ...silence(faults.filter((fault) => fault._tag === 'SilentHead')),
          ...oddNumbers(faults.filter(isOdd)),
          ...faults.filter((fault) => !isOfKeys(fault) && !isOdd(fault) && fault._tag !== 'SilentHead'),
        ]
        return first === undefined ? faults : [first, ...rest]
      }),
    )
