// The reference and its derivative as a process that answers questions (docs/protocol.md), right or with a mistake.
// node reference.mjs PRECISION [MISTAKE]
import { reference } from '../../dist/interpreters/reference.js'
import { differentiated, pushedForward } from '../../dist/laws/gradient/differentiate.js'
import { encode, encodeTensor } from '../../dist/laws/protocol.js'
import { applyOf, operationNames } from '../../dist/model/operation.js'
import { answering } from './answering.mjs'

const [, , said, mistake = 'none'] = process.argv
const precision = said === 'float32' ? 'float32' : 'float64'

/** What is done to a request. */
const asked = {
  'always-frozen': (how) => ({ ...how, statistics: 'frozen' }),
  'always-attached': (how) => ({ ...how, reset: 'attached' }),
  'never-truncated': (how) => ({ ...how, truncate: null }),
}

/** What is done to the cotangents. */
const scaled = (cotangents, by) => new Map([...cotangents].map(([key, x]) => [key, { ...x, data: x.data.map(by) }]))
const answered = {
  'averages-the-batch': (cotangents) => {
    const [, samples] = cotangents.get('image').shape
    return scaled(cotangents, (x) => x / samples)
  },
  clips: (cotangents) => scaled(cotangents, (x) => Math.max(-1, Math.min(1, x))),
  none: (cotangents) => cotangents,
}

if (!(mistake in asked) && !(mistake in answered)) throw new Error(`${mistake} is no mistake`)
const how = asked[mistake] ?? ((same) => same)
const back = answered[mistake] ?? answered.none

/** A tensor in the precision: what arrives may be in another. */
const rounded = ({ shape, data }) => ({
  shape,
  data: precision === 'float32' ? Float32Array.from(data) : Float64Array.from(data),
})
const named = (vectors) => new Map(Object.entries(vectors ?? {}))
const apply = applyOf(reference(precision))

const computed = (ask, p, inputs) => {
  switch (ask) {
    case 'differentiate': {
      const [values, cotangents] = inputs
      const derivative = differentiated(precision)(how(p.how))(p.network)(named(values))
      const own = cotangents === null ? new Map() : back(derivative.pull(named(cotangents)))
      return [derivative.values, derivative.statistics, own]
    }
    case 'pushForward':
      return [pushedForward(precision)(how(p.how))(p.network)(named(inputs[0]))(named(inputs[1]))]
    default:
      return apply(ask, p, '')(...inputs.map((x) => (x === null || x.data instanceof Uint8Array ? x : rounded(x))))
  }
}

await answering(
  { name: 'reference', precision, operations: [...operationNames, 'differentiate', 'pushForward'] },
  (ask, p, inputs) => encode(computed(ask, p, inputs), encodeTensor),
)
