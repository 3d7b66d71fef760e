/** Writes the pickle of a state dict, in the instructions `torch.save` uses (protocol 2). @module */
import { type ElementType, elementType, type Shape, sizeOf, type Tensor } from '../core/tensor.js'

const symbol = (code: string): readonly number[] => [code.charCodeAt(0)]

const bytes32 = (value: number): readonly number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff)

/** A whole number: one byte, or 64 bits of two's complement. */
const integer = (value: number): readonly number[] =>
  value < 256
    ? [...symbol('K'), value]
    : [0x8a, 8, ...bytes32(value % 2 ** 32), ...bytes32(Math.floor(value / 2 ** 32))]

const text = (value: string): readonly number[] => {
  const utf8 = new TextEncoder().encode(value)
  return [...symbol('X'), ...bytes32(utf8.length), ...utf8]
}

const global = (module: string, name: string): readonly number[] => [
  ...symbol('c'),
  ...new TextEncoder().encode(`${module}\n${name}\n`),
]

const tuple = (...items: readonly (readonly number[])[]): readonly number[] => [
  ...symbol('('),
  ...items.flat(),
  ...symbol('t'),
]

const EMPTY_ORDERED_DICT = [...global('collections', 'OrderedDict'), ...symbol(')'), ...symbol('R')]

const STORAGES: { readonly [E in ElementType]: string } = {
  float64: 'DoubleStorage',
  float32: 'FloatStorage',
  uint8: 'ByteStorage',
  int64: 'LongStorage',
}

const rowMajorStrides = (shape: Shape): Shape => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`, the storage named by its number. */
const tensor = ({ shape, data }: Tensor, storage: number): readonly number[] => [
  ...global('torch._utils', '_rebuild_tensor_v2'),
  ...tuple(
    [
      ...tuple(
        text('storage'),
        global('torch', STORAGES[elementType(data)!]),
        text(String(storage)),
        text('cpu'),
        integer(data.length),
      ),
      ...symbol('Q'),
    ],
    integer(0),
    tuple(...shape.map(integer)),
    tuple(...rowMajorStrides(shape).map(integer)),
    [0x89],
    EMPTY_ORDERED_DICT,
  ),
  ...symbol('R'),
]

/** The pickle of `{'model': OrderedDict(tensors)}`; the n-th tensor is all of the storage named `n`. */
export const pickleStateDict = (tensors: ReadonlyMap<string, Tensor>): Uint8Array =>
  Uint8Array.from(
    [
      [0x80, 2],
      symbol('}'),
      text('model'),
      EMPTY_ORDERED_DICT,
      symbol('('),
      ...[...tensors].flatMap(([key, value], storage) => [text(key), tensor(value, storage)]),
      symbol('u'),
      symbol('s'),
      symbol('.'),
    ].flat(),
  )
