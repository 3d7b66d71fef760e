/** From a pickled checkpoint to what its state dict says of its tensors, none of them read yet. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { separate } from 'fp-ts/lib/ReadonlyArray.js'
import { type Fault, type Faults, unlessFaulty } from '../core/fault.js'
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
const PARAMETER = 'torch._utils._rebuild_parameter'

/** What a state dict is made of, and, as names of no effect, what the state of an optimizer and its schedule mentions. */
const NAMES: ReadonlySet<string> = new Set([
  ...STORAGES.keys(),
  TENSOR,
  PARAMETER,
  'collections.OrderedDict',
  'collections.defaultdict',
  '__builtin__.dict',
  '__builtin__.getattr',
  'builtins.dict',
  'builtins.getattr',
])

/** Whether a checkpoint may mention a name: the parts of a state dict, or a class of `torch.optim`. */
export const isKnownName = (name: string): boolean => NAMES.has(name) || /^torch\.optim\.[\w.]+$/.test(name)

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
  const tensor = is('Call', value) && value.callee === PARAMETER ? value.args[0] : value
  if (!is('Call', tensor) || !isCall(tensor, TENSOR)) {
    return Either.left({ _tag: 'WrongType', key, type: kindOf(value), expected: 'a tensor' })
  }
  const [persistent, offset, size, stride] = tensor.args
  const id = is('Persistent', persistent) && is('Tuple', persistent.id) ? persistent.id.items : []
  const [what, type, storage, , length] = id
  const dtype = is('Global', type) ? STORAGES.get(type.name) : undefined
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
    return Either.left(wrong(`${key} is not described as a tensor of a storage of numbers`))
  }
  const reference = { key, storage, dtype, offset: numbers[0]!, length: numbers[1]!, shape, strides }
  return reach(reference) <= reference.length
    ? Either.right(reference)
    : Either.left(wrong(`${key} reaches beyond its storage of ${reference.length} elements`))
}

/** The state dict of a checkpoint: the dictionary under `model` or `state_dict` where there is one, else the whole. */
const stateDict = (root: Value): Either.Either<Faults, ReadonlyMap<Value, Value>> => {
  if (!is('Dict', root)) return Either.left([wrong(`it holds a ${kindOf(root)}, not a dictionary`)])
  const inner = ['model', 'state_dict'].map((name) => root.entries.get(name)).find((value) => is('Dict', value))
  return Either.right((is('Dict', inner) ? inner : root).entries)
}

/**
 * The tensors of a checkpoint's state dict, in its order; every key that is not a tensor inside its storage is named.
 */
export const references = (root: Value): Either.Either<Faults, readonly Reference[]> => {
  const entries = stateDict(root)
  if (Either.isLeft(entries)) return entries
  const parsed = [...entries.right].map(([key, value]) =>
    typeof key === 'string'
      ? referenceOf(key, value)
      : Either.left(wrong(`its state dict has a ${kindOf(key)} as a key`)),
  )
  const { left: faults, right: found } = separate(parsed)
  return unlessFaulty(faults.slice(0, 100), () => found)
}
