/** Events of an event camera, integrated into frames. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Shape, type Size, showShape, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { wellFormed } from '../core/well-formed.js'
import { isCount } from './image.js'
import { resizePlanes } from './resample.js'

/** A column of numbers: any array of numbers, or the integers of a checkpoint file. */
export type Column = ArrayLike<number> | BigInt64Array

/** Events in the order of time: when, column, row, and polarity (0 darker, 1 brighter), one of each an event. */
export interface Events {
  readonly t: Column
  readonly x: Column
  readonly y: Column
  readonly p: Column
}

/** Elements of the largest result: 1 GiB of float64. */
const maxElements = 2 ** 27

/** How a recording is split into frames: as many events in each, or as much time. */
export type Split = 'number' | 'time'

const at = (column: Column, i: number): number => Number(column[i])

/** Whether polarities are -1 and 1, as some libraries have them: every one of them is, and there is a -1. */
const isSigned = (p: Column): boolean => {
  let negative = false
  for (let i = 0; i < p.length; i++) {
    if (at(p, i) !== -1 && at(p, i) !== 1) return false
    negative ||= at(p, i) === -1
  }
  return negative
}

/** The polarity, 0 or 1, of an event. */
const polarityOf = (p: Column): ((i: number) => number) => (isSigned(p) ? (i) => (at(p, i) + 1) / 2 : (i) => at(p, i))

/**
 * The refusal of events `[N, 4]`, one a row, where frames are wanted; null of any other shape.
 *
 * @example
 * rowsOfEvents([1, 2, 128, 128]) // => null
 */
export const rowsOfEvents = (shape: Shape): Faults | null =>
  shape.length === 2 && shape[1] === 4
    ? refuse(
        `a tensor of shape ${showShape(shape)} is a list of events, one a row, and no frames`,
        'give its columns as the tensors t, x, y and p, which are integrated into frames',
      )
    : null

/** The first event that cannot be, or null. */
const impossible = ({ t, x, y, p }: Events, { height, width }: Size): string | null => {
  const inside = (value: number, extent: number): boolean => Number.isInteger(value) && value >= 0 && value < extent
  const polarity = polarityOf(p)
  for (let i = 0; i < t.length; i++) {
    if (!Number.isFinite(at(t, i))) return `event ${i} has time ${at(t, i)}`
    if (i > 0 && at(t, i) < at(t, i - 1)) return `event ${i} has time ${at(t, i)}, before event ${i - 1}`
    if (!inside(at(x, i), width)) return `event ${i} has x = ${at(x, i)}, outside 0 to ${width - 1}`
    if (!inside(at(y, i), height)) return `event ${i} has y = ${at(y, i)}, outside 0 to ${height - 1}`
    if (!inside(polarity(i), 2)) return `event ${i} has polarity ${at(p, i)}, neither 0 nor 1`
  }
  return null
}

/** The frame of each event: so many events to each, or so much time, the rest to the last. */
const frameOf = (t: Column, steps: number, split: Split): ((i: number) => number) => {
  if (split === 'number') {
    const each = Math.floor(t.length / steps)
    return (i) => Math.min(Math.floor(i / each), steps - 1)
  }
  const first = at(t, 0)
  const each = Math.floor((at(t, t.length - 1) - first) / steps)
  return (i) => (each === 0 ? steps - 1 : Math.min(Math.floor((at(t, i) - first) / each), steps - 1))
}

/**
 * Frames `[steps, 3, height, width]` at the sensor's size, by number of events: of N events, `floor(N / steps)` go to each frame in turn, and
 * the rest to the last. Channel 0 counts a pixel's events of polarity 0, channel 1 those of polarity 1, and channel 2 is
 * their **sum**.
 *
 * Split by time, each frame takes `floor((t_last - t_first) / steps)` of it. Polarities -1 and 1 count as 0 and 1.
 *
 * As SpikingJelly's `integrate_events_by_fixed_frames_number(split_by='number')` on the two polarities. SpikingJelly
 * checks nothing; here are refused: columns of unequal length, a pixel or polarity that cannot be, events out of the
 * order of time (SpikingJelly would integrate them as they come), and fewer events than steps (SpikingJelly would leave
 * every frame but the last empty).
 *
 * @example
 * const events = { t: [10, 20], x: [0, 1], y: [0, 0], p: [0, 1] }
 * integrateEvents({ steps: 1, height: 1, width: 2 })(events)
 * // => Either.right(tensor([1, 3, 1, 2], Float64Array.of(1, 0, 0, 1, 1, 1)))
 */
