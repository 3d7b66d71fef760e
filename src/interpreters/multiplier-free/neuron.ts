/** Neurons that add, compare and halve. @module */
import type { Fault } from '../../core/fault.js'
import { exponentOf } from '../../core/functions.js'
import { type Spikes, sizeOf, tensor } from '../../core/tensor.js'
import type { Charge, Neuron, Stateful } from '../../model/kernels.js'
import type { Arithmetic, Representation } from './arithmetic.js'
import { headOf, type Pending } from './pending.js'

/** How many times a neuron halves in a step, where its leak is a power of two; null for one that does not leak. */
const halvingsOf = (charge: Charge): number | null => {
  switch (charge.kind) {
    case 'IF':
      return null
    case 'LIF':
      return exponentOf(charge.tau)
    case 'PLIF':
      return 1
  }
}

/** Why a neuron cannot do without a multiplier; nothing, if it can. */
export const needsMultiplier = ({ key, charge }: Neuron): readonly Fault[] => {
  const fault = (field: string, problem: string): readonly Fault[] => [
    { _tag: 'Configuration', field: `${key}: ${field}`, problem },
  ]
  const halved = 'without a multiplier a leak can only be halved'
  switch (charge.kind) {
    case 'IF':
      return []
    case 'LIF':
      return charge.tau >= 1 && 2 ** exponentOf(charge.tau) === charge.tau
        ? []
        : fault('charge.tau', `is ${charge.tau}; ${halved}: tau = 1, 2, 4, 8, ...`)
    case 'PLIF':
      return charge.w === 0 ? [] : fault('charge.w', `is ${charge.w}; ${halved}: w = 0, sigmoid(w) = 1/2`)
  }
}

/** A neuron's constants, as numbers of the arithmetic. `halvings` is null for a neuron that does not leak. */
interface Constants<N> {
  readonly threshold: N
  readonly halvings: number | null
  readonly rest: N
  /** What a spike at potential h leaves. */
  readonly after: (h: N) => N
}

/** A neuron's constants in a pending unit. */
const constantsOf = <N>(N: Representation<N>, { charge, threshold, reset }: Neuron, unit: number): Constants<N> => {
  const common = { threshold: N.of(threshold / unit), halvings: halvingsOf(charge) }
  switch (reset.kind) {
    case 'hard': {
      const rest = N.of(reset.value / unit)
      return { ...common, rest, after: () => rest }
    }
    case 'soft':
      return { ...common, rest: N.of(0), after: (h) => N.subtract(h, common.threshold) }
  }
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
    v = spike ? constants.after(h) : h
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
    const heads = unit.scale.map((u) => constantsOf(N, p, u))
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
