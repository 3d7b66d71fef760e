/** What the compiler sets aside for a unit of a step is enough, whatever fires: nothing past it is written. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lower } from '../../src/compiled/compiler/lower.js'
import { runUnit, unitsOf } from '../../src/compiled/execute/instructions.js'
import { constantsFrom } from '../../src/compiled/machine/constants.js'
import { SLAB_ROWS } from '../../src/compiled/machine/events.js'
import { writeView } from '../../src/compiled/machine/layout.js'
import { scratchOf } from '../../src/compiled/machine/needs.js'
import { FIRST_FREE } from '../../src/compiled/machine/program.js'
import { RECORDS } from '../../src/compiled/machine/record.js'
import { EVENTS } from '../../src/compiled/machine/shared.js'
import { typescriptMemory } from '../../src/compiled/typescript/memory.js'
import { binary } from '../../src/compiled/wasm/instance.js'
import { wasmMemory } from '../../src/compiled/wasm/memory.js'
import { type Spikes, sizeOf, tensor } from '../../src/core/tensor.js'
import { type CurrentValue, drawing, givenCurrents, givenSpikes } from '../../src/interpreters/graph.js'
import { identityNorm } from '../../src/laws/given.js'

const GUARD = 256
const MARK = 0xa5

const small = (max: number) => fc.integer({ min: 1, max })
const firing = (shape: readonly number[]): Spikes => tensor(shape, new Uint8Array(sizeOf(shape)).fill(1))
const currents = (shape: readonly number[]) => givenCurrents(shape, tensor(shape, new Float32Array(sizeOf(shape))))

/** A convolution, every input of which fires. */
const convolving = fc
  .record({
    steps: small(4),
    groups: small(3),
    inGroup: small(40),
    outGroup: small(20),
    kernel: fc.constantFrom(1, 2, 3, 5),
    stride: small(3),
    padding: fc.nat(2),
    height: small(24),
    width: small(24),
  })
  .filter(({ kernel, padding, height, width }) => Math.min(height, width) + 2 * padding >= kernel)
  .map(({ steps, groups, inGroup, outGroup, kernel, stride, padding, height, width }): CurrentValue => {
    const shape = [groups * outGroup, inGroup, kernel, kernel]
    const weight = tensor(shape, new Float32Array(sizeOf(shape)))
    const synapse = {
      convolution: { key: 'convolution', weight, stride, padding, groups },
      norm: identityNorm(groups * outGroup),
    }
    return drawing.synapse(synapse)(givenSpikes(firing([steps, 1, groups * inGroup, height, width])))
  })

/** An attention product, every spike of which fires. */
const multiplying = fc
  .record({ steps: small(3), heads: small(3), d: small(20), n: small(40), positions: small(300), first: fc.boolean() })
  .map(({ steps, heads, d, n, positions, first }): CurrentValue => {
    const scale = Array<number>(heads).fill(1)
    const y = currents([steps, 1, heads, d, n])
    return first
      ? drawing.dstT(scale)(y, givenSpikes(firing([steps, 1, heads * d, positions, 1])))
      : drawing.dst(scale)(y, givenSpikes(firing([steps, 1, heads, n, positions])))
  })

describe('scratch', () => {
  it.each([
    ['plain TypeScript', typescriptMemory],
    ['WebAssembly', () => wasmMemory(new WebAssembly.Module(binary(false)))],
  ] as const)('is enough for every unit when everything fires, in %s', (_, memory) => {
    fc.assert(
      fc.property(fc.oneof(convolving, multiplying), small(3), (value, threads) => {
        const constants = constantsFrom(FIRST_FREE)
        const known = () => false
        const keyOf = (_: string, parameters: unknown) => parameters
        const { program, feeds } = lower([value], { constants, keyOf, threads, known, tallied: true })
        const P = memory()(program.bytes + program.scratch + GUARD)
        const { u8 } = P.bytes()
        constants.write(P.bytes())
        program.inputs.forEach(({ view, base }, i) => {
          const { from } = feeds[i]!
          if (from.kind === 'given') writeView(P.bytes(), view, base, from.tensor!.data)
        })
        for (const step of program.instructions)
          for (let unit = 0; unit < unitsOf(step); unit++) {
            const end = program.bytes + scratchOf(step)
            u8.fill(MARK, end, end + GUARD)
            runUnit(P, step, unit, program.bytes, RECORDS)
            expect(u8.subarray(end, end + GUARD).every((byte) => byte === MARK)).toBe(true)
          }
      }),
      { numRuns: 500 },
    )
  })

  it('events of the largest slab fit sixteen bits', () => {
    expect((SLAB_ROWS / 8) * EVENTS).toBeLessThanOrEqual(2 ** 16)
  })
})
