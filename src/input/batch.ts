/** A tensor someone hands to a network: is it one the network can take, and which axis is time? @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse } from '../core/fault.js'
import { elementType, type Reals, type Size, showShape, type Tensor, tensor } from '../core/tensor.js'
import { wellFormed } from '../core/well-formed.js'
import { rowsOfEvents } from './events.js'
import { isCount } from './image.js'

/**
 * What a network is run on, time axis first: a still image `[1, B, C, H, W]`, to be held at every step, or frames
 * `[T, B, C, H, W]`, one a step.
 */
export interface NetworkInput {
  readonly kind: 'still' | 'frames'
  readonly tensor: Tensor<Reals>
}

const reals = (data: Tensor['data']): Reals =>
  elementType(data) === 'float64' || elementType(data) === 'float32'
    ? (data as Reals)
    : Float64Array.from(data as ArrayLike<number | bigint>, Number)

/** Which of the two leading axes of frames is time: `TB`, as SpikingJelly's multi-step mode has them, or `BT`. */
export type Layout = 'TB' | 'BT'

/** How frames are read, and what to say of it; null where there is nothing to say. */
export interface Arrangement {
  readonly layout: Layout
  readonly note: string | null
}

/**
 * Which of two leading axes is time, for a network of so many steps: as `asked`; or else, where exactly one is as long
 * as the network's T, that one; or else the second, `[B, T]`. Where it was not asked for, and is not plain, a note.
 *
 * @example
 * arrange([4, 2], 4, null).layout // => 'TB'
 * arrange([2, 4], 4, null) // => { layout: 'BT', note: null }
 * arrange([2, 4], 16, null).note
 * // => 'read as [B, T, ...]: 2 samples of 4 frames, but the network runs 16 steps; --layout TB reads 4 samples of 2'
 */
export const arrange = (
  [first, second]: readonly [number, number],
  steps: number,
  asked: Layout | null,
): Arrangement => {
  const layout = asked ?? (first === steps && second !== steps ? 'TB' : 'BT')
  const [time, batch] = layout === 'TB' ? [first, second] : [second, first]
  const other = layout === 'TB' ? 'BT' : 'TB'
  const read = `read as [${layout[0]}, ${layout[1]}, ...]: ${batch} samples of ${time} frames`
  return {
    layout,
    note:
      time !== steps
        ? asked === null && first !== second
          ? `${read}, but the network runs ${steps} steps; --layout ${other} reads ${time} samples of ${batch}`
          : `${read}, but the network runs ${steps} steps`
        : layout === 'TB' && asked === null
          ? `${read}, as many as the network's steps; --layout BT reads ${time} samples of ${batch}`
          : null,
  }
}

/** `[B, T, frame]` to `[T, B, frame]`. */
const timeFirst = (batch: number, steps: number, frame: number, data: Reals): Reals => {
  const out = data.slice()
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const start = (b * steps + t) * frame
      out.set(data.subarray(start, start + frame), (t * batch + b) * frame)
    }
  }
  return out
}

/**
 * The network's input in a tensor `[B, C, H, W]` (still images) or `[B, T, C, H, W]` (frames; `[T, B, C, H, W]` with the
 * layout `TB`, see `arrange`), taken as it is: nothing
 * is scaled or rounded, and a float tensor keeps its precision.
 *
 * Fails with `Input` where the shape is neither, with `NotFinite` where a number is NaN or infinite.
 *
 * @example
 * const images = tensor([8, 1, 16, 16], new Float32Array(8 * 256))
 * pipe(images, networkInput({ channels: 1, height: 16, width: 16 }), Either.map(({ kind }) => kind))
 * // => Either.right('still')
 */
export const networkInput =
  ({ channels, height, width, layout = 'BT' }: Size & { readonly channels: number; readonly layout?: Layout }) =>
  (input: Tensor): Either.Either<Faults, NetworkInput> => {
    const formed = wellFormed('input')(input)
    if (Either.isLeft(formed)) return formed
    const { shape, data } = input
    const leading = shape.slice(0, -3)
    const frame = [channels, height, width]
    if (
      !(leading.length === 1 || leading.length === 2) ||
      !leading.every(isCount) ||
      !frame.every((extent, i) => extent === shape[leading.length + i])
    ) {
      return Either.left(
        rowsOfEvents(shape) ??
          refuse(
            `an input of shape ${showShape(shape)} is not one of this network`,
            `give [B, ${frame.join(', ')}] for still images or [${layout[0]}, ${layout[1]}, ${frame.join(', ')}] for frames`,
          ),
      )
    }
    const numbers = reals(data)
    const index = numbers.findIndex((value) => !Number.isFinite(value))
    if (index >= 0) return Either.left([{ _tag: 'NotFinite', key: 'input', index, value: numbers[index]! }])
    const [first, second] = leading
    if (second === undefined) return Either.right({ kind: 'still', tensor: tensor([1, ...shape], numbers) })
    return Either.right({
      kind: 'frames',
      tensor:
        layout === 'TB'
          ? tensor(shape, numbers)
          : tensor([second, first!, ...frame], timeFirst(first!, second, channels * height * width, numbers)),
    })
  }
