/** The implementations of this package, as the laws judge them. @module */
import type { Currents, Precision, Spikes } from '../src/core/tensor.js'
import { integrateEvents } from '../src/input/events.js'
import type { Cost } from '../src/interpreters/cost.js'
import { type Interpreter, tensors } from '../src/interpreters/interpreter.js'
import { reference } from '../src/interpreters/reference.js'
import { differentiated, pushedForward } from '../src/laws/gradient/differentiate.js'
import type { Implementation, Operations } from '../src/laws/implementation.js'
import type { Kernels } from '../src/model/kernels.js'
import { forward, network } from '../src/model/network.js'
import { parse } from '../src/model/parameters.js'
import { c1, c2, movingRate } from '../src/model/scaling.js'
import { ledger } from '../src/observers/ledger.js'
import { type Observed, unobserved } from '../src/observers/observe.js'
import { type Line, trace } from '../src/observers/trace.js'

const around = (precision: Precision) => ({
  ...{ c1, c2, movingRate, parse, integrateEvents },
  differentiate: differentiated(precision),
  pushForward: pushedForward(precision),
})

/** The synaptic operations of a run, by path, as the ledger over the given kernels has them. */
const sops =
  <S, C>(
    read: Pick<Interpreter<S, C>, 'toSpikes' | 'toCurrents' | 'shapeOf'>,
    K: Kernels<S, C>,
  ): Operations<S, C>['sops'] =>
  (p) =>
  (steps) =>
  (image) =>
    new Map(
      [...forward(network(ledger(read)(K))(p))(steps)(unobserved(image)).notes].map(([path, cost]) => [
        path,
        cost.sops,
      ]),
    )

/** Kernels over plain tensors, with everything that surrounds them. */
export const whole = (K: Kernels<Spikes, Currents>, precision: Precision = 'float64'): Implementation => ({
  kernels: { ...K, ...around(precision), sops: sops(tensors, K) },
})

/** The reference. */
export const referenceSubject = (precision: Precision): Implementation => ({
  ...whole(reference(precision), precision),
  precision,
})

/** Observed kernels: the observer must change nothing. */
const observed = <N>(
  K: Kernels<Observed<Spikes, N>, Observed<Currents, N>>,
): Implementation<Observed<Spikes, N>, Observed<Currents, N>> => ({
  kernels: {
    ...K,
    ...around('float64'),
    sops: sops(
      { toSpikes: ({ value }) => value, toCurrents: ({ value }) => value, shapeOf: ({ value }) => value.shape },
      K,
    ),
  },
  carriers: {
    fromSpikes: unobserved,
    toSpikes: ({ value }) => value,
    fromCurrents: unobserved,
    toCurrents: ({ value }) => value,
  },
  precision: 'float64',
})

/** The reference under the ledger. */
export const ledgerSubject = observed<Cost>(ledger(tensors)(reference('float64')))

/** The reference under the trace. */
export const traceSubject = observed<Line>(trace(tensors)(reference('float64')))
