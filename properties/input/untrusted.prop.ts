import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Faults, describe as say } from '../../src/core/fault.js'
import { tensor } from '../../src/core/tensor.js'
import { networkInput } from '../../src/input/batch.js'
import { digitsInput, parseDigits } from '../../src/input/digits.js'
import { evaluationInput } from '../../src/input/evaluation.js'
import { integrateEvents } from '../../src/input/events.js'
import { decodeImage } from '../../src/node/decode.js'

const file = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../${name}`, import.meta.url)))

/** One change of a file: a byte overwritten, a cut, a stretch doubled or dropped. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constantFrom('double' as const, 'drop' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
  }),
)
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never

const apply = (bytes: Uint8Array, c: Change): Uint8Array => {
  // Half of the changes fall into the first bytes, where the headers are.
  const place = c.at < 0.5 ? Math.floor(c.at * 120) : Math.floor((c.at - 0.5) * 2 * bytes.length)
  const at = Math.min(place, bytes.length)
  if (c.kind === 'write') return bytes.map((byte, i) => (i === at ? c.byte : byte))
  if (c.kind === 'cut') return bytes.slice(0, at)
  const end = c.kind === 'double' ? at : Math.min(at + c.length, bytes.length)
  const rest = bytes.subarray(end)
  const doubled = c.kind === 'double' ? bytes.subarray(at, at + c.length) : new Uint8Array(0)
  return new Uint8Array([...bytes.subarray(0, at), ...doubled, ...rest])
}

const mutations = (name: string): fc.Arbitrary<Uint8Array> => {
  const bytes = file(name)
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => changes.reduce(apply, bytes))
}

/** A fault that a person can read: one line, with something in it. */
const readable = (faults: Faults): void => {
  for (const fault of faults) expect(say(fault)).toMatch(/^[^\n]{10,400}$/)
}

describe.each(['spec/golden/preprocess/small.png', 'spec/golden/preprocess/photo.jpg'])(
  'mutated bytes of %s',
  (name) => {
    it('are an image of the size it says, or a fault', async () => {
      await fc.assert(
        fc.asyncProperty(mutations(name), async (bytes) => {
          const before = bytes.slice()
          const result = await decodeImage(bytes)()
          expect(bytes).toEqual(before)
          if (Either.isLeft(result)) {
            readable(result.left)
            return
          }
          const { height, width, channels, pixels } = result.right
          expect(pixels.length).toBe(height * width * channels)
          expect(channels).toBe(3)
          expect(Either.isRight(evaluationInput({ height: 8, width: 8 })(result.right))).toBe(true)
        }),
      )
    })
  },
)

describe('any bytes', () => {
  it('behind a signature are an image or a fault', async () => {
    const signature = fc.constantFrom([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], [0xff, 0xd8, 0xff], [])
    await fc.assert(
      fc.asyncProperty(signature, fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        const result = await decodeImage(Uint8Array.from([...start, ...rest]))()
        if (Either.isLeft(result)) readable(result.left)
        else expect(result.right.pixels.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('the table of digits, mutated', () => {
  const text = Buffer.from(file('data/digits.csv').subarray(0, 6000)).toString('latin1')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)

  it('gives digits that are inputs, or a fault', () => {
    const spot = fc.nat(whole.length)
    fc.assert(
      fc.property(
        spot,
        fc.nat(5),
        fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom(',', '\n', '-1', '16')),
        (at, drop, put) => {
          const result = parseDigits(whole.slice(0, at) + put + whole.slice(at + drop))
          if (Either.isLeft(result)) {
            readable(result.left)
            return
          }
          for (const { values, label } of result.right) {
            expect(Either.isRight(digitsInput(values))).toBe(true)
            expect(Number.isInteger(label) && label >= 0 && label <= 9).toBe(true)
          }
        },
      ),
    )
  })
})

const number = fc.oneof({ weight: 8, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.double() })
const column = fc.array(number, { maxLength: 12 })

describe('any columns of numbers', () => {
  it('are frames that count every event twice, or a fault', () => {
    const option = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: number })
    fc.assert(
      fc.property(column, column, column, column, option, option, option, (t, x, y, p, steps, height, width) => {
        const result = integrateEvents({ steps, height, width })({ t, x, y, p })
        if (Either.isLeft(result)) {
          readable(result.left)
          return
        }
        expect(result.right.shape).toEqual([steps, 3, height, width])
        expect(result.right.data.reduce((a, b) => a + b, 0)).toBe(2 * t.length)
      }),
    )
  })

  it('of possible events are frames: N div T each, the rest in the last, the third channel the sum', () => {
    const event = fc.record({ x: fc.nat(4), y: fc.nat(3), p: fc.nat(1), gap: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), fc.nat(), (events, n) => {
        const steps = 1 + (n % events.length)
        const each = Math.floor(events.length / steps)
        const columns = {
          t: events.map((_, i) => events.slice(0, i + 1).reduce((sum, { gap }) => sum + gap, 0)),
          x: events.map(({ x }) => x),
          y: events.map(({ y }) => y),
          p: events.map(({ p }) => p),
        }
        const result = integrateEvents({ steps, height: 4, width: 5 })(columns)
        if (Either.isLeft(result)) throw new Error(result.left.map(say).join())
        const planes = Array.from({ length: 3 * steps }, (_, i) =>
          Array.from(result.right.data.subarray(i * 20, i * 20 + 20)),
        )
        for (let s = 0; s < steps; s++) {
          const [off, on, both] = planes.slice(3 * s, 3 * s + 3)
          expect(both).toEqual(off!.map((count, i) => count + on![i]!))
          const count = s < steps - 1 ? each : events.length - each * (steps - 1)
          expect(both!.reduce((a, b) => a + b, 0)).toBe(count)
          const brighter = events.slice(s * each, s * each + count).filter(({ p }) => p === 1).length
          expect(on!.reduce((a, b) => a + b, 0)).toBe(brighter)
        }
      }),
    )
  })
})

describe('any tensor', () => {
  it('is an input with the time axis first and the same numbers, or a fault', () => {
    const shapes = fc.oneof(
      fc.array(fc.nat(4), { maxLength: 6 }),
      fc.tuple(fc.nat(3), fc.nat(3)).map((leading) => [...leading, 1, 2, 3]),
      fc.nat(3).map((batch) => [batch, 1, 2, 3]),
    )
    fc.assert(
      fc.property(shapes, fc.option(number), (shape, odd) => {
        const length = shape.reduce((a, b) => a * b, 1)
        const data = Float64Array.from({ length }, (_, i) => (i === length - 1 && odd !== null ? odd : i))
        const result = networkInput({ channels: 1, height: 2, width: 3 })(tensor(shape, data))
        if (Either.isLeft(result)) {
          readable(result.left)
          return
        }
        const { kind, tensor: seen } = result.right
        expect(kind).toBe(shape.length === 4 ? 'still' : 'frames')
        expect(seen.shape).toEqual(kind === 'still' ? [1, ...shape] : [shape[1], shape[0], 1, 2, 3])
        expect(Array.from(seen.data).sort()).toEqual(Array.from(data).sort())
      }),
    )
  })
})
