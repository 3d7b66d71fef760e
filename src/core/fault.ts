/** Everything that can go wrong at a border, as one tagged union, and how each case reads. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import * as NonEmpty from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import { type Shape, showShape } from './tensor.js'

/**
 * A fault: what is wrong, where, and what to do about it.
 *
 * - `Configuration`: a field of a network configuration that cannot be.
 * - `MissingKey`, `SurplusKey`, `MisshapenKey`, `WrongType`: a checkpoint that is not the network's.
 * - `SilentHead`: a firing rate of 0 (or not a rate), whose scale `1 / sqrt(f m)` does not exist.
 * - `NotFinite`: a NaN or an infinity among numbers that must be finite.
 * - `Format`: bytes that are not what their format says (a file's name is added by `InFile`).
 * - `Input`: an image, tensor or event list that the network cannot take.
 * - `File`: the file system said no.
 * - `InFile`: any of these, inside a named file.
 * - `Unavailable`: something this machine lacks (an optional dependency, a feature of the engine).
 */
export type Fault =
  | { readonly _tag: 'Configuration'; readonly field: string; readonly problem: string }
  | { readonly _tag: 'MissingKey'; readonly key: string; readonly shape: Shape }
  | { readonly _tag: 'SurplusKey'; readonly key: string; readonly shape: Shape }
  | { readonly _tag: 'MisshapenKey'; readonly key: string; readonly shape: Shape; readonly expected: Shape }
  | { readonly _tag: 'WrongType'; readonly key: string; readonly type: string; readonly expected: string }
  | { readonly _tag: 'SilentHead'; readonly key: string; readonly head: number; readonly rate: number }
  | { readonly _tag: 'NotFinite'; readonly key: string; readonly index: number; readonly value: number }
  | { readonly _tag: 'Format'; readonly format: string; readonly problem: string; readonly advice: string }
  | { readonly _tag: 'Input'; readonly problem: string; readonly advice: string }
  | { readonly _tag: 'File'; readonly path: string; readonly action: 'read' | 'write'; readonly reason: string }
  | { readonly _tag: 'InFile'; readonly path: string; readonly fault: Fault }
  | { readonly _tag: 'Unavailable'; readonly what: string; readonly advice: string }

/** One or more faults: validation names every inconsistency at once. */
export type Faults = NonEmpty.ReadonlyNonEmptyArray<Fault>

/**
 * A value unless there are faults, and then all of them. The value is only made where there are none.
 *
 * @example
 * unlessFaulty([], () => 1) // => Either.right(1)
 * unlessFaulty([{ _tag: 'Input', problem: 'too small', advice: 'grow' }], () => 1)._tag // => 'Left'
 */
export const unlessFaulty = <A>(faults: readonly Fault[], value: () => A): Either.Either<Faults, A> =>
  isNonEmpty(faults) ? Either.left(faults) : Either.right(value())

/**
 * Every result's value, or the faults of all results that have any.
 *
 * @example
 * allOf([Either.right(1), Either.right(2)]) // => Either.right([1, 2])
 * allOf([Either.left(refuse('a', 'b')), Either.right(2), Either.left(refuse('c', 'd'))])
 * // => Either.left([refuse('a', 'b')[0], refuse('c', 'd')[0]])
 */
export const allOf = <A>(results: readonly Either.Either<Faults, A>[]): Either.Either<Faults, readonly A[]> =>
  unlessFaulty(
    results.flatMap((result) => (Either.isLeft(result) ? result.left : [])),
    () => results.flatMap((result) => (Either.isRight(result) ? [result.right] : [])),
  )

/**
 * Says no to an input: what is wrong with it, and what to do.
 *
 * @example
 * refuse('the image is empty', 'give another')
 * // => [{ _tag: 'Input', problem: 'the image is empty', advice: 'give another' }]
 */
export const refuse = (problem: string, advice: string): Faults => [{ _tag: 'Input', problem, advice }]

/** The most characters of a name that a sentence repeats; a name may have a million. */
const LONGEST_NAME = 100

