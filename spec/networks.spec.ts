import { describe, expect, it } from 'vitest'
import type { Currents, Spikes } from '../src/core/tensor.js'
import { tensors } from '../src/interpreters/interpreter.js'
import { reference } from '../src/interpreters/reference.js'
import { forward, forwardFrames, network } from '../src/model/network.js'
import { parameterCount } from '../src/model/parameters.js'
import { ledger, total } from '../src/observers/ledger.js'
import { type Observed, unobserved } from '../src/observers/observe.js'
import { type Line, trace } from '../src/observers/trace.js'
import { configOf, goldenRows, inputOf, sha256, synthetic, worst } from './golden.js'

// A trace of the spikes under a ledger: observers compose, and neither changes what runs beneath.
const traced = trace(tensors, (operation) => operation === 'fire')(reference('float64'))
const kernels = ledger<Observed<Spikes, Line>, Observed<Currents, Line>>({
  toSpikes: ({ value }) => value,
  toCurrents: ({ value }) => value,
  shapeOf: ({ value }) => value.shape,
})(traced)

describe.each(goldenRows)('$variant at $image, T = $T: the authors’ network in float64', (row) => {
  it('has the same parameters, spikes, operations and logits', () => {
    const config = configOf(row)
    expect(parameterCount(config).all).toBe(row.parameters)
    const net = network(kernels)(synthetic(config, row.seed))
    const run = row.frames ? forwardFrames(net) : forward(net)(row.T)
    const { value, notes: costs } = run(unobserved(unobserved(inputOf(row))))
    const layers = [...value.notes].map(([layer, { output }]) => {
      const { shape, data } = output[0] as Spikes
      return { layer, shape, spikes: data.reduce((sum, s) => sum + s, 0), sha256: sha256(data) }
    })
    expect(layers).toEqual(row.layers)
    expect(layers.length).toBe(38)

    const sops = Object.fromEntries(
      [...costs].filter(([, { sops }]) => sops > 0).map(([path, { sops }]) => [path, sops]),
    )
    expect(sops).toEqual(row.sops)
    expect(total(costs).sops).toBe(row.sopsTotal)
    // In every layer that consumes spikes the only additions are the synaptic operations.
    for (const [path, { additions }] of costs) if (path in row.sops) expect(additions).toBe(row.sops[path])

    const logits = value.value
    const at = (t: number, b: number): Float64Array =>
      logits.data.slice((t * row.batch + b) * row.classes, (t * row.batch + b + 1) * row.classes) as Float64Array
    row.meanLogits.forEach((golden, b) => {
      const mean = golden.map(
        (_, k) => Array.from({ length: row.T }, (_, t) => at(t, b)[k]!).reduce((x, y) => x + y) / row.T,
      )
      expect(worst(mean, golden)).toBeLessThan(1e-9)
      expect(mean.indexOf(Math.max(...mean))).toBe(row.top1[b])
    })
    row.logitsPerStepSum.forEach((sums, t) => {
      sums.forEach((golden, b) => {
        expect(Math.abs(at(t, b).reduce((x, y) => x + y) - golden)).toBeLessThan(1e-9)
      })
    })
  })
})