export const integrateEvents =
  ({ steps, height, width, split = 'number' }: Size & { readonly steps: number; readonly split?: Split }) =>
  (events: Events): Either.Either<Faults, Tensor<Float64Array>> => {
    const shape = [steps, 3, height, width]
    if (!shape.every(isCount) || sizeOf(shape) > maxElements) {
      return Either.left(
        refuse(
          `${steps} frames of ${height} x ${width} cannot be made`,
          `give positive integers, at most ${maxElements} numbers in all`,
        ),
      )
    }
    const { t, x, y, p } = events
    const count = t.length
    if ([x, y, p].some((column) => column.length !== count)) {
      return Either.left(
        refuse(
          `the events have ${count} times, ${x.length} x, ${y.length} y and ${p.length} polarities`,
          'give one of each an event',
        ),
      )
    }
    if (count < steps) {
      return Either.left(
        refuse(`${count} events cannot fill ${steps} frames`, 'give more events or ask for fewer steps'),
      )
    }
    const problem = impossible(events, { height, width })
    if (problem !== null) {
      return Either.left(
        refuse(problem, 'give integer pixels inside the sensor, polarities 0 and 1, in the order of time'),
      )
    }
    const area = height * width
    const data = new Float64Array(sizeOf(shape))
    const frame = frameOf(t, steps, split)
    const polarity = polarityOf(p)
    for (let i = 0; i < count; i++) {
      const start = frame(i) * 3 * area
      const pixel = at(y, i) * width + at(x, i)
      data[start + polarity(i) * area + pixel]! += 1
      data[start + 2 * area + pixel]! += 1
    }
    return Either.right(tensor(shape, data))
  }

/**
 * Frames of two polarities `[T, 2, h, w]` (a third channel is made anew) as a network sees them, `[T, 3, H, W]`: each
 * polarity's frame resized by the bilinear filter, antialiased, then the third channel is their **sum**.
 *
 * Source: the authors' evaluation of CIFAR10-DVS and DVS128 Gesture. Fails with `Input` for another shape.
 *
 * @example
 * resizeFrames({ height: 1, width: 1 })(tensor([1, 2, 1, 2], Float64Array.of(1, 3, 4, 8)))
 * // => Either.right(tensor([1, 3, 1, 1], Float64Array.of(2, 6, 8)))
 */
export const resizeFrames =
  (to: Size) =>
  (frames: Tensor): Either.Either<Faults, Tensor<Float64Array>> => {
    const checked = wellFormed('frames')(frames)
    if (Either.isLeft(checked)) return checked
    const [steps, channels, height, width] = frames.shape as readonly [number, number, number, number]
    const shape = [steps, 3, to.height, to.width]
    if (frames.shape.length !== 4 || !(channels === 2 || channels === 3) || ![...frames.shape, ...shape].every(isCount))
      return Either.left(
        rowsOfEvents(frames.shape) ??
          refuse(
            `frames of shape ${showShape(frames.shape)} are not those of a recording`,
            'give [T, 2, height, width]',
          ),
      )
    const [area, small] = [height * width, to.height * to.width]
    const data = new Float64Array(sizeOf(shape))
    const resize = resizePlanes({ height, width }, to)
    for (let t = 0; t < steps; t++) {
      const from = t * channels * area
      const two = resize(Float64Array.from({ length: 2 * area }, (_, i) => Number(frames.data[from + i])))
      data.set(two, t * 3 * small)
      for (let i = 0; i < small; i++) data[(t * 3 + 2) * small + i] = two[i]! + two[small + i]!
    }
    return Either.right(tensor(shape, data))
  }
