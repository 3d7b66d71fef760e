/** From a pickled checkpoint to what its state dict says of its tensors, none of them read yet. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { separate } from 'fp-ts/lib/ReadonlyArray.js'
import { type Fault, type Faults, shortened, unlessFaulty } from '../core/fault.js'
import {
  bfloat16,
  type Dtype,
  float16,
  float32,
  float64,
  int64,
  uint8,
  widenedInt8,
  widenedInt16,
  widenedInt32,
} from './dtype.js'
import { is, type Value } from './pickle.js'
import { reach, type Strided } from './strided.js'
import { weightsAmong } from './weights.js'

/** A tensor of a state dict: a view of the named storage of `length` elements. */
export interface Reference extends Strided {
  readonly key: string
  readonly storage: string
  readonly dtype: Dtype
  readonly length: number
}

const STORAGES: ReadonlyMap<string, Dtype> = new Map([
  ['torch.DoubleStorage', float64],
  ['torch.FloatStorage', float32],
  ['torch.HalfStorage', float16],
  ['torch.BFloat16Storage', bfloat16],
  ['torch.LongStorage', int64],
  ['torch.IntStorage', widenedInt32],
  ['torch.ShortStorage', widenedInt16],
  ['torch.CharStorage', widenedInt8],
  ['torch.ByteStorage', uint8],
  ['torch.BoolStorage', uint8],
])

const TENSOR = 'torch._utils._rebuild_tensor_v2'
const PARAMETERS: ReadonlySet<string> = new Set([
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
])

const ADVICE = 'save the state dict of the model with torch.save'

const wrong = (problem: string): Fault => ({ _tag: 'Format', format: 'PyTorch checkpoint', problem, advice: ADVICE })

const isExtents = (values: readonly Value[]): values is readonly number[] =>
  values.every((value) => Number.isSafeInteger(value) && (value as number) >= 0)

const extents = (value: Value | undefined): readonly number[] | undefined =>
  is('Tuple', value) && isExtents(value.items) ? value.items : undefined

const kindOf = (value: Value): string =>
  typeof value !== 'object'
    ? typeof value
    : value === null
      ? 'None'
      : value._tag === 'Call'
        ? value.callee
        : value._tag.toLowerCase()

const isCall = (value: Value | undefined, callee: string) => is('Call', value) && value.callee === callee

/** `_rebuild_tensor_v2(('storage', type, key, device, length), offset, shape, strides, ..)`, or its parameter. */
const referenceOf = (key: string, value: Value): Either.Either<Fault, Reference> => {
  const tensor = is('Call', value) && PARAMETERS.has(value.callee) ? value.args[0] : value
  if (!is('Call', tensor) || !isCall(tensor, TENSOR)) {
    const expected = is('Call', value) ? 'a tensor; nothing in it was executed' : 'a tensor'
    return Either.left({ _tag: 'WrongType', key, type: kindOf(value), expected })
  }
  const [persistent, offset, size, stride] = tensor.args
  const id = is('Persistent', persistent) && is('Tuple', persistent.id) ? persistent.id.items : []
  const [what, type, storage, , length] = id
  const dtype = is('Global', type) ? STORAGES.get(type.name) : undefined
  if (is('Global', type) && dtype === undefined)
    return Either.left(wrong(`${shortened(key)} has numbers of ${shortened(type.name)}, which are not read`))
  const numbers = extents({ _tag: 'Tuple', items: [offset ?? null, length ?? null] })
  const shape = extents(size)
  const strides = extents(stride)
  if (
    what !== 'storage' ||
    typeof storage !== 'string' ||
    dtype === undefined ||
    numbers === undefined ||
    shape === undefined ||
    strides?.length !== shape.length
  ) {
    return Either.left(wrong(`${shortened(key)} is not described as a tensor of a storage of numbers`))
  }
  const reference = { key, storage, dtype, offset: numbers[0]!, length: numbers[1]!, shape, strides }
  return reach(reference) <= reference.length
    ? Either.right(reference)
    : Either.left(wrong(`${shortened(key)} reaches beyond its storage of ${reference.length} elements`))
}

/** Deeper dictionaries belong to optimizers. */
const DEEPEST = 3

const isTensor = (value: Value): boolean =>
  is('Call', value) && (value.callee === TENSOR || PARAMETERS.has(value.callee))

/** The dictionaries that hold tensors under names, wherever they are in a checkpoint, with the path to each. */
const dictionariesIn = (root: Value): ReadonlyMap<string, ReadonlyMap<Value, Value>> => {
  const found = new Map<string, ReadonlyMap<Value, Value>>()
  const seen = new Set<Value>()
  const walk = (value: Value, path: string, depth: number): void => {
    if (!is('Dict', value) || seen.has(value) || depth > DEEPEST) return
    seen.add(value)
    const entries = [...value.entries].filter(([key]) => typeof key === 'string')
    if (entries.some(([, held]) => isTensor(held))) found.set(path, value.entries)
    for (const [key, held] of entries) walk(held, path === '' ? String(key) : `${path}.${key}`, depth + 1)
  }
  walk(root, '', 0)
  return found
}

/** Where no dictionary has a tensor: the one that should. */
const withoutTensors = (root: ReadonlyMap<Value, Value>): ReadonlyMap<string, ReadonlyMap<Value, Value>> => {
  for (const name of ['model', 'state_dict']) {
    const inner = root.get(name)
    if (is('Dict', inner)) return new Map([[name, inner.entries]])
  }
  return new Map([['', root]])
}

/** The tensors of a checkpoint's weights, under the network's own keys, and what a reader should know. */
export interface StateDict {
  readonly references: readonly Reference[]
  readonly notes: readonly string[]
}

/**
 * The tensors of a checkpoint's weights (see `weightsAmong`), in their order; every one that is not a tensor inside its
 * storage is named. What is outside the chosen dictionary is skipped, whatever it is.
 */
export const stateDict =
  (wanted: string | null) =>
  (root: Value): Either.Either<Faults, StateDict> => {
    if (!is('Dict', root)) return Either.left([wrong(`it holds a ${kindOf(root)}, not a dictionary`)])
    const found = dictionariesIn(root)
    const all = found.size > 0 ? found : withoutTensors(root.entries)
    const dictionaries = [...all].map(([name, entries]) => ({
      name,
      keys: [...entries.keys()].filter((key): key is string => typeof key === 'string'),
    }))
    return pipe(
      weightsAmong(wanted)(dictionaries),
      Either.chain(({ dictionary, keys, notes }) => {
        const entries = all.get(dictionary)!
        const odd = [...entries.keys()].flatMap((key) =>
          typeof key === 'string' ? [] : [wrong(`its state dict has a ${kindOf(key)} as a key`)],
        )
        const { left, right: references } = separate(
          [...keys].map(([own, key]) => referenceOf(own, entries.get(key) ?? null)),
        )
        return unlessFaulty([...odd, ...left].slice(0, 100), () => ({ references, notes }))
      }),
    )
  }
