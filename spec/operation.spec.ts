import { describe, expect, it } from 'vitest'
import {
  type Currents,
  forwardFrames,
  network,
  reference,
  type Spikes,
  step,
  syntheticInput,
  variants,
} from '../src/entry/index.js'
import { type Apply, applyOf, carriers, kernelsOf, operationNames } from '../src/entry/interpreters.js'
import { synthetic } from './golden.js'

const parameters = synthetic(variants.digits, 3)
const frames = syntheticInput([2, 1, 1, 16, 16], 3)

describe('a call of the dictionary', () => {
  it('kernels of the one function of their operations are those kernels', () => {
    const K = reference('float64')
    const again = kernelsOf(applyOf(K))
    const [logits, membranes] = step(network(again)(parameters))(frames)(new Map())
    const [expected, kept] = step(network(K)(parameters))(frames)(new Map())
    expect(logits).toEqual(expected)
    expect(membranes).toEqual(kept)
    expect(step(network(again)(parameters))(frames)(membranes)).toEqual(step(network(K)(parameters))(frames)(kept))
  })

  it('reaches every operation, each at its own path, with the values that the carriers say', () => {
    const inner = applyOf(reference('float32'))
    const seen = new Map<string, string>()
    const apply: Apply<Spikes, Currents> = (operation, parameters, path) => {
      const run = inner(operation, parameters, path)
      return (...inputs) => {
        const outputs = run(...inputs)
        expect(seen.has(path)).toBe(false)
        seen.set(path, operation)
        for (const [kinds, values] of [
          [carriers[operation].inputs, inputs],
          [carriers[operation].outputs, outputs],
        ] as const) {
          expect(values).toHaveLength(kinds.length)
          values.forEach((value, i) => {
            if (kinds[i] === 'spikes') expect(value!.data).toBeInstanceOf(Uint8Array)
            else if (kinds[i] === 'membrane' && value === null) expect(operation).toBe('fire')
            else expect(value!.data).not.toBeInstanceOf(Uint8Array)
          })
        }
        return outputs
      }
    }
    forwardFrames(network(kernelsOf(apply))(parameters))(frames)
    expect(seen.get('layers.1.2.conv.residual')).toBe('add')
    const used = new Set(seen.values())
    expect(operationNames.filter((name) => !used.has(name))).toEqual(['hold']) // frames are not held
  })

  it('runs its compile step once, before any value', () => {
    const compiled: string[] = []
    const K = kernelsOf<Spikes, Currents>((operation, parameters, path) => {
      compiled.push(operation)
      return applyOf(reference('float32'))(operation, parameters, path)
    })
    const net = network(K)(parameters)
    const before = compiled.length
    expect(before).toBeGreaterThan(50)
    forwardFrames(net)(frames)
    expect(compiled.slice(before).filter((name) => name !== 'add' && name !== 'meanPool')).toEqual([])
  })
})
