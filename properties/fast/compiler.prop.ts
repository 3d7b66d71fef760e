/** The parts of the compiler: buffers that live together never overlap, slabs cover a sum in order, layouts round-trip. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrange } from '../../src/interpreters/fast/arena.js'
import { slabsOf } from '../../src/interpreters/fast/geometry.js'
import { bytesOf, channelAt, readView, runsOf, viewIn, writeView } from '../../src/interpreters/fast/layout.js'
import { primitives } from '../../src/interpreters/fast/primitives.js'

const small = (max: number) => fc.integer({ min: 1, max })

describe('the arena', () => {
  it('gives buffers that are alive together memory of their own', () => {
    const life = fc
      .tuple(fc.nat(500), fc.nat(9), fc.nat(9))
      .map(([bytes, a, b]) => ({ bytes, first: Math.min(a, b), last: Math.max(a, b) }))
    fc.assert(
      fc.property(fc.array(life, { maxLength: 12 }), (lives) => {
        const { offsets, bytes } = arrange(lives)
        lives.forEach((a, i) => {
          expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes)
          lives.slice(0, i).forEach((b, j) => {
            const together = a.first <= b.last && b.first <= a.last
            const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!
            expect(!together || apart).toBe(true)
          })
        })
      }),
    )
  })
})

describe('slabs', () => {
  it('cover every term once, in the canonical order, within their height', () => {
    fc.assert(
      fc.property(small(3), small(40), small(9), small(3), small(50), (runs, run, taps, groups, most) => {
        const lie = runsOf(runs * groups, run)
        const count = runs * run
        for (let g = 0; g < groups; g++) {
          const slabs = slabsOf(lie, taps, g * count, count, most)
          const terms = slabs.flatMap(({ first, rows, pieces }) => {
            expect(rows).toBeLessThanOrEqual(most)
            return pieces.flatMap(({ tap, bit, bits, k }) =>
              Array.from({ length: bits }, (_, i) => [first + k + i, tap, bit + i]),
            )
          })
          const expected = Array.from({ length: taps * count }, (_, i) => [
            i,
            Math.floor(i / count),
            channelAt(lie, g * count + (i % count)),
          ])
          expect(terms).toEqual(expected)
        }
      }),
    )
  })
})

describe('layouts', () => {
  const extents = fc.record({ steps: small(3), batch: small(2), positions: small(5) })
  it('give back what was written, by blocks and by rows', () => {
    fc.assert(
      fc.property(
        extents,
        small(3),
        small(20),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (e, runs, run, rows, spikes, seed) => {
          const [view, bytes] = viewIn(0, spikes ? 'spikes' : 'currents', e, runsOf(runs, run), rows)
          const memory = bytesOf(new ArrayBuffer(Math.ceil((64 + bytes) / 64) * 64))
          const length = e.steps * e.batch * e.positions * runs * run
          const numbers = Array.from({ length }, (_, i) => (spikes ? (seed >> (i % 30)) & 1 : i + seed / 8))
          const data = spikes ? Uint8Array.from(numbers) : Float32Array.from(numbers)
          writeView(memory, view, 64, data)
          expect(readView(memory, view, 64)).toEqual(data)
        },
      ),
    )
  })
})

describe('extraction', () => {
  it('lists the set bits of any stretch of a row, ascending', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(40), small(20), (row, bit, bits) => {
        const P = primitives(new ArrayBuffer(1024))
        const { u8, u16, i32 } = P.bytes()
        u8.set(row, 64)
        i32.set([0], 32) // one output position, whose input row is at offset 0
        i32.set([0, bit, bits, 128], 36)
        const end = P.extract(128, 4, 1, 1, 64, 0, 144, 160, 192, 256)
        const expected = Array.from({ length: bits }, (_, i) => i)
          .filter((i) => (row[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1)
          .map((i) => 128 + i * 64)
        expect([...u16.subarray(128, end >> 1)]).toEqual(expected)
        expect([i32[48], i32[49]]).toEqual([256, end])
      }),
    )
  })
})
