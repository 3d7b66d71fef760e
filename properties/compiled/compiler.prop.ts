/** The parts of the compiler: buffers that live together never overlap, slabs cover a sum in order, layouts round-trip. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../src/compiled/compiler/allocate.js'
import { constantsFrom } from '../../src/compiled/machine/constants.js'
import { cutsEights, slabsOf } from '../../src/compiled/machine/events.js'
import { bytesOf, channelAt, readView, runsOf, viewIn, writeView } from '../../src/compiled/machine/layout.js'
import { FIRST_FREE } from '../../src/compiled/machine/program.js'
import { typescriptMemory } from '../../src/compiled/typescript/memory.js'
import { binary } from '../../src/compiled/wasm/instance.js'
import { wasmMemory } from '../../src/compiled/wasm/memory.js'

const small = (max: number) => fc.integer({ min: 1, max })

describe('memory', () => {
  it('gives buffers that are alive together memory of their own', () => {
    const life = fc
      .tuple(fc.nat(500), fc.nat(9), fc.nat(9))
      .map(([bytes, a, b]) => ({ bytes, first: Math.min(a, b), last: Math.max(a, b) }))
    fc.assert(
      fc.property(fc.array(life, { maxLength: 12 }), (lives) => {
        const { offsets, bytes } = allocate(lives)
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
  it('cover every term once, in the canonical order, by eights, within their height', () => {
    fc.assert(
      fc.property(small(3), small(40), small(9), small(3), small(7), (runs, run, taps, groups, eights) => {
        const lie = runsOf(runs * groups, run)
        const count = runs * run
        const most = 8 * eights
        fc.pre(!cutsEights(lie, count))
        for (let g = 0; g < groups; g++) {
          const slabs = slabsOf(lie, taps, g * count, count, most)
          const terms = slabs.flatMap(({ first, rows, pieces }) => {
            expect(rows).toBeLessThanOrEqual(most)
            expect([first, rows, ...pieces.map(({ k }) => k)].filter((row) => row % 8 !== 0)).toEqual([])
            return pieces.flatMap(({ tap, bit, bits, k }) =>
              Array.from({ length: bits }, (_, i) => [first + k + i, tap, bit + i]),
            )
          })
          const expected = Array.from({ length: taps * count }, (_, i) => [
            Math.floor(i / count) * 8 * Math.ceil(count / 8) + (i % count),
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

describe('spikes of a row, two by two among eight', () => {
  const memories = [
    ['plain TypeScript', () => typescriptMemory()(16384)],
    ['WebAssembly', () => wasmMemory(new WebAssembly.Module(binary(false)))(16384)],
  ] as const

  /** The rows of weights whose sum each row of an eight's table is, as the docstring of `pairs` says. */
  const table = Array.from({ length: 8 }, (_, j): readonly (readonly number[])[] =>
    Array.from({ length: j }, (__, i) => [i, j]),
  )
  const rowsOf: readonly (readonly number[])[] = [...Array.from({ length: 8 }, (_, i) => [i]), ...table.flat()]

  it.each(memories)('are listed ascending, any stretch of the row, in %s', (_, memory) => {
    const P = memory()
    const { u8, u16, i32 } = P.bytes()
    constantsFrom(FIRST_FREE).write(P.bytes())
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(40), small(20), (row, bit, bits) => {
        u8.set(row, 8192)
        i32.set([0], 2064) // one output position, whose input row is at offset 0
        i32.set([0, bit, bits, 576], 2068) // from the third eight of a slab
        const end = P.extract(8256, 4, 1, 1, 8192, 0, 8272, 8288, 8320, 8384)
        // An event is an offset in units of eight bytes: 36 rows an eight, 64 bytes a row.
        const picked = [...u16.subarray(4192, end >> 1)].map((event) => {
          const [eight, at] = [Math.floor(event / 288), event % 288]
          return rowsOf[at / 8]!.map((i) => (eight - 2) * 8 + i)
        })
        const fired = Array.from({ length: bits }, (__, i) => i).filter(
          (i) => (row[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1,
        )
        const expected = [0, 8, 16].flatMap((first) => {
          const eight = fired.filter((i) => i >= first && i < first + 8)
          return [0, 2, 4, 6].map((i) => eight.slice(i, i + 2)).filter((two) => two.length > 0)
        })
        expect(picked).toEqual(expected)
        expect([i32[2080], i32[2081]]).toEqual([8384, end])
      }),
    )
  })

  it.each(memories)('are copied from the lists of input positions into those of windows, in %s', (_, memory) => {
    const P = memory()
    const { u16, i32 } = P.bytes()
    const lists = fc.array(fc.constantFrom(0, 1, 2, 7, 8, 9, 16, 17, 40), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(lists, fc.array(fc.option(fc.nat(3)), { minLength: 2, maxLength: 2 }), (lengths, taps) => {
        // Lists of input positions at 4096, their starts at 2048, 4 apart; two taps, the second from event 288 on.
        const events = lengths.flatMap((length, position) => Array.from({ length }, (__, i) => 100 * position + i))
        u16.set(events, 2048)
        lengths.reduce((at, length, position) => {
          i32[512 + position] = at
          i32[513 + position] = at + 2 * length
          return at + 2 * length
        }, 4096)
        const met = taps.map((tap) => (tap === null || tap >= lengths.length ? -1 : tap))
        i32.set(
          met.map((tap) => (tap < 0 ? -1 : 4 * tap)),
          700,
        )
        i32.set([0, 0, 0, 0, 4, 0, 0, 288], 720)
        const end = P.concat(2800, 8, 1, 1, 2048, 0, 2880, 2912, 3000, 8192)
        const expected = met.flatMap((tap, piece) =>
          tap < 0 ? [] : Array.from({ length: lengths[tap]! }, (__, i) => 288 * piece + 100 * tap + i),
        )
        expect([...u16.subarray(4096, end >> 1)]).toEqual(expected)
        expect([i32[750], i32[751]]).toEqual([8192, end])
      }),
    )
  })

  it.each(memories)('pick the sums of their rows of weights, in %s', (_, memory) => {
    const P = memory()
    const { f32 } = P.bytes()
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 256, maxLength: 256 }), (weights) => {
        f32.set(weights, 1100)
        P.bytes().i32.set([0, 2], 3000) // one list, of one event
        P.pairs(12000, 1, 4400, 16, 6144)
        for (let eight = 0; eight < 2; eight++)
          rowsOf.forEach((rows, row) => {
            for (let lane = 0; lane < 16; lane++) {
              const sum = rows.map((i) => weights[(8 * eight + i) * 16 + lane]!).reduce((a, b) => Math.fround(a + b))
              expect(f32[1536 + (eight * 36 + row) * 16 + lane]).toBe(sum)
            }
          })
      }),
      { numRuns: 20 },
    )
  })
})
