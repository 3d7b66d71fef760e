/** Neurons that add, compare and halve. @module */
import type { Fault } from '../../core/fault.js'
import { exponentOf } from '../../core/functions.js'
import { type Spikes, sizeOf, tensor } from '../../core/tensor.js'
import type { Charge, Neuron, Stateful } from '../../model/kernels.js'
import type { Arithmetic, Representation } from './arithmetic.js'
import { headOf, type Pending } from './pending.js'

/** How many times a leaky neuron halves in a step, where its leak is a power of two. */
const halvings = (charge: Charge): number => (charge.kind === 'LIF' ? exponentOf(charge.tau) : 1)

/** Why a neuron cannot do without a multiplier; nothing, if it can. */
export const needsMultiplier = ({ key, charge }: Neuron): readonly Fault[] => {
  const fault = (field: string, problem: string): readonly Fault[] => [
    { _tag: 'Configuration', field: `${key}: ${field}`, problem },
  ]
  if (charge.kind === 'LIF' && (charge.tau < 1 || 2 ** halvings(charge) !== charge.tau))
    return fault(
      'charge.tau',
      `is ${charge.tau}; without a multiplier a leak can only be halved: tau = 1, 2, 4, 8, ...`,
    )
  if (charge.kind === 'PLIF' && charge.w !== 0)
    return fault('charge.w', `is ${charge.w}; without a multiplier a leak can only be halved: w = 0, sigmoid(w) = 1/2`)
  return []
}

/** A neuron's constants, as numbers of the arithmetic. `halvings` is null for a neuron that does not leak. */
interface Constants<N> {
  readonly threshold: N
  readonly rest: N
  readonly halvings: number | null
  readonly soft: boolean
}

/** Membrane v and input x to the potential h that meets the threshold: `v + x`, or `v + (x - (v - rest)) / 2^k`. */
const charge =
  <N>(A: Arithmetic<N>, { rest, halvings }: Constants<N>) =>
  (v: N, x: N): N => {
    if (halvings === null) return A.concat(v, x)
    let change = A.subtract(x, A.subtract(v, rest))
    for (let k = 0; k < halvings; k++) change = A.halve(change)
    return A.concat(v, change)
  }

/** One neuron: its input currents, one a step, to its spikes and its membrane after them. */
const respond = <N>(
  A: Arithmetic<N>,
  constants: Constants<N>,
  membrane: N,
  currents: readonly N[],
): readonly [spikes: readonly (0 | 1)[], membrane: N] => {
  const charged = charge(A, constants)
  let v = membrane
  const spikes = currents.map((x) => {
    const h = charged(v, x)
    const spike = A.atLeast(h, constants.threshold)
    v = spike ? (constants.soft ? A.subtract(h, constants.threshold) : constants.rest) : h
    return spike ? 1 : 0
  })
  return [spikes, v]
}

/**
 * The neuron on currents in pending units: it keeps its membrane in their unit and compares with `threshold / unit`;
 * a membrane at rest is at `reset / unit`.
 */
export const fire =
  <N>(N: Representation<N>) =>
  (p: Neuron) =>
  ({ shape, data, unit }: Pending<N>): Stateful<Pending<N>, Spikes> =>
  (membranes) => {
    const heads = unit.scale.map(
      (u): Constants<N> => ({
        threshold: N.of(p.threshold / u),
        rest: N.of((p.reset.kind === 'hard' ? p.reset.value : 0) / u),
        halvings: p.charge.kind === 'IF' ? null : halvings(p.charge),
        soft: p.reset.kind === 'soft',
      }),
    )
    const [T, ...layer] = shape as readonly [number, ...number[]]
    const head = headOf(unit)
    const before = membranes.get(p.key)?.data
    const after: N[] = []
    const spikes = new Uint8Array(data.length)
    const neurons = sizeOf(layer)
    for (let i = 0; i < neurons; i++) {
      const constants = heads[head(i)]!
      const currents = Array.from({ length: T }, (_, t) => data[t * neurons + i]!)
      const [train, v] = respond(N, constants, before?.[i] ?? constants.rest, currents)
      train.forEach((spike, t) => {
        spikes[t * neurons + i] = spike
      })
      after.push(v)
    }
    return [tensor(shape, spikes), new Map(membranes).set(p.key, { shape: layer, data: after, unit })]
  }
