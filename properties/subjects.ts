/** The implementations of this package, as the laws judge them. @module */
import type { Currents, Precision, Spikes } from '../src/core/tensor.js'
import { integrateEvents } from '../src/input/events.js'
import { type Cost, ledger, plain } from '../src/interpreters/ledger.js'
import { type Observed, unobserved } from '../src/interpreters/observe.js'
import { reference } from '../src/interpreters/reference.js'
import { type Line, trace } from '../src/interpreters/trace.js'
import type { Kernels } from '../src/model/kernels.js'
import { forward, network } from '../src/model/network.js'
import { parse } from '../src/model/parameters.js'
import { c1, c2, movingRate } from '../src/model/scaling.js'
import type { Carriers, Implementation, Operations } from './implementation.js'

const around = { c1, c2, movingRate, parse, integrateEvents }

/** The synaptic operations of a run, by path, as the ledger has them. */
const sops =
  (K: Kernels<Observed<Spikes, Cost>, Observed<Currents, Cost>>): Operations<Spikes, Currents>['sops'] =>
  (p) =>
  (steps) =>
  (image) =>
    new Map([...forward(network(K)(p))(steps)(unobserved(image)).notes].map(([path, cost]) => [path, cost.sops]))

/** Kernels over plain tensors, with everything that surrounds them. */
export const whole = (K: Kernels<Spikes, Currents>): Implementation => ({
  kernels: { ...K, ...around, sops: sops(ledger(plain)(K)) },
})

/** The reference. */
export const referenceSubject = (precision: Precision): Implementation => whole(reference(precision))

const observedCarriers = <N>(): Carriers<Observed<Spikes, N>, Observed<Currents, N>> => ({
  fromSpikes: unobserved,
  toSpikes: ({ value }) => value,
  fromCurrents: unobserved,
  toCurrents: ({ value }) => value,
})

/** The reference under the ledger. */
export const ledgerSubject: Implementation<Observed<Spikes, Cost>, Observed<Currents, Cost>> = {
  kernels: {
    ...ledger(plain)(reference('float64')),
    ...around,
    sops:
      (p) =>
      (steps) =>
      ({ value }) =>
        sops(ledger(plain)(reference('float64')))(p)(steps)(value),
  },
  carriers: observedCarriers(),
}

/** The reference under the trace. */
export const traceSubject: Implementation<Observed<Spikes, Line>, Observed<Currents, Line>> = {
  kernels: { ...trace(plain)(reference('float64')), ...around },
  carriers: observedCarriers(),
}
