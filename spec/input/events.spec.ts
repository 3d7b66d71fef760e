import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Events, integrateEvents } from '../../src/input/events.js'
import { goldenTensor, right, sentences } from './golden.js'

const goldenColumn = (key: string) => goldenTensor('events.safetensors', key).data
const goldenEvents: Events = {
  t: goldenColumn('t'),
  x: goldenColumn('x'),
  y: goldenColumn('y'),
  p: goldenColumn('p'),
}
const frame = { steps: 5, height: 12, width: 16 }

/** Five events on 2 x 3 pixels. */
const five: Events = { t: [1, 2, 2, 5, 9], x: [0, 2, 2, 1, 0], y: [0, 1, 1, 0, 1], p: [0, 1, 1, 0, 1] }
const refusal = (events: Events, options: { steps: number; height: number; width: number }) =>
  sentences(integrateEvents(options)(events)).join('\n')

describe('events', () => {
  it('become the golden frames', () => {
    const { shape, data } = goldenTensor('events.safetensors', 'frames')
    const frames = right(integrateEvents(frame)(goldenEvents))
    expect(frames.shape).toEqual(shape)
    expect(Array.from(frames.data)).toEqual(data)
  })

  it('are taken as 64-bit integers too', () => {
    const wide = ({ t, x, y, p }: Events): Events => {
      const big = (column: Events['t']) => BigInt64Array.from(Array.from(column as ArrayLike<number>, BigInt))
      return { t: big(t), x: big(x), y: big(y), p: big(p) }
    }
    expect(integrateEvents(frame)(wide(goldenEvents))).toEqual(integrateEvents(frame)(goldenEvents))
  })

  it('by hand: two frames of five events, the odd one in the last; channel 2 is the sum', () => {
    const { shape, data } = right(integrateEvents({ steps: 2, height: 2, width: 3 })(five))
    expect(shape).toEqual([2, 3, 2, 3])
    // biome-ignore format: a frame a block, a row of pixels a line
    expect(Array.from(data)).toEqual([
      1, 0, 0,  0, 0, 0,
      0, 0, 0,  0, 0, 1,
      1, 0, 0,  0, 0, 1,

      0, 1, 0,  0, 0, 0,
      0, 0, 0,  1, 0, 1,
      0, 1, 0,  1, 0, 1,
    ])
  })

  it('fill as many frames as there are events, one each', () => {
    expect(Either.isRight(integrateEvents({ steps: 5, height: 2, width: 3 })(five))).toBe(true)
    expect(refusal(five, { steps: 6, height: 2, width: 3 })).toBe(
      '5 events cannot fill 6 frames; give more events or ask for fewer steps',
    )
    expect(refusal({ t: [], x: [], y: [], p: [] }, { steps: 1, height: 2, width: 3 })).toContain('0 events')
  })

  it('are refused where one cannot be, by its place', () => {
    const size = { steps: 2, height: 2, width: 3 }
    expect(refusal({ ...five, x: [0, 3, 2, 1, 0] }, size)).toBe(
      'event 1 has x = 3, outside 0 to 2; give integer pixels inside the sensor, polarities 0 and 1, in the order of time',
    )
    expect(refusal({ ...five, x: [0, -1, 2, 1, 0] }, size)).toContain('event 1 has x = -1')
    expect(refusal({ ...five, x: [0, 0.5, 2, 1, 0] }, size)).toContain('event 1 has x = 0.5')
    expect(refusal({ ...five, y: [0, 0, 2, 1, 0] }, size)).toContain('event 2 has y = 2, outside 0 to 1')
    expect(refusal({ ...five, p: [0, 0, 0, -1, 0] }, size)).toContain('event 3 has polarity -1, neither 0 nor 1')
    expect(refusal({ ...five, p: [0, 0, 0, Number.NaN, 0] }, size)).toContain('event 3 has polarity NaN')
    expect(refusal({ ...five, t: [0, 2, 1, 3, 4] }, size)).toContain('event 2 has time 1, before event 1')
    expect(refusal({ ...five, t: [0, 2, Number.NaN, 3, 4] }, size)).toContain('event 2 has time NaN')
  })

  it('are refused in columns of unequal length', () => {
    expect(refusal({ ...five, p: [0, 1] }, { steps: 2, height: 2, width: 3 })).toBe(
      'the events have 5 times, 5 x, 5 y and 2 polarities; give one of each an event',
    )
  })

  it('are refused for frames that cannot be', () => {
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      expect(refusal(five, { steps, height: 2, width: 3 })).toContain('cannot be made; give positive integers')
    }
    expect(refusal(five, { steps: 2, height: 1e6, width: 1e6 })).toContain('2 frames of 1000000 x 1000000')
  })
})
