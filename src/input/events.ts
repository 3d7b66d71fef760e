/** Events of an event camera, integrated into frames. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Size, sizeOf, type Tensor, tensor } from '../core/tensor.js'
import { isCount } from './image.js'

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

const at = (column: Column, i: number): number => Number(column[i])

/** The first event that cannot be, or null. */
const impossible = ({ t, x, y, p }: Events, { height, width }: Size): string | null => {
  const inside = (value: number, extent: number): boolean => Number.isInteger(value) && value >= 0 && value < extent
  for (let i = 0; i < t.length; i++) {
    if (!Number.isFinite(at(t, i))) return `event ${i} has time ${at(t, i)}`
    if (i > 0 && at(t, i) < at(t, i - 1)) return `event ${i} has time ${at(t, i)}, before event ${i - 1}`
    if (!inside(at(x, i), width)) return `event ${i} has x = ${at(x, i)}, outside 0 to ${width - 1}`
    if (!inside(at(y, i), height)) return `event ${i} has y = ${at(y, i)}, outside 0 to ${height - 1}`
    if (!inside(at(p, i), 2)) return `event ${i} has polarity ${at(p, i)}, neither 0 nor 1`
  }
  return null
}

/**
 * Frames `[steps, 3, height, width]` by number of events: of N events, `floor(N / steps)` go to each frame in turn, and
 * the rest to the last. Channel 0 counts a pixel's events of polarity 0, channel 1 those of polarity 1, and channel 2 is
 * their **sum**.
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
  ({ steps, height, width }: Size & { readonly steps: number }) =>
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
        refuse(problem, 'give integer pixels inside the frame, polarities 0 and 1, in the order of time'),
      )
    }
    const each = Math.floor(count / steps)
    const area = height * width
    const data = new Float64Array(sizeOf(shape))
    for (let i = 0; i < count; i++) {
      const frame = Math.min(Math.floor(i / each), steps - 1) * 3 * area
      const pixel = at(y, i) * width + at(x, i)
      data[frame + at(p, i) * area + pixel]! += 1
      data[frame + 2 * area + pixel]! += 1
    }
    return Either.right(tensor(shape, data))
  }
