/** Generators of checkpoints and of event recordings. @module */
import fc from 'fast-check'
import { syntheticCheckpoint } from '../../checkpoint/synthetic.js'
import { whole } from '../given.js'
import { configuration, threeStages } from '../given-network.js'

/** A checkpoint of a small network, of one stage to three. */
export const checkpoint = fc
  .record({ config: fc.oneof(configuration, threeStages), seed: whole(0, 2 ** 16) })
  .map(({ config, seed }) => ({ config, tensors: syntheticCheckpoint(config, seed) }))

/** Events in the order of time on a small sensor, at least one a frame. */
export const recording = fc
  .record({ steps: whole(1, 4), height: whole(1, 3), width: whole(1, 3) })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      events: fc.array(fc.tuple(whole(0, size.width - 1), whole(0, size.height - 1), whole(0, 1), whole(0, 9)), {
        minLength: size.steps,
        maxLength: 4 * size.steps,
      }),
    }),
  )
  .map(({ size, events }) => ({
    size,
    events: {
      // Times of uneven gaps: frames are cut by number of events, not by time.
      t: events.map((_, i) => events.slice(0, i).reduce((t, [, , , gap]) => t + gap, 0)),
      x: events.map(([x]) => x),
      y: events.map(([, y]) => y),
      p: events.map(([, , p]) => p),
    },
  }))

/** A recording, and the frames wanted of it. */
export type Recording = typeof recording extends fc.Arbitrary<infer X> ? X : never