/**
 * A name of a file's or of a caller's own making, cut to a readable length.
 *
 * @example
 * shortened('classifier.weight') // => 'classifier.weight'
 */
export const shortened = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}... (${name.length} characters)` : name

/**
 * One sentence a person can act on.
 *
 * @example
 * describe({ _tag: 'NotFinite', key: 'prologue.0.weight', index: 3, value: Number.NaN })
 * // => 'prologue.0.weight: element 3 is NaN; every number must be finite'
 */
export const describe = (fault: Fault): string => {
  switch (fault._tag) {
    case 'Configuration':
      return `configuration: ${shortened(fault.field)} ${fault.problem}`
    case 'MissingKey':
      return `${shortened(fault.key)}: missing, expected shape ${showShape(fault.shape)}`
    case 'SurplusKey':
      return `${shortened(fault.key)}: not a key of this network (its shape is ${showShape(fault.shape)}); is the checkpoint of another variant?`
    case 'MisshapenKey':
      return `${shortened(fault.key)}: has shape ${showShape(fault.shape)}, expected ${showShape(fault.expected)}; is the checkpoint of another variant?`
    case 'WrongType':
      return `${shortened(fault.key)}: has type ${shortened(fault.type)}, expected ${fault.expected}`
    case 'SilentHead':
      return `${shortened(fault.key)}: head ${fault.head} has firing rate ${fault.rate}, so its scale 1/sqrt(rate * m) does not exist; the head was silent when the rates were recorded, or they never were: train or calibrate the checkpoint before using it`
    case 'NotFinite':
      return `${shortened(fault.key)}: element ${fault.index} is ${fault.value}; every number must be finite`
    case 'Format':
      return `not a readable ${fault.format}: ${fault.problem}; ${fault.advice}`
    case 'Input':
      return `${fault.problem}; ${fault.advice}`
    case 'File':
      return `${fault.path === '' ? "''" : fault.path}: cannot ${fault.action}: ${fault.reason}`
    case 'InFile':
      return `${fault.path}: ${describe(fault.fault)}`
    case 'Unavailable':
      return `${fault.what}; ${fault.advice}`
  }
}

/**
 * The same faults, each said to be inside the named file.
 *
 * @example
 * const [fault] = inFile('a.pth')([{ _tag: 'MissingKey', key: 'classifier.weight', shape: [10, 64] }])
 * describe(fault) // => 'a.pth: classifier.weight: missing, expected shape [10, 64]'
 */
export const inFile = (path: string): ((faults: Faults) => Faults) =>
  NonEmpty.map((fault): Fault => ({ _tag: 'InFile', path, fault }))

/**
 * The reason of a caught exception, as text.
 *
 * @example
 * reasonOf(new Error('the disk is full')) // => 'the disk is full'
 */
export const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)

/**
 * The name of a caught exception, whatever realm threw it: `instanceof` knows only its own.
 *
 * @example
 * nameOf(new RangeError('out of memory')) // => 'RangeError'
 */
export const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : ''

/**
 * The code of the file system's exception.
 *
 * @example
 * codeOf({ code: 'ENOENT' }) // => 'ENOENT'
 */
export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'permission is denied'],
  ['EROFS', 'the file system is read-only'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of its path is not a folder'],
  ['ENOSPC', 'no space is left'],
  ['EDQUOT', 'the quota of its owner is used up'],
  ['EFBIG', 'it is larger than a file may be here'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ELOOP', 'its links lead in a circle'],
  ['ETXTBSY', 'it is a program that runs'],
  ['EMFILE', 'this process has too many files open'],
  ['EBADF', 'it is not open for that'],
  ['EIO', 'the device failed'],
])

/**
 * What the file system's exception means.
 *
 * @example
 * fileFaults('a.pth', 'read')({ code: 'ENOENT' }).map(describe)
 * // => ['a.pth: cannot read: there is no such file or folder']
 */
export const fileFaults =
  (path: string, action: 'read' | 'write') =>
  (error: unknown): Faults => [{ _tag: 'File', path, action, reason: REASONS.get(codeOf(error)) ?? reasonOf(error) }]
