/** The parts of the compiler: buffers that live together never overlap, slabs cover a sum in order, layouts round-trip. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrange, pool } from '../../src/interpreters/fast/arena.js'
import { cutsFours, slabsOf } from '../../src/interpreters/fast/geometry.js'
import { bytesOf, channelAt, readView, runsOf, viewIn, writeView } from '../../src/interpreters/fast/layout.js'
import { arrayMemory, writeConstants } from '../../src/interpreters/fast/memory.js'
import { FIRST_FREE } from '../../src/interpreters/fast/program.js'
import { wasmMemory } from '../../src/interpreters/wasm/instance.js'

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
  it('cover every term once, in the canonical order, by fours, within their height', () => {
    fc.assert(
      fc.property(small(3), small(40), small(9), small(3), small(13), (runs, run, taps, groups, fours) => {
        const lie = runsOf(runs * groups, run)
        const count = runs * run
        const most = 4 * fours
        fc.pre(!cutsFours(lie, count))
        for (let g = 0; g < groups; g++) {
          const slabs = slabsOf(lie, taps, g * count, count, most)
          const terms = slabs.flatMap(({ first, rows, pieces }) => {
            expect(rows).toBeLessThanOrEqual(most)
            expect([first, rows, ...pieces.map(({ k }) => k)].filter((row) => row % 4 !== 0)).toEqual([])
            return pieces.flatMap(({ tap, bit, bits, k }) =>
              Array.from({ length: bits }, (_, i) => [first + k + i, tap, bit + i]),
            )
          })
          const expected = Array.from({ length: taps * count }, (_, i) => [
            Math.floor(i / count) * 4 * Math.ceil(count / 4) + (i % count),
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

describe('spikes of a row, by fours', () => {
  const memories = [
    ['plain TypeScript', () => arrayMemory()(8192)],
    ['WebAssembly', () => wasmMemory()(8192)],
  ] as const

  it.each(memories)('are listed ascending, any stretch of the row, in %s', (_, memory) => {
    const P = memory()
    const { u8, u16, i32 } = P.bytes()
    writeConstants(P.bytes(), pool(FIRST_FREE))
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(40), small(20), (row, bit, bits) => {
        u8.set(row, 4096)
        i32.set([0], 1040) // one output position, whose input row is at offset 0
        i32.set([0, bit, bits, 256], 1044) // from the third four of a slab
        const end = P.extract(4160, 4, 1, 1, 4096, 0, 4176, 4192, 4224, 4288)
        const fired = (i: number): number => (i < bits ? (row[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1 : 0)
        const expected = Array.from({ length: Math.ceil(bits / 4) }, (_, four): readonly [number, number] => {
          const way = [0, 1, 2, 3].reduce((sum, i) => sum + (fired(4 * four + i) << i), 0)
          return [way, 256 + 128 * four + 8 * way]
        }).flatMap(([way, event]) => (way === 0 ? [] : [event]))
        expect([...u16.subarray(2144, end >> 1)]).toEqual(expected)
        expect([i32[1056], i32[1057]]).toEqual([4288, end])
      }),
    )
  })

  it.each(memories)('pick the sum of their rows of weights, added ascending, in %s', (_, memory) => {
    const P = memory()
    const { f32 } = P.bytes()
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 128, maxLength: 128 }), (weights) => {
        f32.set(weights, 1100)
        P.fours(4400, 8, 4992)
        for (let four = 0; four < 2; four++)
          for (let way = 1; way < 16; way++)
            for (let lane = 0; lane < 16; lane++) {
              const rows = [0, 1, 2, 3]
                .filter((i) => (way >> i) & 1)
                .map((i) => f32[1100 + (4 * four + i) * 16 + lane]!)
              const sum = rows.reduce((a, b) => Math.fround(a + b))
              expect(f32[1248 + (four * 16 + way) * 16 + lane]).toBe(sum)
            }
      }),
      { numRuns: 20 },
    )
  })
})
